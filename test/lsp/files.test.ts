import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import {
  CodeLensRequest,
  CompletionRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentSymbolRequest,
  FileChangeType,
  FoldingRangeRequest,
  HoverRequest,
  InlayHintRequest,
  PublishDiagnosticsNotification,
  ReferencesRequest,
  RenameRequest,
  SemanticTokensRequest,
} from "vscode-languageserver/node";
import { pipelinesRequest, runRequest, runsChanged } from "../../server/protocol.js";
import { project } from "../support/bad-luck.js";
import type { ClientDocument, LanguageClient } from "../support/language-client.js";
import { processFigures, startServer } from "../support/language-server.js";
import { codes, GREETINGS, openFile, withCode, withoutCode } from "./pipelines.js";

/** Asks everything that an editor asks of a document by itself, at a place; errors of the server fail the test. */
async function askEverything(
  server: LanguageClient,
  { uri, text }: ClientDocument,
  position = { line: 0, character: 0 },
): Promise<void> {
  const textDocument = { uri };
  const at = { textDocument, position };
  const range = { start: { line: 0, character: 0 }, end: { line: text.split("\n").length, character: 0 } };
  await Promise.all([
    server.request(HoverRequest.type, at),
    server.request(DefinitionRequest.type, at),
    server.request(ReferencesRequest.type, { ...at, context: { includeDeclaration: true } }),
    server.request(CompletionRequest.type, at),
    server.request(DocumentSymbolRequest.type, { textDocument }),
    server.request(FoldingRangeRequest.type, { textDocument }),
    server.request(SemanticTokensRequest.type, { textDocument }),
    server.request(CodeLensRequest.type, { textDocument }),
    server.request(InlayHintRequest.type, { textDocument, range }),
    server.request(DocumentFormattingRequest.type, {
      textDocument,
      options: { tabSize: 2, insertSpaces: true },
    }),
  ]);
}

test("a broken file has problems, and everything is still answered", async (t) => {
  const broken = `${GREETINGS.slice(0, 300)}\n}}}} ((( " \`\`\` node node = = {\n${GREETINGS.slice(300)}`;
  const folder = project(t, { "greetings.reprod": broken });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  const problems = await document.diagnostics((found) => found.length > 0);
  assert.ok(problems.length < 100, `${problems.length} problems of one broken line`);
  for (const line of [0, 3, 8, 12, 20]) await askEverything(server, document, { line, character: 4 });
  document.set(GREETINGS);
  assert.deepEqual(await document.diagnostics(), []);
});

test("every prefix of a file, as it is typed, is answered", async (t) => {
  const folder = project(t, { "greetings.reprod": "" });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  const step = 7;
  for (let typed = 0; typed < GREETINGS.length; typed += step) {
    document.insert(document.text.length, GREETINGS.slice(typed, typed + step));
    await askEverything(server, document, document.positionAt(document.text.length));
  }
  assert.equal(document.text, GREETINGS);
  assert.deepEqual(await document.diagnostics(), []);
});

test("a huge document (5 MB) is checked or refused in words; another one beside it is answered in time", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await startServer(t, { folders: [folder], patience: 120_000 });
  const small = openFile(server, folder, "greetings.reprod");
  await small.diagnostics();
  const step = (i: number): string =>
    `/// Step ${i}.\ntransform Step${i} {\n  in before: File?\n  out o: File = "${i}.txt"\n  run sh \`\`\`\n    echo "$before" > "$o"\n  \`\`\`\n}\n\n`;
  const parts = ["pipeline huge\n\n"];
  for (let i = 0, length = 0; length < 5_000_000; i++) {
    const part = step(i);
    length += part.length;
    parts.push(part);
  }
  const huge = server.open(path.join(folder, "huge.reprod"), parts.join(""));
  assert.ok(huge.text.length > 5_000_000);
  await huge.diagnostics();
  const began = performance.now();
  huge.insert(huge.text.length, "node x = Stepp0 { }\n");
  const answered = server.request(HoverRequest.type, small.at("Say {"));
  const problems = await huge.diagnostics((found) => found.length > 0);
  assert.ok(problems.length > 0);
  assert.ok(await answered);
  assert.ok(performance.now() - began < 20_000, `${performance.now() - began} ms for one key in 5 MB`);
  await askEverything(server, huge);
  const { peakBytes } = processFigures(server.pid);
  assert.ok(peakBytes < 2 * 2 ** 30, `${(peakBytes / 2 ** 20).toFixed()} MiB at the peak`);
  huge.close();
  assert.ok(await server.request(HoverRequest.type, small.at("Say {")));
});

test("a line of 2 MB is answered", async (t) => {
  const folder = project(t, {});
  const server = await startServer(t, { folders: [folder], patience: 120_000 });
  const document = server.open(
    path.join(folder, "long.reprod"),
    `pipeline long\nlet word = "${"😀".repeat(500_000)}${"x".repeat(1_000_000)}"\n`,
  );
  assert.deepEqual(codes(await document.diagnostics()), ["reprod/unused-name"]);
  await askEverything(server, document, { line: 1, character: 6 });
});

test("binary content, in the editor or on the disk, is told in words", async (t) => {
  const bytes = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe, 10, 13, 0xc3, 0x28]);
  const folder = project(t, {
    "binary.reprod": bytes,
    "main.reprod": 'pipeline main\nimport { Say } from "./binary.reprod"\nnode said = Say { }\n',
  });
  const server = await startServer(t, { folders: [folder] });
  const main = openFile(server, folder, "main.reprod");
  assert.ok((await main.diagnostics(withCode("reprod/import-file"))).length > 0);
  // As editors show such a file when it is opened all the same.
  const binary = server.open(path.join(folder, "binary.reprod"), bytes.toString("latin1").repeat(200));
  assert.ok((await binary.diagnostics((found) => found.length > 0)).length < 5_000);
  await askEverything(server, binary);
});

test("a file that is deleted while it is open is checked as the editor has it; so is its import when that goes", async (t) => {
  const folder = project(t, {
    "library.reprod": 'transform Say {\n  out o: File = "o.txt"\n  run sh ```\n    echo > "$o"\n  ```\n}\n',
    "main.reprod": 'pipeline main\nimport { Say } from "./library.reprod"\nnode said = Say { }\n',
  });
  const server = await startServer(t, { folders: [folder] });
  const main = openFile(server, folder, "main.reprod");
  assert.deepEqual(await main.diagnostics(), []);
  fs.rmSync(path.join(folder, "main.reprod"));
  server.changedFiles([{ file: path.join(folder, "main.reprod"), type: FileChangeType.Deleted }]);
  main.replace("said = Say", "said = Sai");
  assert.deepEqual(codes(await main.diagnostics(withCode("reprod/unknown-name"))), [
    "reprod/unknown-name",
    "reprod/unused-name",
  ]);
  main.replace("said = Sai", "said = Say");
  await main.diagnostics(withoutCode("reprod/unknown-name"));
  await assert.rejects(server.request(runRequest, { uri: main.uri, targets: [] }));

  const since = server.mark();
  fs.renameSync(path.join(folder, "library.reprod"), path.join(folder, "moved.reprod"));
  assert.ok((await main.diagnostics(withCode("reprod/import-file"), since)).length > 0);
  main.replace("./library.reprod", "./moved.reprod");
  assert.deepEqual(await main.diagnostics(withoutCode("reprod/import-file")), []);
});

test("a file that is renamed while it is open goes on under its new name", async (t) => {
  const folder = project(t, { "old.reprod": GREETINGS });
  const server = await startServer(t, { folders: [folder] });
  const before = openFile(server, folder, "old.reprod");
  await before.diagnostics();
  assert.deepEqual(
    (await server.request(pipelinesRequest, {})).map(({ path }) => path),
    ["old.reprod"],
  );
  fs.renameSync(path.join(folder, "old.reprod"), path.join(folder, "new.reprod"));
  before.close();
  server.changedFiles([
    { file: path.join(folder, "old.reprod"), type: FileChangeType.Deleted },
    { file: path.join(folder, "new.reprod"), type: FileChangeType.Created },
  ]);
  const after = openFile(server, folder, "new.reprod");
  assert.deepEqual(await after.diagnostics(), []);
  assert.ok(await server.request(HoverRequest.type, after.at("Say {")));
  assert.deepEqual(
    (await server.request(pipelinesRequest, {})).map(({ path }) => path),
    ["new.reprod"],
  );
});

test("a folder that cannot be read, for any user, leaves the rest of the workspace working", async (t) => {
  // Tests may run as root, whom no permission keeps out; what fails for everybody stands for it.
  const folder = project(t, {
    "greetings.reprod": GREETINGS,
    "file-for-a-folder": "not a folder\n",
    "main.reprod": `pipeline main
import { Say } from "./file-for-a-folder/library.reprod"
import { Tell } from "./circle/library.reprod"
import { Ask } from "./folder.reprod"
input data = file("file-for-a-folder/data.txt")
input more = file("circle/data.txt")
node said = Say { data, more }
node told = Tell { }
node asked = Ask { }
`,
  });
  fs.symlinkSync("circle", path.join(folder, "circle"));
  fs.mkdirSync(path.join(folder, "folder.reprod"));
  fs.symlinkSync("..", path.join(folder, "up"));
  execFileSync("mkfifo", [path.join(folder, "pipe.reprod")]);
  const server = await startServer(t, {
    folders: [folder, path.join(folder, "file-for-a-folder"), "/nowhere/at/all"],
  });
  const main = openFile(server, folder, "main.reprod");
  const found = codes(await main.diagnostics(withCode("reprod/import-file")));
  assert.equal(found.filter((code) => code === "reprod/import-file").length, 3, found.join());
  await askEverything(server, main, main.position("Say { data"));
  const greetings = openFile(server, folder, "greetings.reprod");
  assert.deepEqual(await greetings.diagnostics(), []);
  const pipelines = await server.request(pipelinesRequest, {});
  assert.ok(pipelines.some(({ path }) => path === "greetings.reprod"));
});

test("a project whose `.reprod` cannot be a folder is checked all the same, and a run of it is refused in words", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS, ".reprod": "a file\n" });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  assert.deepEqual(await document.diagnostics(), []);
  await askEverything(server, document);
  await assert.rejects(
    server.request(runRequest, { uri: document.uri, targets: [] }),
    /cannot|read-only|folder/i,
  );
});

test("settings of a project that are wrong are told, and good again when they are", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS, "reprod.json": "{ half" });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  await document.diagnostics();
  await askEverything(server, document);
  await server.whenReceived("reprod/health", (health) => JSON.stringify(health).includes("reprod.json"));
  const aboutSettings = ({ uri }: { readonly uri: string }): boolean => uri.endsWith("/reprod.json");
  await server.when(
    PublishDiagnosticsNotification.type,
    (told) => aboutSettings(told) && told.diagnostics.length === 1,
  );
  await assert.rejects(server.request(runRequest, { uri: document.uri, targets: [] }));
  const since = server.mark();
  fs.writeFileSync(path.join(folder, "reprod.json"), '{"projectId": "abcdefghijkl"}\n');
  await server.whenReceived(
    "reprod/health",
    (health) => !JSON.stringify(health).includes("reprod.json"),
    since,
  );
  await server.when(
    PublishDiagnosticsNotification.type,
    (told) => aboutSettings(told) && told.diagnostics.length === 0,
    since,
  );
  const { run } = await server.request(runRequest, { uri: document.uri, targets: [] });
  await server.when(runsChanged, ({ runs }) =>
    runs.some((view) => view.run === run && view.state === "done"),
  );
});

test("a document that is no file is checked as a text of its own; nothing is asked of the disk", async (t) => {
  const server = await startServer(t);
  for (const uri of [
    "untitled:Untitled-1",
    "vscode-vfs://github/some/where.reprod",
    "git:/a/b.reprod?ref=HEAD",
  ]) {
    const document = server.open(uri, 'pipeline p\nparam lonely: Int = 1\ninput data = file("data.txt")\n');
    const problems = await document.diagnostics(withCode("reprod/unused-name"));
    assert.deepEqual(codes(problems), ["reprod/unused-name", "reprod/unused-name"], uri);
    await askEverything(server, document, { line: 1, character: 7 });
    await assert.rejects(server.request(runRequest, { uri, targets: [] }), uri);
  }
});

test("questions about documents that are not open are answered with nothing or an error, not a defect", async (t) => {
  const server = await startServer(t);
  const textDocument = { uri: "file:///nowhere/at/all.reprod" };
  const position = { line: 1, character: 1 };
  const asked = await Promise.allSettled([
    server.request(HoverRequest.type, { textDocument, position }),
    server.request(CompletionRequest.type, { textDocument, position }),
    server.request(RenameRequest.type, { textDocument, position, newName: "x" }),
    server.request(DocumentSymbolRequest.type, { textDocument }),
  ]);
  assert.equal(asked.length, 4);
  assert.ok(!server.hasEnded);
});

test("a name that the file system has and people do not expect is followed", async (t) => {
  const name = "a b#c%20é😀?.reprod";
  const folder = project(t, {
    [name]: 'transform Say {\n  out o: File = "o.txt"\n  run sh ```\n    echo > "$o"\n  ```\n}\n',
    "main.reprod": `pipeline main\nimport { Say } from "./${name}"\nnode said = Say { }\n`,
  });
  const server = await startServer(t, { folders: [folder] });
  const main = openFile(server, folder, "main.reprod");
  assert.deepEqual(await main.diagnostics(), []);
  const found = await server.request(DefinitionRequest.type, main.at("Say { }", 1));
  const [first] = Array.isArray(found) ? found : [found];
  assert.ok(first);
  const uri = "targetUri" in first ? first.targetUri : first.uri;
  assert.equal(decodeURIComponent(new URL(uri).pathname), path.join(folder, name));
  const library = openFile(server, folder, name);
  assert.deepEqual(await library.diagnostics(), []);
});
