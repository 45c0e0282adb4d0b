import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { findFiles } from "../../server/data/glob.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

test("rule 12 globs: what matches, in the order of UTF-8 bytes", (t) => {
  const folder = temporaryFolder(t);
  const names = [
    "project/a.csv",
    "project/B.csv",
    "project/é.csv",
    "project/\u{1f600}.csv",
    "project/\uff5e.csv",
    "project/.hidden.csv",
    "project/line\nbreak.csv",
    "project/-dash.csv",
    "project/sub/c.csv",
    "project/sub/deep/d.csv",
    "project/.git/e.csv",
    "project/sub/.cache/f.csv",
    "project/note.txt",
    "project/[x].csv",
    "outside/o.csv",
  ];
  writeFiles(folder, Object.fromEntries(names.map((name) => [name, ""])));
  const project = path.join(folder, "project");
  fs.mkdirSync(path.join(project, "folder.csv"));
  fs.symlinkSync("../outside", path.join(project, "linked"));
  fs.symlinkSync("../outside/o.csv", path.join(project, "linked.csv"));
  fs.symlinkSync("nowhere", path.join(project, "dangling.csv"));
  fs.symlinkSync(".", path.join(project, "sub/circle"));
  const top = [
    "-dash.csv",
    "B.csv",
    "[x].csv",
    "a.csv",
    "line\nbreak.csv",
    "linked.csv",
    "é.csv",
    "\uff5e.csv",
    "\u{1f600}.csv",
  ];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["*.csv", top],
    ["./*.csv", top],
    [
      "**/*.csv",
      [...top, "sub/c.csv", "sub/deep/d.csv"].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    ],
    ["sub/**", ["sub/c.csv", "sub/deep/d.csv"]],
    ["*/c.csv", ["sub/c.csv"]],
    ["sub/*/d.csv", ["sub/deep/d.csv"]],
    ["s*/d*p/*.csv", ["sub/deep/d.csv"]],
    ["{a,B}.csv", ["B.csv", "a.csv"]],
    ["{sub/c,a}.csv", ["a.csv", "sub/c.csv"]],
    ["[ab].csv", ["a.csv"]],
    ["?.csv", ["B.csv", "a.csv", "é.csv", "\uff5e.csv"]],
    [".*.csv", [".hidden.csv"]],
    [".git/*.csv", [".git/e.csv"]],
    ["sub/.cache/*", ["sub/.cache/f.csv"]],
    ["../outside/*.csv", ["../outside/o.csv"]],
    // Named outright, a linked folder is gone into; a wildcard does not.
    ["linked/*.csv", ["linked/o.csv"]],
    ["l*d/*.csv", []],
    ["a.csv", ["a.csv"]],
    ["\\[x\\].csv", ["[x].csv"]],
    ["absent.csv", []],
    ["folder.csv", []],
    ["absent/*.csv", []],
    ["a.csv/*", []],
    [`${folder}/outside/*.csv`, [`${folder}/outside/o.csv`]],
  ];
  for (const [pattern, expected] of cases) {
    assert.deepEqual(findFiles(project, pattern), { kind: "known", value: expected }, pattern);
  }
});

test("a name that is not UTF-8 is told when it matches, and passed over when it does not", (t) => {
  const folder = temporaryFolder(t);
  fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff]), Buffer.from(".csv")]), "");
  fs.writeFileSync(path.join(folder, "a.txt"), "");
  const found = findFiles(folder, "*.csv");
  assert.equal(found.kind, "absent");
  assert.match(found.kind === "absent" ? found.message : "", /not UTF-8/);
  assert.deepEqual(findFiles(folder, "*.txt"), { kind: "known", value: ["a.txt"] });
});

test("a folder that goes round in a circle of links is told", (t) => {
  const folder = temporaryFolder(t);
  fs.symlinkSync("loop", path.join(folder, "loop"));
  const found = findFiles(folder, "loop/*.csv");
  assert.equal(found.kind, "absent");
  assert.match(found.kind === "absent" ? found.message : "", /cannot be listed, its symbolic links go round/);
});
