import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { isSha256, type Sha256 } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import { DiskFacts, type DiskFactsOptions } from "../../server/data/facts.js";
import { emptyLock, type Lock } from "../../server/data/lock.js";
import { openProject } from "../../server/data/project.js";
import { DiskText } from "../../server/data/text.js";
import { type DataPlace, DataReference } from "../../server/graph/value.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const sha256 = (bytes: string | Uint8Array): Sha256 => {
  const digest = createHash("sha256").update(bytes).digest("hex");
  assert(isSha256(digest));
  return digest;
};

function open(t: TestContext, files: { readonly [name: string]: string | Uint8Array } = {}) {
  const folder = temporaryFolder(t);
  writeFiles(folder, files);
  const facts = (options: Partial<DiskFactsOptions> = {}) =>
    new DiskFacts({ project: openProject(folder), lock: emptyLock, ...options });
  const place = (name: string): DataPlace => ({ kind: "local", path: path.join(folder, name) });
  const data = (name: string, kind: "file" | "dir" = "file") =>
    new DataReference(kind, place(name), path.basename(name));
  return { folder, facts, place, data };
}

test("digests are unknown until loaded, then those of the bytes; what cannot be read is absent", async (t) => {
  const { folder, facts, data } = open(t, { a: "one", "-b": "", "line\nbreak": "two", "dir/x": "x" });
  fs.chmodSync(path.join(folder, "a"), 0o755);
  fs.symlinkSync("a", path.join(folder, "link"));
  const loaded = facts();
  const wanted = ["a", "-b", "line\nbreak", "link", "missing", "dir"].map((name) => data(name));
  assert.equal(
    wanted.every((each) => loaded.digest(each).kind === "unknown"),
    true,
  );
  await loaded.load([...wanted, ...wanted]);
  const [a, b, c, link, missing, dir] = wanted.map((each) => loaded.digest(each));
  assert.deepEqual(a, { kind: "known", value: { sha256: sha256("one"), size: 3, executable: true } });
  assert.deepEqual(b, { kind: "known", value: { sha256: sha256(""), size: 0, executable: false } });
  assert.deepEqual(c, { kind: "known", value: { sha256: sha256("two"), size: 3, executable: false } });
  assert.deepEqual(link, a, "a link counts as what it leads to");
  assert.match(missing?.kind === "absent" ? missing.message : "", /no such file: ".*missing"$/);
  assert.match(dir?.kind === "absent" ? dir.message : "", /a folder, not a file/);
});

test("A12 an unchanged file is not read again, a changed one is, whatever its size and mtime say", async (t) => {
  const { folder, facts, data } = open(t, { a: "before" });
  const file = path.join(folder, "a");
  const digest = async () => {
    const loaded = facts();
    let bytes = 0;
    await loaded.load([data("a")], {
      onProgress: (progress) => {
        bytes = progress.bytes;
      },
    });
    const fact = loaded.digest(data("a"));
    return { sha256: fact.kind === "known" ? fact.value.sha256 : fact.kind, bytes };
  };
  assert.deepEqual(await digest(), { sha256: sha256("before"), bytes: 6 });
  assert.deepEqual(await digest(), { sha256: sha256("before"), bytes: 6 }, "too young to be trusted");
  // Time passes: the clock of this process is what the rule compares with.
  const now = Date.now();
  t.mock.method(Date, "now", () => now + 10_000);
  assert.deepEqual(await digest(), { sha256: sha256("before"), bytes: 6 });
  assert.deepEqual(await digest(), { sha256: sha256("before"), bytes: 0 }, "remembered");
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, "behind");
  fs.utimesSync(file, atime, mtime);
  assert.equal((await digest()).sha256, sha256("behind"), "the same size and mtime, another status change");
});

test("what was hashed is remembered in a .reprod that git does not see, or not at all", async (t) => {
  const { folder, facts, data } = open(t, { a: "x", b: "y" });
  const now = Date.now();
  t.mock.method(Date, "now", () => now + 10_000);
  await facts().load([data("a")]);
  assert.equal(fs.readFileSync(path.join(folder, ".reprod/.gitignore"), "utf8"), "*\n");
  assert.equal(fs.existsSync(path.join(folder, ".reprod/cache/digests")), true);
  fs.rmSync(path.join(folder, ".reprod"), { recursive: true });
  writeFiles(folder, { "reprod.json": "{}", ".reprod": "a file in the way" });
  const loaded = facts();
  await loaded.load([data("b")]);
  assert.equal(loaded.digest(data("b")).kind, "known");
});

test("cancelling a load rejects with its reason, and what was done is kept", async (t) => {
  const { folder, facts, data } = open(t, { a: "x" });
  const file = path.join(folder, "huge");
  fs.writeFileSync(file, "");
  fs.truncateSync(file, 40 * 2 ** 30);
  const controller = new AbortController();
  const loaded = facts();
  await assert.rejects(
    loaded.load([data("huge"), data("a")], {
      signal: controller.signal,
      onProgress: ({ bytes, totalBytes, totalFiles }) => {
        assert.equal(totalFiles, 2);
        assert.equal(totalBytes, 40 * 2 ** 30 + 1);
        if (bytes > 0) controller.abort(new Error("enough"));
      },
    }),
    /enough/,
  );
  assert.equal(loaded.digest(data("huge")).kind, "unknown");
  await loaded.load([data("a")]);
  assert.equal(loaded.digest(data("a")).kind, "known");
});

test("existence tells files, folders and other things apart", (t) => {
  const { folder, facts, data } = open(t, { "dir/file": "" });
  fs.symlinkSync("loop", path.join(folder, "loop"));
  const say = (name: string, kind: "file" | "dir") => {
    const fact = facts().exists(data(name, kind));
    return fact.kind === "absent" ? fact.message : fact.kind;
  };
  assert.equal(say("dir/file", "file"), "known");
  assert.equal(say("dir", "dir"), "known");
  assert.match(say("dir", "file"), /this is a folder, not a file; `dir\(…\)` names folders/);
  assert.match(say("dir/file", "dir"), /this is a file, not a folder; `file\(…\)` names files/);
  assert.match(say("dir/none", "file"), /there is no such file/);
  assert.match(say("dir/file/below", "dir"), /there is no such folder/);
  assert.match(say("loop", "file"), /there is no such file/);
  assert.match(say(`${"n".repeat(300)}`, "file"), /there is no such file/);
});

test("tables, JSON and lines are read once, and open buffers count before the disk", (t) => {
  const { folder, facts, place } = open(t, {
    "t.csv": "a,b\n1,2\n",
    "j.json": "[1]",
    "l.txt": "x\ny\n",
    binary: new Uint8Array([0xff]),
  });
  const opened = new Map([[path.join(folder, "t.csv"), "a,b\n7,8\n"]]);
  const plain = facts();
  const edited = facts({ overlay: { read: (file) => opened.get(file) } });
  const rows = (from: DiskFacts) => {
    const table = from.table(place("t.csv"), ",");
    return table.kind === "known" ? table.value.rows : table;
  };
  assert.deepEqual(rows(plain), [["1", "2"]]);
  assert.deepEqual(rows(edited), [["7", "8"]]);
  writeFiles(folder, { "t.csv": "a,b\n5,6\n" });
  assert.deepEqual(rows(plain), [["1", "2"]], "a snapshot");
  assert.deepEqual(rows(facts()), [["5", "6"]]);
  assert.deepEqual(plain.json(place("j.json")), { kind: "known", value: [1] });
  assert.deepEqual(plain.lines(place("l.txt")), { kind: "known", value: ["x", "y"] });
  for (const name of ["binary", "missing", "."]) {
    for (const fact of [plain.table(place(name), ","), plain.json(place(name)), plain.lines(place(name))]) {
      assert.equal(fact.kind, "absent", name);
    }
  }
});

test("rule 26 data from the web is known by the lock alone, and its text by the store's object", (t) => {
  const { folder, facts } = open(t, { object: "a\n1\n" });
  const url = "https://example.org/t.csv";
  const place: DataPlace = { kind: "http", url, verify: "md5:00000000000000000000000000000000" };
  const data = new DataReference("file", place, "t.csv");
  const lock: Lock = {
    images: new Map(),
    urls: new Map([[url, { sha256: sha256("a\n1\n"), size: 4, etag: undefined, version: undefined }]]),
  };
  assert.equal(facts().digest(data).kind, "unknown");
  assert.equal(facts().exists(data).kind, "unknown");
  const locked = facts({ lock });
  assert.deepEqual(locked.digest(data), {
    kind: "known",
    value: { sha256: sha256("a\n1\n"), size: 4, executable: false },
  });
  assert.deepEqual(locked.exists(data), { kind: "known", value: true });
  assert.equal(locked.table(place, ",").kind, "unknown", "locked, but not fetched");
  const asked: string[] = [];
  const object = (digest: Sha256) => {
    asked.push(digest);
    return path.join(folder, "object");
  };
  const stored = facts({ lock, object });
  const table = stored.table(place, ",");
  assert.deepEqual(table.kind === "known" && table.value.rows, [["1"]]);
  assert.deepEqual(asked, [sha256("a\n1\n")]);
});

test("A11 an S3 input is unknown as long as S3 has not been asked, locked or not", (t) => {
  const url = "s3://bucket/key";
  const entry = { sha256: sha256("x"), size: 1, etag: '"e"', version: undefined };
  const lock: Lock = { images: new Map(), urls: new Map([[url, entry]]) };
  const { facts } = open(t);
  const fact = facts({ lock }).digest(new DataReference("file", { kind: "s3", url }, "key"));
  assert.equal(fact.kind === "unknown" && fact.reason, "S3 has not been asked for this object yet");
});

test("A10 an image is known by its platform's digest from the lock, or by the digest in the text", (t) => {
  const digest = `sha256:${"1".repeat(64)}`;
  const lock: Lock = {
    images: new Map([
      ["bwa:1", { digest: `sha256:${"0".repeat(64)}`, platforms: new Map([["linux/amd64", digest]]) }],
    ]),
    urls: new Map(),
  };
  const facts = open(t).facts({ lock });
  assert.deepEqual(facts.image("bwa:1", "linux/amd64"), { kind: "known", value: digest });
  const other = facts.image("bwa:1", "linux/arm64");
  assert.equal(
    other.kind === "absent" && other.message,
    'the image is for linux/amd64, and not for "linux/arm64"',
  );
  assert.equal(facts.image("bwa:2", "linux/amd64").kind, "unknown");
  assert.deepEqual(facts.image(`bwa:2@${digest}`, "linux/arm64"), { kind: "known", value: digest });
});

test("pipeline files: open buffers first; what is there but no text fails in words", (t) => {
  const { folder } = open(t, {
    "a.reprod": "\ufeffpipeline x\n",
    "binary.reprod": new Uint8Array([1, 0xff]),
    "zero.reprod": "a\0b",
  });
  const at = (name: string) => path.join(folder, name);
  fs.mkdirSync(at("folder.reprod"));
  fs.writeFileSync(at("huge.reprod"), "");
  fs.truncateSync(at("huge.reprod"), 6 * 1024 * 1024);
  const text = new DiskText({ read: (file) => (file === at("open.reprod") ? "open" : undefined) });
  assert.equal(text.read(at("a.reprod")), "pipeline x\n");
  assert.equal(text.read(at("open.reprod")), "open");
  assert.equal(text.read(at("missing.reprod")), undefined);
  assert.equal(text.read(at("a.reprod/below")), undefined);
  for (const [name, code, why] of [
    ["folder.reprod", "file-unreadable", /it is a folder/],
    ["huge.reprod", "file-too-big", /6291456 bytes/],
    ["binary.reprod", "file-not-text", /line 1, column 2: .*0xff/],
    ["zero.reprod", "file-not-text", /zero byte/],
  ] as const) {
    assert.throws(
      () => text.read(at(name)),
      (error) =>
        error instanceof Failure &&
        error.code === code &&
        why.test(error.why ?? "") &&
        error.message.endsWith(`"${at(name)}"`),
      name,
    );
  }
  assert.equal(text.resolve(at("a.reprod"), "./lib/b.reprod"), at("lib/b.reprod"));
});
