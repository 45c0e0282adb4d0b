import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { bundlePath } from "../../server/base/bundle.js";
import { wantsColours } from "../../server/cli/terminal.js";
import { plainEnvironment, reprod, shellQuoted, start, startOnTerminal } from "../support/command-line.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

function project(t: TestContext, text: string): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": '{"projectId": "abcdefghijkl"}\n', "p.reprod": text });
  return folder;
}

const QUICK =
  'pipeline quick\nnode n = Make { }\ntransform Make {\n  out o: File = "o"\n  run sh ```\n    echo x > "$o"\n  ```\n}\n';
/** Says when it has begun, then waits for what never comes. */
const ENDLESS =
  'pipeline endless\nnode n = Wait { }\ntransform Wait {\n  out o: File = "o"\n  run sh ```\n    echo x > "$o"\n    sleep 600\n  ```\n}\n';

test("NO_COLOR and FORCE_COLOR decide before the terminal does", () => {
  const cases: readonly (readonly [boolean, NodeJS.ProcessEnv, boolean])[] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ];
  for (const [isTerminal, environment, wanted] of cases)
    assert.equal(wantsColours(isTerminal, environment), wanted);
});

test("pipes get plain lines; FORCE_COLOR colours them", async (t) => {
  const folder = project(t, QUICK);
  assert.doesNotMatch((await reprod(folder, ["run", "p.reprod"])).stdout, /\u001b/);
  assert.match(
    (await reprod(folder, ["plan", "p.reprod"], { FORCE_COLOR: "1" })).stdout,
    /\u001b\[32m1 cached/,
  );
  assert.doesNotMatch((await reprod(folder, ["--help"])).stdout, /\u001b/);
});

test("a terminal gets the live view and colours; with NO_COLOR the view stays and colours go", async (t) => {
  const slow = QUICK.replace("echo x", "sleep 1\n    echo x");
  const coloured = await startOnTerminal(["run", "p.reprod"], { cwd: project(t, slow) }).ended;
  assert.equal(coloured.code, 0, coloured.stdout);
  assert.match(coloured.stdout, /\u001b\[36m[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\u001b\[39m n /);
  assert.match(coloured.stdout, /0 of 1 · 1 running/);
  assert.match(coloured.stdout, /done.* in /);
  assert.match(coloured.stdout, /\u001b\[\?25h/, "the cursor is shown again");
  const plain = await startOnTerminal(["run", "p.reprod"], { cwd: project(t, slow), env: { NO_COLOR: "1" } })
    .ended;
  assert.match(plain.stdout, /0 of 1 · 1 running/);
  assert.doesNotMatch(plain.stdout, /\u001b\[[0-9;]*m/);
});

test("a reader that leaves early is no error", async (t) => {
  const folder = project(
    t,
    QUICK.replace("node n = Make { }", "for i in range(0, 3000) {\n  node n[i] = Make { }\n}"),
  );
  const command = [process.execPath, bundlePath("cli"), "plan", "p.reprod", "--json"]
    .map(shellQuoted)
    .join(" ");
  const child = spawn("bash", ["-c", `${command} | head -n 1; exit "\${PIPESTATUS[0]}"`], {
    cwd: folder,
    env: plainEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual([code, stderr], [0, ""]);
});

test("a stdout that cannot be written is told in one line, and ends with 1; the work is done all the same", async (t) => {
  const folder = project(t, QUICK);
  for (const command of [
    "runs --json",
    "run p.reprod",
    "plan p.reprod --json",
    "check p.reprod --json",
    "--help",
  ]) {
    const full = await onFullDisk(folder, command.split(" "), ">");
    assert.deepEqual(
      [full.code, full.stderr],
      [1, "error: standard output cannot be written: the disk is full\n"],
      command,
    );
  }
  assert.match((await reprod(folder, ["plan", "p.reprod"])).stdout, /1 cached/);
  assert.equal((await onFullDisk(folder, ["check", "p.reprod"], ">")).code, 0, "it had nothing to write");
  // A failure keeps its own code, though nobody can read of it.
  assert.equal((await onFullDisk(folder, ["status", "nothing", "--json"], ">")).code, 2);
  // Where remarks go is full: what was asked for came.
  const remarks = await onFullDisk(folder, ["plan", "p.reprod"], "2>");
  assert.equal(remarks.code, 0);
  assert.match(remarks.stdout, /1 cached/);
});

/** Runs a command with one of its streams on a disk that is full. */
function onFullDisk(folder: string, args: readonly string[], redirection: ">" | "2>") {
  const command = [process.execPath, bundlePath("cli"), ...args].map(shellQuoted).join(" ");
  const child = spawn("bash", ["-c", `${command} ${redirection} /dev/full`], {
    cwd: folder,
    env: plainEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
    (resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })),
  );
}

test("a command that opens an account ends with the code of the signal", async (t) => {
  const folder = project(t, QUICK);
  const asked = new Set<() => void>();
  // Never answers, as a network does that loses what is sent.
  const server = createServer(() => {
    for (const tell of asked) tell();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const env = {
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_REGION: "eu-central-1",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  };
  for (const [signal, code, command] of [
    ["SIGINT", 130, ["setup", "roles", "--yes"]],
    ["SIGTERM", 143, ["teardown", "roles", "--yes"]],
    ["SIGHUP", 129, ["resources"]],
  ] as const) {
    const request = new Promise<void>((resolve) => asked.add(resolve));
    const run = start(command, { cwd: folder, env });
    await request;
    asked.clear();
    run.child.kill(signal);
    const ended = await run.ended;
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, /^error\[interrupted\]/);
  }
});

test("SIGINT ends a run cleanly with 130: the script is gone and the run is cancelled", async (t) => {
  const folder = project(t, ENDLESS);
  const run = start(["run", "p.reprod", "--json"], { cwd: folder });
  await run.prints('"attempt-started"');
  run.child.kill("SIGINT");
  const ended = await run.ended;
  assert.equal(ended.code, 130, ended.stderr);
  assert.match(ended.stdout, /"outcome":"cancelled"/);
  assert.match((await reprod(folder, ["status"])).stdout, /cancelled/);
  assert.match((await reprod(folder, ["plan", "p.reprod"])).stdout, /1 missing/);
});

test("TERM ends a run as cleanly, with 143", async (t) => {
  const folder = project(t, ENDLESS);
  const run = start(["run", "p.reprod", "--json"], { cwd: folder });
  await run.prints('"attempt-started"');
  run.child.kill("SIGTERM");
  assert.equal((await run.ended).code, 143);
});

test("a second SIGINT does not wait for a script that ignores the first", async (t) => {
  const stubborn = ENDLESS.replace(
    "sleep 600",
    "trap '' TERM\n    for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60; done",
  );
  const folder = project(t, stubborn);
  const run = start(["run", "p.reprod", "--json"], { cwd: folder });
  await run.prints('"attempt-started"');
  run.child.kill("SIGINT");
  await new Promise((resolve) => run.child.stderr?.on("data", resolve));
  run.child.kill("SIGINT");
  assert.equal((await run.ended).code, 130);
  // What it left behind is ended by the next face that is asked to.
  const cancelled = await reprod(folder, ["cancel", "latest"]);
  assert.equal(cancelled.code, 0, cancelled.stderr);
});

test("SIGINT ends any other command with 130", async (t) => {
  const folder = project(t, ENDLESS);
  const run = start(["run", "p.reprod", "--json"], { cwd: folder });
  await run.prints('"attempt-started"');
  const logs = start(["logs", "latest", "n", "--follow"], { cwd: folder });
  await new Promise((resolve) => logs.child.once("spawn", resolve));
  logs.child.kill("SIGINT");
  const ended = await logs.ended;
  assert.ok(ended.code === 130 || ended.signal === "SIGINT", `${ended.code} ${ended.signal}`);
  run.child.kill("SIGINT");
  await run.ended;
});
