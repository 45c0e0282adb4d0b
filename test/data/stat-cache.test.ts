import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { isSha256, type Sha256 } from "../../server/base/brand.js";
import { hashFile, statKey } from "../../server/data/hash-file.js";
import { StatCache } from "../../server/data/stat-cache.js";
import { temporaryFolder } from "../support/temporary.js";

const quiet = { cancelled: () => false, progress: () => {} };
const DAY = 86_400_000;

function digestOf(text: string): Sha256 {
  const digest = createHash("sha256").update(text).digest("hex");
  assert(isSha256(digest));
  return digest;
}

/** A state of a made-up file, left alone for a day. */
function keyOf(inode: number, size = 1): Uint8Array {
  const key = new BigInt64Array([7n, BigInt(inode), BigInt(size), 1_000_000_000n, 1_000_000_000n]);
  return new Uint8Array(key.buffer);
}

function cacheFile(test: TestContext): string {
  return path.join(temporaryFolder(test), "cache", "digests");
}

test("A12 a digest is remembered by device, inode, size and both times", (t) => {
  const file = cacheFile(t);
  const cache = new StatCache(file);
  cache.set(keyOf(1), digestOf("one"), DAY);
  cache.save();
  const again = new StatCache(file);
  assert.equal(again.get(keyOf(1)), digestOf("one"));
  for (let part = 0; part < 5; part++) {
    const other = new BigInt64Array(keyOf(1).buffer.slice(0));
    other[part] = (other[part] ?? 0n) + 1n;
    assert.equal(again.get(new Uint8Array(other.buffer)), undefined, `part ${part} counts`);
  }
});

test("A12 a file changed within two seconds of its hashing is not remembered", (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, "data");
  fs.writeFileSync(file, "fresh");
  const outcome = hashFile(file, quiet);
  assert.equal(outcome.kind, "hashed");
  assert(outcome.kind === "hashed" && isSha256(outcome.sha256));
  const cache = new StatCache(path.join(folder, "digests"));
  const changed = Number(fs.statSync(file, { bigint: true }).ctimeNs / 1_000_000n);
  for (const [later, remembered] of [
    [0, false],
    [1999, false],
    [2000, false],
    [2001, true],
    [DAY, true],
    // The clock was set back: the status change lies in the future.
    [-5000, false],
  ] as const) {
    cache.set(outcome.key, outcome.sha256, changed + later);
    assert.equal(cache.get(outcome.key) !== undefined, remembered, `hashed ${later} ms after the change`);
    if (remembered) break;
  }
});

test("A12 an old mtime does not hide a recent status change", (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, "data");
  fs.writeFileSync(file, "x");
  fs.utimesSync(file, 1000, 1000);
  const cache = new StatCache(path.join(folder, "digests"));
  const key = statKey(fs.statSync(file, { bigint: true }));
  cache.set(key, digestOf("x"), Date.now());
  assert.equal(cache.get(key), undefined);
});

test("a torn end, a flipped bit and foreign bytes cost their own records and no more", (t) => {
  const file = cacheFile(t);
  const cache = new StatCache(file);
  for (let inode = 1; inode <= 10; inode++) cache.set(keyOf(inode), digestOf(`${inode}`), DAY);
  cache.save();
  const whole = fs.readFileSync(file);

  fs.writeFileSync(file, whole.subarray(0, whole.length - 30));
  const torn = new StatCache(file);
  assert.equal(torn.get(keyOf(10)), undefined);
  assert.equal(torn.get(keyOf(9)), digestOf("9"));
  torn.set(keyOf(11), digestOf("11"), DAY);
  torn.save();
  assert.equal((fs.statSync(file).size - 16) % 80, 0, "the torn end is gone");
  assert.equal(new StatCache(file).get(keyOf(11)), digestOf("11"));
  assert.equal(new StatCache(file).get(keyOf(1)), digestOf("1"));

  const flipped = Buffer.from(whole);
  flipped[16 + 80 * 4 + 60] = (flipped[16 + 80 * 4 + 60] ?? 0) ^ 1;
  fs.writeFileSync(file, flipped);
  const damaged = new StatCache(file);
  assert.equal(damaged.get(keyOf(5)), undefined);
  assert.equal(damaged.get(keyOf(6)), digestOf("6"));

  for (const foreign of ["", "x", "something else entirely\n".repeat(50)]) {
    fs.writeFileSync(file, foreign);
    const fresh = new StatCache(file);
    assert.equal(fresh.get(keyOf(1)), undefined);
    fresh.set(keyOf(1), digestOf("1"), DAY);
    fresh.save();
    assert.equal(
      new StatCache(file).get(keyOf(1)),
      digestOf("1"),
      `made anew over ${JSON.stringify(foreign.slice(0, 9))}`,
    );
  }
});

test("a folder in place of the cache is no failure", (t) => {
  const file = cacheFile(t);
  fs.mkdirSync(file, { recursive: true });
  const cache = new StatCache(file);
  cache.set(keyOf(1), digestOf("1"), DAY);
  cache.save();
  assert.equal(cache.get(keyOf(1)), digestOf("1"));
});

test("two processes that save in turn keep both their digests, and the newest counts", (t) => {
  const file = cacheFile(t);
  const one = new StatCache(file);
  const two = new StatCache(file);
  one.set(keyOf(1), digestOf("old"), DAY);
  one.set(keyOf(2), digestOf("2"), DAY);
  two.set(keyOf(3), digestOf("3"), DAY);
  one.save();
  two.save();
  const three = new StatCache(file);
  three.set(keyOf(1, 5), digestOf("new"), DAY);
  three.save();
  const last = new StatCache(file);
  assert.equal(last.get(keyOf(1)), undefined, "the file's earlier state is forgotten");
  assert.equal(last.get(keyOf(1, 5)), digestOf("new"));
  assert.equal(last.get(keyOf(2)), digestOf("2"));
  assert.equal(last.get(keyOf(3)), digestOf("3"));
});

test("records of earlier states are dropped when they outnumber the rest", (t) => {
  const file = cacheFile(t);
  for (let round = 0; round < 12; round++) {
    const cache = new StatCache(file);
    for (let inode = 0; inode < 1000; inode++) cache.set(keyOf(inode, round), digestOf(`${round}`), DAY);
    cache.save();
  }
  assert(fs.statSync(file).size < 16 + 80 * 7000, `${fs.statSync(file).size} bytes for 1,000 files`);
  const cache = new StatCache(file);
  for (let inode = 0; inode < 1000; inode++) assert.equal(cache.get(keyOf(inode, 11)), digestOf("11"));
});

test("100,000 digests load in a fraction of a second", (t) => {
  const file = cacheFile(t);
  const cache = new StatCache(file);
  const digest = digestOf("same");
  for (let inode = 0; inode < 100_000; inode++) cache.set(keyOf(inode), digest, DAY);
  cache.save();
  const begin = performance.now();
  const loaded = new StatCache(file);
  const took = performance.now() - begin;
  t.diagnostic(`100,000 entries loaded in ${took.toFixed(0)} ms`);
  assert.equal(loaded.get(keyOf(99_999)), digest);
  assert(took < 1500, `${took} ms`);
});
