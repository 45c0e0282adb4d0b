import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import type { Sha256 } from "../../server/base/brand.js";
import { isSha256 } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import { absolutePath } from "../../server/data/files.js";
import {
  emptyLock,
  type Lock,
  lockPath,
  parseLock,
  printLock,
  readLock,
  writeLock,
} from "../../server/data/lock.js";
import { s3Digest } from "../../server/data/s3.js";
import { temporaryFolder } from "../support/temporary.js";

const hex = (digit: string): Sha256 => {
  const digest = digit.repeat(64);
  assert(isSha256(digest));
  return digest;
};

const lock: Lock = {
  images: new Map([
    [
      "ubuntu:24.04",
      {
        digest: `sha256:${hex("1")}`,
        platforms: new Map([
          ["linux/arm64", `sha256:${hex("3")}`],
          ["linux/amd64", `sha256:${hex("2")}`],
        ]),
      },
    ],
    ["__proto__", { digest: `sha256:${hex("4")}`, platforms: new Map() }],
  ]),
  urls: new Map([
    ['https://example.org/b?x=1&y="2"', { sha256: hex("b"), size: 7, etag: undefined, version: undefined }],
    ["s3://bucket/key", { sha256: hex("a"), size: 0, etag: '"e-2"', version: "v1" }],
  ]),
};

test("A10 the lock keeps the index digest and the digest of every platform, in one order", (t) => {
  const file = absolutePath(temporaryFolder(t), "reprod.lock");
  writeLock(file, lock);
  const text = fs.readFileSync(file, "utf8");
  assert.deepEqual(readLock(file), lock);
  const turned: Lock = {
    images: new Map([...lock.images].reverse()),
    urls: new Map([...lock.urls].reverse()),
  };
  assert.equal(printLock(turned), text, "the order of insertion leaves no trace");
  assert(text.indexOf("linux/amd64") < text.indexOf("linux/arm64"));
});

test("a lock that says the same already is not touched", (t) => {
  const file = absolutePath(temporaryFolder(t), "reprod.lock");
  writeLock(file, lock);
  const before = fs.statSync(file, { bigint: true });
  writeLock(file, lock);
  assert.equal(fs.statSync(file, { bigint: true }).ino, before.ino);
  writeLock(file, emptyLock);
  assert.notEqual(fs.statSync(file, { bigint: true }).ino, before.ino, "replaced whole, by a rename");
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ["reprod.lock"]);
});

test("the lock lies beside the pipeline file; without one it is empty", (t) => {
  const folder = temporaryFolder(t);
  const file = lockPath(path.join(folder, "x.reprod"));
  assert.equal(file, path.join(folder, "reprod.lock"));
  assert.deepEqual(readLock(file), emptyLock);
});

test("what is wrong with a lock is told with its place, and a newer format by name", () => {
  const image = (value: string) => `{"format": 1, "images": {"a:1": ${value}}}`;
  for (const [text, code, place, message] of [
    ["", "lock-invalid", ":1:1", /a value is missing/],
    ['{"format": 1,\n<<<<<<< HEAD\n', "lock-invalid", ":2:1", /merge conflict/],
    ["{}", "lock-invalid", ":1:1", /no "format"/],
    ['{"format": 2, "images": 5}', "lock-newer", "", /newer Reprod: format "2"/],
    ['{"format": 1, "extra": 1}', "lock-invalid", ":1:15", /unknown part: "extra"/],
    [image("1"), "lock-invalid", ":1:33", /an object/],
    [image("{}"), "lock-invalid", ":1:33", /no "digest"/],
    [image('{"digest": "latest"}'), "lock-invalid", ":1:44", /"sha256:" and 64/],
    [
      image(`{"digest": "sha256:${hex("1")}", "platforms": {"../x": "y"}}`),
      "lock-invalid",
      undefined,
      /no platform: "..\/x"/,
    ],
    [
      `{"format": 1, "urls": {"u": {"sha256": "${hex("a")}", "size": -1}}}`,
      "lock-invalid",
      undefined,
      /a number of bytes/,
    ],
    ['{"format": 1, "urls": {"u": {"sha256": "zz", "size": 1}}}', "lock-invalid", undefined, /64 hex digits/],
  ] as const) {
    assert.throws(
      () => parseLock("reprod.lock", text),
      (error) => {
        assert(error instanceof Failure);
        assert.equal(error.code, code);
        if (place !== undefined) assert.equal(error.place, `reprod.lock${place}`);
        assert.match(error.message, message);
        return true;
      },
      text,
    );
  }
});

test("a lock that cannot be read or written says so", (t) => {
  const file = absolutePath(temporaryFolder(t), "reprod.lock");
  fs.mkdirSync(file);
  assert.throws(
    () => readLock(file),
    (error) => error instanceof Failure && error.code === "lock-unreadable",
  );
  assert.throws(
    () => writeLock(file, lock),
    (error) => error instanceof Failure && error.code === "lock-read-only",
  );
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ["reprod.lock"], "no temporary file is left");
});

test("A11 an S3 input has the object's own SHA-256, else the lock's under the same ETag and version, else none", () => {
  const locked = { sha256: hex("a"), size: 5, etag: '"e"', version: "1" };
  const state = { size: 5, etag: '"e"', version: "1", sha256: undefined };
  const digestOf = (...given: Parameters<typeof s3Digest>) => {
    const fact = s3Digest(...given);
    return fact.kind === "known" ? fact.value.sha256 : fact.kind;
  };
  assert.equal(digestOf({ ...state, sha256: hex("b") }, locked), hex("b"));
  assert.equal(digestOf(state, locked), hex("a"));
  assert.equal(digestOf({ ...state, etag: '"f"' }, locked), "unknown");
  assert.equal(digestOf({ ...state, version: "2" }, locked), "unknown");
  assert.equal(digestOf({ ...state, version: undefined }, locked), "unknown");
  assert.equal(digestOf(state, undefined), "unknown", "an ETag is never a digest");
  assert.equal(
    digestOf(undefined, locked),
    "unknown",
    "nobody has asked whether the object is still the locked one",
  );
});
