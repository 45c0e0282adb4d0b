import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import type { RunId } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import { printTree } from "../../server/graph/tree.js";
import { openClaims } from "../../server/store/claims.js";
import { type CollectionRules, collect, planCollection } from "../../server/store/gc.js";
import type { LocalStore } from "../../server/store/local.js";
import { openLocalStore } from "../../server/store/local-store.js";
import type { ResultRecord } from "../../server/store/record.js";
import { verifyStore } from "../../server/store/verify.js";
import {
  damage,
  fileOut,
  hashFile,
  namesLineOf,
  recordOf,
  recordPath,
  runId,
  storedRecord,
  temporaryFolder,
} from "../support/store.js";

const DAY = 24 * 60 * 60 * 1000;
/** Everything in these stores was made a hundred days before. */
const LATER = Date.now() + 100 * DAY;
const RULES: CollectionRules = { keepMilliseconds: 30 * DAY, now: LATER };
const AT_ONCE: CollectionRules = { ...RULES, graceMilliseconds: 0 };

function openStore(context: TestContext): LocalStore {
  return openLocalStore(path.join(temporaryFolder(context), "store"));
}

async function commitAll(store: LocalStore, names: readonly string[]): Promise<readonly ResultRecord[]> {
  const records = names.map((name) => storedRecord(store, `echo ${name}`, `${name}\n`, { node: name }));
  await Promise.all(records.map((record) => store.commit(record)));
  return records;
}

async function run(
  store: LocalStore,
  id: RunId,
  records: readonly ResultRecord[],
  pipeline = "test",
  project = "p",
) {
  await store.writeNames(project, pipeline, id, records.map(namesLineOf));
}

async function left(store: LocalStore, records: readonly ResultRecord[]): Promise<readonly string[]> {
  const answers = await store.lookup(
    records.map((record) => record.recipeId),
    { objects: true },
  );
  return records.filter((_, n) => answers[n]?.kind === "usable").map((record) => record.made.node);
}

async function collectAll(store: LocalStore, rules: CollectionRules) {
  const claims = openClaims(store.folder);
  try {
    return await collect(store, claims, rules, await planCollection(store, rules));
  } finally {
    claims.close();
  }
}

test("E2 what the newest runs of each pipeline and project name, and what is pinned, stays; the rest goes", async (context) => {
  const store = openStore(context);
  const records = await commitAll(store, ["a", "b", "c", "d", "e", "f", "g", "pinned", "never named"]);
  const [a, b, c, d, e, f, g, pinned] = records;
  assert.ok(a && b && c && d && e && f && g && pinned);
  await run(store, runId(1), [a, b]);
  await run(store, runId(2), [b, c]);
  await run(store, runId(3), [c]);
  await run(store, runId(4), [d]);
  // The only run of another pipeline, and of another project, is older than all of these.
  await run(store, runId(0), [e], "other");
  await run(store, runId(0), [f], "test", "another project");

  const rules = { ...AT_ONCE, pins: { recipes: [pinned.recipeId], objects: [] } };
  const plan = await planCollection(store, rules);
  assert.deepEqual(plan.records.map(({ node }) => node).sort(), ["a", "g", "never named"]);
  assert.equal(plan.objects.length, 3);
  assert.equal(plan.kept.records, 6);
  assert.deepEqual(
    await left(store, records),
    records.map((record) => record.made.node),
  );

  const collected = await collectAll(store, rules);
  assert.deepEqual([collected.records, collected.objects], [3, 3]);
  assert.deepEqual(await left(store, records), ["b", "c", "d", "e", "f", "pinned"]);
  assert.equal(await store.recipeOfContent(a.contentId), undefined);
  assert.deepEqual(
    await store.nameFiles("p", "test", 9),
    [4, 3, 2].map((n) => runId(n)),
  );
  assert.deepEqual((await verifyStore(store, hashFile)).problems, []);
});

test("E2 what was made within the time to keep stays, though a killed run has named nothing yet", async (context) => {
  const store = openStore(context);
  const records = await commitAll(store, ["a"]);
  const plan = await planCollection(store, { ...AT_ONCE, now: Date.now() + 29 * DAY });
  assert.deepEqual([plan.records, plan.objects], [[], []]);
  await collectAll(store, { ...AT_ONCE, now: Date.now() + 31 * DAY });
  assert.deepEqual(await left(store, records), []);
});

test("E2 a run of the last 30 days is a root, however many came after it", async (context) => {
  const store = openStore(context);
  const records = await commitAll(store, ["a"]);
  const now = Date.now() + 100 * DAY;
  for (let n = 0; n < 6; n++) await run(store, runAt(now - (10 - n) * DAY), n === 0 ? records : []);
  assert.deepEqual((await planCollection(store, { ...AT_ONCE, now })).records, []);
  const later = await planCollection(store, { ...AT_ONCE, now: now + 21 * DAY });
  assert.equal(later.records.length, 1);
});

test("E1 an object outlives its record by the grace", async (context) => {
  const store = openStore(context);
  await commitAll(store, ["a"]);
  const first = await collectAll(store, RULES);
  assert.deepEqual([first.records, first.objects], [1, 0]);
  // Its grace began when its record went: at the store's own time, which is now.
  const soon = await planCollection(store, { ...RULES, now: Date.now() + DAY - 60_000 });
  assert.deepEqual([soon.objects.length, soon.later.objects, soon.later.bytes], [0, 1, 2]);
  const afterwards = await collectAll(store, { ...RULES, now: Date.now() + DAY + 60_000 });
  assert.deepEqual([afterwards.objects, afterwards.bytes], [1, 2]);
});

test("E1 an object that a run uses again is young again", async (context) => {
  const store = openStore(context);
  const { sha256 } = fileOut(store, "a\n");
  const old = new Date(Date.now() - 10 * DAY);
  // ctime cannot be set, so the grace is measured from the use: a moment ago.
  fs.utimesSync(store.objects.pathOf(sha256), old, old);
  const plan = await planCollection(store, { keepMilliseconds: 0 });
  assert.deepEqual([plan.objects.length, plan.later.objects], [0, 1]);
});

test("E1 nothing goes while a run works with the store, nor what was not shown", async (context) => {
  const store = openStore(context);
  const records = await commitAll(store, ["a", "b"]);
  const shown = await planCollection(store, AT_ONCE);
  const runner = openClaims(store.folder);
  const gc = openClaims(store.folder);
  const lock = runner.lockShared();
  assert.ok(lock.kind === "locked");
  await assert.rejects(collect(store, gc, AT_ONCE, shown), isFailure("store-busy"));
  assert.deepEqual(await left(store, records), ["a", "b"]);
  // The run made something, and named one of the two, after the plan was shown.
  const [a] = records;
  assert.ok(a);
  const late = await commitAll(store, ["late"]);
  await run(store, runId(1), [a]);
  lock.release();
  const collected = await collect(store, gc, AT_ONCE, shown);
  assert.equal(collected.records, 1);
  assert.deepEqual(await left(store, [...records, ...late]), ["a", "late"]);
  assert.equal(runner.lockShared().kind, "locked");
});

test("E2 objects of Dirs, of inputs from elsewhere, and pinned ones stay with what needs them", async (context) => {
  const store = openStore(context);
  const inside = fileOut(store, "inside\n");
  const text = printTree([{ kind: "file", path: "x", executable: false, sha256: inside.sha256, size: 7 }]);
  const manifest = store.objects.putText(text);
  const fetched = fileOut(store, "fetched\n");
  const made = fileOut(store, "made by another node\n");
  const pinned = fileOut(store, "pinned\n");
  const upstream = recordOf("upstream", {}).recipeId;
  const file = { kind: "file", executable: false } as const;
  const record = recordOf(
    "x",
    { out: { path: "d", kind: "dir", executable: false, sha256: manifest, size: 7 } },
    {
      recipe: {
        ins: {
          url: { ...file, name: "inputs/a", sha256: fetched.sha256 },
          up: { name: "inputs/b", recipe: upstream, out: "out" },
        },
      },
      inputs: {
        url: { ...file, name: "inputs/a", sha256: fetched.sha256, size: 8, from: "https://example.org/a" },
        up: {
          ...file,
          name: "inputs/b",
          sha256: made.sha256,
          size: made.size,
          from: "up.out",
          recipe: upstream,
        },
      },
    },
  );
  await store.commit(record);
  await run(store, runId(1), [record]);
  await collectAll(store, { ...AT_ONCE, pins: { recipes: [], objects: [pinned.sha256] } });
  const objects = [inside, fetched, made, pinned].map(({ sha256, size }) => store.objects.has(sha256, size));
  assert.deepEqual(objects, [true, true, false, true]);
});

test("E2 what cannot be read stops collection, until verify has put it aside", async (context) => {
  const store = openStore(context);
  const records = await commitAll(store, ["a", "b"]);
  const [a, b] = records;
  assert.ok(a && b);
  await run(store, runId(1), [a]);
  const names = path.join(store.folder, "names", "p", "test", `${runId(1)}.ndjson`);
  const whole = fs.readFileSync(names, "utf8");

  fs.writeFileSync(names, whole.slice(0, -10));
  await assert.rejects(planCollection(store, AT_ONCE), isFailure("gc-stopped"));
  fs.writeFileSync(names, whole.replace('{"format":1}', '{"format":2}'));
  await assert.rejects(planCollection(store, AT_ONCE), isFailure("store-newer"));
  fs.writeFileSync(names, whole);
  damage(recordPath(store, b), () => "torn");
  await assert.rejects(planCollection(store, AT_ONCE), isFailure("gc-stopped"));
  await assert.rejects(collectAll(store, AT_ONCE), isFailure("gc-stopped"));
  assert.deepEqual(
    (await verifyStore(store, hashFile)).problems.map(({ kind }) => kind),
    ["record-broken"],
  );
  await collectAll(store, AT_ONCE);
  assert.deepEqual(await left(store, records), ["a"]);
});

test("E2 a store that may only be read is not collected", async (context) => {
  const store = openStore(context);
  await commitAll(store, ["a"]);
  const reader = openLocalStore(store.folder, { readOnly: true });
  const plan = await planCollection(reader, AT_ONCE);
  assert.equal(plan.records.length, 1);
  await assert.rejects(
    collect(reader, openClaims(store.folder), AT_ONCE, plan),
    isFailure("store-read-only"),
  );
});

test("left temporary files and claims of the dead go too", async (context) => {
  const store = openStore(context);
  fs.writeFileSync(path.join(store.folder, "tmp", "left"), "left");
  const dead = openClaims(store.folder, {
    world: {
      monotonic: () => 0,
      every: () => () => {},
      self: { hostId: "gone", bootId: "gone", pid: 1, startTime: "1" },
      livenessOf: () => "alive",
    },
  });
  dead.tryAcquire({ kind: "run", id: runId(1) });
  const claims = openClaims(store.folder, {
    world: { monotonic: () => 0, every: () => () => {}, self: dead.holder, livenessOf: () => "dead" },
  });
  const plan = await planCollection(store, AT_ONCE);
  assert.equal(plan.bytes, 4);
  await collect(store, claims, AT_ONCE, plan);
  assert.deepEqual(fs.readdirSync(path.join(store.folder, "tmp")), []);
  assert.deepEqual(fs.readdirSync(path.join(store.folder, "claims", "run")), []);
});

test("verify reads everything, tells what is wrong, and puts it aside, so that it is made again", async (context) => {
  const store = openStore(context);
  const records = await commitAll(store, ["good", "bad object", "lost object", "bad record"]);
  const objectOf = (at: number) => {
    const out = records[at]?.outs.out;
    assert.ok(out && "sha256" in out);
    return store.objects.pathOf(out.sha256);
  };
  await run(store, runId(1), records);
  damage(objectOf(1), (bytes) => bytes.toString().toUpperCase());
  fs.unlinkSync(objectOf(2));
  const bad = records[3];
  assert.ok(bad);
  damage(recordPath(store, bad), (bytes) => bytes.subarray(1));
  const seen: number[] = [];
  const options = { onProgress: ({ objects }: { readonly objects: number }) => seen.push(objects) };

  for (const reading of [openLocalStore(store.folder, { readOnly: true }), store]) {
    const told = await verifyStore(reading, hashFile, options);
    assert.deepEqual([told.objects, told.records], [3, 4]);
    const kinds = told.problems.map(({ kind }) => kind).sort();
    // What may not be put aside still lies there with its right size.
    const incomplete = reading.readOnly ? ["result-incomplete"] : ["result-incomplete", "result-incomplete"];
    assert.deepEqual(kinds, ["object-damaged", "record-broken", ...incomplete]);
  }
  assert.equal(seen.at(-1), 3);
  assert.deepEqual(await left(store, records), ["good"]);
  await commitAll(store, ["good", "bad object", "lost object", "bad record"]);
  assert.deepEqual((await verifyStore(store, hashFile)).problems, []);
  assert.equal((await left(store, records)).length, 4);
});

/** A run id that says this time. */
function runAt(milliseconds: number): RunId {
  let time = "";
  for (let rest = milliseconds; time.length < 10; rest = Math.floor(rest / 32)) {
    time = `${"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[rest % 32]}${time}`;
  }
  return runId(1, time);
}

function isFailure(code: string) {
  return (error: unknown) => error instanceof Failure && error.code === code;
}
