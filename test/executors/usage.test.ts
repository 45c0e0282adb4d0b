import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { parseAttemptState } from "../../server/executors/attempt-state.js";
import { residentBytesOfGroups } from "../../server/executors/processes.js";
import { MemorySampler, outOfMemoryKills } from "../../server/executors/usage.js";
import { makeFifo, readFifo, temporaryFolder } from "./support.js";

test("C12 peak memory is summed over a process group, and only when it is looked at", async (t) => {
  const folder = temporaryFolder(t);
  const ready = path.join(folder, "ready");
  makeFifo(ready);
  const held = "Buffer.alloc(64 * 1024 * 1024, 1)";
  const child = spawn(
    process.execPath,
    [
      "-e",
      `globalThis.held = ${held}; require("fs").writeFileSync(${JSON.stringify(ready)}, "yes"); setInterval(() => {}, 1e6)`,
    ],
    { detached: true, stdio: "ignore" },
  );
  t.after(() => child.kill("SIGKILL"));
  await readFifo(ready);
  const group = child.pid ?? 0;
  const bytes = residentBytesOfGroups(new Set([group])).get(group) ?? 0;
  assert.ok(bytes > 64 * 1024 * 1024, String(bytes));
  const sampler = new MemorySampler();
  assert.equal(sampler.take(group), undefined);
  sampler.sample(new Set([group]));
  assert.ok((sampler.take(group) ?? 0) > 64 * 1024 * 1024);
  assert.equal(sampler.take(group), undefined);
});

test("C12 out-of-memory rests on the kernel's count alone, of either kind of cgroup", (t) => {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string) => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const two = write("memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\noom_group_kill 0\n");
  const one = write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
  assert.equal(outOfMemoryKills([two]), 2);
  assert.equal(outOfMemoryKills([path.join(folder, "absent"), one]), 5);
  assert.equal(outOfMemoryKills([path.join(folder, "absent")]), undefined);
});

test("a torn last line of a state counts as absent, and bash's words tell an exit from a signal", () => {
  const started = "started 12 345 6 78 boot 1.5\n";
  const cases: readonly [string, unknown][] = [
    [`${started}exited 0 2.5`, undefined],
    [`${started}exited 0 2.5\n`, { code: 0, signal: undefined, at: 2500 }],
    [
      `${started}[1]+  Exit 137                ( begin "$@" )\nexited 137 \n`,
      { code: 137, signal: undefined, at: undefined },
    ],
    [
      `${started}[1]+  Terminated              ( begin "$@" )\nexited 143 2,5\n`,
      { code: 143, signal: "SIGTERM", at: 2500 },
    ],
    [
      `${started}reprod-supervisor: line 89: 137 Killed  ( begin "$@" )\nexited 137 2.5\n`,
      { code: 137, signal: "SIGKILL", at: 2500 },
    ],
  ];
  for (const [text, exited] of cases) assert.deepEqual(parseAttemptState(text).exited, exited, text);
  assert.deepEqual(parseAttemptState(started).started, {
    pid: 12,
    startTime: "345",
    supervisorPid: 6,
    supervisorStartTime: "78",
    bootId: "boot",
    at: 1500,
  });
  assert.equal(parseAttemptState(`${started}cpu 0.010 0.250\n`).cpuMilliseconds, 260);
});
