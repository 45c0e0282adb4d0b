import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import colors from "picocolors";
import { eventLine, RunProgress, renderProgress } from "../../server/cli/progress.js";
import { displayWidth } from "../../server/cli/text.js";
import type { JournalLine, RunEvent } from "../../server/run/events.js";
import { runId } from "../support/store.js";

const plain = colors.createColors(false);
const started = Date.parse("2026-01-01T00:00:00.000Z");
const id = "0".repeat(64) as never;

/** A line of the journal, so many milliseconds after the start. */
function at(milliseconds: number, event: RunEvent): JournalLine {
  return { v: 1, seq: 1, time: new Date(started + milliseconds).toISOString(), ...event };
}

function begin(nodes: number, cached: number): JournalLine {
  return at(0, {
    event: "run-started",
    run: runId(1),
    pipeline: "p",
    file: "/p.reprod",
    targets: [],
    executor: "local",
    engine: "host",
    nodes,
    cached,
    pid: 1,
    epoch: 1,
  });
}

function attempt(milliseconds: number, node: string, number = 1): JournalLine {
  return at(milliseconds, {
    event: "attempt-started",
    node,
    recipe: id,
    content: id,
    attempt: number,
    id: "a",
    folder: `/attempts/${node}`,
    adopted: false,
  });
}

function ended(milliseconds: number, node: string, willRetry: boolean): JournalLine {
  return at(milliseconds, {
    event: "attempt-ended",
    node,
    attempt: 1,
    failure: "OutOfMemory",
    message: undefined,
    exitCode: 137,
    usage: { wallMilliseconds: 1, cpuMilliseconds: 1, peakMemoryBytes: 1, cpus: 1, memoryBytes: 1 },
    willRetry,
  });
}

function done(milliseconds: number, node: string): JournalLine {
  return at(milliseconds, { event: "node-done", node, recipe: id, content: id, from: "made", record: "" });
}

test("the live view shows what runs, counts, rate and time left", () => {
  const progress = new RunProgress();
  const lines = [begin(10, 2), attempt(0, "a"), done(1000, "a"), attempt(1000, "b"), done(2000, "b")];
  for (const line of [...lines, attempt(2000, "c"), done(3000, "c"), attempt(3000, 'd["x", 2]')])
    progress.apply(line);
  const view = renderProgress(progress, started + 4000, { columns: 120, rows: 24, colours: plain });
  const [running, summary] = view.split("\n");
  assert.match(running ?? "", /^. d\["x", 2\] {2}1\.0 s$/);
  assert.match(summary ?? "", /━{15}─{15} {2}5 of 10 · 2 cached · 1 running · 0\.8\/s · about 7\.0 s left$/);
});

test("a node that is tried again no longer counts as running in between", () => {
  const progress = new RunProgress();
  for (const line of [begin(1, 0), attempt(0, "a"), ended(5, "a", true)]) progress.apply(line);
  assert.equal(progress.running.size, 0);
  for (const line of [attempt(6, "a", 2), ended(9, "a", false)]) progress.apply(line);
  assert.equal(progress.running.size, 1, "its outs are being stored");
  progress.apply(done(10, "a"));
  assert.deepEqual([progress.running.size, progress.settled], [0, 1]);
});

test("a failure keeps where its log is", () => {
  const progress = new RunProgress();
  for (const line of [begin(2, 0), attempt(0, "a")]) progress.apply(line);
  progress.apply(
    at(1, { event: "node-failed", node: "a", recipe: id, failure: "ScriptFailed", message: "exit code 3" }),
  );
  assert.deepEqual(progress.failures, [{ node: "a", message: "exit code 3", folder: "/attempts/a" }]);
});

test("the live view never grows beyond the screen, in either direction", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 80 }), { maxLength: 30 }),
      fc.integer({ min: 10, max: 200 }),
      fc.integer({ min: 3, max: 50 }),
      (names, columns, rows) => {
        const progress = new RunProgress();
        progress.apply(begin(1000, 10));
        for (const name of names) progress.apply(attempt(0, name));
        const view = renderProgress(progress, started + 10_000, { columns, rows, colours: plain }).split(
          "\n",
        );
        assert.ok(view.length <= Math.max(rows, 3));
        for (const line of view) assert.ok(displayWidth(line) <= Math.max(columns, 20), line);
      },
    ),
  );
});

test("plain lines tell of each end once, with hostile names written out", () => {
  const progress = new RunProgress();
  progress.apply(attempt(0, 'a["\u001b[2J\n"]'));
  assert.equal(eventLine(done(1500, 'a["\u001b[2J\n"]'), progress, plain), '✓ a["\\u{1b}[2J\\n"]  1.5 s');
  assert.equal(eventLine(attempt(0, "a"), progress, plain), undefined);
  assert.match(
    eventLine(ended(1, "a", true), progress, plain) ?? "",
    /attempt 1 ended with OutOfMemory, trying again/,
  );
});

test("a script that was ended with its run is no failure", () => {
  const progress = new RunProgress();
  const line = at(1, {
    event: "node-failed",
    node: "a",
    recipe: id,
    failure: "Cancelled",
    message: "cancelled",
  });
  progress.apply(line);
  assert.deepEqual([progress.failed, progress.cancelled, progress.failures], [0, 1, []]);
  assert.equal(eventLine(line, progress, plain), "• a: ended with the run");
});
