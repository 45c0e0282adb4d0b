import assert from "node:assert/strict";
import { test } from "node:test";
import { failureDetails, failureMessage, filePlace, isFailureData } from "../../client/failure-text.js";
import { isNewer, markAt } from "../../client/marks.js";
import { choicesOf, problemWith } from "../../client/param-input.js";
import { planSentence, runTitle } from "../../client/plan-text.js";
import { RestartPolicy } from "../../client/restart-policy.js";
import { folderNameProblem, parseSamples } from "../../client/samples.js";
import type { PlanView, StateMark } from "../../server/protocol.js";
import { english as t } from "./english.js";

test("a failure says what and what to do; the log has all of it", () => {
  const data = { code: "no-store", message: "the store is gone", why: "it was deleted", fix: "run again" };
  assert.equal(failureMessage(data, t), "The store is gone. What to do: Run again.");
  assert.equal(failureMessage({ code: "x", message: "stopped" }, t), "Stopped.");
  assert.equal(
    failureMessage({ code: "x", message: 'reprod.json: "}" is missing' }, t),
    'reprod.json: "}" is missing.',
  );
  assert.equal(
    failureDetails({ ...data, place: "/a:1:2" }),
    "error[no-store]: the store is gone\n  at: /a:1:2\n  why: it was deleted\n  what to do: run again",
  );
  assert.ok(isFailureData(data));
  assert.ok(!isFailureData({ message: "x" }));
});

test("places in files are found; others are only told", () => {
  assert.deepEqual(filePlace("/a b/c.reprod:3:7"), { path: "/a b/c.reprod", line: 2, character: 6 });
  assert.deepEqual(filePlace("c:\\x.reprod:3"), { path: "c:\\x.reprod", line: 2, character: 0 });
  assert.equal(filePlace("reprod.json"), undefined);
  assert.equal(filePlace(undefined), undefined);
});

test("a crash is told once; the fifth within three minutes is the last", () => {
  const policy = new RestartPolicy();
  const after = [0, 1, 2, 3, 4].map((minute) => policy.crashed(minute * 10_000));
  assert.deepEqual(after, ["restart-and-tell", "restart", "restart", "restart", "give-up"]);
  assert.equal(policy.crashed(50_000), "restart", "who restarts by hand begins anew");
  const slow = new RestartPolicy();
  for (let at = 0; at < 20; at++) assert.notEqual(slow.crashed(at * 60_000), "give-up");
});

test("params are checked as far as a text tells", () => {
  assert.deepEqual(choicesOf('"strict" | "loose"'), ["strict", "loose"]);
  assert.deepEqual(choicesOf("Bool"), ["true", "false"]);
  assert.equal(choicesOf("String"), undefined);
  assert.equal(choicesOf("Int?"), undefined);
  assert.equal(problemWith("20", "Int", t), undefined);
  assert.ok(problemWith("20.5", "Int", t));
  assert.equal(problemWith("1e-3", "Float", t), undefined);
  assert.ok(problemWith("a", "Float", t));
  assert.ok(problemWith(" ", "File", t));
  assert.equal(problemWith("", "String", t), undefined);
});

const plan: PlanView = {
  page: { title: "Plan of x", markdown: "" },
  nodes: 14,
  toRun: 5,
  counts: {},
  missingParams: [],
  confirm: true,
};

test("a plan in a sentence, and its button", () => {
  assert.equal(runTitle(plan, t), "Run 5 Nodes");
  assert.equal(runTitle({ ...plan, toRun: 1 }, t), "Run 1 Node");
  assert.equal(planSentence(plan, t), "5 of 14 nodes to run");
  const estimate = { lowMilliseconds: 700_000, highMilliseconds: 740_000 };
  const cost = { low: 0.31, high: 0.31 };
  assert.equal(planSentence({ ...plan, estimate, cost }, t), "5 of 14 nodes to run, about 12 min, $0.31");
});

const mark = (start: number, end: number, family: string): StateMark => ({
  range: { start: { line: start, character: 0 }, end: { line: end, character: 1 } },
  family,
  state: "cached",
  counts: {},
  text: "",
});

test("the node that a line is in", () => {
  const marks = [mark(2, 2, "a"), mark(5, 9, "b")];
  assert.equal(markAt(marks, 2)?.family, "a");
  assert.equal(markAt(marks, 7)?.family, "b");
  assert.equal(markAt(marks, 3), undefined);
});

test("signs of an older text do not replace newer ones", () => {
  const at = (version: number) => ({ version, marks: [] });
  assert.ok(isNewer(undefined, at(1)));
  assert.ok(isNewer(at(2), at(2)));
  assert.ok(!isNewer(at(3), at(2)));
});

test("samples that do not fit are a defect, and folders stay where they are made", () => {
  const file = { from: "samples/a.reprod", to: "a.reprod" };
  const sample = { id: "a", title: "A", description: "", open: "a.reprod", files: [file] };
  assert.equal(parseSamples(JSON.stringify({ samples: [sample] })).length, 1);
  const outside = { ...sample, files: [{ ...file, to: "../a" }] };
  for (const samples of [[outside], [{ ...sample, files: [] }], [{ id: "a" }], "a", undefined]) {
    assert.throws(() => parseSamples(JSON.stringify({ samples })));
  }
  assert.equal(folderNameProblem("a/b"), undefined);
  assert.equal(folderNameProblem(" "), "empty");
  for (const name of ["../a", "/a", "a//b", "c:x", "./a"])
    assert.equal(folderNameProblem(name), "outside", name);
});
