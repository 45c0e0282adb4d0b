import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import type { RecordedFile } from "../../server/graph/model.js";
import { printTree, type TreeEntry, treeDigest } from "../../server/graph/tree.js";
import { exportOut } from "../../server/store/export.js";
import type { InputToStage, LocalStore, Staged } from "../../server/store/local.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { sha256Of } from "../../server/store/objects.js";
import { checkLinks, stageInputs } from "../../server/store/staging.js";
import { damage, fileOut, hashFile, storedRecord, temporaryFolder } from "../support/store.js";

const DATE = Date.UTC(2000, 0, 1);
/** A user whom file modes hold against. */
const SOMEBODY = { uid: 1000 };
const BIG = Buffer.alloc(200 * 1024, "x");

function place(context: TestContext) {
  const folder = temporaryFolder(context);
  const work = path.join(folder, "work");
  fs.mkdirSync(work);
  return { folder, work, store: openLocalStore(path.join(folder, "store")) };
}

function objectInput(out: RecordedFile, staged = `inputs/${out.path}`): InputToStage {
  const { sha256, size, executable } = out;
  return { staged, kind: out.kind, digest: { sha256, size, executable }, source: { kind: "object" } };
}

async function bigObject(store: LocalStore): Promise<RecordedFile> {
  const file = path.join(path.dirname(store.folder), "big");
  fs.writeFileSync(file, BIG);
  const sha256 = sha256Of(BIG);
  await store.objects.put(file, sha256, BIG.length);
  return { path: "big", kind: "file", executable: false, sha256, size: BIG.length };
}

function dirObject(store: LocalStore, entries: readonly TreeEntry[]): RecordedFile {
  const sha256 = store.objects.putText(printTree(entries));
  return { path: "d", kind: "dir", executable: false, sha256, size: 0 };
}

function links(staged: Staged) {
  assert.ok(staged.kind === "staged", JSON.stringify(staged));
  return staged.links;
}

test("C7 A7 a staged file is a copy, read-only, dated, with the x bit that its digest says", async (context) => {
  const { work, store } = place(context);
  const small = fileOut(store, "small\n", "small");
  const tool = { ...small, path: "tool", executable: true };
  const big = await bigObject(store);
  const staged = await stageInputs(
    store,
    work,
    [small, tool, big].map((out) => objectInput(out)),
    hashFile,
  );
  assert.deepEqual(links(staged), []);
  for (const [name, mode] of [
    ["small", 0o444],
    ["tool", 0o555],
    ["big", 0o444],
  ] as const) {
    const stats = fs.statSync(path.join(work, "inputs", name));
    assert.deepEqual([stats.mode & 0o777, stats.mtimeMs, stats.nlink], [mode, DATE, 1], name);
  }
  assert.equal(fs.statSync(path.join(work, "inputs")).mtimeMs, DATE);
  // Root, or the owner after chmod, writes all the same: into the copy.
  fs.chmodSync(path.join(work, "inputs/big"), 0o644);
  fs.writeFileSync(path.join(work, "inputs/big"), "mine now");
  assert.equal(store.objects.has(big.sha256, BIG.length), true);
});

test("C7 a big object is linked for a user whom modes hold against, and copied for root and as an executable", async (context) => {
  const { work, store } = place(context);
  const big = await bigObject(store);
  const at = (name: string, more: Partial<RecordedFile> = {}) => [objectInput({ ...big, ...more }, name)];
  const limit = { largestCopy: 1000 };
  const linked = links(await stageInputs(store, work, at("inputs/a"), hashFile, { ...limit, ...SOMEBODY }));
  assert.equal(linked.length, 1);
  assert.equal(
    fs.statSync(path.join(work, "inputs/a")).ino,
    fs.statSync(store.objects.pathOf(big.sha256)).ino,
  );
  assert.deepEqual(links(await stageInputs(store, work, at("inputs/b"), hashFile, { ...limit, uid: 0 })), []);
  const tool = at("inputs/c", { executable: true });
  assert.deepEqual(links(await stageInputs(store, work, tool, hashFile, { ...limit, ...SOMEBODY })), []);
  assert.equal(fs.statSync(path.join(work, "inputs/c")).mode & 0o777, 0o555);
  assert.equal(fs.statSync(store.objects.pathOf(big.sha256)).mode & 0o777, 0o444);
});

test("C7 a script that changes a linked input is found out: the object is put aside, its records are broken", async (context) => {
  const changes: { [what: string]: (file: string) => void } = {
    "same size, other bytes": (file) => {
      fs.chmodSync(file, 0o644);
      fs.writeFileSync(file, Buffer.alloc(BIG.length, "y"));
      fs.chmodSync(file, 0o444);
    },
    longer: (file) => {
      fs.chmodSync(file, 0o644);
      fs.appendFileSync(file, "y");
    },
    "mode only": (file) => fs.chmodSync(file, 0o666),
    dated: (file) => fs.utimesSync(file, 1, 1),
  };
  for (const [what, change] of Object.entries(changes)) {
    const { work, store } = place(context);
    const big = await bigObject(store);
    const record = { ...storedRecord(store, "make big", "x"), outs: { out: big } };
    await store.commit(record);
    const staged = await stageInputs(store, work, [objectInput(big)], hashFile, {
      largestCopy: 1,
      ...SOMEBODY,
    });
    assert.deepEqual(checkLinks(store, links(staged)), []);
    // Used again by another run meanwhile: that is no change (E1).
    const again = path.join(work, "again");
    fs.writeFileSync(again, BIG);
    await store.objects.put(again, big.sha256, BIG.length);
    assert.deepEqual(checkLinks(store, links(staged)), []);

    change(path.join(work, "inputs/big"));
    assert.deepEqual(
      checkLinks(store, links(staged)),
      ['the script changed its input in place: "inputs/big"'],
      what,
    );
    assert.equal(store.objects.has(big.sha256, BIG.length), false, what);
    const [found] = await store.lookup([record.recipeId], { objects: true });
    assert.equal(found?.kind, "broken", what);
  }
});

test("A7 a Dir is staged from its manifest, with empty folders, links and x bits", async (context) => {
  const { work, store } = place(context);
  const { sha256, size } = fileOut(store, "b\n");
  const tree = dirObject(store, [
    { kind: "folder", path: "s" },
    { kind: "file", path: "s/b", executable: true, sha256, size },
    { kind: "folder", path: "empty" },
    { kind: "link", path: "l", target: "s/b" },
  ]);
  assert.deepEqual(links(await stageInputs(store, work, [objectInput(tree)], hashFile)), []);
  const at = (name: string) => path.join(work, "inputs/d", name);
  assert.equal(fs.readFileSync(at("l"), "utf8"), "b\n");
  assert.equal(fs.statSync(at("s/b")).mode & 0o777, 0o555);
  for (const name of ["", "s", "s/b", "empty", "l"]) assert.equal(fs.lstatSync(at(name)).mtimeMs, DATE, name);
});

test("a lost or damaged object is told before the script runs, and a damaged one is put aside", async (context) => {
  const { work, store } = place(context);
  const small = fileOut(store, "small\n", "small");
  const tree = dirObject(store, [
    { kind: "file", path: "x", executable: false, sha256: small.sha256, size: 6 },
  ]);
  damage(store.objects.pathOf(small.sha256), () => "smell\n");
  for (const input of [
    objectInput(small),
    objectInput(tree),
    objectInput({ ...tree, sha256: sha256Of("no") }),
  ]) {
    const staged = await stageInputs(store, fs.mkdtempSync(`${work}/`), [input], hashFile);
    assert.ok(staged.kind === "failed" && staged.failure === "StageFailed");
    assert.match(staged.message, /the store has lost an input/);
  }
  assert.equal(store.objects.read(small.sha256), undefined);
});

test("C9 no staged name leads out of the working folder", async (context) => {
  const { folder, work, store } = place(context);
  const small = fileOut(store, "small\n", "small");
  for (const staged of ["../x", "/tmp/reprod-x", "inputs/../../x", "", "inputs//x"]) {
    const ended = await stageInputs(store, work, [objectInput(small, staged)], hashFile);
    assert.equal(ended.kind, "failed", staged);
  }
  assert.deepEqual(fs.readdirSync(folder).sort(), ["store", "work"]);
});

test("A12 a user's file is copied, never linked or touched, and is changed when it is not what was planned", async (context) => {
  const { folder, work, store } = place(context);
  for (const [n, text] of ["small\n", BIG.toString()].entries()) {
    const mine = path.join(folder, `mine${n}`);
    fs.writeFileSync(mine, text, { mode: 0o640 });
    const before = fs.statSync(mine, { bigint: true });
    const digest = { sha256: sha256Of(text), size: text.length, executable: false };
    const source = { kind: "local", path: mine, exclude: [] } as const;
    const input = (staged: string): InputToStage => ({ staged, kind: "file", digest, source });
    assert.equal((await stageInputs(store, work, [input(`inputs/a${n}`)], hashFile)).kind, "staged");
    const after = fs.statSync(mine, { bigint: true });
    assert.deepEqual([after.mode, after.ctimeNs, after.nlink], [before.mode, before.ctimeNs, 1n]);
    assert.equal(fs.statSync(path.join(work, `inputs/a${n}`)).mode & 0o777, 0o444);

    fs.chmodSync(mine, 0o750);
    assert.equal((await stageInputs(store, work, [input(`inputs/b${n}`)], hashFile)).kind, "changed");
    fs.chmodSync(mine, 0o640);
    fs.writeFileSync(mine, `${text.slice(0, -1)}!`);
    const changed = await stageInputs(store, work, [input(`inputs/c${n}`)], hashFile);
    assert.deepEqual(changed, {
      kind: "changed",
      message: `an input changed since the run was planned: "${mine}"`,
    });
    fs.unlinkSync(mine);
    const gone = await stageInputs(store, work, [input(`inputs/d${n}`)], hashFile);
    assert.deepEqual(gone, { kind: "changed", message: `an input is gone: "${mine}"` });
  }
});

test("A12 a user's folder is compared by its tree, without what it excludes", async (context) => {
  const { folder, work, store } = place(context);
  const mine = path.join(folder, "src");
  fs.mkdirSync(path.join(mine, "__pycache__"), { recursive: true });
  fs.writeFileSync(path.join(mine, "a.py"), "a\n");
  fs.writeFileSync(path.join(mine, "__pycache__/a.pyc"), "compiled");
  // What is left out may be anything, as it may for the digest.
  if (process.platform === "linux")
    fs.writeFileSync(Buffer.concat([Buffer.from(`${mine}/`), Buffer.from([0xff]), Buffer.from("~")]), "x");
  fs.symlinkSync("a.py", path.join(mine, "l"));
  const text = printTree([
    { kind: "file", path: "a.py", executable: false, sha256: sha256Of("a\n"), size: 2 },
    { kind: "link", path: "l", target: "a.py" },
  ]);
  const digest = { sha256: treeDigest(text), size: 2, executable: false };
  const source = { kind: "local", path: mine, exclude: ["**/__pycache__/", "./*~"] } as const;
  const input = (staged: string): InputToStage => ({ staged, kind: "dir", digest, source });
  assert.equal((await stageInputs(store, work, [input("inputs/a")], hashFile)).kind, "staged");
  assert.deepEqual(fs.readdirSync(path.join(work, "inputs/a")).sort(), ["a.py", "l"]);
  fs.writeFileSync(path.join(mine, "__pycache__/b.pyc"), "compiled");
  assert.equal((await stageInputs(store, work, [input("inputs/b")], hashFile)).kind, "staged");
  fs.writeFileSync(path.join(mine, "b.py"), "");
  assert.equal((await stageInputs(store, work, [input("inputs/c")], hashFile)).kind, "changed");
  fs.rmSync(mine, { recursive: true });
  assert.equal((await stageInputs(store, work, [input("inputs/d")], hashFile)).kind, "changed");
});

test("C7 an exported out is the user's own: a copy, writable, never over what is there unless asked", async (context) => {
  const { folder, store } = place(context);
  const target = path.join(folder, "results");
  const out = fileOut(store, "made\n", "sub/out.txt");
  const made = await exportOut(store, out, target);
  assert.equal(made, path.join(target, "sub/out.txt"));
  const stats = fs.statSync(made);
  assert.deepEqual([stats.nlink, stats.mode & 0o777], [1, 0o644]);
  assert.ok(stats.mtimeMs > DATE);
  fs.writeFileSync(made, "mine now\n");
  assert.equal(store.objects.read(out.sha256)?.toString(), "made\n");
  await assert.rejects(exportOut(store, out, target), isFailure("export-exists"));
  assert.equal(fs.readFileSync(made, "utf8"), "mine now\n");
  await exportOut(store, { ...out, executable: true }, target, { replace: true });
  assert.equal(fs.readFileSync(made, "utf8"), "made\n");
  assert.equal(fs.statSync(made).mode & 0o777, 0o755);
  assert.deepEqual(fs.readdirSync(path.join(target, "sub")), ["out.txt"]);
});

test("an exported Dir appears whole; laid into a folder that is there it deletes nothing", async (context) => {
  const { folder, store } = place(context);
  const { sha256, size } = fileOut(store, "b\n");
  const first = dirObject(store, [{ kind: "file", path: "old", executable: false, sha256, size }]);
  const second = dirObject(store, [
    { kind: "folder", path: "s" },
    { kind: "file", path: "s/b", executable: true, sha256, size },
    { kind: "link", path: "l", target: "s/b" },
  ]);
  const made = await exportOut(store, first, folder, { as: "results/d" });
  await exportOut(store, second, folder, { as: "results/d", replace: true });
  assert.deepEqual(fs.readdirSync(made).sort(), ["l", "old", "s"]);
  assert.equal(fs.readFileSync(path.join(made, "l"), "utf8"), "b\n");
  fs.unlinkSync(store.objects.pathOf(sha256));
  await assert.rejects(
    exportOut(store, second, folder, { as: "results/d", replace: true }),
    isFailure("store-lost"),
  );
  assert.deepEqual(fs.readdirSync(made).sort(), ["l", "old", "s"]);
  assert.deepEqual(fs.readdirSync(path.join(folder, "results")), ["d"]);
});

test("C9 an export never leaves its folder, not by name and not through a link that lies there", async (context) => {
  const { folder, store } = place(context);
  const target = path.join(folder, "results");
  fs.mkdirSync(target);
  fs.mkdirSync(path.join(folder, "elsewhere"));
  fs.symlinkSync("../elsewhere", path.join(target, "sub"));
  for (const as of ["../x", "/tmp/reprod-x", "sub/x", "a/../../x", ""]) {
    await assert.rejects(
      exportOut(store, fileOut(store, "x"), target, { as }),
      isFailure("export-outside"),
      as,
    );
  }
  assert.deepEqual(fs.readdirSync(path.join(folder, "elsewhere")), []);
  // A link at the place itself is replaced, not followed.
  fs.symlinkSync("../elsewhere/x", path.join(target, "x"));
  await exportOut(store, fileOut(store, "x"), target, { as: "x", replace: true });
  assert.equal(fs.lstatSync(path.join(target, "x")).isFile(), true);
  assert.deepEqual(fs.readdirSync(path.join(folder, "elsewhere")), []);
});

function isFailure(code: string) {
  return (error: unknown) => error instanceof Failure && error.code === code;
}
