import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecipeId } from "../../server/base/brand.js";
import type { Graph, Recipe } from "../../server/graph/model.js";
import { causes, causeText, difference, reasonText } from "../../server/graph/reason.js";
import { Identifier, type IdentifierOptions, recipeIdOf } from "../../server/graph/recipe.js";
import { MemoryFacts } from "../support/facts.js";
import { graphOf, nodeNamed } from "../support/graph.js";

const OPTIONS: IdentifierOptions = { useImages: false, platform: "linux/amd64" };

const BASE = `
transform Align {
  tools bwa
  in reads: [File]
  param sample: String
  param depth: Int = 30
  param lossy: Bool = false
  out bam: File = "\${sample}.bam"
  env { MODE: "a" }
  run bash \`\`\`
    first line
    bwa mem "\${reads[@]}" > "$bam"
    last line
  \`\`\`
}
transform Merge {
  in bams: [File]
  out bam: File = "all.bam"
  run bash \`\`\`
    cat "\${bams[@]}" > "$bam"
  \`\`\`
}
for i in range(3) {
  node aligned["S\${i}", i] = Align { sample: "S\${i}", reads: [file("r\${i}.fq"), file("q\${i}.fq")] }
}
node merged = Merge { bams: aligned[*, *].bam }
node report = Merge { bams: [merged.bam] }
`;

function world(): MemoryFacts {
  const files = Object.fromEntries(
    [0, 1, 2].flatMap((i) => [
      [`/p/r${i}.fq`, `r${i}`],
      [`/p/q${i}.fq`, `q${i}`],
    ]),
  );
  return new MemoryFacts({ files, tools: { bwa: "0.7" } });
}

interface Version {
  readonly graph: Graph;
  readonly recipe: (name: string) => Recipe;
  readonly byId: ReadonlyMap<RecipeId, Recipe>;
  readonly nameOf: (id: RecipeId) => string | undefined;
}

function version(text = BASE, facts = world(), options = OPTIONS): Version {
  const graph = graphOf(text, { facts });
  const identifier = new Identifier(graph, facts, options);
  const byId = new Map<RecipeId, Recipe>();
  const names = new Map<RecipeId, string>();
  const recipe = (name: string): Recipe => {
    const found = identifier.recipe(nodeNamed(graph, name));
    if ("unknown" in found) throw new Error(found.unknown);
    return found;
  };
  for (const { name } of graph.nodes) {
    byId.set(recipeIdOf(recipe(name)), recipe(name));
    names.set(recipeIdOf(recipe(name)), name);
  }
  return { graph, recipe, byId, nameOf: (id) => names.get(id) };
}

function texts(after: Version, node = 'aligned["S1", 1]', before = version()): readonly string[] {
  return difference(before.recipe(node), after.recipe(node)).map((reason) =>
    reasonText(reason, after.nameOf),
  );
}

test("each part that differs is told in words, with old and new value", () => {
  const changed = world();
  changed.files.set("/p/r1.fq", "new");
  const upgraded = world();
  upgraded.tools.set("bwa", "0.8");
  const other = world();
  other.host.platform = "darwin/arm64";
  const table: readonly (readonly [Version, readonly string[]])[] = [
    [version(), []],
    [version(BASE.replace("= 30", "= 60")), ["param `depth` 30 → 60"]],
    [version(BASE.replace("depth: Int = 30", "depth: Float = 30")), ["param `depth` 30 (Int) → 30 (Float)"]],
    [
      version(BASE.replace("param lossy: Bool = false", 'param mode: String = "x"')),
      ["param `lossy` removed", 'param `mode` added: "x"'],
    ],
    [version(BASE.replace("first line", "1st line")), ["script changed"]],
    [version(BASE.replace('MODE: "a"', 'MODE: "b", X: "1"')), ['env `MODE` "a" → "b"', 'env `X` added: "1"']],
    [version(BASE.replace("env {", "network yes\n  env {")), ["may reach the network now"]],
    [version(BASE, changed), ["input `reads` has new content: r1.fq"]],
    [version(BASE, upgraded), ["tool `bwa` changed"]],
    [version(BASE.replace("tools bwa", "tools bwa, bash")), []],
    [version(BASE, other), ["platform changed: linux/amd64 → darwin/arm64"]],
    [version(BASE.replace('"${sample}.bam"', '"${sample}.sam"')), ["out `bam` changed"]],
    [
      version(BASE.replace('file("r${i}.fq"), file("q${i}.fq")', 'file("q${i}.fq"), file("r${i}.fq")')),
      ["input `reads` has its files in another order or under other names"],
    ],
    [version(BASE.replace(', file("q${i}.fq")', "")), ["input `reads`: q1.fq removed"]],
  ];
  for (const [after, expected] of table) assert.deepEqual(texts(after), expected);
});

test("sizes and times are told in the units that a person writes, and exactly", () => {
  const withParam = (type: string, value: string) =>
    version(BASE.replace("depth: Int = 30", `depth: ${type} = ${value}`));
  const told = (type: string, before: string, after: string) =>
    texts(withParam(type, after), undefined, withParam(type, before));
  assert.deepEqual(told("Duration", "2 h", "90 s"), ["param `depth` 2 h → 90 s"]);
  assert.deepEqual(told("Duration", "1500 ms", "200 ms"), ["param `depth` 1.5 s → 200 ms"]);
  assert.deepEqual(told("Bytes", "500 MB", "1 GiB"), ["param `depth` 500 MB → 1 GiB"]);
  assert.deepEqual(told("Bytes", "1025 B", "1000 KiB"), ["param `depth` 1025 B → 1000 KiB"]);
  assert.deepEqual(told("[Duration]", "[1 d]", "[1.5 h, 0 s]"), ["param `depth` [1 d] → [90 min, 0 s]"]);
});

test("an image, and where a script runs", () => {
  const image = (
    reference: string,
    images: { readonly [reference: string]: string } = {},
    useImages = true,
  ) => {
    const facts = world();
    for (const [name, digest] of Object.entries(images)) facts.images.set(name, digest);
    return version(BASE.replace("tools bwa", `image "${reference}"\n  tools bwa`), facts, {
      ...OPTIONS,
      useImages,
    });
  };
  const node = 'aligned["S1", 1]';
  const digest = `sha256:${"ab".repeat(32)}`;
  assert.deepEqual(texts(image("x:2", { "x:2": digest }), node, image("x:1")), [
    "image changed: x:1 (not pinned) → sha256:abababababab",
  ]);
  assert.deepEqual(texts(image("x:1", {}, false), node, image("x:1")), [
    "runs on the host now, no longer in its image",
  ]);
});

test("a changed script comes with its lines, and only those around the change", () => {
  const after = version(BASE.replace("first line", "1st line"));
  const reasons = difference(version().recipe('aligned["S0", 0]'), after.recipe('aligned["S0", 0]'));
  const [reason] = reasons;
  assert.ok(reason?.kind === "script");
  assert.deepEqual(reason.lines, [
    "-first line",
    "+1st line",
    ' bwa mem "${reads[@]}" > "$bam"',
    " last line",
  ]);
});

test("a script that is another one throughout is told in bounded time", () => {
  const recipe = version().recipe("merged");
  const lines = (word: string) => Array.from({ length: 20_000 }, (_, at) => `${word} ${at}\n`).join("");
  const start = performance.now();
  const [reason] = difference({ ...recipe, script: lines("a") }, { ...recipe, script: lines("b") });
  assert.ok(reason?.kind === "script" && reason.lines.length === 40_000);
  assert.ok(performance.now() - start < 10_000);
});

test("two recipes differ exactly when their ids do", () => {
  const one = version();
  const recipes = [...one.byId.values(), ...version(BASE.replace("= 30", "= 60")).byId.values()];
  const withNull = { ...one.recipe("merged"), ins: { ...one.recipe("merged").ins, extra: null } };
  for (const a of [...recipes, withNull])
    for (const b of [...recipes, withNull])
      assert.equal(difference(a, b).length === 0, recipeIdOf(a) === recipeIdOf(b));
});

test("an upstream change is followed to its cause, with the path through the graph", async () => {
  const before = version();
  const after = version(
    BASE.replace(
      'reads: [file("r${i}.fq"), file("q${i}.fq")] }',
      'reads: [file("r${i}.fq"), file("q${i}.fq")], lossy: i == 2 }',
    ),
  );
  const reasons = difference(before.recipe("report"), after.recipe("report"));
  assert.deepEqual(
    reasons.map((reason) => reasonText(reason, after.nameOf)),
    ["upstream `merged` changed"],
  );
  const sources = {
    before: async (id: RecipeId) => before.byId.get(id),
    after: async (id: RecipeId) => after.byId.get(id),
  };
  const found = await causes(reasons, sources);
  assert.deepEqual(
    found.flatMap((cause) => causeText(cause, after.nameOf)),
    ['upstream `aligned["S2", 2]`: param `lossy` false → true'],
  );
  assert.deepEqual(found[0]?.path.map(after.nameOf), ['aligned["S2", 2]', "merged"]);
  // Reasons are plain JSON.
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
  const forgotten = await causes(reasons, { ...sources, before: async () => undefined });
  assert.deepEqual(
    forgotten.flatMap((cause) => causeText(cause, after.nameOf)),
    ["upstream `merged`: what it was made of before is no longer stored"],
  );
});

test("causes behind 30 diamonds are found once, looking at each pair once", async () => {
  const text = (first: number) => `
transform Pair {
  in a: File?
  in b: File?
  param k: Int
  out x: File = "x"
  out y: File = "y"
  run sh \`\`\`
    true > "$x"; true > "$y" # $a $b
  \`\`\`
}
node d[0] = Pair { k: ${first} }
for i in range(1, 31) { node d[i] = Pair { k: i, a: d[i - 1].x, b: d[i - 1].y } }
`;
  const [before, after] = [version(text(0)), version(text(100))];
  let looked = 0;
  const found = await causes(difference(before.recipe("d[30]"), after.recipe("d[30]")), {
    before: async (id) => before.byId.get(id),
    after: async (id) => {
      looked++;
      return after.byId.get(id);
    },
  });
  assert.equal(looked, 30);
  assert.deepEqual(
    found.map((cause) => cause.path.length),
    [30],
  );
});
