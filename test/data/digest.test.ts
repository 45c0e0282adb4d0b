import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { hashFiles } from "../../server/data/digest.js";
import { type HashOutcome, hashFile } from "../../server/data/hash-file.js";
import { temporaryFolder } from "../support/temporary.js";

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function hashAll(files: readonly string[], size: number): Promise<Map<string, HashOutcome>> {
  const outcomes = new Map<string, HashOutcome>();
  await hashFiles(
    files.map((file) => ({ file, size })),
    { onOutcome: (job, outcome) => outcomes.set(job.file, outcome) },
  );
  return outcomes;
}

test("files of every size and name have the digest that sha256sum gives, here and on threads", async (t) => {
  const folder = temporaryFolder(t);
  const names = [
    "plain",
    "with space",
    'quo"te',
    "line\nbreak",
    "-dash",
    "ünïcode-日本",
    "$(touch x)",
    "`x`",
  ];
  const sizes = [0, 1, 4095, 1024 * 1024, 1024 * 1024 + 1, 3_000_000];
  const expected = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const file = path.join(folder, name);
    const bytes = Buffer.alloc(sizes[index % sizes.length] ?? 0, `${name}\n`);
    fs.writeFileSync(file, bytes);
    expected.set(file, sha256(bytes));
  }
  // Two sizes that are told: one keeps the work here, the other sends it to threads. What is told never counts.
  for (const told of [0, 10_000_000]) {
    const outcomes = await hashAll([...expected.keys()], told);
    for (const [file, digest] of expected) {
      const outcome = outcomes.get(file);
      assert.equal(outcome?.kind === "hashed" && outcome.sha256, digest, JSON.stringify(file));
    }
  }
});

test("what is no readable file fails in words, and never blocks", async (t) => {
  const folder = temporaryFolder(t);
  fs.mkdirSync(path.join(folder, "folder"));
  execFileSync("mkfifo", [path.join(folder, "pipe")]);
  fs.symlinkSync("loop", path.join(folder, "loop"));
  for (const [name, message] of [
    ["folder", /a folder, not a file/],
    ["pipe", /a device, a socket or a pipe, not a file/],
    ["loop", /symbolic links go round/],
    ["absent", /no such file/],
  ] as const) {
    const file = path.join(folder, name);
    for (const told of [0, 10_000_000]) {
      const outcome = (await hashAll([file], told)).get(file);
      assert.equal(outcome?.kind, "failed", name);
      assert.match(outcome?.kind === "failed" ? outcome.message : "", message);
    }
  }
});

test("A12 a file that changes once while it is read is read again, one that always changes is given up", (t) => {
  const file = path.join(temporaryFolder(t), "data");
  fs.writeFileSync(file, Buffer.alloc(3 * 1024 * 1024, "a"));
  let reads = 0;
  const once = hashFile(file, {
    cancelled: () => {
      if (++reads === 2) fs.appendFileSync(file, "b");
      return false;
    },
    progress: () => {},
  });
  assert.equal(once.kind === "hashed" && once.sha256, sha256(fs.readFileSync(file)));

  let bytes = 0;
  const always = hashFile(file, {
    cancelled: () => {
      // The size stays: only the times tell.
      const descriptor = fs.openSync(file, "r+");
      fs.writeSync(descriptor, `${++reads}`, 0);
      fs.closeSync(descriptor);
      return false;
    },
    progress: (count) => {
      bytes += count;
    },
  });
  assert.equal(always.kind, "failed");
  assert.match(always.kind === "failed" ? always.message : "", /changes while it is read/);
  assert.equal(bytes, 0, "progress takes back what was read in vain");
});

test("hashing can be cancelled between reads, and says how far it is", async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, "sparse");
  // Sparse: 40 GiB of zeros that take no room, and longer to read than any test lasts.
  fs.writeFileSync(file, "");
  fs.truncateSync(file, 40 * 2 ** 30);
  const controller = new AbortController();
  const seen: number[] = [];
  await assert.rejects(
    hashFiles([{ file, size: 40 * 2 ** 30 }], {
      signal: controller.signal,
      onBytes: (bytes) => {
        seen.push(bytes);
        if (bytes > 0) controller.abort(new Error("enough"));
      },
      onOutcome: () => assert.fail("it cannot be done"),
    }),
    /enough/,
  );
  assert((seen.at(-1) ?? 0) > 0);
  await assert.rejects(
    hashFiles([], { signal: AbortSignal.abort(new Error("before")), onOutcome: () => {} }),
    /before/,
  );
});

test("a file that has grown far beyond the size told is not hashed on the calling thread", async (t) => {
  const file = path.join(temporaryFolder(t), "grown");
  const bytes = Buffer.alloc(20 * 1024 * 1024, "x");
  fs.writeFileSync(file, bytes);
  const outcome = (await hashAll([file], 10)).get(file);
  assert.equal(outcome?.kind === "hashed" && outcome.sha256, sha256(bytes));
});
