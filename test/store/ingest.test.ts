import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import type { NodeOut, RecordedFile, RecordedOut } from "../../server/graph/model.js";
import { parseTree } from "../../server/graph/tree.js";
import { ingestOuts } from "../../server/store/ingest.js";
import type { HashFile, InputToStage } from "../../server/store/local.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { sha256Of } from "../../server/store/objects.js";
import { damage, fileOut, hashFile, temporaryFolder } from "../support/store.js";

function attempt(context: TestContext) {
  const folder = temporaryFolder(context);
  const work = path.join(folder, "work");
  fs.mkdirSync(path.join(work, "inputs"), { recursive: true });
  const store = openLocalStore(path.join(folder, "store"));
  const take = (outs: readonly NodeOut[], inputs: readonly InputToStage[] = [], hash: HashFile = hashFile) =>
    ingestOuts(store, work, outs, hash, inputs);
  /** Runs a script in the working folder. */
  const sh = (script: string) => execFileSync("sh", ["-c", script], { cwd: work });
  return { folder, work, store, take, sh };
}

const file = (at: string, optional = false): NodeOut => ({ name: "out", kind: "file", optional, path: at });
const dir = (at: string): NodeOut => ({ name: "out", kind: "dir", optional: false, path: at });
const glob = (at: string, optional = false): NodeOut => ({ name: "out", kind: "glob", optional, path: at });

function single(out: RecordedOut | undefined): RecordedFile {
  assert.ok(out !== null && out !== undefined && "sha256" in out);
  return out;
}

test("C11 an out becomes an object by rename: hashed once, read-only, dated", async (context) => {
  const { work, store, take, sh } = attempt(context);
  sh("mkdir sub && printf 'hello\\n' > sub/a.txt && chmod 755 sub/a.txt");
  const { ino } = fs.statSync(path.join(work, "sub/a.txt"));
  const ended = await take([file("sub/a.txt")]);
  assert.ok(ended.kind === "ingested");
  const out = single(ended.outs.out);
  assert.deepEqual(out, {
    path: "sub/a.txt",
    kind: "file",
    executable: true,
    sha256: sha256Of("hello\n"),
    size: 6,
  });
  const stats = fs.statSync(store.objects.pathOf(out.sha256));
  assert.deepEqual([stats.ino, stats.mode & 0o777, stats.mtimeMs], [ino, 0o444, Date.UTC(2000, 0, 1)]);
  assert.equal(fs.existsSync(path.join(work, "sub/a.txt")), false);
});

test("C6 a big out is hashed by the function given, a small one at once", async (context) => {
  const { work, take } = attempt(context);
  const big = Buffer.alloc(300 * 1024, "x");
  fs.writeFileSync(path.join(work, "big"), big);
  fs.writeFileSync(path.join(work, "small"), "x");
  const asked: string[] = [];
  const outs = [
    { ...file("big"), name: "big" },
    { ...file("small"), name: "small" },
  ];
  const ended = await take(outs, [], (at) => {
    asked.push(path.basename(at));
    return hashFile(at);
  });
  assert.deepEqual(asked, ["big"]);
  assert.ok(ended.kind === "ingested");
  assert.equal(single(ended.outs.big).sha256, sha256Of(big));
});

test("C9 what a script leaves behind: taken, or refused in words, and then nothing is moved", async (context) => {
  const cases: readonly {
    readonly script: string;
    readonly outs: readonly NodeOut[];
    readonly failure?: string;
    readonly message?: RegExp;
    readonly paths?: readonly string[] | null;
  }[] = [
    { script: "", outs: [file("a")], failure: "OutMissing", message: /did not make its out: "a"$/ },
    { script: "", outs: [file("a", true)], paths: null },
    { script: "mkdir a", outs: [file("a")], failure: "OutInvalid", message: /is a folder: "a"$/ },
    { script: "echo > a", outs: [dir("a")], failure: "OutInvalid", message: /is a file: "a"$/ },
    { script: "mkfifo a", outs: [file("a")], failure: "OutInvalid", message: /is a named pipe: "a"$/ },
    {
      script: "mkdir d && mkfifo d/p",
      outs: [dir("d")],
      failure: "OutInvalid",
      message: /a named pipe.*: "p"$/,
    },
    {
      script: "ln -s /etc/passwd a",
      outs: [file("a")],
      failure: "OutInvalid",
      message: /out of the working folder/,
    },
    {
      script: "ln -s ../secret a",
      outs: [file("a")],
      failure: "OutInvalid",
      message: /out of the working folder/,
    },
    {
      script: "ln -s .. d",
      outs: [file("d/secret")],
      failure: "OutInvalid",
      message: /out of the working folder/,
    },
    {
      script: "ln -s .. d",
      outs: [glob("d/*")],
      failure: "OutInvalid",
      message: /out of the working folder/,
    },
    {
      script: "ln -s ../work a",
      outs: [dir("a")],
      failure: "OutInvalid",
      message: /out of the working folder/,
    },
    { script: "ln -s a a", outs: [file("a")], failure: "OutInvalid", message: /back to itself: "a"$/ },
    { script: "ln -s nowhere a", outs: [file("a")], failure: "OutMissing" },
    {
      script: "mkdir d && ln -s ../x d/l && echo > x",
      outs: [dir("d")],
      failure: "OutInvalid",
      message: /"d\/l"$/,
    },
    { script: "mkdir d && ln -s /etc d/l", outs: [dir("d")], failure: "OutInvalid", message: /"d\/l"$/ },
    {
      script: "echo > a.csv; echo > b.csv; echo > .c.csv; mkdir d.csv",
      outs: [glob("*.csv")],
      paths: ["a.csv", "b.csv"],
    },
    { script: "echo > B; echo > a; echo > ä", outs: [glob("*")], paths: ["B", "a", "ä"] },
    { script: "mkdir -p p/q; echo > p/q/x; echo > p/y", outs: [glob("p/**")], paths: ["p/q/x", "p/y"] },
    { script: "echo > '-rf'; echo > 'a b'", outs: [glob("*")], paths: ["-rf", "a b"] },
    {
      script: "echo > inputs/x.csv",
      outs: [glob("**/*.csv")],
      failure: "OutMissing",
      message: /no file matches/,
    },
    {
      script: "",
      outs: [glob("*.csv")],
      failure: "OutMissing",
      message: /no file matches its out: "\*\.csv"$/,
    },
    { script: "", outs: [glob("*.csv", true)], paths: null },
    {
      script: "echo > inputs/a",
      outs: [file("inputs/a")],
      failure: "OutInvalid",
      message: /cannot be an out/,
    },
    {
      script: "echo > .reprod-x",
      outs: [file(".reprod-x")],
      failure: "OutInvalid",
      message: /cannot be an out/,
    },
    { script: "", outs: [file("../secret")], failure: "OutInvalid", message: /cannot be an out/ },
    { script: "", outs: [glob("../*")], failure: "OutInvalid", message: /leaves the working folder/ },
    {
      script: "rm -rf ../work",
      outs: [file("a")],
      failure: "OutMissing",
      message: /removed its own working folder/,
    },
  ];
  for (const { script, outs, failure, message, paths } of cases) {
    const { folder, work, store, take, sh } = attempt(context);
    fs.writeFileSync(path.join(folder, "secret"), "not yours\n");
    sh(script);
    // A good out beside the bad one must not be moved either.
    if (failure !== undefined && fs.existsSync(work)) fs.writeFileSync(path.join(work, "good"), "good\n");
    const all = failure === undefined ? outs : [{ ...file("good"), name: "good" }, ...outs];
    const ended = await take(all);
    if (failure !== undefined) {
      assert.ok(ended.kind === "failed", script);
      assert.equal(ended.failure, failure, script);
      assert.match(ended.message, message ?? /./, script);
      assert.equal(store.objects.has(sha256Of("good\n"), 5), false, script);
    } else {
      assert.ok(ended.kind === "ingested", `${script}: ${JSON.stringify(ended)}`);
      const { out } = ended.outs;
      assert.ok(out !== undefined);
      const found = out === null ? null : [out].flat().map((item) => ("path" in item ? item.path : ""));
      assert.deepEqual(found, paths, script);
    }
    assert.equal(fs.readFileSync(path.join(folder, "secret"), "utf8"), "not yours\n", script);
  }
});

test("C9 names that are not UTF-8 are refused, in a Dir and beside a glob's matches", async (context) => {
  if (process.platform !== "linux") {
    context.skip("this file system takes only names that are UTF-8");
    return;
  }
  for (const out of [dir("d"), glob("d/*")]) {
    const { take, sh } = attempt(context);
    sh("mkdir d && : > \"d/$(printf 'a\\377b')\"");
    const ended = await take([out]);
    assert.ok(ended.kind === "failed" && ended.failure === "OutInvalid");
    assert.match(ended.message, /not UTF-8/);
  }
});

test("C9 an out that links to another out, or to an input, has its content, and both stay whole", async (context) => {
  const { work, store, take, sh } = attempt(context);
  const input = fileOut(store, "input\n");
  fs.copyFileSync(store.objects.pathOf(input.sha256), path.join(work, "inputs/x"));
  sh("echo made > a; ln -s a b; ln -s inputs/x c; mkdir d; ln -s ../d/../a d/up");
  const outs = ["b", "a", "c", "d/up"].map((at) => ({ ...file(at), name: at }));
  const ended = await take(outs);
  assert.ok(ended.kind === "ingested");
  const digests = ["a", "b", "c", "d/up"].map((name) => single(ended.outs[name]).sha256);
  const made = sha256Of("made\n");
  assert.deepEqual(digests, [made, made, input.sha256, made]);
  assert.equal(store.objects.read(made)?.toString(), "made\n");
  assert.equal(fs.readFileSync(path.join(work, "inputs/x"), "utf8"), "input\n");
});

test("C9 an out that links to an input that a container had mounted is that input, not the stand-in", async (context) => {
  const { work, store, take, sh } = attempt(context);
  const { sha256, size } = fileOut(store, "input\n");
  fs.writeFileSync(path.join(work, "inputs/x"), "");
  sh("ln -s inputs/x a");
  const digest = { sha256, size, executable: false };
  const ended = await take(
    [file("a")],
    [{ staged: "inputs/x", kind: "file", digest, source: { kind: "object" } }],
  );
  assert.ok(ended.kind === "ingested");
  assert.deepEqual(single(ended.outs.out), { path: "a", kind: "file", ...digest });
});

test("A12 an out that is a second name of a user's file does not make that file an object", async (context) => {
  const { folder, store, take, sh } = attempt(context);
  const mine = path.join(folder, "mine");
  fs.writeFileSync(mine, "mine\n", { mode: 0o600 });
  sh("ln ../mine a");
  const ended = await take([file("a")]);
  assert.ok(ended.kind === "ingested");
  const object = fs.statSync(store.objects.pathOf(single(ended.outs.out).sha256));
  const own = fs.statSync(mine);
  assert.notEqual(object.ino, own.ino);
  assert.equal(own.mode & 0o777, 0o600);
});

test("C9 a Dir keeps files with their x bit, empty folders and links within, and nothing of times and owners", async (context) => {
  const script =
    "mkdir -p d/empty d/s; echo a > d/a; echo b > d/s/b; chmod 4755 d/s/b; ln -s s/b d/l; ln -s gone d/s/g; chmod 000 d/a d/s";
  const digests: string[] = [];
  for (const when of ["200101010000", "202001010000"]) {
    const { store, take, sh } = attempt(context);
    sh(`${script.replace("; chmod 000", `; touch -t ${when} d/a; chmod 000`)}`);
    const ended = await take([dir("d")]);
    assert.ok(ended.kind === "ingested", JSON.stringify(ended));
    const out = single(ended.outs.out);
    digests.push(out.sha256);
    assert.equal(out.size, 4);
    const entries = parseTree(store.objects.read(out.sha256)?.toString() ?? "");
    assert.deepEqual(entries, [
      { kind: "file", path: "a", executable: false, sha256: sha256Of("a\n"), size: 2 },
      { kind: "folder", path: "empty" },
      { kind: "link", path: "l", target: "s/b" },
      { kind: "folder", path: "s" },
      { kind: "file", path: "s/b", executable: true, sha256: sha256Of("b\n"), size: 2 },
      { kind: "link", path: "s/g", target: "gone" },
    ]);
    assert.equal(store.objects.has(sha256Of("b\n"), 2), true);
  }
  assert.equal(digests[0], digests[1]);
});

test("C4 an out that changes after the script's end fails the node, and is not taken", async (context) => {
  for (const change of ["printf 'y' >> big", "rm big && printf x > big", "rm big", "rm big && mkdir big"]) {
    const { work, store, take, sh } = attempt(context);
    fs.writeFileSync(path.join(work, "big"), Buffer.alloc(200 * 1024, "x"));
    const ended = await take([file("big")], [], async (at) => {
      const digest = await hashFile(at);
      sh(change);
      return digest;
    });
    assert.deepEqual(ended, {
      kind: "failed",
      failure: "OutInvalid",
      message: 'an out changed after the script had ended: "big"',
    });
    assert.equal(store.objects.has(sha256Of(Buffer.alloc(200 * 1024, "x")), 200 * 1024), false);
  }
});

test("E1 an out that the store has already is not stored again, but is made fresh", async (context) => {
  const { store, take, sh } = attempt(context);
  const { sha256 } = fileOut(store, "made\n");
  const before = fs.statSync(store.objects.pathOf(sha256), { bigint: true });
  sh("echo made > a");
  const ended = await take([file("a")]);
  assert.ok(ended.kind === "ingested");
  const after = fs.statSync(store.objects.pathOf(sha256), { bigint: true });
  assert.equal(after.ino, before.ino);
  assert.equal(after.mtimeNs, before.mtimeNs);
  assert.ok(after.ctimeNs > before.ctimeNs);
});

test("A1 an object of another size under an out's digest is overwritten", async (context) => {
  const { store, take, sh } = attempt(context);
  const { sha256 } = fileOut(store, "made\n");
  damage(store.objects.pathOf(sha256), () => "");
  sh("echo made > a");
  assert.equal((await take([file("a")])).kind, "ingested");
  assert.equal(store.objects.read(sha256)?.toString(), "made\n");
});
