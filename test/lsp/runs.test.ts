import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CancellationTokenSource, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import {
  cancelRequest,
  explainRequest,
  FAILURE_CODE,
  type Health,
  healthNotification,
  logRequest,
  outputsRequest,
  planRequest,
  provenanceRequest,
  type RunKey,
  type RunView,
  retryRequest,
  runNodesRequest,
  runRequest,
  runsChanged,
  runsRequest,
  type StateCounts,
  statesNotification,
  trustGranted,
} from "../../server/protocol.js";
import { Gate, project } from "../support/bad-luck.js";
import { reprod } from "../support/command-line.js";
import type { ClientDocument, LanguageClient } from "../support/language-client.js";
import { type Server, startServer } from "../support/language-server.js";
import { temporaryFolder } from "../support/temporary.js";
import { GREETINGS, listing, openFile } from "./pipelines.js";

/** All nodes of a document's signs by state, added up. */
function counted(marks: readonly { readonly counts: StateCounts }[]): { readonly [state: string]: number } {
  const sum: { [state: string]: number } = {};
  for (const { counts } of marks)
    for (const [state, count] of Object.entries(counts)) sum[state] = (sum[state] ?? 0) + count;
  return sum;
}

/** Until the signs of the document say these states of its nodes. */
async function states(
  server: LanguageClient,
  document: ClientDocument,
  wanted: { readonly [state: string]: number },
  since = 0,
): Promise<void> {
  const text = JSON.stringify(Object.entries(wanted).sort());
  await server.when(
    statesNotification,
    ({ uri, version, marks }) =>
      uri === document.uri &&
      version === document.version &&
      JSON.stringify(Object.entries(counted(marks)).sort()) === text,
    since,
  );
}

async function run(
  server: LanguageClient,
  key: RunKey,
  test: (view: RunView) => boolean,
  since = 0,
): Promise<RunView> {
  const { runs } = await server.when(
    runsChanged,
    ({ runs }) => runs.some((view) => view.run === key.run && test(view)),
    since,
  );
  const found = runs.find((view) => view.run === key.run && test(view));
  assert.ok(found);
  return found;
}

function failure(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ResponseError, String(error));
    assert.equal(error.code, FAILURE_CODE, error.message);
    const data: unknown = error.data;
    assert.ok(typeof data === "object" && data !== null && "code" in data && "message" in data);
    assert.equal(data.code, code, String(data.message));
    return true;
  };
}

const everything = (
  document: ClientDocument,
): { readonly uri: string; readonly targets: readonly string[] } => ({
  uri: document.uri,
  targets: [],
});

/** A pipeline whose first node waits at a gate, and a second one behind it. */
function gated(t: TestContext): { readonly folder: string; readonly gate: Gate } {
  const folder = project(t, {});
  const gate = new Gate(t, folder);
  fs.writeFileSync(
    path.join(folder, "gated.reprod"),
    `pipeline gated
node first = Wait { }
node second = Copy { from: first.text }
transform Wait {
  out text: File = "text.txt"
  run bash \`\`\`
    echo "before the gate"
    ${gate.here}
    ${gate.wait}
    echo "behind the gate"
    echo done > "$text"
  \`\`\`
}
transform Copy {
  in from: File
  out text: File = "copy.txt"
  run sh \`\`\`
    cat "$from" > "$text"
  \`\`\`
}
`,
  );
  return { folder, gate };
}

async function opened(
  t: TestContext,
  folder: string,
  name: string,
  options: Parameters<typeof startServer>[1] = {},
): Promise<{ readonly server: Server; readonly document: ClientDocument }> {
  const server = await startServer(t, {
    folders: [folder],
    initializationOptions: { trusted: true, clientCommands: true },
    ...options,
  });
  return { server, document: openFile(server, folder, name) };
}

/** The process that carries a run out; it was started by this server. */
function runner(server: Server): number {
  const found = server
    .family()
    .filter((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("__runner"));
  assert.equal(found.length, 1, "one runner");
  return found[0] ?? 0;
}

test("a run started from the editor is followed to its end; states, nodes, log, outputs and pages tell of it", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { missing: 3 });
  const plan = await server.request(planRequest, everything(document));
  assert.deepEqual([plan.nodes, plan.toRun, plan.confirm], [3, 3, false]);

  const key = await server.request(runRequest, everything(document));
  assert.equal(key.project, folder);
  const view = await run(server, key, ({ state }) => state === "done");
  assert.deepEqual([view.nodes, view.made, view.failed, view.running], [3, 3, 0, 0]);
  await states(server, document, { cached: 3 });

  const [newest] = await server.request(runsRequest, { limit: 10 });
  assert.deepEqual([newest?.run, newest?.state, newest?.uri], [key.run, "done", document.uri]);
  const nodes = await server.request(runNodesRequest, key);
  assert.deepEqual(
    nodes.map(({ node, state, attempts }) => [node, state, attempts.length]),
    [
      ['said["ann"]', "made", 1],
      ['said["bob"]', "made", 1],
      ["all", "made", 1],
    ],
  );

  const log = await server.request(logRequest, { ...key, node: 'said["bob"]' });
  assert.match(log.text, /saying hello to bob/);
  const rest = log.ended
    ? log
    : await server.request(logRequest, { ...key, node: 'said["bob"]', cursor: log.cursor });
  assert.ok(rest.ended);

  const { outputs, state } = await server.request(outputsRequest, { uri: document.uri, node: "all" });
  assert.equal(state, "cached");
  assert.deepEqual(
    outputs.map(({ name, path, kind, size }) => [name, path, kind, size]),
    [["text", "all.txt", "file", "hello, ann\nhello, bob\n".length]],
  );
  const [output] = outputs;
  assert.ok(output);
  assert.equal(fs.readFileSync(fileURLToPath(output.object), "utf8"), "hello, ann\nhello, bob\n");

  const provenance = await server.request(provenanceRequest, { uri: document.uri, node: "all" });
  assert.match(provenance.markdown, /hello\b[\s\S]*cat "\$\{parts/);

  document.replace('"hello"', '"good day"');
  await states(server, document, { stale: 2, waiting: 1 });
  const page = await server.request(explainRequest, { uri: document.uri, node: 'said["ann"]' });
  assert.match(page.markdown, /greeting/);
  assert.match(page.markdown, /good day/);
});

test("a run that fails says so, its states too, and a retry of it runs what is left", async (t) => {
  const folder = project(t, {
    "greetings.reprod": GREETINGS.replace('cat "${parts[@]}"', 'test -e ok; cat "${parts[@]}"'),
  });
  const { server, document } = await opened(t, folder, "greetings.reprod");
  const key = await server.request(runRequest, everything(document));
  const view = await run(server, key, ({ state }) => state === "failed");
  assert.deepEqual([view.made, view.failed], [2, 1]);
  await states(server, document, { cached: 2, failed: 1 });
  const again = await server.request(retryRequest, key);
  assert.equal(again.uri, document.uri);
  const second = await server.request(runRequest, again);
  const viewed = await run(server, second, ({ state }) => state === "failed");
  assert.deepEqual([viewed.made, viewed.failed], [0, 1]);
});

test("a run is cancelled, and what was finished stays", async (t) => {
  const { folder, gate } = gated(t);
  const { server, document } = await opened(t, folder, "gated.reprod");
  const key = await server.request(runRequest, everything(document));
  await gate.reached();
  await run(server, key, ({ state, running }) => state === "running" && running === 1);
  await states(server, document, { missing: 1, running: 1 });
  assert.deepEqual(await server.request(cancelRequest, key), { outcome: "requested" });
  await run(server, key, ({ state }) => state === "cancelled");
  assert.deepEqual(await server.request(cancelRequest, key), { outcome: "already-ended" });
});

test("a log is followed: an answer waits for more, one that nobody wants is given up, the end is told", async (t) => {
  const { folder, gate } = gated(t);
  const { server, document } = await opened(t, folder, "gated.reprod");
  const key = await server.request(runRequest, everything(document));
  await gate.reached();
  await run(server, key, ({ running }) => running === 1);
  let text = "";
  let cursor: string | undefined;
  while (!text.includes("before the gate")) {
    const more = await server.request(logRequest, {
      ...key,
      node: "first",
      ...(cursor !== undefined && { cursor }),
    });
    ({ cursor } = more);
    text += more.text;
    assert.ok(!more.ended);
  }
  // The document is closed while an answer waits for more: it is given up at once, and nothing is lost by it.
  const tokens = new CancellationTokenSource();
  const began = performance.now();
  const unwanted = server
    .request(logRequest, { ...key, node: "first", ...(cursor !== undefined && { cursor }) }, tokens.token)
    .then(
      (more) => more.text,
      (error: unknown) => {
        assert.ok(error instanceof ResponseError);
        assert.equal(error.code, LSPErrorCodes.RequestCancelled);
        return "";
      },
    );
  tokens.cancel();
  assert.equal(await unwanted, "");
  assert.ok(performance.now() - began < 3_000);
  gate.open();
  for (let ended = false; !ended; ) {
    const more = await server.request(logRequest, {
      ...key,
      node: "first",
      ...(cursor !== undefined && { cursor }),
    });
    ({ cursor, ended } = more);
    text += more.text;
  }
  assert.equal(text, "before the gate\nbehind the gate\n");
});

test("a run whose runner is killed with SIGKILL is shown as interrupted, and a retry of it ends well", async (t) => {
  const { folder, gate } = gated(t);
  const { server, document } = await opened(t, folder, "gated.reprod");
  const key = await server.request(runRequest, everything(document));
  await gate.reached();
  await run(server, key, ({ running }) => running === 1);
  const since = server.mark();
  const killed = performance.now();
  process.kill(runner(server), "SIGKILL");
  await run(server, key, ({ state }) => state === "interrupted", since);
  assert.ok(performance.now() - killed < 8_000, "not only when it could have started by now");
  const [view] = await server.request(runsRequest, { limit: 1 });
  assert.equal(view?.state, "interrupted");
  const nodes = await server.request(runNodesRequest, key);
  assert.deepEqual(
    nodes.map(({ node, state }) => [node, state]),
    [["first", "interrupted"]],
  );
  // The script outlives its runner, and the next run takes it over: the gate is passed once.
  const again = await server.request(retryRequest, key);
  const second = await server.request(runRequest, again);
  gate.open(2);
  await run(server, second, ({ state }) => state === "done");
  await states(server, document, { cached: 2 });
  assert.equal(gate.times, 1, "nothing was started twice");
});

test("a run goes on when the server is killed, and a new server finds it and follows it to its end", async (t) => {
  const { folder, gate } = gated(t);
  const first = await opened(t, folder, "gated.reprod");
  const key = await first.server.request(runRequest, everything(first.document));
  await gate.reached();
  await first.server.kill();
  const { server, document } = await opened(t, folder, "gated.reprod");
  const [found] = await server.request(runsRequest, { limit: 5 });
  assert.deepEqual([found?.run, found?.state], [key.run, "running"]);
  await states(server, document, { missing: 1, running: 1 });
  gate.open();
  await run(server, key, ({ state }) => state === "done");
  await states(server, document, { cached: 2 });
});

test("a run goes on when the editor is closed", async (t) => {
  const { folder, gate } = gated(t);
  const first = await opened(t, folder, "gated.reprod");
  const key = await first.server.request(runRequest, everything(first.document));
  await gate.reached();
  assert.equal((await first.server.shutdown()).code, 0);
  gate.open();
  const { server, document } = await opened(t, folder, "gated.reprod");
  await states(server, document, { cached: 2 });
  const [found] = await server.request(runsRequest, { limit: 1 });
  assert.deepEqual([found?.run, found?.state], [key.run, "done"]);
});

test("what a run in a terminal makes shows in the open document without a question", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { missing: 3 });
  const since = server.mark();
  assert.equal((await reprod(folder, ["run", "greetings.reprod"])).code, 0);
  await states(server, document, { cached: 3 }, since);
  const { runs } = await server.when(
    runsChanged,
    ({ runs }) => runs.some(({ state }) => state === "done"),
    since,
  );
  assert.equal(runs[0]?.pipeline, "greetings");
});

test("a run of a pipeline that is wrong is refused with a code, and nothing is left running", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { missing: 3 });
  await assert.rejects(
    server.request(runRequest, { uri: document.uri, targets: ["nothing"] }),
    failure("unknown-target"),
  );
  await assert.rejects(
    server.request(runRequest, { ...everything(document), set: [{ name: "nothing", text: "1" }] }),
    failure("pipeline-has-problems"),
  );
  assert.deepEqual(server.family(), [server.pid]);
});

test("a store that vanishes under the server makes nodes missing, not the server; it comes back with the next run", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  assert.equal((await reprod(folder, ["run", "greetings.reprod"])).code, 0);
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { cached: 3 });
  let since = server.mark();
  fs.rmSync(path.join(folder, ".reprod"), { recursive: true });
  await states(server, document, { missing: 3 }, since);
  await server.when(
    healthNotification,
    ({ state, details }) =>
      state === "limited" && details.some((line) => line.startsWith("The store is gone")),
    since,
  );
  since = server.mark();
  assert.equal((await reprod(folder, ["run", "greetings.reprod"])).code, 0);
  await states(server, document, { cached: 3 }, since);
  await server.when(healthNotification, ({ state }) => state === "ready", since);
});

test("a store on a share that is gone for a while is told of, and its results are back with it", async (t) => {
  const place = temporaryFolder(t);
  const shared = path.join(place, "shared");
  const folder = project(t, {
    "reprod.json": JSON.stringify({ projectId: "abcdefghijkl", stores: { write: shared } }),
    "greetings.reprod": GREETINGS,
  });
  assert.equal((await reprod(folder, ["run", "greetings.reprod"])).code, 0);
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { cached: 3 });
  for (const instead of ["nothing", "a file"]) {
    let since = server.mark();
    fs.renameSync(shared, path.join(place, "away"));
    if (instead === "a file") fs.writeFileSync(shared, "");
    await states(server, document, { missing: 3 }, since);
    await server.when(
      healthNotification,
      ({ details }) => details.some((line) => line.includes(shared)),
      since,
    );
    since = server.mark();
    fs.rmSync(shared, { force: true });
    fs.renameSync(path.join(place, "away"), shared);
    await states(server, document, { cached: 3 }, since);
    await server.when(healthNotification, ({ state }) => state === "ready", since);
  }
});

test("an object that vanishes makes its node broken as soon as somebody looks again", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  assert.equal((await reprod(folder, ["run", "greetings.reprod"])).code, 0);
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { cached: 3 });
  const since = server.mark();
  fs.rmSync(path.join(folder, ".reprod/store/objects"), { recursive: true });
  document.save();
  await states(server, document, { broken: 3 }, since);
});

test("a store of others that cannot be read is told of, and ours is used", async (t) => {
  const folder = project(t, {
    "reprod.json": JSON.stringify({
      projectId: "abcdefghijkl",
      stores: { read: ["/nowhere/at/all"] },
    }),
    "greetings.reprod": GREETINGS,
  });
  const { server, document } = await opened(t, folder, "greetings.reprod");
  await states(server, document, { missing: 3 });
  const limited: Health = await server.when(healthNotification, ({ state }) => state === "limited");
  assert.ok(
    limited.details.some((line) => line.includes("/nowhere/at/all")),
    limited.details.join("\n"),
  );
});

test("in a workspace without trust nothing is written and nothing runs, until trust is granted", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const { server, document } = await opened(t, folder, "greetings.reprod", {
    initializationOptions: { trusted: false, clientCommands: true },
  });
  const before = listing(folder);
  // A tool that nobody has looked for is unknown, and what is unknown is no problem.
  assert.deepEqual(await document.diagnostics(), []);
  await states(server, document, { missing: 2, unknown: 1 });
  const { state } = await server.when(healthNotification, ({ details }) =>
    details.some((line) => /not trusted/.test(line)),
  );
  assert.equal(state, "limited");
  await assert.rejects(server.request(runRequest, everything(document)), failure("untrusted-workspace"));
  document.replace('"hello"', '"good day"');
  await states(server, document, { missing: 2, unknown: 1 });
  assert.deepEqual(listing(folder), before, "nothing was written");
  assert.deepEqual(server.family(), [server.pid], "nothing was started");
  server.notify(trustGranted, {});
  const key = await server.request(runRequest, everything(document));
  await run(server, key, ({ state }) => state === "done");
});
