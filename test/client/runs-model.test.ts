import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attemptDescription,
  groupsOf,
  matches,
  mergedRuns,
  nodeDescription,
  progressOf,
  runDescription,
  runName,
  runSentence,
} from "../../client/runs-model.js";
import { childrenOf, type GroupEntry, newRun, parentOf, setNodes } from "../../client/views/runs-entries.js";
import type { RunNodeView, RunView } from "../../server/protocol.js";
import { english as t } from "./english.js";

const now = Date.parse("2026-03-10T12:00:00Z");

const runOf = (id: string, more: Partial<RunView> = {}): RunView => ({
  project: "/p",
  run: id,
  state: "done",
  pipeline: "weather",
  uri: "file:///p/my%20weather.reprod",
  targets: ["report"],
  executor: "local",
  startedAt: "2026-03-10T11:50:00Z",
  endedAt: "2026-03-10T11:57:00Z",
  nodes: 14,
  cached: 9,
  made: 5,
  reused: 0,
  failed: 0,
  skipped: 0,
  running: 0,
  queued: 0,
  warnings: [],
  ...more,
});

test("runs are listed newest first; those that run are never left out", () => {
  const known = [runOf("03"), runOf("02"), runOf("01", { state: "running" })];
  const merged = mergedRuns(known, [runOf("04"), runOf("02", { state: "failed" })], 2);
  assert.deepEqual(
    merged.map(({ run, state }) => [run, state]),
    [
      ["04", "done"],
      ["03", "done"],
      ["01", "running"],
    ],
  );
});

test("the status bar counts what there is to deal with, over all runs", () => {
  assert.equal(progressOf([runOf("01")]), undefined);
  const running = runOf("02", { state: "running", made: 2, failed: 1 });
  const planning = runOf("03", { state: "running", made: 0 });
  const { nodes: _nodes, cached: _cached, ...early } = planning;
  assert.deepEqual(progressOf([running, early, runOf("01")]), { runs: 2, done: 3, total: 5 });
});

test("a run in a line", () => {
  const running = runOf("02", { state: "running", made: 2, remainingMilliseconds: 480_000 });
  assert.equal(runDescription(running, now, t), "2 of 5 · 8 min left");
  const { nodes: _nodes, ...planning } = running;
  assert.equal(runDescription(planning, now, t), "planning");
  assert.equal(runDescription(runOf("01"), now, t), "3 min ago · 5 made");
  assert.equal(runDescription(runOf("01", { made: 0, cached: 14 }), now, t), "3 min ago · all cached");
  assert.equal(runDescription(runOf("01", { state: "failed", failed: 2 }), now, t), "3 min ago · 2 failed");
  assert.equal(runDescription(runOf("01", { state: "failed" }), now, t), "3 min ago · failed");
  assert.equal(
    runDescription(runOf("01", { state: "cancelled", failed: 2 }), now, t),
    "3 min ago · cancelled",
  );
  assert.equal(runName(runOf("01", { pipeline: "" })), "my weather.reprod");
  assert.equal(
    runSentence(runOf("01", { state: "failed", failed: 1 }), now, t),
    "weather: failed, started 10 min ago. 9 cached, 5 made, 1 failed",
  );
});

const nodes: readonly RunNodeView[] = [
  { node: "a", state: "made", attempts: [] },
  { node: "b", state: "failed", message: "exit 3\nmore", attempts: [] },
  { node: "c", state: "reused", attempts: [] },
  { node: "d", state: "queued", attempts: [] },
];

test("nodes are grouped by what became of them, what wants attention first", () => {
  assert.deepEqual(
    groupsOf(nodes).map(({ name, nodes: members, reused }) => [name, members.length, reused]),
    [
      ["failed", 1, 0],
      ["queued", 1, 0],
      ["done", 2, 1],
    ],
  );
});

test("a node and an attempt in a line", () => {
  const first = {
    number: 1,
    startedAt: "2026-03-10T11:50:00Z",
    endedAt: "2026-03-10T11:51:00Z",
    exitCode: 1,
    wallMilliseconds: 60_000,
  };
  const second = { number: 2, startedAt: "2026-03-10T11:57:00Z" };
  assert.equal(
    nodeDescription({ node: "x", state: "running", attempts: [first, second] }, now, t),
    "3 min · attempt 2",
  );
  assert.equal(
    nodeDescription({ node: "x", state: "failed", message: "exit 3\nmore", attempts: [first] }, now, t),
    "exit 3 · 1 min",
  );
  assert.equal(nodeDescription({ node: "x", state: "reused", attempts: [] }, now, t), "reused");
  assert.equal(attemptDescription(first, now, t), "exit 1 · 1 min");
  const message = "the script ended with exit code 1";
  assert.equal(
    attemptDescription({ ...first, message }, now, t),
    "exit 1 · 1 min",
    "the number is not cut off",
  );
  assert.equal(attemptDescription(second, now, t), "running · 3 min");
});

test("a filter finds by state, and by text in what a run is about", () => {
  assert.ok(matches(runOf("01"), {}));
  assert.ok(matches(runOf("01"), { text: " WEATHER " }));
  assert.ok(matches(runOf("01"), { text: "report" }));
  assert.ok(!matches(runOf("01"), { text: "variants" }));
  assert.ok(!matches(runOf("01"), { state: "failed" }));
});

test("groups stay the same entries while their nodes change, so that they stay open", () => {
  const entry = newRun(runOf("01"));
  setNodes(entry, nodes);
  const before = entry.groups;
  setNodes(entry, [...nodes, { node: "e", state: "failed", attempts: [] }]);
  assert.deepEqual(
    entry.groups.map((group, at) => group === before[at]),
    [true, true, true],
  );
  assert.equal(entry.groups[0]?.group.nodes.length, 2);
});

test("large groups list their first nodes, and what stands for the rest", () => {
  const entry = newRun(runOf("01"));
  setNodes(
    entry,
    Array.from({ length: 120 }, (_, at): RunNodeView => ({ node: `n[${at}]`, state: "made", attempts: [] })),
  );
  const [group] = entry.groups as readonly [GroupEntry];
  const children = childrenOf(group);
  assert.equal(children.length, 51);
  const last = children.at(-1);
  assert.ok(last?.kind === "note" && last.more === 70);
  for (const child of children) assert.equal(parentOf(child), group);
  assert.equal(parentOf(group), entry);
  assert.equal(new Set(children.map(({ id }) => id)).size, children.length);
});
