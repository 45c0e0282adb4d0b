import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isRunId, type RunId } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import type { AttemptEnd } from "../../server/executors/executor.js";
import type { FailureKind } from "../../server/graph/model.js";
import { BytesValue, DurationValue, FloatValue, JsonValue } from "../../server/graph/value.js";
import { handedValue } from "../../server/run/handed-values.js";
import { Heap } from "../../server/run/heap.js";
import { Journal, readJournal } from "../../server/run/journal.js";
import { LeaseGuard } from "../../server/run/lease.js";
import { failureOf, Tries } from "../../server/run/outcome.js";
import { RequestInbox, writeRequest } from "../../server/run/requests.js";
import { createRunFolder, findRun, newRunId } from "../../server/run/runs.js";
import type { Claims } from "../../server/store/local.js";
import { temporaryFolder } from "../support/temporary.js";

test("the heap gives what was put in, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const heap = new Heap((a, b) => a < b);
      for (const item of items) heap.add(item);
      const taken = items.map(() => heap.take());
      assert.deepEqual(
        taken,
        [...items].sort((a, b) => a - b),
      );
      assert.equal(heap.take(), undefined);
      assert.equal(heap.size, 0);
    }),
  );
});

test("every end of an attempt is success or one failure kind", () => {
  const table: [AttemptEnd, FailureKind | undefined][] = [
    [{ kind: "exited", code: 0 }, undefined],
    [{ kind: "exited", code: 1 }, "ScriptFailed"],
    [{ kind: "signalled", signal: "SIGSEGV" }, "ScriptFailed"],
    [{ kind: "timed-out" }, "Timeout"],
    [{ kind: "cancelled" }, "Cancelled"],
    [{ kind: "out-of-memory" }, "OutOfMemory"],
    [{ kind: "input-changed", message: "m" }, "InputChanged"],
    [{ kind: "input-modified", message: "m" }, "InputModified"],
    [{ kind: "disk-full", message: "m" }, "DiskFull"],
    [{ kind: "stage-failed", message: "m" }, "StageFailed"],
    [{ kind: "start-failed", message: "m" }, "StartFailed"],
    [{ kind: "lost", message: "m" }, "Lost"],
  ];
  for (const [end, kind] of table) assert.equal(failureOf(end)?.kind, kind, end.kind);
});

test("a timeout is told as the person wrote it, where it is known", () => {
  assert.equal(failureOf({ kind: "timed-out" })?.message, "the script ran longer than its timeout");
  assert.equal(
    failureOf({ kind: "timed-out" }, 5_400_000)?.message,
    "the script ran longer than its timeout of 90 min",
  );
});

test("an exit code that stands for a signal says which", () => {
  const message = (code: number) => failureOf({ kind: "exited", code })?.message;
  assert.equal(message(3), "the script ended with exit code 3");
  assert.equal(message(128), "the script ended with exit code 128");
  assert.equal(message(137), "the script ended with exit code 137, as when SIGKILL ends a program of it");
  assert.equal(message(141), "the script ended with exit code 141, as when SIGPIPE ends a program of it");
});

test("what the machinery did is tried again apart from the author's attempts, and without more memory", () => {
  const tries = new Tries({ attempts: 2, on: [], memoryFactor: 2 });
  assert.equal(tries.again("Lost"), true);
  assert.equal(tries.again("SpotInterruption"), true);
  assert.equal(tries.memoryFactor, 1);
  assert.equal(tries.again("ScriptFailed"), true);
  assert.equal(tries.memoryFactor, 2);
  assert.equal(tries.again("NoCapacity"), true);
  assert.equal(tries.again("Lost"), false);
  assert.equal(tries.again("ScriptFailed"), false);
  for (const kind of ["Cancelled", "DiskFull", "InputChanged", "InputModified"] as const)
    assert.equal(new Tries({ attempts: 9, on: [], memoryFactor: 1 }).again(kind), false, kind);
});

test("rule 20 values are handed over as scripts read them", () => {
  assert.deepEqual(handedValue(null), null);
  assert.equal(handedValue(3), 3);
  assert.deepEqual(handedValue(new FloatValue(2)), new FloatValue(2));
  assert.equal(handedValue(new BytesValue(12 * 2 ** 30)), 12 * 2 ** 30);
  assert.equal(handedValue(new DurationValue(90_000)), 90);
  assert.deepEqual(handedValue(new DurationValue(1_500)), new FloatValue(1.5));
  assert.deepEqual(handedValue(["a", ["b", null]]), ["a", ["b", null]]);
  assert.deepEqual(handedValue(new JsonValue({ a: [1, 0.5, "x", null, true] })), {
    a: [1, new FloatValue(0.5), "x", null, true],
  });
});

test("C2 a gap between the clocks, a jump back too, makes the runner read its claims again", () => {
  let wall = 1_000_000;
  let monotonic = 0;
  let held = true;
  const claims: Pick<Claims, "stillHolds"> = { stillHolds: () => held };
  const run = newRunId(undefined);
  const guard = new LeaseGuard(
    claims,
    { key: { kind: "run", id: run }, epoch: 1 },
    () => wall,
    () => monotonic,
  );
  const pass = (wallMilliseconds: number, monotonicMilliseconds: number) => {
    wall += wallMilliseconds;
    monotonic += monotonicMilliseconds;
    return guard.pauses;
  };
  assert.equal(pass(60_000, 60_000), 0);
  assert.equal(pass(9_000, 1_000), 0);
  assert.equal(pass(60_000, 1_000), 1, "asleep");
  assert.equal(pass(-3_600_000, 1_000), 2, "set back");
  assert.equal(pass(1_000, 1_000), 2);
  assert.equal(guard.holds(), true);
  held = false;
  assert.equal(guard.holds(), false);
});

test("run ids grow whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { maxLength: 20 }), (times) => {
      let newest: RunId | undefined;
      for (const time of times) {
        const next = newRunId(newest, () => time);
        assert.ok(isRunId(next));
        assert.ok(newest === undefined || next > newest);
        newest = next;
      }
    }),
  );
});

test("a run is found by its id, the start of it, or as the latest", (context) => {
  const folder = temporaryFolder(context);
  assert.throws(() => findRun(folder), { code: "unknown-run" });
  const ids = ["01AAAAAAAAAAAAAAAAAAAAAAAA", "01AAAAAAAAAAAAAAAAAAAAAAAB", "01BBBBBBBBBBBBBBBBBBBBBBBB"];
  for (const id of ids) fs.mkdirSync(path.join(folder, id));
  assert.equal(findRun(folder), ids[2]);
  assert.equal(findRun(folder, "01b"), ids[2]);
  assert.equal(findRun(folder, ids[0]), ids[0]);
  assert.throws(() => findRun(folder, "01A"), /several runs/);
  assert.throws(() => findRun(folder, "02"), /no such run/);
});

test("C5 each incarnation of a runner writes a file of its own, and readers see one story", (context) => {
  const folder = temporaryFolder(context);
  const first = Journal.open(folder, () => 0);
  first.write({ event: "request", request: "cancel", id: "a" });
  first.flush();
  const second = Journal.open(folder, () => 0);
  assert.deepEqual([first.epoch, second.epoch], [1, 2]);
  second.write({ event: "request", request: "cancel", id: "b" });
  second.close();
  first.close();
  assert.deepEqual(
    readJournal(folder).map((line) => line.event === "request" && line.id),
    ["a", "b"],
  );
  // A line of a later format, and damage in the middle, don't hide what stands around them.
  const file = path.join(folder, "events.1.jsonl");
  fs.appendFileSync(
    file,
    '{"v":2,"seq":2,"event":"new"}\n{"v":1,"se\n{"v":1,"seq":3,"event":"request","id":"c"}\n',
  );
  assert.equal(readJournal(folder).length, 3);
});

test("C11 the journal frees its reserve on a full disk, and its last lines are kept", (context) => {
  const folder = temporaryFolder(context);
  const journal = Journal.open(folder, Date.now, (file, bytes, offset) => {
    if (fs.existsSync(path.join(folder, "reserve")))
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    return fs.writeSync(file, bytes, offset);
  });
  assert.equal(fs.statSync(path.join(folder, "reserve")).size, 1024 * 1024);
  journal.write({ event: "request", request: "cancel", id: "a" });
  journal.close();
  assert.equal(readJournal(folder).length, 1);
  assert.ok(!fs.existsSync(path.join(folder, "reserve")));
});

test("C5 requests are taken once each, in order, and half-written ones of others are passed over", (context) => {
  const folder = temporaryFolder(context);
  const inbox = new RequestInbox(folder);
  assert.deepEqual(inbox.take(), []);
  const id = writeRequest(folder, "cancel");
  fs.writeFileSync(path.join(folder, "requests", "zzz.json"), '{"request":');
  assert.deepEqual(inbox.take(), [{ id, request: "cancel" }]);
  assert.deepEqual(inbox.take(), []);
});

test("the folder of a run cannot be taken by two", (context) => {
  const folder = temporaryFolder(context);
  const run = newRunId(undefined);
  const file = {
    v: 1 as const,
    run,
    file: "/x.reprod",
    pipeline: "x",
    createdAt: "",
    detached: false,
    options: {
      set: [],
      directory: os.tmpdir(),
      container: undefined,
      targets: [],
      noCache: [],
      keepGoing: false,
      jobs: undefined,
      executor: "local" as const,
    },
  };
  createRunFolder(folder, file);
  assert.throws(() => createRunFolder(folder, file), { code: "EEXIST" });
  assert.ok(!(new Error("x") instanceof Failure));
});
