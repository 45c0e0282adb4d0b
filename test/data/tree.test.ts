import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { isSha256, type Sha256 } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import { compareCodePoints } from "../../server/base/order.js";
import { DiskFacts } from "../../server/data/facts.js";
import { emptyLock } from "../../server/data/lock.js";
import { openProject } from "../../server/data/project.js";
import type { Fact } from "../../server/graph/facts.js";
import type { FileDigest } from "../../server/graph/model.js";
import { leavingLink, parseTree, printTree, type TreeEntry, treeDigest } from "../../server/graph/tree.js";
import { DataReference } from "../../server/graph/value.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

async function load(
  folder: string,
  exclude: readonly string[] = [],
): Promise<{ fact: Fact<FileDigest>; manifest: string }> {
  const facts = new DiskFacts({ project: openProject(folder), lock: emptyLock });
  const data = new DataReference("dir", { kind: "local", path: folder }, path.basename(folder), exclude);
  await facts.load([data]);
  return { fact: facts.digest(data), manifest: facts.manifest(data) ?? "" };
}

async function message(folder: string): Promise<string> {
  const { fact } = await load(folder);
  assert.equal(fact.kind, "absent");
  return fact.kind === "absent" ? fact.message : "";
}

function makeFolder(t: TestContext): string {
  const folder = path.join(temporaryFolder(t), "src");
  fs.mkdirSync(folder);
  return folder;
}

const sha256 = (text: string): Sha256 => {
  const digest = createHash("sha256").update(text).digest("hex");
  assert(isSha256(digest));
  return digest;
};

test("C9 the manifest of a Dir: files, x bits, empty folders and links within, in the order of UTF-8 bytes", async (t) => {
  const folder = makeFolder(t);
  writeFiles(folder, {
    "b.txt": "b",
    "a/z.sh": "z",
    "a.txt": "",
    "\u{1f600}": "s",
    "\uff5e": "t",
    ".hidden": "h",
  });
  fs.chmodSync(path.join(folder, "a/z.sh"), 0o755);
  fs.mkdirSync(path.join(folder, "empty"));
  fs.symlinkSync("../b.txt", path.join(folder, "a/link"));
  fs.symlinkSync("nowhere", path.join(folder, "dangling"));
  const { fact, manifest } = await load(folder);
  assert.equal(
    manifest,
    [
      "reprod-tree-1",
      `f ${sha256("h")} 1 ".hidden"`,
      'd "a"',
      `f ${sha256("")} 0 "a.txt"`,
      'l "a/link" "../b.txt"',
      `x ${sha256("z")} 1 "a/z.sh"`,
      `f ${sha256("b")} 1 "b.txt"`,
      'l "dangling" "nowhere"',
      'd "empty"',
      `f ${sha256("t")} 1 "\uff5e"`,
      `f ${sha256("s")} 1 "\u{1f600}"`,
      "",
    ].join("\n"),
  );
  assert.deepEqual(fact, {
    kind: "known",
    value: { sha256: sha256(manifest), size: 5, executable: false },
  });
});

test("C9 times, owners and other bits of the mode do not count; names, contents and x bits do", async (t) => {
  const folder = makeFolder(t);
  writeFiles(folder, { a: "1", "d/b": "2" });
  const digest = async () => treeDigest((await load(folder)).manifest);
  const before = await digest();
  fs.utimesSync(path.join(folder, "a"), 5, 5);
  fs.chmodSync(path.join(folder, "a"), 0o4664);
  fs.chmodSync(path.join(folder, "d"), 0o1777);
  assert.equal(await digest(), before);
  fs.chmodSync(path.join(folder, "a"), 0o744);
  const executable = await digest();
  assert.notEqual(executable, before);
  fs.renameSync(path.join(folder, "a"), path.join(folder, "A"));
  assert.notEqual(await digest(), executable);
});

test("C9 devices, pipes, leaving links and names that are not UTF-8 are errors that name the place", async (t) => {
  const folder = makeFolder(t);
  const clean = () => {
    fs.rmSync(folder, { recursive: true });
    fs.mkdirSync(path.join(folder, "sub"), { recursive: true });
  };
  clean();
  execFileSync("mkfifo", [path.join(folder, "sub/pipe")]);
  assert.match(await message(folder), /a device, a socket or a pipe cannot be part of a Dir: ".*sub\/pipe"$/);

  for (const target of ["/etc/passwd", "../../outside", "../sub/../../x"]) {
    clean();
    fs.symlinkSync(target, path.join(folder, "sub/link"));
    assert.match(await message(folder), /leads out of it.*sub\/link"$/, target);
  }

  clean();
  fs.symlinkSync("sub", path.join(folder, "deep"));
  fs.symlinkSync("deep/../..", path.join(folder, "through"));
  assert.match(await message(folder), /leads out of it.*through"$/);

  clean();
  fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/sub/`), Buffer.from([0x62, 0xff, 0x64])]), "x");
  assert.match(await message(folder), /not UTF-8: ".*sub\/?"$/);

  clean();
  fs.writeFileSync(path.join(folder, "sub/\ufffd"), "a true replacement character is a name like any other");
  assert.equal((await load(folder)).fact.kind, "known");

  clean();
  assert.match(await message(path.join(folder, "absent")), /no such file/);
});

test("names with newlines, quotes, backslashes and leading dashes survive the manifest", async (t) => {
  const folder = makeFolder(t);
  const names = ["a\nb", 'q"q', "back\\slash", "-rf", " ", "$(x)", "ünïcode", "tab\t", "x ".repeat(30)];
  writeFiles(folder, Object.fromEntries(names.map((name) => [name, name])));
  const { manifest } = await load(folder);
  const entries = parseTree(manifest);
  assert.deepEqual(
    entries.map((entry) => entry.path),
    [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  assert.equal(printTree(entries), manifest);
});

test("rule 26 exclude leaves out files and folders with all below, hidden ones too", async (t) => {
  const folder = makeFolder(t);
  writeFiles(folder, {
    "a.py": "a",
    "__pycache__/a.pyc": "x",
    "sub/__pycache__/b.pyc": "x",
    "sub/b.py": "b",
    ".git/config": "x",
    "note~": "x",
  });
  execFileSync("mkfifo", [path.join(folder, "__pycache__/pipe")]);
  if (process.platform === "linux")
    fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff]), Buffer.from("~")]), "x");
  const { manifest } = await load(folder, ["**/__pycache__", "./.git/", "*~"]);
  assert.deepEqual(
    parseTree(manifest).map((entry) => entry.path),
    ["a.py", "sub", "sub/b.py"],
  );
});

test("an empty folder has a digest, a file in place of a folder has none", async (t) => {
  const folder = makeFolder(t);
  assert.equal((await load(folder)).manifest, "reprod-tree-1\n");
  const file = path.join(folder, "file");
  fs.writeFileSync(file, "");
  assert.match(await message(file), /a part of the path is a file/);
});

test("C9 a manifest from elsewhere is read only as it would have been printed", () => {
  const digest = sha256("x");
  const good = `reprod-tree-1\nd "a"\nf ${digest} 1 "a/b"\nl "c" "a/b"\n`;
  assert.equal(printTree(parseTree(good)), good);
  for (const [what, bad] of [
    ["no header", good.slice(14)],
    ["another version", good.replace("tree-1", "tree-2")],
    ["cut off", good.slice(0, -1)],
    ["an empty line", good.replace("\nd", "\n\nd")],
    ["disorder", `reprod-tree-1\nf ${digest} 1 "b"\nf ${digest} 1 "a"\n`],
    ["twice", `reprod-tree-1\nf ${digest} 1 "a"\nf ${digest} 1 "a"\n`],
    ["upwards", `reprod-tree-1\nf ${digest} 1 "../a"\n`],
    ["absolute", `reprod-tree-1\nf ${digest} 1 "/a"\n`],
    ["a dot", `reprod-tree-1\nf ${digest} 1 "./a"\n`],
    ["a zero byte", `reprod-tree-1\nf ${digest} 1 "a\\u0000"\n`],
    ["no parent", `reprod-tree-1\nf ${digest} 1 "a/b"\n`],
    ["a link as parent", `reprod-tree-1\nl "a" "b"\nf ${digest} 1 "a/x"\nd "b"\n`],
    ["a leaving link", 'reprod-tree-1\nl "a" "../x"\n'],
    ["another escape", `reprod-tree-1\nf ${digest} 1 "\\u0061"\n`],
    ["a lone surrogate", `reprod-tree-1\nf ${digest} 1 "\\ud800"\n`],
    ["an odd size", `reprod-tree-1\nf ${digest} 01 "a"\n`],
    ["a huge size", `reprod-tree-1\nf ${digest} 9999999999999999 "a"\n`],
    ["a short digest", 'reprod-tree-1\nf abc 1 "a"\n'],
  ] as const) {
    assert.throws(
      () => parseTree(bad),
      (error) => error instanceof Failure && error.code === "tree-invalid",
      what,
    );
  }
});

test("links are followed through links, and circles lead nowhere", () => {
  const link = (at: string, target: string): TreeEntry => ({ kind: "link", path: at, target });
  assert.equal(leavingLink([link("a", "b"), link("b", "a")]), undefined);
  assert.equal(leavingLink([link("x/up", ".."), link("out", "x/up/../y")])?.path, "out");
  assert.equal(leavingLink([link("x/up", ".."), link("in", "x/up/y")]), undefined);
});

test("the order of code points is the order of UTF-8 bytes", () => {
  const texts = [
    "",
    "a",
    "ab",
    "b",
    "Z",
    "é",
    "\u07ff",
    "\uffff",
    "\uff5e",
    "\u{10000}",
    "\u{1f600}",
    "\u{10ffff}",
    "a\u{1f600}",
    "a\uff5e",
  ];
  for (const a of texts) {
    for (const b of texts) {
      const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.equal(Math.sign(compareCodePoints(a, b)), expected, JSON.stringify([a, b]));
    }
  }
});
