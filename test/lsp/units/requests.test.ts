import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import {
  CancellationTokenSource,
  CodeLensRefreshRequest,
  CodeLensRequest,
  LSPErrorCodes,
  ResponseError,
} from "vscode-languageserver/node";
import {
  cancelRequest,
  explainRequest,
  FAILURE_CODE,
  graphRequest,
  logRequest,
  pipelinesRequest,
  provenanceRequest,
  runNodesRequest,
  runsRequest,
  statesNotification,
  trustGranted,
} from "../../../server/protocol.js";
import { project } from "../../support/bad-luck.js";
import { type Server, startServer } from "../../support/language-server.js";
import { runId } from "../../support/store.js";
import { GREETINGS, listing, openFile } from "../pipelines.js";

function failsWith(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ResponseError, String(error));
    assert.equal(error.code, FAILURE_CODE, error.message);
    assert.equal((error.data as { code: string }).code, code);
    return true;
  };
}

function started(t: TestContext, folder: string, trusted = true): Promise<Server> {
  return startServer(t, { folders: [folder], initializationOptions: { trusted, clientCommands: true } });
}

test("runs are told of the workspace's projects alone: a path in a request opens no other folder", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const other = project(t, { "greetings.reprod": GREETINGS, ".reprod/.gitignore": "*\n" });
  fs.mkdirSync(path.join(other, ".reprod", "runs", runId(1)), { recursive: true });
  const server = await started(t, folder);
  const key = { project: other, run: runId(1) };
  await assert.rejects(server.request(runNodesRequest, key), /no project of the workspace/);
  await assert.rejects(server.request(logRequest, { ...key, node: "all" }), /no project of the workspace/);
  await assert.rejects(server.request(cancelRequest, key), /no project of the workspace/);
});

test("without trust no run is cancelled, and to look up a file writes nothing", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS, "data.txt": "something\n" });
  const server = await started(t, folder, false);
  const before = listing(folder);
  await assert.rejects(
    server.request(cancelRequest, { project: folder, run: runId(1) }),
    failsWith("untrusted-workspace"),
  );
  await assert.rejects(
    server.request(provenanceRequest, { file: path.join(folder, "data.txt") }),
    failsWith("nothing-to-show"),
  );
  assert.deepEqual(listing(folder), before);
});

test("places are those of the text as it is, also while its states are older", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await started(t, folder);
  const document = openFile(server, folder, "greetings.reprod");
  await server.when(statesNotification, ({ marks }) => marks.length > 0);
  const line = document.positionAt(document.text.indexOf("node all")).line;
  document.insert(0, "// One line more.\n// And another.\n");
  const [[view], picture] = await Promise.all([
    server.request(pipelinesRequest, {}),
    server.request(graphRequest, { uri: document.uri, unfolded: [] }),
  ]);
  assert.equal(view?.families.find(({ name }) => name === "all")?.place.range.start.line, line + 2);
  assert.equal(picture.boxes.find(({ label }) => label === "all")?.place?.range.start.line, line + 2);
  // And of a statement that was edited itself.
  const at = document.text.indexOf("parts: said");
  document.insert(at, " ");
  const [after] = await server.request(pipelinesRequest, {});
  assert.equal(after?.families.find(({ name }) => name === "all")?.place.range.start.line, line + 2);
});

test("lenses are asked for again when only what `target` means has changed, and when something may run", async (t) => {
  const folder = project(t, { "greetings.reprod": `${GREETINGS}target all\n` });
  const server = await started(t, folder, false);
  const document = openFile(server, folder, "greetings.reprod");
  const lenses = async (): Promise<readonly string[]> =>
    ((await server.request(CodeLensRequest.type, { textDocument: document.id.textDocument })) ?? []).map(
      ({ command }) => command?.title ?? "",
    );
  assert.ok((await lenses()).includes("○ 2 missing · ? 1 unknown"));
  const since = server.mark();
  document.replace("target all", "target said");
  await lenses();
  await server.when(CodeLensRefreshRequest.type, undefined, since);
  assert.ok((await lenses()).includes("○ 2 missing"));
  const untrusted = server.mark();
  server.notify(trustGranted, {});
  await server.when(CodeLensRefreshRequest.type, undefined, untrusted);
  assert.ok((await lenses()).some((title) => title.startsWith("▷ Run 2")));
});

test("a reprod.json in a nearer folder makes a project of its own as soon as somebody comes back", async (t) => {
  const folder = project(t, { "sub/greetings.reprod": GREETINGS });
  const server = await started(t, folder);
  const document = openFile(server, folder, "sub/greetings.reprod");
  await server.when(statesNotification, ({ marks }) => marks.length > 0);
  const since = server.mark();
  fs.writeFileSync(path.join(folder, "sub", "reprod.json"), '{ "stores": { "write": "nowhere/../../out" } ');
  document.save();
  // It is not understood, so nothing is known of the pipeline's nodes any more.
  await server.when(statesNotification, ({ marks }) => marks.length === 0, since);
  fs.writeFileSync(path.join(folder, "sub", "reprod.json"), "{}");
  await server.when(statesNotification, ({ marks }) => marks.length > 0, server.mark());
});

test("a folder that leaves the workspace takes its project with it", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS, "reprod.json": "{}" });
  const other = project(t, { "greetings.reprod": GREETINGS, "reprod.json": "{}" });
  const server = await startServer(t, { folders: [folder, other] });
  const known = (): Promise<unknown> => server.request(runNodesRequest, { project: other, run: runId(1) });
  const messageOf = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => "",
      (error: Error) => error.message,
    );
  assert.match(await messageOf(known()), /there is no such run/);
  server.changedFolders([], [other]);
  assert.match(await messageOf(known()), /no project of the workspace/);
  assert.deepEqual(await server.request(runsRequest, { limit: 9 }), []);
});

test("who gives up a page is answered at once, whatever it waits for", async (t) => {
  const folder = project(t, {
    "big.reprod": `pipeline big
input data = file("big.bin")
node all = Copy { from: data }
transform Copy {
  in from: File
  out text: File = "text.txt"
  run sh \`\`\`
    cat "$from" > "$text"
  \`\`\`
}
`,
    "big.bin": "",
  });
  // Seconds of hashing, and no disk.
  fs.truncateSync(path.join(folder, "big.bin"), 8 * 2 ** 30);
  const server = await started(t, folder);
  const document = openFile(server, folder, "big.reprod");
  const tokens = new CancellationTokenSource();
  const asked = server.request(explainRequest, { uri: document.uri, node: "all" }, tokens.token);
  tokens.cancel();
  await assert.rejects(asked, { code: LSPErrorCodes.RequestCancelled });
});
