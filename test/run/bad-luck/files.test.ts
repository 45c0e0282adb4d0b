import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { failureCode, project, say } from "../../support/bad-luck.js";
import { reprod } from "../../support/command-line.js";

const GOOD =
  'pipeline p\nnode n = T {}\ntransform T {\n  out o: File = "o"\n  run bash ```\n    echo x > "$o"\n  ```\n}\n';

/** Commands that read a pipeline file. */
const COMMANDS: readonly (readonly string[])[] = [
  ["check", "p.reprod"],
  ["fmt", "p.reprod"],
  ["plan", "p.reprod"],
  ["run", "p.reprod"],
  ["run", "p.reprod", "--detach"],
  ["explain", "p.reprod", "n"],
  ["graph", "p.reprod", "--format", "dot"],
  ["pin", "p.reprod"],
  ["get", "p.reprod", "n", "--to", "out"],
];

test("a pipeline file that is no text, no file or far too big is refused by name in every command", async (t) => {
  const cases: readonly {
    readonly make: (file: string) => void;
    readonly code: string;
  }[] = [
    { make: (file) => fs.writeFileSync(file, Buffer.from([0x70, 0x0a, 0xfc, 0x00])), code: "file-not-text" },
    { make: (file) => fs.writeFileSync(file, "pipeline p\n\0"), code: "file-not-text" },
    { make: (file) => fs.writeFileSync(file, Buffer.alloc(6 * 1024 * 1024, " ")), code: "file-too-big" },
    { make: (file) => execFileSync("mkfifo", [file]), code: "file-unreadable" },
    { make: (file) => fs.symlinkSync("/dev/zero", file), code: "file-unreadable" },
    { make: (file) => fs.symlinkSync("p.reprod", file), code: "file-unreadable" },
    { make: (file) => fs.symlinkSync("nowhere", file), code: "no-such-file" },
  ];
  for (const [index, { make, code }] of cases.entries()) {
    const folder = project(t, {});
    make(path.join(folder, "p.reprod"));
    // Every command once over all cases, and each case by three of them.
    for (const command of COMMANDS.filter((_, at) => at % 3 === index % 3)) {
      const ended = await say(folder, command);
      assert.equal(ended.code, 2, `${command.join(" ")}: ${ended.all}`);
      assert.match(ended.stderr, new RegExp(`^error\\[${code}\\]: .*p\\.reprod"$`, "m"));
      assert.equal(ended.stdout, "");
    }
    assert.equal(failureCode(await reprod(folder, ["plan", "p.reprod", "--json"])), code);
    assert.ok(!fs.existsSync(path.join(folder, ".reprod/runs")), "nothing was begun");
  }
});

test("a pipeline file that is closed to its reader is told as that", async (t) => {
  if (process.getuid?.() === 0) return t.skip("root may read everything");
  const folder = project(t, { "p.reprod": GOOD });
  fs.chmodSync(path.join(folder, "p.reprod"), 0);
  const ended = await say(folder, ["plan", "p.reprod"]);
  assert.match(ended.stderr, /^error\[file-unreadable\][\s\S]*permission is denied/m);
});

test("an empty pipeline file is one with nothing in it", async (t) => {
  const folder = project(t, { "p.reprod": "" });
  for (const command of COMMANDS.slice(0, 4)) {
    const ended = await say(folder, command);
    assert.equal(ended.code, 0, `${command.join(" ")}: ${ended.all}`);
  }
  assert.match((await say(folder, ["run", "p.reprod"])).stdout, /^done in .*: 0 made, 0 cached$/m);
});

test("one unreadable file does not keep check and fmt from all others, and an import of it is a problem there", async (t) => {
  const folder = project(t, {
    "a.reprod": "pipeline a\nparam x: Int = yes\n",
    "b.reprod": Buffer.from([0xff, 0xfe]),
    "c.reprod":
      'pipeline c\nimport { T } from "./b.reprod"\nimport { U } from "./sub"\nnode n = T {}\nnode m = U {}\n',
    "sub/d.reprod": "pipeline   d\n",
  });
  const checked = await say(folder, ["check", "."]);
  assert.equal(checked.code, 2);
  assert.match(checked.stderr, /^error\[reprod\/unknown-name\].*"yes"/m);
  assert.match(checked.stderr, /^error\[file-not-text\].*b\.reprod"$/m);
  assert.match(checked.stderr, /^error\[reprod\/import-file\].*b\.reprod".*\n +--> c\.reprod:2:19$/m);
  assert.match(
    checked.stderr,
    /^error\[reprod\/import-file\].*sub".*it is a folder.*\n +--> c\.reprod:3:19$/m,
  );
  const json: unknown = JSON.parse((await say(folder, ["check", ".", "--json"])).stdout);
  assert.ok(
    typeof json === "object" && json !== null && "unreadable" in json && Array.isArray(json.unreadable),
  );
  assert.deepEqual(
    json.unreadable.map((failure: unknown) => Object(failure).code),
    ["file-not-text"],
  );
  const formatted = await say(folder, ["fmt", "."]);
  assert.equal(formatted.code, 2);
  assert.match(formatted.stderr, /^error\[file-not-text\].*b\.reprod"$/m);
  assert.equal(fs.readFileSync(path.join(folder, "sub/d.reprod"), "utf8"), "pipeline d\n");
});

test("reprod.json and reprod.lock that are broken, foreign or newer stop everything, at their place", async (t) => {
  const cases: readonly (readonly [file: string, text: string, code: string, place: RegExp])[] = [
    ["reprod.json", "", "project-invalid", /reprod\.json:1:1$/],
    ["reprod.json", '{\n  "name": "x",\n', "project-invalid", /reprod\.json:3:1$/],
    ["reprod.json", "[]", "project-invalid", /reprod\.json:1:1$/],
    ["reprod.json", '{"projectId": "../../../up"}', "project-invalid", /reprod\.json:1:15$/],
    ["reprod.json", '{"format": 2}', "project-invalid", /reprod\.json:1:2$/],
    ["reprod.json", "\0\x01\x02", "project-invalid", /reprod\.json:1:1$/],
    ["reprod.lock", "", "lock-invalid", /reprod\.lock:1:1$/],
    ["reprod.lock", "<<<<<<< ours\n", "lock-invalid", /reprod\.lock:1:1$/],
    ["reprod.lock", '{"format": 1, "images": [], "urls": {}}', "lock-invalid", /reprod\.lock:1:25$/],
    ["reprod.lock", '{"format": 2, "anything": {}}', "lock-newer", /reprod\.lock$/],
  ];
  const folder = project(t, { "p.reprod": GOOD });
  for (const [index, [name, text, code, place]] of cases.entries()) {
    const file = path.join(folder, name);
    const before = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
    fs.writeFileSync(file, text);
    const command = COMMANDS.filter(([word]) => word !== "fmt")[index % (COMMANDS.length - 1)] ?? [];
    const ended = await say(folder, command);
    assert.equal(ended.code, 2, `${text}: ${ended.all}`);
    assert.match(ended.stderr, new RegExp(`^error\\[${code}\\]: `, "m"));
    assert.match(/^ +--> (.*)$/m.exec(ended.stderr)?.[1] ?? "", place);
    assert.equal(failureCode(await reprod(folder, ["plan", "p.reprod", "--json"])), code);
    assert.equal(fs.readFileSync(file, "utf8"), text, "it is left as it is");
    if (before === undefined) fs.rmSync(file);
    else fs.writeFileSync(file, before);
  }
  assert.ok(!fs.existsSync(path.join(folder, ".reprod/store")), "nothing was begun");
  fs.rmSync(path.join(folder, "reprod.json"));
  fs.mkdirSync(path.join(folder, "reprod.json"));
  assert.match((await say(folder, ["run", "p.reprod"])).stderr, /^error\[project-unreadable\]: /m);
});
