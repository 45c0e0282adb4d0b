import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import * as fc from "fast-check";
import type { Sha256 } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import { encodePart, isSafeRelativePath, Layout } from "../../server/store/layout.js";
import { openLocalStore } from "../../server/store/local-store.js";
import type { ResultRecord } from "../../server/store/record.js";
import { printRecord, readRecordText, sameOuts } from "../../server/store/record-format.js";
import { RecordFolder } from "../../server/store/records.js";
import {
  damage,
  fileOut,
  namesLineOf,
  recordOf,
  recordPath,
  runId,
  storedRecord,
  temporaryFolder,
} from "../support/store.js";

function openStore(context: TestContext) {
  return openLocalStore(path.join(temporaryFolder(context), "store"));
}

async function lookupOne(store: ReturnType<typeof openLocalStore>, record: ResultRecord) {
  const [found] = await store.lookup([record.recipeId], { objects: true });
  assert.ok(found !== undefined);
  return found;
}

test("a record that is committed is found by recipe and by content, also by another process's store", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "echo a", "a\n");
  assert.deepEqual(await store.commit(record), { kind: "created" });
  for (const reader of [
    store,
    openLocalStore(store.folder),
    openLocalStore(store.folder, { readOnly: true }),
  ]) {
    assert.deepEqual(await reader.readRecord(record.recipeId), record);
    assert.equal(await reader.recipeOfContent(record.contentId), record.recipeId);
    const { recipeId: recipe, contentId: content, outs } = record;
    assert.deepEqual(await lookupOne(reader, record), { kind: "usable", result: { recipe, content, outs } });
  }
});

test("what was never made is absent", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "echo a", "a\n");
  assert.deepEqual(await lookupOne(store, record), { kind: "absent" });
  assert.equal(await store.readRecord(record.recipeId), undefined);
  assert.equal(await store.recipeOfContent(record.contentId), undefined);
});

test("A1 a record that was cut off, changed or forged is broken, and is replaced, never created", async (context) => {
  const other = recordOf("echo other", {});
  const cases: { [what: string]: (text: string, record: ResultRecord) => string } = {
    empty: () => "",
    "cut off": (text) => text.slice(0, -20),
    "one byte other": (text) => text.replace("out.txt", "out.tyt"),
    "no JSON": () => "hello\n",
    "another recipe's record": () => printRecord(other),
    "a forged recipe": (_text, record) => forge(record, { recipe: other.recipe }),
    "a forged content id": (_text, record) => forge(record, { contentId: other.contentId }),
    "a part missing": (_text, record) => forge(record, { made: undefined }),
  };
  for (const [what, change] of Object.entries(cases)) {
    const store = openStore(context);
    const record = storedRecord(store, "echo a", "a\n");
    await store.commit(record);
    // The content entry is the same file, so it is damaged with the record.
    damage(recordPath(store, record), (bytes) => change(bytes.toString("utf8"), record));
    const found = await lookupOne(store, record);
    assert.equal(found.kind, "broken", what);
    assert.equal(await store.readRecord(record.recipeId), undefined, what);
    assert.equal(await store.adoptable(record.contentId), undefined, what);
    assert.deepEqual(await store.commit(record), { kind: "created" }, what);
    assert.equal((await lookupOne(store, record)).kind, "usable", what);
    assert.equal((await store.adoptable(record.contentId))?.recipeId, record.recipeId, what);
    const kept = fs.readdirSync(path.join(store.folder, "broken"));
    assert.equal(kept.filter((name) => name.startsWith(`record-${record.recipeId}-`)).length, 1, what);
  }
});

test("A1 a record whose object is lost is replaced by one with other bytes", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "date", "monday\n");
  await store.commit(record);
  const out = record.outs.out;
  assert.ok(out && "sha256" in out);
  fs.unlinkSync(store.objects.pathOf(out.sha256));
  const lost = await lookupOne(store, record);
  assert.equal(lost.kind, "broken");
  assert.match(lost.kind === "broken" ? lost.reason : "", /"out\.txt"$/);
  assert.equal(await store.adoptable(record.contentId), undefined);

  const again = storedRecord(store, "date", "tuesday\n");
  assert.deepEqual(await store.commit(again), { kind: "created" });
  assert.deepEqual((await store.readRecord(record.recipeId))?.outs, again.outs);
  assert.deepEqual((await store.adoptable(record.contentId))?.outs, again.outs);
});

test("A1 what somebody else has healed meanwhile stays", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "date", "monday\n");
  await store.commit(record);
  const late = storedRecord(store, "date", "tuesday\n");
  const outcome = await store.commit(late);
  assert.equal(outcome.kind, "lost");
});

test("A1 of two who heal one record, the later does not take away what the first has put there", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "date", "monday\n");
  await store.commit(record);
  const layout = new Layout(store.folder);
  const late = new RecordFolder(layout, store.objects);
  // It judged a file that lay there before, whose inode was another.
  late.takeAway(record.recipeId, 1n);
  assert.deepEqual(await store.readRecord(record.recipeId), record);
  assert.deepEqual(fs.readdirSync(layout.broken), []);
  late.takeAway(record.recipeId, fs.statSync(recordPath(store, record), { bigint: true }).ino);
  assert.equal(await store.readRecord(record.recipeId), undefined);
});

test("A2 A3 a record of other bytes is taken out of the way, kept aside, and lets the next one in", async (context) => {
  const store = openStore(context);
  const old = storedRecord(store, "date", "monday\n");
  assert.equal(await store.supersede(old.recipeId, undefined), "absent");
  await store.commit(old);
  assert.equal(await store.supersede(old.recipeId, old.contentId), "kept");
  assert.deepEqual(await store.readRecord(old.recipeId), old);
  const late = storedRecord(store, "date", "tuesday\n");
  assert.equal((await store.commit(late)).kind, "lost");
  assert.equal(await store.supersede(old.recipeId, recordOf("other", {}).contentId), "superseded");
  assert.deepEqual(await lookupOne(store, old), { kind: "absent" });
  const [aside] = fs.readdirSync(path.join(store.folder, "broken"));
  assert.match(aside ?? "", new RegExp(`^record-${old.recipeId}-`));
  assert.deepEqual(await store.commit(late), { kind: "created" });
  assert.deepEqual((await store.readRecord(old.recipeId))?.outs, late.outs);
  const reader = openLocalStore(store.folder, { readOnly: true });
  await assert.rejects(reader.supersede(old.recipeId, undefined), isFailure("store-read-only"));
});

test("B5 contents are found one by one and, when many are asked, by listing", async (context) => {
  const store = openStore(context);
  const records = Array.from({ length: 70 }, (_, at) => storedRecord(store, `echo ${at}`, `${at}\n`));
  await Promise.all(records.map((record) => store.commit(record)));
  const contents = store.contents();
  for (const { recipeId: recipe, contentId: content, outs } of records) {
    assert.deepEqual(contents.find(content), { recipe, content, outs });
    const other = recordOf(`never ${recipe}`, {});
    assert.equal(contents.find(other.contentId), undefined);
  }
});

test("recipes are listed in order, by the start of their ids", async (context) => {
  const store = openStore(context);
  assert.deepEqual([...store.recipes()], []);
  const records = Array.from({ length: 20 }, (_, at) => storedRecord(store, `echo ${at}`, `${at}\n`));
  await Promise.all(records.map((record) => store.commit(record)));
  const ids = records.map(({ recipeId }) => recipeId).sort();
  assert.deepEqual([...store.recipes()].sort(), ids);
  for (const length of [1, 2, 5, 64]) {
    const start = ids[3]?.slice(0, length) ?? "";
    assert.deepEqual(
      [...store.recipes(start)].sort(),
      ids.filter((id) => id.startsWith(start)),
    );
  }
});

test("A1 an object of the wrong size is overwritten", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "echo a", "a\n");
  await store.commit(record);
  const out = fileOut(store, "a\n");
  damage(store.objects.pathOf(out.sha256), () => "longer than before");
  assert.equal((await lookupOne(store, record)).kind, "broken");
  const source = path.join(path.dirname(store.folder), "made");
  fs.writeFileSync(source, "a\n");
  await store.objects.put(source, out.sha256, out.size);
  assert.equal(fs.readFileSync(store.objects.pathOf(out.sha256), "utf8"), "a\n");
  assert.equal((await lookupOne(store, record)).kind, "usable");
});

test("A3 the first record wins, and the loser hears whether its bytes were the same", async (context) => {
  const store = openStore(context);
  const first = storedRecord(store, "date", "monday\n");
  const same = { ...first, made: { ...first.made, run: runId(2) } };
  const other = storedRecord(store, "date", "tuesday\n");
  // In one batch, and then in another.
  const outcomes = await Promise.all([first, same, other].map((record) => store.commit(record)));
  const kinds = outcomes.map((outcome) =>
    outcome.kind === "lost" ? `lost ${outcome.sameBytes}` : outcome.kind,
  );
  assert.deepEqual(kinds, ["created", "lost true", "lost false"]);
  const winner = await store.readRecord(first.recipeId);
  const late = await openLocalStore(store.folder).commit(other);
  assert.ok(late.kind === "lost");
  assert.deepEqual(late.winner.outs, winner?.outs);
});

test("A3 the order in which outs are declared is no difference of bytes", () => {
  const file = { kind: "file", executable: false, sha256: "a".repeat(64) as Sha256, size: 1 } as const;
  const a = { ...file, path: "a" };
  const b = { ...file, path: "b" };
  assert.ok(sameOuts({ a, b }, { b, a }));
  assert.ok(!sameOuts({ a, b }, { a: b, b: a }));
});

test("A4 a content hit leaves a record of its own, and is only taken from a record with that content", async (context) => {
  const store = openStore(context);
  const first = storedRecord(store, "echo a", "a\n");
  await store.commit(first);
  const adopted = await store.adoptable(first.contentId);
  assert.deepEqual(adopted, first);

  // An entry that leads to a record of another content: by hand, or by a program that lies.
  const other = storedRecord(store, "echo b", "b\n");
  await store.commit(other);
  const entry = path.join(store.folder, "content", first.contentId.slice(0, 2), first.contentId);
  fs.rmSync(entry);
  fs.linkSync(recordPath(store, other), entry);
  assert.equal(await store.adoptable(first.contentId), undefined);
});

test("A4 an adopted record is a record like any other", async (context) => {
  const store = openStore(context);
  const made = storedRecord(store, "echo a", "a\n");
  await store.commit(made);
  const upstream = recordOf("cat a", {}).recipeId;
  const file = { name: "inputs/a", kind: "file", executable: false } as const;
  const { sha256, size } = fileOut(store, "a\n");
  const input = { ...file, sha256, size, from: "a.out", recipe: upstream };
  const adopting = {
    ...recordOf("cat a", made.outs, {
      recipe: { ins: { a: { name: "inputs/a", recipe: upstream, out: "out" } } },
      inputs: { a: input },
    }),
    adoptedFrom: made.recipeId,
  };
  assert.deepEqual(await store.commit(adopting), { kind: "created" });
  assert.deepEqual(await store.readRecord(adopting.recipeId), adopting);
});

test("C9 a path in a record that leads anywhere else makes it broken", async (context) => {
  const store = openStore(context);
  const good = fileOut(store, "a\n");
  for (const hostile of [
    "../x",
    "/etc/passwd",
    "a/../../b",
    "a//b",
    "",
    ".",
    "..",
    "a/./b",
    "a\0b",
    "a/",
    "\ud800",
  ]) {
    const record = recordOf(`echo ${JSON.stringify(hostile)}`, { out: { ...good, path: "out.txt" } });
    const text = checksummed({ ...record, outs: { out: { ...good, path: hostile } } });
    assert.equal(readRecordText(text, record.recipeId, "here").kind, "broken", JSON.stringify(hostile));
    const inputs = {
      a: { name: hostile, kind: "file", executable: false, sha256: good.sha256, size: 2, from: "" },
    };
    assert.equal(readRecordText(checksummed({ ...record, inputs }), record.recipeId, "here").kind, "broken");
  }
});

test("C9 no text makes an unsafe path pass, and none escapes from a names folder", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", ".", "..", "", "b c", "ü", "\0"), { maxLength: 5 }),
      (parts) => {
        const text = parts.join("/");
        const joined = path.posix.normalize(`/base/${text}`);
        if (isSafeRelativePath(text)) assert.equal(joined, `/base/${text}`);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
      const part = encodePart(left);
      assert.match(part, /^[A-Za-z0-9_%-]{1,200}$/);
      if (left !== right && !LONE.test(left + right)) assert.notEqual(part, encodePart(right));
    }),
  );
  assert.notEqual(encodePart("x".repeat(300)), encodePart("x".repeat(301)));
});

test("a record of a later format is neither absent nor broken", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "echo a", "a\n");
  await store.commit(record);
  damage(recordPath(store, record), () => checksummed({ ...record, format: 2 }));
  await assert.rejects(lookupOne(store, record), isFailure("store-newer"));
  await assert.rejects(store.commit(record), isFailure("store-newer"));
});

test("a store of a later layout is not touched", (context) => {
  const store = openStore(context);
  fs.writeFileSync(path.join(store.folder, "store.json"), '{"format":2}\n');
  assert.throws(() => openLocalStore(store.folder), isFailure("store-newer"));
});

test("a record that could not be read back is refused, loudly", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "echo a", "a\n");
  const usage = {
    wallMilliseconds: Number.NaN,
    cpuMilliseconds: 1,
    peakMemoryBytes: 1,
    cpus: 1,
    memoryBytes: 1,
  };
  const bad: ResultRecord[] = [
    { ...record, recipeId: storedRecord(store, "echo b", "b\n").recipeId },
    { ...record, outs: { out: { ...fileOut(store, "a\n"), path: "../x" } } },
    { ...record, made: { ...record.made, attempts: [{ number: 1, exitCode: 0, usage }] } },
  ];
  for (const item of bad) await assert.rejects(store.commit(item), /^Error: a record has/);
  assert.deepEqual(fs.readdirSync(path.join(store.folder, "tmp")), []);
  assert.deepEqual(await store.commit(record), { kind: "created" });
});

test("a names file comes back as it was, newest run first", async (context) => {
  const store = openStore(context);
  const records = ["a", "b", "c"].map((name) =>
    storedRecord(store, name, name, { node: `n["${name} \u2028 ü"]` }),
  );
  await Promise.all(records.map((record) => store.commit(record)));
  const lines = records.map(namesLineOf);
  await store.writeNames("p", "a/../b", runId(1), lines.slice(0, 1));
  await store.writeNames("p", "a/../b", runId(2), lines);
  await store.writeNames("p", "a/../b", runId(1), lines.slice(0, 2));
  assert.deepEqual(await store.nameFiles("p", "a/../b", 9), [runId(2), runId(1)]);
  assert.deepEqual(await store.nameFiles("p", "a/../b", 1), [runId(2)]);
  assert.deepEqual(await store.readNames("p", "a/../b", runId(2)), lines);
  assert.deepEqual(await store.readNames("p", "a/../b", runId(1)), lines.slice(0, 2));
  assert.deepEqual(await store.readNames("p", "a/../b", runId(3)), []);
  assert.deepEqual(fs.readdirSync(path.join(store.folder, "names", "p")), ["a%2F%2E%2E%2Fb"]);
});

test("a names file that is cut off, damaged or newer says so", async (context) => {
  const store = openStore(context);
  const record = storedRecord(store, "a", "a");
  await store.writeNames("p", "q", runId(1), [namesLineOf(record)]);
  const file = path.join(store.folder, "names", "p", "q", `${runId(1)}.ndjson`);
  const whole = fs.readFileSync(file, "utf8");
  for (const text of ["", whole.slice(0, -1), whole.slice(0, -40), whole.replace(record.recipeId, "x")]) {
    fs.writeFileSync(file, text);
    await assert.rejects(store.readNames("p", "q", runId(1)), isFailure("store-damaged"));
  }
  fs.writeFileSync(file, whole.replace('{"format":1}', '{"format":9}'));
  await assert.rejects(store.readNames("p", "q", runId(1)), isFailure("store-newer"));
});

test("B5 many recipes are answered from names files, and what these cannot answer from records", async (context) => {
  const store = openStore(context);
  const made = Array.from({ length: 200 }, (_, n) => storedRecord(store, `echo ${n}`, `${n}\n`));
  await Promise.all(made.map((record) => store.commit(record)));
  const never = recordOf("echo never", {});
  const [first, second, third, fourth, fifth] = made;
  assert.ok(first && second && third && fourth && fifth);
  await store.writeNames("p", "q", runId(1), made.slice(0, 150).map(namesLineOf));
  // What the index says counts only while the record is there, and its objects are.
  fs.unlinkSync(recordPath(store, first));
  const out = second.outs.out;
  assert.ok(out && "sha256" in out);
  fs.unlinkSync(store.objects.pathOf(out.sha256));
  // A record that was replaced since: the index is older than the record.
  const [theirs] = [third.outs.out];
  assert.ok(theirs && "sha256" in theirs);
  fs.unlinkSync(store.objects.pathOf(theirs.sha256));
  const replaced = storedRecord(store, "echo 2", "other\n");
  assert.deepEqual(await store.commit(replaced), { kind: "created" });
  fileOut(store, "2\n");

  const asked = [...made, never].map((record) => record.recipeId);
  const slow = await store.lookup(asked, { objects: true });
  const fast = await store.lookup(asked, { objects: true, names: { projectId: "p", pipeline: "q" } });
  assert.deepEqual(fast, slow);
  const kinds = [fast[0], fast[1], fast[2], fast[3], fast.at(-1)].map((answer) => answer?.kind);
  assert.deepEqual(kinds, ["absent", "broken", "usable", "usable", "absent"]);
  assert.ok(fast[2]?.kind === "usable");
  assert.deepEqual(fast[2].result.outs, replaced.outs);

  fs.writeFileSync(path.join(store.folder, "names", "p", "q", `${runId(1)}.ndjson`), "garbage\n");
  assert.deepEqual(
    await store.lookup(asked, { objects: true, names: { projectId: "p", pipeline: "q" } }),
    slow,
  );
});

test("B5 an index answers by name alone: its records are not opened", async (context) => {
  const store = openStore(context);
  const made = Array.from({ length: 100 }, (_, n) => storedRecord(store, `echo ${n}`, `${n}\n`));
  await Promise.all(made.map((record) => store.commit(record)));
  await store.writeNames("p", "q", runId(1), made.map(namesLineOf));
  for (const record of made) damage(recordPath(store, record), () => "");
  const asked = made.map((record) => record.recipeId);
  const answers = await store.lookup(asked, { objects: true, names: { projectId: "p", pipeline: "q" } });
  assert.ok(answers.every((answer) => answer.kind === "usable"));
});

test("a store that may only be read gives everything and takes nothing", async (context) => {
  const folder = path.join(temporaryFolder(context), "store");
  const absent = openLocalStore(folder, { readOnly: true });
  const record = recordOf("echo a", {});
  assert.deepEqual(await absent.lookup([record.recipeId], { objects: true }), [{ kind: "absent" }]);
  assert.equal(fs.existsSync(folder), false);
  const writer = openLocalStore(folder);
  const made = storedRecord(writer, "echo a", "a\n");
  await writer.commit(made);
  const reader = openLocalStore(folder, { readOnly: true });
  assert.equal((await lookupOne(reader, made)).kind, "usable");
  await assert.rejects(reader.commit(made), isFailure("store-read-only"));
  await assert.rejects(reader.writeNames("p", "q", runId(1), []), isFailure("store-read-only"));
  assert.throws(() => reader.objects.putText("new"), isFailure("store-read-only"));
});

/** Half a character has no bytes of its own. */
const LONE = /\p{Surrogate}/u;

function isFailure(code: string) {
  return (error: unknown) => error instanceof Failure && error.code === code;
}

/** The text of a record file around any value, as somebody could write it who knows the format. */
function checksummed(value: unknown): string {
  const text = JSON.stringify(value);
  return `{"checksum":"${sha256Hex(text)}","record":${text}}\n`;
}

function forge(record: ResultRecord, change: { readonly [key: string]: unknown }): string {
  return checksummed({ ...record, ...change });
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
