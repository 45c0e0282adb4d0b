import assert from "node:assert/strict";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  createMessageConnection,
  DefinitionRequest,
  ErrorCodes,
  ExitNotification,
  InitializeRequest,
  type InitializeResult,
  IPCMessageReader,
  IPCMessageWriter,
  ResponseError,
  ShutdownRequest,
} from "vscode-languageserver/node";
import { project } from "../support/bad-luck.js";
import { plainEnvironment } from "../support/command-line.js";
import { uriOf } from "../support/language-client.js";
import {
  newServer,
  processFigures,
  serverCommand,
  serverProgram,
  startServer,
} from "../support/language-server.js";
import { GREETINGS, openFile } from "./pipelines.js";

const files = { "greetings.reprod": GREETINGS };

for (const by of ["main", "cli"] as const) {
  test(`the server as ${by === "main" ? "VS Code starts it" : "`reprod lsp --stdio`"} answers and ends with 0`, async (t) => {
    const folder = project(t, files);
    const server = await startServer(t, { folders: [folder], command: serverCommand(by) });
    const document = openFile(server, folder, "greetings.reprod");
    assert.deepEqual(await document.diagnostics(), []);
    const ended = await server.shutdown();
    assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ""]);
    assert.deepEqual(server.family(), []);
  });
}

test("over Node's own channel, as VS Code may start it, the server answers as well", async (t) => {
  const child = fork(serverProgram, ["--node-ipc"], { silent: true, env: plainEnvironment() });
  t.after(() => child.kill("SIGKILL"));
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  t.after(() => connection.dispose());
  connection.listen();
  const params = { processId: process.pid, rootUri: null, workspaceFolders: null, capabilities: {} };
  const answer: InitializeResult = await connection.sendRequest(InitializeRequest.method, params);
  assert.ok(answer.capabilities.definitionProvider);
  await connection.sendRequest(ShutdownRequest.method);
  const exited = once(child, "exit");
  await connection.sendNotification(ExitNotification.method);
  assert.deepEqual(await exited, [0, null]);
});

test("exit without shutdown ends with 1, as the protocol says", async (t) => {
  const server = await startServer(t);
  server.notify(ExitNotification.type, undefined);
  assert.equal((await server.end()).code, 1);
});

test("after shutdown nothing is answered but with an error, and exit still ends it with 0", async (t) => {
  const folder = project(t, files);
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  await server.request(ShutdownRequest.type, undefined);
  await assert.rejects(server.request(DefinitionRequest.type, document.at("Say {")), (error) => {
    assert.ok(error instanceof ResponseError);
    assert.equal(error.code, ErrorCodes.InvalidRequest);
    return true;
  });
  server.notify(ExitNotification.type, undefined);
  assert.equal((await server.end()).code, 0);
});

test("a request before initialize is refused, and initialize still works", async (t) => {
  const server = newServer(t);
  const hover = { textDocument: { uri: uriOf("/nowhere.reprod") }, position: { line: 0, character: 0 } };
  await assert.rejects(server.request(DefinitionRequest.type, hover), (error) => {
    assert.ok(error instanceof ResponseError);
    assert.equal(error.code, ErrorCodes.ServerNotInitialized);
    return true;
  });
  assert.ok((await server.initialize()).capabilities.definitionProvider);
});

test("an unknown request is told to be unknown; broken parameters are an error, not an end", async (t) => {
  const folder = project(t, files);
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  await assert.rejects(server.request({ method: "reprod/noSuchThing" }, {}), (error) => {
    assert.ok(error instanceof ResponseError);
    assert.equal(error.code, ErrorCodes.MethodNotFound);
    return true;
  });
  for (const params of [null, {}, { textDocument: {} }, { textDocument: { uri: 7 }, position: "here" }]) {
    await assert.rejects(server.request({ method: DefinitionRequest.method }, params), ResponseError);
  }
  server.notify({ method: "$/noSuchThing" }, {});
  server.notify({ method: "workspace/noSuchThing" }, {});
  assert.ok(await server.request(DefinitionRequest.type, document.at("Say {")));
});

test("when stdin is closed the server ends by itself and leaves no process", async (t) => {
  const folder = project(t, files);
  const server = await startServer(t, { folders: [folder] });
  await openFile(server, folder, "greetings.reprod").diagnostics();
  server.child.stdin?.end();
  assert.equal((await server.end()).code, 1);
  assert.deepEqual(server.family(), []);
});

test("when the client's process is gone the server ends by itself and leaves no process", async (t) => {
  const folder = project(t, files);
  const editor = spawn("sleep", ["600"], { stdio: "ignore" });
  t.after(() => editor.kill("SIGKILL"));
  const server = await startServer(t, { folders: [folder], processId: editor.pid ?? null });
  await openFile(server, folder, "greetings.reprod").diagnostics();
  const gone = once(editor, "exit");
  editor.kill("SIGKILL");
  await gone;
  // Its pipes are open, as when a process between the two has died: it looks for itself every few seconds.
  assert.equal((await server.end()).code, 1);
  assert.deepEqual(server.family(), []);
});

test("a message that is no message ends or is passed over, and nothing is left", async (t) => {
  const server = newServer(t);
  server.child.stdin?.write("Content-Length: 9\r\n\r\nnot json!");
  server.child.stdin?.end();
  const ended = await server.end();
  assert.equal(ended.signal, null);
  assert.deepEqual(server.family(), []);
});

test("while nothing happens the server takes no processor time", async (t) => {
  const folder = project(t, files);
  const server = await startServer(t, { folders: [folder] });
  await openFile(server, folder, "greetings.reprod").diagnostics();
  // Here time itself is under test. What the start has left to do (compiling, collecting) is done after two seconds.
  await pause(2_000);
  const before = processFigures(server.pid).ticks;
  await pause(2_000);
  const ticks = processFigures(server.pid).ticks - before;
  assert.ok(ticks <= 2, `${ticks * 10} ms of processor time in 2 s`);
});
