import assert from "node:assert/strict";
import { test } from "node:test";
import {
  familyDescription,
  memberDescription,
  memberEntries,
  PipelinesModel,
  parentOf,
  pipelineDescription,
  pipelineLabel,
  pipelineSpoken,
} from "../../client/views/pipelines-model.js";
import type { FamilyView, PipelineView, StateCounts } from "../../server/protocol.js";
import { english as t } from "./english.js";

const familyView = (name: string, counts: StateCounts): FamilyView => ({
  name,
  transform: "Align",
  single: false,
  nodes: 6,
  counts,
  place: {
    uri: "file:///a.reprod",
    range: { start: { line: 1, character: 0 }, end: { line: 2, character: 0 } },
  },
});
const pipelineView = (name: string, families: readonly FamilyView[], more: Partial<PipelineView> = {}) => ({
  uri: `file:///w/${name}.reprod`,
  name,
  path: `${name}.reprod`,
  errors: 0,
  warnings: 0,
  nodes: 6,
  counts: { cached: 6 },
  busy: false,
  families,
  ...more,
});

test("only what changed is drawn anew, and entries stay the same objects", () => {
  const model = new PipelinesModel();
  const aligned = familyView("aligned", { cached: 6 });
  const merged = familyView("merged", { cached: 6 });
  assert.equal(model.update([pipelineView("a", [aligned, merged]), pipelineView("b", [merged])]), "all");
  const [a] = model.pipelines;
  assert.ok(a !== undefined);
  assert.deepEqual(model.update([pipelineView("a", [aligned, merged]), pipelineView("b", [merged])]), []);

  const stale = familyView("aligned", { stale: 1, cached: 5 });
  const redraw = model.update([pipelineView("a", [stale, merged]), pipelineView("b", [merged])]);
  assert.deepEqual(redraw, [a.families[0]]);
  assert.equal(a.families[0]?.view, stale);

  const busy = model.update([
    pipelineView("a", [stale, merged], { busy: true }),
    pipelineView("b", [merged]),
  ]);
  assert.deepEqual(busy, [a]);
  const fewer = model.update([pipelineView("a", [merged], { busy: true }), pipelineView("b", [merged])]);
  assert.deepEqual(fewer, [a]);
  assert.equal(model.pipelines[0], a);
  assert.equal(model.update([pipelineView("a", [merged])]), "all");
});

test("entries are found, and know what they are in", () => {
  const model = new PipelinesModel();
  model.update([pipelineView("a", [familyView("aligned", { cached: 6 })])]);
  const family = model.find("file:///w/a.reprod", "aligned");
  assert.ok(family?.kind === "family");
  assert.equal(parentOf(family), model.find("file:///w/a.reprod"));
  const members = memberEntries(
    family,
    [{ name: "aligned[1]", keys: "1", state: "stale", why: ["param `n` 1 → 2"], toRun: true }],
    3,
  );
  assert.deepEqual(
    members.map(({ kind, id }) => [kind, id]),
    [
      ["member", "file:///w/a.reprod#aligned[1]"],
      ["more", "file:///w/a.reprod#aligned#more"],
    ],
  );
  for (const member of members) assert.equal(parentOf(member), family);
});

test("lines of pipelines, families and members", () => {
  const view = pipelineView("a", []);
  assert.equal(pipelineDescription(view, t), "cached");
  assert.equal(pipelineDescription({ ...view, counts: { stale: 2, cached: 4 } }, t), "2 to do");
  assert.equal(pipelineDescription({ ...view, counts: { missing: 6 }, errors: 2 }, t), "2 errors · 6 to do");
  assert.equal(pipelineDescription({ ...view, message: "cannot be read" }, t), "cannot be read");
  assert.equal(pipelineDescription({ ...view, counts: {}, nodes: 0 }, t), "no nodes");
  const broken = { ...view, counts: {}, nodes: 0, errors: 1 };
  assert.equal(pipelineDescription(broken, t), "1 error");
  assert.equal(pipelineSpoken("a.reprod", broken, t), "a.reprod, 1 error, 0 nodes");
  assert.equal(familyDescription(familyView("x", { stale: 1, cached: 5 }), t), "Align · ◐ 1  ✓ 5");
  const member = { name: "x[1]", keys: "1", state: "stale", why: ["a", "b"], toRun: true } as const;
  assert.equal(memberDescription(member, "stale"), "a", "the sign tells the state");
  assert.equal(memberDescription({ ...member, state: "running" }, "running"), "running");
});

test("files of one name are told apart by their folders", () => {
  const one = pipelineView("a", [], { path: "x/main.reprod" });
  const two = pipelineView("b", [], { path: "y/main.reprod" });
  assert.equal(pipelineLabel(one, [one]), "main.reprod");
  assert.equal(pipelineLabel(one, [one, two]), "x/main.reprod");
});
