import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { openProject } from "../../server/data/project.js";
import { Tools } from "../../server/data/tools.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A machine: a project, and folders of programs that stand in for what is installed. */
function machine(t: TestContext, programs: { readonly [name: string]: string }) {
  const folder = temporaryFolder(t);
  const install = (name: string, content: string) => {
    writeFiles(folder, { [name]: content });
    fs.chmodSync(path.join(folder, name), 0o755);
  };
  for (const [name, content] of Object.entries(programs)) install(name, content);
  fs.mkdirSync(path.join(folder, "project"));
  const tools = (search: string, find = true) =>
    new Tools(openProject(path.join(folder, "project")), {
      find,
      path: search
        .split(":")
        .map((part) => path.join(folder, part))
        .join(":"),
    });
  const digest = (of: Tools, name: string) => {
    const fact = of.find(name);
    return fact.kind === "known" ? fact.value.sha256 : fact.kind === "absent" ? fact.message : fact.reason;
  };
  return { folder, install, tools, digest };
}

test("A8 a tool is the digest of its real path's file", (t) => {
  const { folder, tools, digest } = machine(t, { "opt/bwa-0.7": "\x7fELF bwa", "bin/other": "x" });
  fs.symlinkSync("../opt/bwa-0.7", path.join(folder, "bin/bwa"));
  const found = tools("bin");
  assert.deepEqual(found.find("bwa"), {
    kind: "known",
    value: { path: path.join(folder, "opt/bwa-0.7"), sha256: sha256("\x7fELF bwa") },
  });
  assert.equal(
    found.folder("bwa"),
    path.join(folder, "bin"),
    "scripts get the folder in which it goes by this name",
  );
  assert.equal(digest(found, "other"), sha256("x"));
});

test("A8 a #! tool counts with its interpreter, one level through env", (t) => {
  const { folder, install, tools, digest } = machine(t, { "bin/python9": "python one" });
  install("bin/tool", `#!${folder}/bin/python9 -E\nprint()\n`);
  install("bin/through", "#!/usr/bin/env python9\nprint()\n");
  install("bin/split", "#!/usr/bin/env -S A=b python9 -E\nprint()\n");
  install("bin/shell", "#!/bin/bash -e\necho\n");
  install("bin/lost", "#!/no/such/interpreter\n");
  const names = ["tool", "through", "split", "shell"];
  const before = names.map((name) => digest(tools("bin"), name));
  for (const each of before) assert.match(each, /^[0-9a-f]{64}$/);
  install("bin/python9", "python two");
  const after = names.map((name) => digest(tools("bin"), name));
  assert.deepEqual(
    names.filter((_, index) => before[index] !== after[index]),
    ["tool", "through", "split"],
    "a shell counts by its name alone",
  );
  assert.match(
    digest(tools("bin"), "lost"),
    /its interpreter is not on this machine: "\/no\/such\/interpreter", for the tool "lost"/,
  );
});

test("A8 a changed file is hashed again, a changed PATH is not followed", (t) => {
  const { folder, install, tools, digest } = machine(t, { "old/tool": "one", "new/tool": "two" });
  assert.equal(digest(tools("old:new"), "tool"), sha256("one"));
  assert.equal(digest(tools("new:old"), "tool"), sha256("one"), "the kept place counts");
  install("old/tool", "an update");
  assert.equal(digest(tools("new:old"), "tool"), sha256("an update"));
  const again = tools("new:old");
  assert.equal(digest(again, "tool"), sha256("an update"));
  again.findAgain(["tool"]);
  assert.equal(digest(again, "tool"), sha256("two"));
  assert.equal(digest(tools("old"), "tool"), sha256("two"), "and this is kept now");
  fs.rmSync(path.join(folder, "new/tool"));
  assert.match(digest(tools("old"), "tool"), /was found before and is gone from there .*: "tool"$/);
});

test("A8 a link that is turned to another version makes another tool", (t) => {
  const { folder, tools, digest } = machine(t, { "opt/v1": "one", "opt/v2": "two" });
  fs.mkdirSync(path.join(folder, "bin"));
  fs.symlinkSync("../opt/v1", path.join(folder, "bin/tool"));
  assert.equal(digest(tools("bin"), "tool"), sha256("one"));
  fs.rmSync(path.join(folder, "bin/tool"));
  fs.symlinkSync("../opt/v2", path.join(folder, "bin/tool"));
  assert.equal(digest(tools("bin"), "tool"), sha256("two"));
});

test("A8 who may not look into PATH reads what the command line has found", (t) => {
  const { tools, digest } = machine(t, { "bin/tool": "one" });
  assert.match(digest(tools("bin", false), "tool"), /has not been looked for/);
  digest(tools("bin"), "tool");
  assert.equal(digest(tools("elsewhere", false), "tool"), sha256("one"));
});

test("A8 bash and sh count by name", (t) => {
  const one = machine(t, { "bin/bash": "one", "bin/sh": "one" });
  const two = machine(t, { "bin/bash": "two", "bin/sh": "two" });
  for (const name of ["bash", "sh"]) {
    assert.equal(one.digest(one.tools("bin"), name), two.digest(two.tools("bin"), name));
    assert.equal(one.tools("bin").folder(name), undefined);
  }
});

test("what is no program is not found", (t) => {
  const { folder, tools, digest } = machine(t, { "bin/tool": "x" });
  fs.chmodSync(path.join(folder, "bin/tool"), 0o644);
  fs.mkdirSync(path.join(folder, "bin/folder"));
  for (const name of ["tool", "folder", "absent", "-x", "a\nb"]) {
    assert.match(digest(tools("bin:nowhere"), name), /no program of this name is in PATH/, name);
  }
  for (const name of ["", "../bin/tool", "/bin/sh"])
    assert.match(digest(tools("bin"), name), /without a folder/);
});

test("tools.json that is torn, foreign or not writable costs a search and no more", (t) => {
  const { folder, tools, digest } = machine(t, { "bin/tool": "one" });
  const file = path.join(folder, "project/.reprod/tools.json");
  for (const content of [
    "",
    "{",
    "[]",
    '{"tools": 5}',
    '{"tools": {"tool": {"path": "x", "stat": "", "sha256": "y"}}}',
  ]) {
    writeFiles(folder, { "project/.reprod/tools.json": content });
    assert.equal(digest(tools("bin"), "tool"), sha256("one"), content);
  }
  fs.rmSync(path.join(folder, "project/.reprod"), { recursive: true });
  writeFiles(folder, { "project/reprod.json": "{}", "project/.reprod": "a file in the way" });
  assert.equal(digest(tools("bin"), "tool"), sha256("one"));
  assert.equal(fs.existsSync(file), false);
});
