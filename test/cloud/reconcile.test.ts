import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../server/base/failure.js";
import { type Applied, applyPlan } from "../../server/cloud/reconcile/apply.js";
import {
  doesNothing,
  groupPlan,
  type Plan,
  planGroups,
  planTeardown,
} from "../../server/cloud/reconcile/plan.js";
import { openFiles, type Readings, readGroups } from "../../server/cloud/reconcile/reading.js";
import type { Group } from "../../server/cloud/reconcile/resource.js";
import { refuseNeeded, refuseReplacedBelow, tearDown } from "../../server/cloud/reconcile/teardown.js";
import { temporaryFolder } from "../support/temporary.js";
import {
  type Fault,
  Killed,
  type Part,
  quickClock,
  SmallCloud,
  smallGroup,
  smallScope,
} from "./support/small-cloud.js";

interface Run {
  readonly folder: string;
  readonly groups: readonly Group[];
  readonly adopt?: { readonly [part: string]: string };
  readonly signal?: AbortSignal;
  readonly clock?: ReturnType<typeof quickClock>;
}

async function read({ folder, groups, adopt, signal, clock = quickClock() }: Run): Promise<Readings> {
  const scope = smallScope(folder, adopt);
  return readGroups(groups, scope, openFiles(groups, folder, scope), { clock, signal });
}

async function apply(
  run: Run,
  onProgress?: (done: number) => void,
): Promise<{ plan: Plan; applied: Applied }> {
  const readings = await read(run);
  const plan = planGroups(readings, new Set(run.groups.map(({ name }) => name)));
  const applied = await applyPlan(readings, plan, {
    clock: run.clock ?? quickClock(),
    signal: run.signal,
    onProgress: ({ done }) => onProgress?.(done),
  });
  return { plan, applied };
}

async function remove(run: Run) {
  const readings = await read(run);
  const plan = planTeardown(readings, new Set(run.groups.map(({ name }) => name)));
  return { plan, ...(await tearDown(readings, plan, { clock: quickClock(), signal: run.signal })) };
}

const chain: readonly Part[] = [
  { part: "net", needs: [], named: false },
  { part: "left", needs: ["net"], named: true },
  { part: "right", needs: ["net"], named: false },
  { part: "top", needs: ["left", "right"], named: true },
];

/** Resources that need earlier ones, named or not. */
const partLists: fc.Arbitrary<readonly Part[]> = fc
  .array(fc.record({ picks: fc.array(fc.nat(), { maxLength: 3 }), named: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((items) =>
    items.map(({ picks, named }, place) => ({
      part: `part-${place}`,
      needs: place === 0 ? [] : [...new Set(picks.map((pick) => `part-${pick % place}`))],
      named,
    })),
  );

function settingsIn(folder: string): { readonly [key: string]: unknown } {
  return JSON.parse(fs.readFileSync(path.join(folder, "network.json"), "utf8"));
}

test("applying creates all in order, applying again does nothing, and the settings file says what is there", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const first = await apply({ folder, groups });
  assert.deepEqual(
    first.plan.steps.map(({ key, action }) => `${action} ${key}`),
    ["create network/net", "create network/left", "create network/right", "create network/top"],
  );
  assert.equal(first.applied.done.at(0)?.key, "network/net");
  assert.equal(first.applied.done.at(-1)?.key, "network/top");
  const { reprod, ...shown } = settingsIn(folder);
  assert.deepEqual(Object.keys(shown), ["net", "left", "right", "top"]);
  assert.ok(reprod !== undefined);
  assert.deepEqual(Object.values(shown).sort(), [...cloud.things.keys()].sort());
  const before = cloud.things.size;
  const second = await apply({ folder, groups });
  assert.ok(doesNothing(second.plan));
  assert.equal(cloud.things.size, before);
});

test("F1 what has our name and is another's is neither changed nor removed, and said", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const scope = smallScope(folder);
  cloud.add(scope.name("left"), { "reprod:project": "zzzzzzzzzz77" }, 0);
  await assert.rejects(
    apply({ folder, groups }),
    (error) => error instanceof Failure && error.code === "not-ours",
  );
  assert.equal(cloud.things.size, 1, "nothing was begun");
  const [foreign] = cloud.things.values();
  assert.equal(foreign?.setting, "fresh");
});

test("F1 an untagged thing of our name is taken over only when its create was intended here", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const scope = smallScope(folder);
  const bare = cloud.add(scope.name("left"), {}, 0);
  await assert.rejects(
    apply({ folder, groups }),
    (error) => error instanceof Failure && error.code === "not-ours",
  );
  const [file] = openFiles(groups, folder, scope).values();
  file?.set("left", { name: scope.name("left"), step: "create", at: new Date().toISOString() });
  await apply({ folder, groups });
  assert.equal(settingsIn(folder).left, bare.id);
});

test("F1 a settings file of another account or project is refused", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  await apply({ folder, groups });
  const text = fs.readFileSync(path.join(folder, "network.json"), "utf8");
  for (const [is, other] of [
    ["123456789012", "999999999999"],
    ["eu-central-1", "us-west-2"],
    ["abcdefghij23", "zzzzzzzzzz77"],
  ] as const) {
    // Names have the region's code and the project's id in them too: only what the book says counts.
    fs.writeFileSync(path.join(folder, "network.json"), text.replaceAll(`"${is}"`, `"${other}"`));
    await assert.rejects(
      read({ folder, groups }),
      (error) => error instanceof Failure && error.code === "settings-of-another",
    );
  }
});

test("F2 what is adopted is used, shown, let go of as it was before, and never removed", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const theirs = cloud.add("a-net-of-theirs", { Team: "genomics" }, 0);
  const adopt = { "network/net": theirs.id };
  const { plan } = await apply({ folder, groups, adopt });
  assert.equal(plan.steps.find(({ key }) => key === "network/net")?.action, "adopt");
  assert.deepEqual(plan.steps.find(({ key }) => key === "network/net")?.differences, [
    { what: "setting", is: "fresh", shouldBe: "right" },
  ]);
  assert.equal(settingsIn(folder).net, theirs.id);
  assert.ok(doesNothing((await apply({ folder, groups, adopt })).plan));
  const gone = await remove({ folder, groups, adopt });
  assert.equal(gone.plan.steps.at(-1)?.action, "release");
  assert.deepEqual(
    [...cloud.things.values()].map(({ id, setting, tags }) => ({ id, setting, tags })),
    [{ id: theirs.id, setting: "as before", tags: { Team: "genomics" } }],
  );
});

test("F2 another line, or none, in the place of what was adopted is refused until that was let go of", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const theirs = cloud.add("a-net-of-theirs", {}, 0);
  const other = cloud.add("another-net", {}, 0);
  const adopt = { "network/net": theirs.id };
  await apply({ folder, groups, adopt });
  for (const now of [{}, { "network/net": other.id }]) {
    await assert.rejects(
      read({ folder, groups, adopt: now }),
      (error) =>
        error instanceof Failure &&
        error.code === "adopt-changed" &&
        error.fix?.includes(`"network/net": "${theirs.id}"`) === true,
    );
  }
  assert.equal(other.setting, "fresh");
  assert.deepEqual((await remove({ folder, groups, adopt })).left, []);
  assert.equal(theirs.setting, "as before");
  await apply({ folder, groups, adopt: { "network/net": other.id } });
  assert.equal(settingsIn(folder).net, other.id);
  // What is gone needs no letting go.
  cloud.things.delete(other.id);
  await apply({ folder, groups, adopt });
  assert.equal(settingsIn(folder).net, theirs.id);
});

test("F2 an adopted thing that is gone is not made again", async (context) => {
  const folder = temporaryFolder(context);
  const groups = [smallGroup(new SmallCloud(), chain)];
  await assert.rejects(
    apply({ folder, groups, adopt: { "network/net": "id-404" } }),
    (error) => error instanceof Failure && error.code === "adopted-missing",
  );
});

const faults: fc.Arbitrary<Fault> = fc.constantFrom(
  "none",
  "none",
  "none",
  "failed",
  "lost",
  "unseen",
  "untagged",
  "lost-unseen",
  "killed-before",
  "killed-after",
  "refused",
);

test("F3 property: whatever fails, is lost, not seen yet or killed, applying again ends with exactly what is declared", async (context) => {
  const folder = temporaryFolder(context);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      partLists,
      fc.array(fc.array(faults, { maxLength: 25 }), { maxLength: 4 }),
      async (parts, attempts) => {
        const own = path.join(folder, String(number++));
        fs.mkdirSync(own);
        const cloud = new SmallCloud();
        const groups = [smallGroup(cloud, parts)];
        for (const plan of attempts) {
          cloud.revive((call) => plan[call] ?? "none");
          try {
            await apply({ folder: own, groups });
          } catch (error) {
            const cause = error instanceof Failure ? error.cause : error;
            const expected =
              cause instanceof Killed || (error instanceof Failure && error.code === "access-denied");
            if (!expected) throw error;
          }
        }
        cloud.revive();
        await apply({ folder: own, groups });
        const last = await apply({ folder: own, groups });
        assert.ok(doesNothing(last.plan), JSON.stringify(last.plan.steps));
        // No duplicate, no orphan.
        assert.deepEqual(
          [...cloud.things.values()].map(({ tags }) => tags["reprod:part"]).sort(),
          parts.map(({ part }) => part).sort(),
        );
        const { reprod: _, ...shown } = settingsIn(own);
        assert.deepEqual(Object.values(shown).sort(), [...cloud.things.keys()].sort());
        assert.deepEqual((await remove({ folder: own, groups })).left, []);
        assert.equal(cloud.things.size, 0);
        assert.ok(!fs.existsSync(path.join(own, "network.json")), "nothing is left to note");
      },
    ),
    { numRuns: 300 },
  );
});

test("F3 what is seen before its tags is ours all the same, and waited for", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud(() => "untagged");
  const groups = [smallGroup(cloud, chain)];
  await apply({ folder, groups });
  assert.equal(cloud.things.size, chain.length);
  assert.ok(doesNothing((await apply({ folder, groups })).plan));
});

test("F3 what a killed removal and a refused create have noted is forgotten by the next set-up", async (context) => {
  const folder = temporaryFolder(context);
  const groups = [smallGroup(new SmallCloud(), chain)];
  await apply({ folder, groups });
  const [file] = openFiles(groups, folder, smallScope(folder)).values();
  const at = new Date().toISOString();
  file?.set("gone", { name: "gone", ref: { id: "id-77" }, step: "remove", at });
  file?.set("never", { name: "never", step: "create", at });
  file?.set("older", { name: "older", ref: { id: "id-78" }, at });
  const readings = await read({ folder, groups });
  assert.equal(groupPlan("network", readings).state, "removing");
  const { plan } = await apply({ folder, groups });
  assert.ok(!doesNothing(plan), "there is something to write");
  const [now] = openFiles(groups, folder, smallScope(folder)).values();
  assert.deepEqual([...(now?.entries.keys() ?? [])], ["net", "left", "right", "top", "older"]);
  assert.equal(groupPlan("network", await read({ folder, groups })).state, "ready");
});

test("a group that is whole is so for other tools, also when the next one fails", async (context) => {
  const folder = temporaryFolder(context);
  const other = new SmallCloud();
  const groups = [
    smallGroup(new SmallCloud(), chain),
    smallGroup(other, [{ part: "one", needs: ["network/top"], named: true }], "cluster", ["network"]),
  ];
  await assert.rejects(
    apply({ folder, groups }, (done) => {
      if (done === chain.length) other.fault = () => "refused";
    }),
    (error) => error instanceof Failure && error.code === "access-denied",
  );
  assert.deepEqual(Object.keys(settingsIn(folder)).slice(0, 4), ["net", "left", "right", "top"]);
  assert.equal(groupPlan("network", await read({ folder, groups: groups.slice(0, 1) })).state, "ready");
});

test("a reading waits a minute for AWS as a whole, and says that it waits", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud(() => "failed");
  const groups = [smallGroup(cloud, chain)];
  const clock = quickClock();
  const scope = smallScope(folder);
  const unreadable = new Map();
  const waits: unknown[] = [];
  const { byKey } = await readGroups(
    groups,
    scope,
    openFiles(groups, folder, scope),
    { clock, signal: undefined, onWait: (error) => waits.push(error) },
    { unreadable },
  );
  assert.equal([...byKey.values()].filter(({ trouble }) => trouble !== undefined).length, chain.length);
  assert.ok(clock.slept <= 60_000, `${clock.slept} ms`);
  assert.ok(waits.length > 3);
});

test("F3 of two that were made the oldest is kept, and the settings file has its id", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, [{ part: "net", needs: [], named: false }])];
  const scope = smallScope(folder);
  // Made by another checkout a moment ago, and not to be seen when this one looks.
  const oldest = cloud.add(scope.name("net"), scope.tags("network", "net"), 1);
  await apply({ folder, groups });
  assert.deepEqual([...cloud.things.keys()], [oldest.id]);
  assert.equal(settingsIn(folder).net, oldest.id);
});

test("F3 the intent is on the disk before each create, and the id after it", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const seen: string[] = [];
  cloud.revive(() => {
    const file = path.join(folder, "network.json");
    if (fs.existsSync(file)) seen.push(fs.readFileSync(file, "utf8"));
    return "none";
  });
  await apply({ folder, groups });
  const states = seen.map((text) => Object(JSON.parse(text)).reprod.resources);
  assert.ok(
    states.some(({ net }) => net?.step === "create" && net.ref === undefined),
    "intended",
  );
  assert.ok(
    states.some(({ net }) => net?.step === undefined && net?.ref !== undefined),
    "known",
  );
});

test("F3 an id that is young and not to be seen is asked for again, and is drift when it is old", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, [{ part: "net", needs: [], named: false }])];
  await apply({ folder, groups });
  for (const thing of cloud.things.values()) thing.unseen = 2;
  const clock = quickClock();
  assert.equal(groupPlan("network", await read({ folder, groups, clock })).state, "ready");
  assert.ok(clock.slept > 0);
  cloud.things.clear();
  const gone = quickClock();
  assert.equal(groupPlan("network", await read({ folder, groups, clock: gone })).state, "drifted");
  assert.ok(gone.slept > 0);
  const again = quickClock();
  assert.equal(groupPlan("network", await read({ folder, groups, clock: again })).state, "drifted");
  assert.equal(again.slept, 0, "what was waited for once is not waited for again");
  const file = path.join(folder, "network.json");
  fs.writeFileSync(
    file,
    fs.readFileSync(file, "utf8").replace(/"at": "[^"]*"/, '"at": "2020-01-01T00:00:00.000Z"'),
  );
  const later = quickClock();
  assert.equal(groupPlan("network", await read({ folder, groups, clock: later })).state, "drifted");
  assert.equal(later.slept, 0);
});

test("drift is told in words and mended; what cannot be changed is replaced with all that needs it", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const parts = chain.map((part) => (part.part === "net" ? { ...part, fixed: true } : part));
  const groups = [smallGroup(cloud, parts)];
  await apply({ folder, groups });
  const byPart = (part: string) =>
    [...cloud.things.values()].find(({ tags }) => tags["reprod:part"] === part);
  const left = byPart("left");
  assert.ok(left);
  left.setting = "changed by hand";
  const changed = await apply({ folder, groups });
  assert.deepEqual(
    changed.plan.steps
      .filter(({ action }) => action !== "keep")
      .map(({ key, action, differences }) => ({ key, action, differences })),
    [
      {
        key: "network/left",
        action: "change",
        differences: [{ what: "setting", is: "changed by hand", shouldBe: "right" }],
      },
    ],
  );
  assert.equal(left.setting, "right");
  const net = byPart("net");
  assert.ok(net);
  const ids = new Set(cloud.things.keys());
  net.setting = "changed by hand";
  const replaced = await apply({ folder, groups });
  assert.deepEqual(
    replaced.plan.steps.map(({ action }) => action),
    ["replace", "replace", "replace", "replace"],
  );
  assert.equal(cloud.things.size, 4);
  assert.ok([...cloud.things.keys()].every((id) => !ids.has(id)));
});

test("what AWS does not keep is told after a minute as a failure, with what is not as it should be", async (context) => {
  const folder = temporaryFolder(context);
  const group = smallGroup(new SmallCloud(), chain);
  const stubborn: Group = {
    ...group,
    resources: (scope) =>
      group.resources(scope).map((resource) => ({
        ...resource,
        compare: () => [{ what: "state", is: "Pending", shouldBe: "Active", mend: async () => {} }],
      })),
  };
  await assert.rejects(apply({ folder, groups: [stubborn] }), {
    code: "aws-not-ready",
    why: "It is not as it should be yet: state: Pending, not Active.",
  });
});

test("what was deleted by hand is drift, and is made again", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  await apply({ folder, groups });
  for (const [id, { tags }] of cloud.things) if (tags["reprod:part"] === "right") cloud.things.delete(id);
  const readings = await read({ folder, groups });
  assert.equal(groupPlan("network", readings).state, "drifted");
  const [step] = planGroups(readings, new Set(["network"])).steps.filter(({ action }) => action !== "keep");
  assert.equal(step?.key, "network/right");
  assert.match(step?.why ?? "", /^id-\d+ is gone$/);
  await apply({ folder, groups });
  assert.equal(groupPlan("network", await read({ folder, groups })).state, "ready");
});

test("a cancel begins nothing new, says what is left, and the next apply goes on", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const cancel = new AbortController();
  const { applied } = await apply({ folder, groups, signal: cancel.signal }, (done) => {
    if (done === 1) cancel.abort();
  });
  assert.equal(applied.outcome, "cancelled");
  assert.ok(applied.left.some(({ key }) => key === "network/top"));
  assert.equal(groupPlan("network", await read({ folder, groups })).state, "partly");
  assert.deepEqual(Object.keys(settingsIn(folder)), ["reprod"]);
  const { applied: rest } = await apply({ folder, groups });
  assert.equal(rest.outcome, "done");
  assert.equal(cloud.things.size, 4);
});

test("a refusal in the middle names the action and who asked; what was made is noted", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, [...chain].slice(0, 2))];
  const readings = await read({ folder, groups });
  let creates = 0;
  const plan = planGroups(readings, new Set(["network"]));
  cloud.revive((call) => (call > 3 && creates++ === 0 ? "refused" : "none"));
  await assert.rejects(applyPlan(readings, plan, { clock: quickClock(), signal: undefined }), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "access-denied");
    assert.match(`${error.message} ${error.why ?? ""} ${error.fix ?? ""}`, /small:Create/);
    assert.match(`${error.message} ${error.why ?? ""} ${error.fix ?? ""}`, /user\/jane/);
    return true;
  });
  assert.ok(fs.existsSync(path.join(folder, "network.json")));
});

test("a settings file that is broken by hand is kept aside, and what it named is found by tags", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  await apply({ folder, groups });
  const ids = [...cloud.things.keys()].sort();
  const file = path.join(folder, "network.json");
  for (const broken of ["{ oops", "[]", '{"reprod": {"resources": 3}}', ""]) {
    fs.writeFileSync(file, broken);
    const readings = await read({ folder, groups });
    const plan = planGroups(readings, new Set(["network"]));
    assert.ok(plan.steps.every(({ action }) => action === "keep"));
    assert.equal(plan.notes.length, 1);
    await apply({ folder, groups });
    assert.deepEqual([...cloud.things.keys()].sort(), ids);
    assert.equal(groupPlan("network", await read({ folder, groups })).state, "ready");
  }
  const aside = fs.readdirSync(folder).filter((name) => name.includes(".before"));
  assert.deepEqual(
    aside.map((name) => fs.readFileSync(path.join(folder, name), "utf8")).sort(),
    ["", "[]", '{"reprod": {"resources": 3}}', "{ oops"].sort(),
  );
});

test("a file of the same name that other tools wrote is kept aside, and what it names is left alone", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const theirs = '{ "net": "id-of-old-scripts", "note": "ours" }';
  fs.writeFileSync(path.join(folder, "network.json"), theirs);
  const readings = await read({ folder, groups });
  assert.equal(groupPlan("network", readings).state, "not-set-up");
  assert.match(planGroups(readings, new Set(["network"])).notes.join(), /not written by Reprod/);
  await apply({ folder, groups });
  assert.equal(fs.readFileSync(path.join(folder, "network.json.before"), "utf8"), theirs);
  assert.equal(settingsIn(folder).note, undefined);
  await remove({ folder, groups });
  assert.equal(fs.readFileSync(path.join(folder, "network.json.before"), "utf8"), theirs);
});

test("F2 what was adopted once, is named no more and is gone gives way to one of our own", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  const theirs = cloud.add("a-net-of-theirs", {}, 0);
  await apply({ folder, groups, adopt: { "network/net": theirs.id } });
  cloud.things.delete(theirs.id);
  await apply({ folder, groups });
  assert.notEqual(settingsIn(folder).net, theirs.id);
  assert.deepEqual((await remove({ folder, groups })).left, []);
  assert.equal(cloud.things.size, 0);
});

test("what a plan replaces is told to those of other groups that use it", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const parts = chain.map((part) => (part.part === "net" ? { ...part, fixed: true } : part));
  const groups = [
    smallGroup(cloud, parts),
    smallGroup(cloud, [{ part: "user", needs: ["network/net"], named: true }], "compute-environment", [
      "network",
    ]),
  ];
  await apply({ folder, groups });
  for (const thing of cloud.things.values()) if (thing.tags["reprod:part"] === "net") thing.setting = "moved";
  const readings = await read({ folder, groups });
  const alone = planGroups(readings, new Set(["network"]));
  assert.throws(
    () => refuseReplacedBelow(readings, alone),
    (error) =>
      error instanceof Failure &&
      error.code === "needed-by" &&
      /setup network compute-environment/.test(error.fix ?? ""),
  );
  const both = planGroups(readings, new Set(["network", "compute-environment"]));
  refuseReplacedBelow(readings, both);
  assert.equal(both.steps.find(({ key }) => key === "compute-environment/user")?.action, "replace");
});

test("an id that was edited by hand is not believed: what is ours is found by its tags, and the file is mended", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [smallGroup(cloud, chain)];
  await apply({ folder, groups });
  const before = settingsIn(folder);
  const foreign = cloud.add("somebody-elses", { Team: "other" }, 0);
  const file = path.join(folder, "network.json");
  fs.writeFileSync(
    file,
    fs.readFileSync(file, "utf8").replaceAll(`"${String(before.net)}"`, `"${foreign.id}"`),
  );
  await apply({ folder, groups });
  assert.equal(settingsIn(folder).net, before.net);
  assert.equal(foreign.setting, "fresh");
});

test("F5 what is still in use is left with what it needs, and told; the next teardown goes on", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const group = smallGroup(cloud, chain);
  let used = true;
  const groups: readonly Group[] = [
    {
      ...group,
      resources: (scope) =>
        group.resources(scope).map((resource) =>
          resource.part !== "right"
            ? resource
            : {
                ...resource,
                remove: async (found, at) => {
                  if (used)
                    throw Object.assign(new Error("resource has a dependent object"), {
                      name: "DependencyViolation",
                      $metadata: { httpStatusCode: 400 },
                    });
                  await resource.remove(found, at);
                },
              },
        ),
    },
  ];
  await apply({ folder, groups });
  const first = await remove({ folder, groups });
  assert.deepEqual(
    first.left.map(({ step, why }) => [step.key, why]),
    [
      ["network/right", "it is still in use; try again later"],
      ["network/net", "thing network/right uses it"],
    ],
  );
  assert.equal(groupPlan("network", await read({ folder, groups })).state, "removing");
  used = false;
  assert.deepEqual((await remove({ folder, groups })).left, []);
  assert.equal(cloud.things.size, 0);
});

test("a group that another one uses is not removed before it", async (context) => {
  const folder = temporaryFolder(context);
  const cloud = new SmallCloud();
  const groups = [
    smallGroup(cloud, chain),
    smallGroup(cloud, [{ part: "user", needs: ["network/net"], named: true }], "compute-environment", [
      "network",
    ]),
  ];
  await apply({ folder, groups });
  const readings = await read({ folder, groups });
  const plan = planTeardown(readings, new Set(["network"]));
  assert.throws(
    () => refuseNeeded(readings, plan),
    (error) => error instanceof Failure && error.code === "needed-by",
  );
  await remove({ folder, groups });
  assert.equal(cloud.things.size, 0);
});
