import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { nodeEnds, say } from "../../support/bad-luck.js";
import { statesOf } from "../../support/events.js";
import { temporaryFolder, writeFiles } from "../../support/temporary.js";

/** Everything at once that breaks programs which paste text into a shell, a path or a pattern. */
const HOSTILE = "a $(touch pwned) `touch pwned` 'q' \"d\" ; touch pwned # 🧬 * ?[x] {y} \\ %2e -rf ~ é";

function noneWasRun(folder: string): void {
  const names = fs.readdirSync(folder, { recursive: true }).map(String);
  assert.deepEqual(
    names.filter((name) => path.basename(name) === "pwned"),
    [],
    "nothing was run that was not written",
  );
}

test("the folders, files, params, outs and settings of a project may have any name and text", async (t) => {
  const outer = temporaryFolder(t);
  // A name of a folder cannot have a slash; a newline it can.
  const folder = path.join(outer, `-${HOSTILE}\nsecond line`);
  const file = `-f ${HOSTILE}.reprod`;
  const quoted = (text: string) => JSON.stringify(text).replaceAll("${", "\\${");
  const data = `-rf ${HOSTILE}.txt`;
  writeFiles(folder, {
    "reprod.json": '{"projectId": "abcdefghijkl", "name": "x\\ny $(touch pwned)"}\n',
    [`t ${HOSTILE}.csv`]: `key,file,"odd ""column"" $(touch pwned)"\n"x","${data.replaceAll('"', '""')}",1\nX,"${data.replaceAll('"', '""')}",2\n`,
    [data]: "data\n",
    [file]: `table rows = csv(${quoted(`t ${HOSTILE}.csv`)}) {
  key: String
  file: File
  number: Int = ${quoted('odd "column" $(touch pwned)')}
}
param value: String = ${quoted(HOSTILE)}
for r in rows {
  node n[r.key, join([string(i) for i in range(150)], "/../")] = T { file: r.file, key: r.key, value, number: r.number }
}
publish n[*, *].o to ${quoted(`results ${HOSTILE}`)}
transform T {
  in file: File
  param key: String
  param value: String
  param number: Int
  out o: File = "o \${key} \${value}.txt"
  out d: Dir = "d \${key}"
  env { HOSTILE: value }
  run bash \`\`\`
    { cat "$file"; printf '%s' "$value|$HOSTILE|$key|$number"; } > "$o"
    mkdir "$d"
    touch "$d/-rf" "$d/"$'new\\nline' "$d/$value"
  \`\`\`
}
`,
  });
  const run = await say(folder, ["run", "--json", "--", file]);
  assert.equal(run.code, 0, run.all);
  const names = [...nodeEnds(run.stdout).keys()];
  assert.equal(names.length, 2, "keys that differ by case alone are two");
  assert.ok(names.every((name) => name.length > 500));
  const published = path.join(folder, `results ${HOSTILE}`);
  assert.deepEqual(fs.readdirSync(published).sort(), [`o X ${HOSTILE}.txt`, `o x ${HOSTILE}.txt`]);
  assert.equal(
    fs.readFileSync(path.join(published, `o x ${HOSTILE}.txt`), "utf8"),
    `data\n${HOSTILE}|${HOSTILE}|x|1`,
  );
  const name = names.find((each) => each.startsWith('n["x"')) ?? "";
  for (const command of [
    ["show", name],
    ["get", "--to", `got ${HOSTILE}`, "--", file, `${name}.d`],
    ["verify"],
  ])
    assert.equal((await say(folder, command)).code, 0, command[0]);
  const got = path.join(folder, `got ${HOSTILE}`, "d x");
  assert.deepEqual(fs.readdirSync(got).sort(), ["-rf", HOSTILE, "new\nline"]);
  const shown = await say(folder, ["show", path.join(published, `o X ${HOSTILE}.txt`)]);
  assert.match(shown.stdout, /out o of n\["X"/);
  noneWasRun(outer);
  for (const stored of fs.readdirSync(path.join(folder, ".reprod"), { recursive: true }).map(String))
    assert.match(stored, /^[\w./%-]+$/, "no key or value became a path");
});

test("--set takes any text as a value, and what is no value of the type is told", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "reprod.json": "{}\n",
    "p.reprod": `pipeline p
param s: String = "d"
param n: Int = 1
param f: File = file("p.reprod")
node a = T { s, n, f }
transform T {
  param s: String
  param n: Int
  in f: File
  out o: File = "o"
  run bash \`\`\`
    printf '%s' "$s" > "$o"
  \`\`\`
}
`,
  });
  for (const value of [HOSTILE, "", "-x=y", "null\n\u{10FFFF}\u0001"]) {
    const run = await say(folder, ["run", "p.reprod", "--set", `s=${value}`]);
    assert.equal(run.code, 0, run.all);
    await say(folder, ["get", "p.reprod", "a", "--to", "got", "--set", `s=${value}`]);
    assert.equal(fs.readFileSync(path.join(folder, "got/o"), "utf8"), value);
    fs.rmSync(path.join(folder, "got"), { recursive: true });
  }
  for (const [setting, text] of [
    ["n=$(touch pwned)", /param.*n|n.*Int|JSON/],
    ["n=1.5", /Int/],
    ["n=9007199254740993", /Int|2\^53|exact/],
    ["f=nowhere/../../no", /no such file/],
    ["f=", /empty|path/],
    ["no such=1", /no such|unknown|param/],
    ["=1", /NAME=VALUE/],
    ["__proto__=1", /__proto__/],
  ] as const) {
    const ended = await say(folder, ["run", "p.reprod", "--set", setting]);
    assert.equal(ended.code, 2, `${setting}: ${ended.all}`);
    assert.match(ended.stderr, text, setting);
  }
  noneWasRun(folder);
});

test("outs, staged names and keys that lead elsewhere are errors at their place, and nothing runs", async (t) => {
  const folder = temporaryFolder(t);
  const transform = (out: string, more = "") =>
    `pipeline p\nparam k: String = "k"\nnode n = T { k }\ntransform T {\n  param k: String\n${more}  out o: File = ${out}\n  run bash \`\`\`\n    echo "$k" > "$o"; touch ran\n  \`\`\`\n}\n`;
  const cases: readonly (readonly [text: string, args: readonly string[], code: string])[] = [
    [transform('"../up"'), [], "out-path"],
    [transform('"/etc/x"'), [], "out-path"],
    [transform('"-rf"'), [], "out-path"],
    [transform('"inputs/x"'), [], "out-path"],
    [transform('"a/../../b"'), [], "out-path"],
    [transform('""'), [], "out-path"],
    [transform(`"${"x".repeat(300)}"`), [], "out-path"],
    [transform('"${k}.txt"'), ["--set", "k=../../up/k"], "out-path"],
    [transform('"${k}"'), ["--set", "k=-rf"], "out-path"],
    [transform('"${k}"'), ["--set", "k="], "out-path"],
    [transform('"a\\nb/${k}"'), ["--set", "k=.."], "out-path"],
  ];
  for (const [text, args, code] of cases) {
    writeFiles(folder, { "reprod.json": "{}\n", "p.reprod": text });
    const ended = await say(folder, ["run", "p.reprod", ...args]);
    assert.equal(ended.code, 2, `${text}${args}: ${ended.all}`);
    assert.match(
      ended.stderr,
      new RegExp(`^error\\[reprod/${code}\\]: .*\\n +--> p\\.reprod:\\d+:\\d+$`, "m"),
    );
  }
  assert.ok(!fs.existsSync(path.join(folder, ".reprod/runs")));
});

test("names that are too long for a disk fail in words", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "reprod.json": "{}\n",
    "p.reprod": `pipeline ${"p".repeat(300)}
node n = T {}
transform T {
  out o: File = "o"
  run bash \`\`\`
    echo x > "$o"
  \`\`\`
}
`,
  });
  const long = await say(folder, ["run", "p.reprod"]);
  assert.ok(long.code === 0 || long.code === 2, long.all);
  assert.deepEqual((await statesOf(folder, ["p.reprod"])).cached ?? [], long.code === 0 ? ["n"] : []);
});
