import assert from "node:assert/strict";
import { spawn } from "node:child_process";
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
