import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { reprod, reprodJson } from "../support/command-line.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const PIPELINE = `pipeline p
for name in ["a", "b"] {
  for depth in [1, 2] {
    node bases[name, depth] = Count { name, depth }
  }
}
node parts = Split { }
for place in ["x", "x/y"] {
  node below[place] = Nest { place }
}

publish bases[*, *].table to "pub"
publish parts.reads to "pub"

transform Count {
  param name: String
  param depth: Int
  out table: File = "tables/\${name}.\${depth}.tsv"
  out log: File = "log.txt"
  out same: File = "sub/same.txt"
  run sh \`\`\`
    echo "$name $depth" > "$table"
    echo "$name" > "$log"
    echo same > "$same"
  \`\`\`
}
transform Split {
  out reads: [File] = glob("parts/*.fq")
  run sh \`\`\`
    echo 0 > parts/p00.fq
    echo 1 > parts/p01.fq
  \`\`\`
}
transform Nest {
  param place: String
  out made: File = "\${place}"
  run sh \`\`\`
    echo "$place" > "$made"
  \`\`\`
}
`;

function treeOf(folder: string): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** A folder in which everything was run. */
async function afterRun(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": "{}\n", "p.reprod": PIPELINE });
  const run = await reprod(folder, ["run", "p.reprod"]);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  return folder;
}

test("get copies members of a family, or all of it, under the paths that publish gives them too", async (t) => {
  const folder = await afterRun(t);
  const get = (what: string, to: string) => reprod(folder, ["get", "p.reprod", what, "--to", to]);
  const tables = ["tables/a.1.tsv", "tables/a.2.tsv", "tables/b.1.tsv", "tables/b.2.tsv"];
  const cases: readonly (readonly [what: string, files: readonly string[]])[] = [
    ["bases[*, *].table", tables],
    ["bases.table", tables],
    ['bases["a", *].table', tables.slice(0, 2)],
    ["bases[b,1].table", tables.slice(2, 3)],
    ['bases["b", 2]', ["log.txt", "sub/same.txt", "tables/b.2.tsv"]],
    // One path, and the same bytes in each member.
    ["bases.same", ["sub/same.txt"]],
    ["parts", ["parts/p00.fq", "parts/p01.fq"]],
    ['below["x/y"].made', ["x/y"]],
  ];
  for (const [index, [what, files]] of cases.entries()) {
    const got = await get(what, `got/${index}`);
    assert.equal(got.code, 0, `${what}: ${got.stderr}`);
    assert.deepEqual(treeOf(path.join(folder, `got/${index}`)), files, what);
    assert.deepEqual(
      got.stdout.trimEnd().split("\n").sort(),
      files.map((file) => `got/${index}/${file}`),
    );
  }
  assert.equal(fs.readFileSync(path.join(folder, "got/0/tables/b.1.tsv"), "utf8"), "b 1\n");
  assert.deepEqual(treeOf(path.join(folder, "pub")), ["parts/p00.fq", "parts/p01.fq", ...tables]);

  const asJson = JSON.stringify(
    await reprodJson(folder, ["get", "p.reprod", "bases[a, *].same", "--to", "json"]),
  );
  const file = JSON.stringify({ out: "same", path: path.join(folder, "json/sub/same.txt") });
  assert.match(asJson, /"node":"bases\[\\"a\\", 1\]".*"node":"bases\[\\"a\\", 2\]"/);
  assert.equal(asJson.split(file).length, 3, "each node with its file, copied once");
});

test("get refuses what would be one place before it copies anything, and names both nodes", async (t) => {
  const folder = await afterRun(t);
  const get = (what: string) => reprod(folder, ["get", "p.reprod", what, "--to", "got"]);
  for (const [what, first, second] of [
    ["bases", 'bases["a", 1]', 'bases["b", 1]'],
    ["bases[*, 2].log", 'bases["a", 2]', 'bases["b", 2]'],
    ["below", 'below["x"]', 'below["x/y"]'],
  ] as const) {
    const ended = await get(what);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /error\[get-collision\]/);
    assert.ok(ended.stderr.includes(`${first} and ${second} would be copied`), ended.stderr);
    assert.match(ended.stderr, /`--to` once for 'b.* and once for 'b/);
    assert.ok(!fs.existsSync(path.join(folder, "got")), "nothing was begun");
  }
});

test("get of a family that is made in part copies nothing", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": "{}\n", "p.reprod": PIPELINE });
  const run = await reprod(folder, ["run", "p.reprod", "--target", 'bases["a", *]']);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const ended = await reprod(folder, ["get", "p.reprod", "bases.table", "--to", "got"]);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /error\[not-made\]: of 4 nodes 2 have no result to get; .*"bases\["b", 1\]"/);
  assert.match(ended.stderr, /reprod run p\.reprod --target 'bases'/);
  assert.ok(!fs.existsSync(path.join(folder, "got")));
  assert.match(
    (await reprod(folder, ["get", "p.reprod", "bases[a, *].nothing", "--to", "got"])).stderr,
    /error\[unknown-target\].*"nothing"/,
  );
});
