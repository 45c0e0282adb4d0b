import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import {
  isAlive,
  isProcessIdentity,
  livenessOf,
  processStartTime,
  thisProcess,
} from "../../server/base/process.js";

test("this process is alive, and known again after it was written to a file", () => {
  const read: unknown = JSON.parse(JSON.stringify(thisProcess()));
  assert.ok(isProcessIdentity(read));
  assert.equal(livenessOf(read), "alive");
});

test("C3 a pid that was used again is another process", () => {
  const earlier = { ...thisProcess(), startTime: "1" };
  assert.equal(livenessOf(earlier), "dead");
});

test("C3 pids say nothing of another host or boot", () => {
  assert.equal(livenessOf({ ...thisProcess(), hostId: "another" }), "unknown");
  assert.equal(livenessOf({ ...thisProcess(), bootId: "another" }), "unknown");
  assert.equal(isAlive({ ...thisProcess(), bootId: "another" }), false);
});

test("a process has a start time while it lives and none afterwards", async () => {
  const child = spawn("sh", ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const startTime = processStartTime(pid);
  assert.match(startTime ?? "", /\S/);
  assert.equal(processStartTime(pid), startTime);
  child.stdin?.end();
  await once(child, "exit");
  assert.equal(processStartTime(pid), undefined);
});

test("no pid, no process", () => {
  for (const pid of [0, -1, 1.5, Number.NaN]) assert.equal(processStartTime(pid), undefined);
});

test("what is no identity is told apart", () => {
  for (const value of [null, 1, "x", {}, { hostId: "a", bootId: "b", pid: "1", startTime: "2" }])
    assert.equal(isProcessIdentity(value), false);
});
