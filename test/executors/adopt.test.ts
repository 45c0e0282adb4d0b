import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { readAttemptState } from "../../server/executors/attempt-state.js";
import type { AttemptSpec } from "../../server/executors/executor.js";
import { createLocalExecutor } from "../../server/executors/local.js";
import {
  attempt,
  executorIn,
  makeFifo,
  processRuns,
  readFifo,
  standInStager,
  temporaryFolder,
  workFile,
} from "./support.js";

/** This very file is the runner that dies, when it is started with an attempt. */
const asRunner = process.env.REPROD_TEST_ATTEMPT;
if (asRunner === undefined) defineTests();
else createLocalExecutor({ stager: standInStager("/") }).start(JSON.parse(asRunner));

/** Starts the attempt in a runner of its own, which is then killed as `kill -9` does. */
async function startInRunnerThatDies(spec: AttemptSpec, ready: string): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = spawn(process.execPath, [__filename], {
    env: { ...env, REPROD_TEST_ATTEMPT: JSON.stringify(spec) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const gone = new Promise((resolve) => runner.once("exit", resolve));
  await Promise.race([readFifo(ready), gone]);
  assert.equal(runner.exitCode, null, "the runner ended by itself");
  runner.kill("SIGKILL");
  await gone;
}

function defineTests(): void {
  test("C4 a script outlives kill -9 of its runner; the next runner adopts it and gets its end", async (t) => {
    const folder = temporaryFolder(t);
    const [ready, go] = [path.join(folder, "ready"), path.join(folder, "go")];
    for (const fifo of [ready, go]) makeFifo(fifo);
    const script = 'echo yes > "$ready"; cat "$go" > out.txt; echo printed; exit 9\n';
    const spec = attempt(folder, script, { values: { ready, go } });
    await startInRunnerThatDies(spec, ready);
    const handle = await executorIn(t, folder).adopt(spec);
    assert.ok(handle !== undefined);
    fs.writeFileSync(go, "went on");
    assert.deepEqual((await handle.ended).end, { kind: "exited", code: 9 });
    assert.equal(workFile(spec, "out.txt"), "went on");
    assert.equal(fs.readFileSync(path.join(spec.folder, "stdout.log"), "utf8"), "printed\n");
  });

  test("C4 a script that ended without runner is harvested: its exit code was recorded", async (t) => {
    const folder = temporaryFolder(t);
    const [ready, go] = [path.join(folder, "ready"), path.join(folder, "go")];
    for (const fifo of [ready, go]) makeFifo(fifo);
    const spec = attempt(folder, 'echo yes > "$ready"; cat "$go" > out.txt\n', { values: { ready, go } });
    await startInRunnerThatDies(spec, ready);
    const { started } = readAttemptState(spec.folder) ?? {};
    assert.ok(started !== undefined);
    // The supervisor ends after its script, when there is no runner: that is the event to wait for.
    fs.writeFileSync(go, "");
    while (processRuns(started.supervisorPid)) await new Promise(setImmediate);
    const handle = await executorIn(t, folder).adopt(spec);
    const result = await handle?.ended;
    assert.deepEqual(result?.end, { kind: "exited", code: 0 });
    assert.equal(typeof result?.usage.cpuMilliseconds, "number");
  });

  test("C4 an adopted script can be cancelled, and its limit holds without any runner", async (t) => {
    const folder = temporaryFolder(t);
    const ready = path.join(folder, "ready");
    makeFifo(ready);
    const cancelled = attempt(folder, 'echo yes > "$ready"; sleep 1000\n', { values: { ready } });
    await startInRunnerThatDies(cancelled, ready);
    const handle = await executorIn(t, folder).adopt(cancelled);
    handle?.cancel();
    assert.deepEqual((await handle?.ended)?.end, { kind: "cancelled" });
    const limited = attempt(folder, 'echo yes > "$ready"; sleep 1000\n', {
      values: { ready },
      timeoutMilliseconds: 300,
    });
    await startInRunnerThatDies(limited, ready);
    assert.deepEqual((await (await executorIn(t, folder).adopt(limited))?.ended)?.end, { kind: "timed-out" });
  });

  test("C4 without supervisor what is left of the group is ended, and the folder can be discarded", async (t) => {
    const folder = temporaryFolder(t);
    const ready = path.join(folder, "ready");
    makeFifo(ready);
    const spec = attempt(folder, 'sleep 1000 & echo $! > child; echo yes > "$ready"; wait\n', {
      values: { ready },
    });
    await startInRunnerThatDies(spec, ready);
    const { started } = readAttemptState(spec.folder) ?? {};
    assert.ok(started !== undefined);
    process.kill(started.supervisorPid, "SIGKILL");
    while (processRuns(started.supervisorPid)) await new Promise(setImmediate);
    // The first process too: only a member of the group is left, whose group has to be recognised as ours.
    process.kill(started.pid, "SIGKILL");
    while (processRuns(started.pid)) await new Promise(setImmediate);
    const child = Number(workFile(spec, "child"));
    assert.ok(processRuns(child));
    const executor = executorIn(t, folder);
    assert.equal(await executor.adopt(spec), undefined);
    assert.ok(!processRuns(child));
    executor.discard(spec.folder);
    await executor.close();
    assert.ok(!fs.existsSync(spec.folder));
  });

  test("C4 nothing is killed when start time, boot or session are not the recorded ones", async (t) => {
    const folder = temporaryFolder(t);
    const bystander = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    t.after(() => bystander.kill("SIGKILL"));
    const pid = bystander.pid ?? 0;
    const spec = attempt(folder, "true\n");
    fs.mkdirSync(spec.folder, { recursive: true });
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    for (const line of [`started ${pid} 1 1 1 ${boot} 0`, `started ${pid} 1 1 1 another-boot 0`]) {
      fs.writeFileSync(path.join(spec.folder, "state"), `${line}\n`);
      assert.equal(await executorIn(t, folder).adopt(spec), undefined);
      assert.ok(processRuns(pid), line);
    }
  });

  test("a folder in which nothing was started is not adopted, and nothing starts in it later", async (t) => {
    const folder = temporaryFolder(t);
    const spec = attempt(folder, "true\n");
    const executor = executorIn(t, folder);
    assert.equal(await executor.adopt(spec), undefined);
    fs.mkdirSync(path.join(spec.folder, "work"), { recursive: true });
    assert.equal(await executor.adopt(spec), undefined);
    assert.ok(fs.existsSync(path.join(spec.folder, "cancel")));
  });
}
