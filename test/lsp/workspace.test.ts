import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import {
  CodeLensRequest,
  FileChangeType,
  HoverRequest,
  InlayHintRequest,
  PublishDiagnosticsNotification,
  ReferencesRequest,
  RenameRequest,
  WorkspaceSymbolRequest,
} from "vscode-languageserver/node";
import {
  graphRequest,
  membersRequest,
  pipelinesChanged,
  pipelinesRequest,
  planRequest,
  runRequest,
  runsRequest,
  statesNotification,
} from "../../server/protocol.js";
import { project } from "../support/bad-luck.js";
import { reprod } from "../support/command-line.js";
import { type ClientDocument, type LanguageClient, uriOf } from "../support/language-client.js";
import { startServer } from "../support/language-server.js";
import { writeFiles } from "../support/temporary.js";
import { GREETINGS, openFile, withCode } from "./pipelines.js";

const whole = (document: ClientDocument): Parameters<LanguageClient["request"]>[1] => ({
  textDocument: { uri: document.uri },
  range: { start: { line: 0, character: 0 }, end: { line: document.text.split("\n").length, character: 0 } },
});

test("several folders are several projects, each with its own store and settings", async (t) => {
  const first = project(t, { "greetings.reprod": GREETINGS });
  const second = project(t, {
    "greetings.reprod": GREETINGS,
    "sub/other.reprod": GREETINGS.replace("pipeline greetings", "pipeline other"),
  });
  assert.equal((await reprod(first, ["run", "greetings.reprod"])).code, 0);
  const server = await startServer(t, {
    folders: [first, second],
    initializationOptions: { clientCommands: true },
  });
  const pipelines = await server.request(pipelinesRequest, {});
  assert.deepEqual(
    pipelines.map(({ uri, name }) => [uri, name]).sort(),
    [
      [uriOf(path.join(first, "greetings.reprod")), "greetings"],
      [uriOf(path.join(second, "greetings.reprod")), "greetings"],
      [uriOf(path.join(second, "sub/other.reprod")), "other"],
    ].sort(),
  );
  const documents = [
    openFile(server, first, "greetings.reprod"),
    openFile(server, second, "greetings.reprod"),
  ];
  for (const [document, state] of [
    [documents[0], "cached"],
    [documents[1], "missing"],
  ] as const) {
    await server.when(
      statesNotification,
      ({ uri, marks }) => uri === document?.uri && marks.some(({ counts }) => counts[state] === 2),
    );
  }
  const runs = await server.request(runsRequest, { limit: 10 });
  assert.deepEqual(
    runs.map(({ project }) => project),
    [first],
  );
});

test("each folder has the settings that the editor has for it, also after they change", async (t) => {
  const first = project(t, { "greetings.reprod": GREETINGS });
  const second = project(t, { "greetings.reprod": GREETINGS });
  let lenses = { first: true, second: false };
  const server = await startServer(t, {
    folders: [first, second],
    initializationOptions: { clientCommands: true },
    configuration: ({ scopeUri, section }) => {
      if (section !== "reprod") return null;
      const enabled =
        scopeUri === uriOf(first) ? lenses.first : scopeUri === uriOf(second) ? lenses.second : true;
      return { lens: { enabled }, inlayHints: { enabled: !enabled }, confirmAbove: enabled ? 2 : 200 };
    },
  });
  const documents = [
    openFile(server, first, "greetings.reprod"),
    openFile(server, second, "greetings.reprod"),
  ] as const;
  for (const document of documents)
    await server.when(statesNotification, ({ uri, marks }) => uri === document.uri && marks.length > 0);
  const seen = async (
    document: ClientDocument,
  ): Promise<{ lenses: boolean; hints: boolean; confirm: boolean }> => ({
    lenses: ((await server.request(CodeLensRequest.type, document.id)) ?? []).length > 0,
    hints: ((await server.request(InlayHintRequest.type, whole(document) as never)) ?? []).length > 0,
    confirm: (await server.request(planRequest, { uri: document.uri, targets: [] })).confirm,
  });
  assert.deepEqual(await seen(documents[0]), { lenses: true, hints: false, confirm: true });
  assert.deepEqual(await seen(documents[1]), { lenses: false, hints: true, confirm: false });
  lenses = { first: false, second: true };
  let since = server.mark();
  server.changedConfiguration();
  // Refreshes come for other reasons too: after one of them the new settings are in force.
  for (;;) {
    await server.whenReceived("workspace/codeLens/refresh", () => true, since);
    since = server.mark();
    if (!(await seen(documents[0])).lenses) break;
  }
  assert.deepEqual(await seen(documents[0]), { lenses: false, hints: true, confirm: false });
  assert.deepEqual(await seen(documents[1]), { lenses: true, hints: false, confirm: true });
});

test("a folder that is added has its pipelines, and one that is taken away has them no more", async (t) => {
  const first = project(t, { "greetings.reprod": GREETINGS });
  const second = project(t, { "other.reprod": GREETINGS });
  const server = await startServer(t, { folders: [first] });
  const paths = async (): Promise<readonly string[]> =>
    (await server.request(pipelinesRequest, {})).map(({ uri }) => path.basename(uri)).sort();
  assert.deepEqual(await paths(), ["greetings.reprod"]);
  server.changedFolders([second], []);
  assert.deepEqual(await paths(), ["greetings.reprod", "other.reprod"]);
  server.changedFolders([], [first]);
  assert.deepEqual(await paths(), ["other.reprod"]);
});

test("without a folder a single file has everything but a list of pipelines", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await startServer(t);
  const document = openFile(server, folder, "greetings.reprod");
  assert.deepEqual(await document.diagnostics(), []);
  assert.ok(await server.request(HoverRequest.type, document.at("Say {")));
  const pipelines = await server.request(pipelinesRequest, {});
  assert.deepEqual(
    pipelines.filter(({ uri }) => uri !== document.uri),
    [],
  );
  await server.request(runRequest, { uri: document.uri, targets: [] });
  await server.when(
    statesNotification,
    ({ marks }) => marks.length === 2 && marks.every(({ state }) => state === "cached"),
  );
});

test("pipelines, their families and members are told with states; changes are told without a question", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await startServer(t, { folders: [folder] });
  const [asked] = await server.request(pipelinesRequest, {});
  assert.ok(asked);
  let [pipeline] = [asked];
  for (let since = 0; pipeline.busy; ) {
    await server.when(pipelinesChanged, () => true, since);
    since = server.mark();
    pipeline = (await server.request(pipelinesRequest, {}))[0] ?? pipeline;
  }
  assert.deepEqual(
    [pipeline.name, pipeline.path, pipeline.nodes, pipeline.errors, pipeline.warnings, pipeline.counts],
    ["greetings", "greetings.reprod", 3, 0, 0, { missing: 3 }],
  );
  assert.equal(pipeline.doc, "Joins greetings.");
  assert.deepEqual(
    pipeline.families.map(({ name, transform, single, nodes, counts }) => [
      name,
      transform,
      single,
      nodes,
      counts,
    ]),
    [
      ["said", "Say", false, 2, { missing: 2 }],
      ["all", "Join", true, 1, { missing: 1 }],
    ],
  );
  const members = await server.request(membersRequest, { uri: pipeline.uri, family: "said", limit: 1 });
  assert.equal(members.total, 2);
  assert.deepEqual(
    members.members.map(({ name, keys, state, toRun }) => [name, keys, state, toRun]),
    [['said["ann"]', '"ann"', "missing", true]],
  );
  const since = server.mark();
  assert.equal((await reprod(folder, ["run", "greetings.reprod"])).code, 0);
  for (let from = since; ; ) {
    await server.when(pipelinesChanged, () => true, from);
    from = server.mark();
    const [now] = await server.request(pipelinesRequest, {});
    if (now?.counts.cached === 3) break;
  }
  const picture = await server.request(graphRequest, { uri: pipeline.uri, unfolded: [] });
  assert.ok(picture.boxes.length >= 2 && picture.edges.length >= 1);
  const unfolded = await server.request(graphRequest, { uri: pipeline.uri, unfolded: ["said"] });
  assert.ok(unfolded.boxes.length > picture.boxes.length);
});

test("a pipeline file that is new on the disk is in the list", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await startServer(t, { folders: [folder] });
  await server.request(pipelinesRequest, {});
  writeFiles(folder, { "deeper/more.reprod": GREETINGS });
  const since = server.mark();
  server.changedFiles([{ file: path.join(folder, "deeper/more.reprod"), type: FileChangeType.Created }]);
  await server.when(pipelinesChanged, () => true, since);
  assert.deepEqual(
    (await server.request(pipelinesRequest, {})).map(({ path }) => path),
    ["deeper/more.reprod", "greetings.reprod"],
  );
});

test("references, symbols and renames reach files of the workspace that are not open", async (t) => {
  const library = 'transform Say {\n  out o: File = "o.txt"\n  run sh ```\n    echo > "$o"\n  ```\n}\n';
  const user = (name: string): string =>
    `pipeline ${name}\nimport { Say } from "./library.reprod"\nnode ${name}_said = Say { }\n`;
  const folder = project(t, {
    "library.reprod": library,
    "one.reprod": user("one"),
    "two.reprod": user("two"),
  });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "library.reprod");
  await document.diagnostics();
  await server.request(pipelinesRequest, {});
  const references = await server.request(ReferencesRequest.type, {
    ...document.at("Say {", 1),
    context: { includeDeclaration: true },
  });
  const places = (references ?? [])
    .map(({ uri, range }) => `${path.basename(uri)}:${range.start.line}`)
    .sort();
  assert.deepEqual(places, [
    "library.reprod:0",
    "one.reprod:1",
    "one.reprod:2",
    "two.reprod:1",
    "two.reprod:2",
  ]);
  const symbols = await server.request(WorkspaceSymbolRequest.type, { query: "said" });
  assert.deepEqual((symbols ?? []).map(({ name }) => name).sort(), ["one_said", "two_said"]);
  const renamed = await server.request(RenameRequest.type, { ...document.at("Say {", 1), newName: "Tell" });
  const files = (renamed?.documentChanges ?? []).flatMap((change) =>
    "textDocument" in change ? [change] : [],
  );
  assert.deepEqual(files.map(({ textDocument }) => path.basename(textDocument.uri)).sort(), [
    "library.reprod",
    "one.reprod",
    "two.reprod",
  ]);
  assert.ok(
    fs.readFileSync(path.join(folder, "one.reprod"), "utf8").includes("Say"),
    "the server writes no file itself",
  );
  await assert.rejects(
    server.request(RenameRequest.type, { ...document.at("Say {", 1), newName: "not a name" }),
  );
  assert.deepEqual(await document.diagnostics((found) => !withCode("reprod/syntax")(found)), []);
});

test("an edit of a library that many import is checked at once, and in the many a moment later", async (t) => {
  const many = 60;
  const library = 'transform Say {\n  out o: File = "o.txt"\n  run sh ```\n    echo > "$o"\n  ```\n}\n';
  const files: { [name: string]: string } = { "library.reprod": library };
  for (let i = 0; i < many; i++)
    files[`p${i}.reprod`] =
      `pipeline p${i}\nimport { Say } from "./library.reprod"\nfor n in range(50) {\n  node said[n] = Say { }\n}\n`;
  const folder = project(t, files);
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "library.reprod");
  assert.equal((await server.request(pipelinesRequest, {})).length, many);
  const since = server.mark();
  document.replace("transform Say {", "transform Say {\n  param word: String");
  await document.diagnostics();
  const told = (): number =>
    new Set(
      server
        .all(PublishDiagnosticsNotification.type, since)
        .filter(({ diagnostics }) => withCode("reprod/missing-argument")(diagnostics))
        .map(({ uri }) => uri),
    ).size;
  assert.ok(told() < many, "the library does not wait for all that import it");
  await server.when(PublishDiagnosticsNotification.type, () => told() === many, since);
});
