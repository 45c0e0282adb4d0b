import assert from "node:assert/strict";
import { test } from "node:test";
import { Identifier, idsKnown } from "../../server/graph/recipe.js";
import { MemoryFacts } from "../support/facts.js";
import { evaluated, graphOf, problemsOf } from "../support/graph.js";

const STEP = `
transform Step {
  in from: File?
  param n: Int
  out to: File = "step.\${n}.txt"
  run sh \`\`\`
    cat "$from" > "$to"
  \`\`\`
}
`;

function timed<T>(what: string, run: () => T, report: (line: string) => void): T {
  const start = performance.now();
  const value = run();
  report(`${what}: ${Math.round(performance.now() - start)} ms`);
  return value;
}

test("a chain of 100,000 nodes neither overflows the stack nor takes long", (t) => {
  const facts = new MemoryFacts();
  const text = `${STEP}
node step[0] = Step { n: 0 }
for i in range(1, 100000) { node step[i] = Step { n: i, from: step[i - 1].to } }
`;
  const graph = timed(
    "evaluate",
    () => graphOf(text, { facts }),
    (line) => t.diagnostic(line),
  );
  assert.equal(graph.nodes.length, 100_000);
  assert.equal(graph.nodes[99_999]?.name, "step[99999]");
  const identifier = new Identifier(graph, facts, { useImages: false, platform: "linux/amd64" });
  const ids = timed(
    "ids",
    () => graph.nodes.map((node) => identifier.ids(node)),
    (line) => t.diagnostic(line),
  );
  assert.equal(new Set(ids.map((id) => (idsKnown(id) ? id.recipe : ""))).size, 100_000);
  t.diagnostic(`rss ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
});

test("a chain through params, told backwards, goes 100,000 deep on demand", (t) => {
  const text = `${STEP}
for i in range(99999, 0, -1) { node step[i] = Step { n: step[i - 1].n + 1 } }
node step[0] = Step { n: 0 }
`;
  const graph = timed(
    "evaluate",
    () => graphOf(text),
    (line) => t.diagnostic(line),
  );
  assert.equal(graph.byName.get("step[99999]")?.params[0], 99_999);
});

test("a table of 100,000 rows, aligned and merged by name, is linear", (t) => {
  const names = 10_000;
  const rows = Array.from(
    { length: 100_000 },
    (_, at) => `s${at % names},${Math.floor(at / names)},r${at}.fq`,
  );
  const facts = new MemoryFacts({
    files: { "/p/samples.csv": `name,lane,r1\n${rows.join("\n")}\n`, "/p/g.fa": "A" },
  });
  const text = `
transform Align {
  in reads: File
  in genome: File
  param sample: String
  param lane: Int
  out bam: File = "\${sample}.\${lane}.bam"
  run sh \`\`\`
    align "$genome" "$reads" > "$bam"
  \`\`\`
}
transform Merge {
  in bams: [File]
  param sample: String
  out bam: File = "\${sample}.bam"
  run bash \`\`\`
    cat "\${bams[@]}" > "$bam"
  \`\`\`
}
input genome = file("g.fa")
table samples = csv("samples.csv") { name: String, lane: Int, r1: File }
for s in samples {
  node aligned[s.name, s.lane] = Align { sample: s.name, lane: s.lane, reads: s.r1, genome }
}
for name in unique(samples.name) {
  node merged[name] = Merge { sample: name, bams: aligned[name, *].bam }
}
`;
  const graph = timed(
    "evaluate",
    () => graphOf(text, { facts }),
    (line) => t.diagnostic(line),
  );
  assert.equal(graph.nodes.length, 110_000);
  assert.equal(graph.byName.get('merged["s17"]')?.upstream.length, 10);
  for (const data of graph.data)
    if (data.place.kind === "local") facts.files.set(data.place.path, data.baseName);
  const identifier = new Identifier(graph, facts, { useImages: false, platform: "linux/amd64" });
  timed(
    "ids",
    () => {
      for (const node of graph.nodes) assert.ok(idsKnown(identifier.ids(node)));
    },
    (line) => t.diagnostic(line),
  );
  const memory = process.memoryUsage();
  t.diagnostic(
    `rss ${Math.round(memory.rss / 2 ** 20)} MiB, heap ${Math.round(memory.heapUsed / 2 ** 20)} MiB`,
  );
});

test("30 diamonds in a row cost what a chain does", () => {
  const text = `
transform Pair {
  in a: File?
  in b: File?
  out x: File = "x\${k}"
  out y: File = "y\${k}"
  param k: Int
  run sh \`\`\`
    cat "$a" "$b" > "$x"; cp "$x" "$y"
  \`\`\`
}
node d[0] = Pair { k: 0 }
for i in range(1, 31) { node d[i] = Pair { k: i, a: d[i - 1].x, b: d[i - 1].y } }
`;
  const facts = new MemoryFacts();
  const graph = graphOf(text, { facts });
  const identifier = new Identifier(graph, facts, { useImages: false, platform: "linux/amd64" });
  const start = performance.now();
  for (const node of graph.nodes) assert.ok(idsKnown(identifier.ids(node)));
  // Twice for each level more would be a billion visits.
  assert.ok(performance.now() - start < 1000);
});

test("rule 5: more nodes, longer ranges and longer texts than the limits are problems", () => {
  const nodes = `${STEP}for i in range(1000) { node s[i] = Step { n: i } }`;
  assert.deepEqual(problemsOf(nodes, { settings: { limits: { nodes: 10 } } }), [
    'evaluation-limit: the pipeline has more nodes than the limit, "10"',
  ]);
  const turns = `${STEP}for i in range(20) { for j in range(1000) { if i > j { node s[i, j] = Step { n: i } } } }`;
  assert.deepEqual(problemsOf(turns, { settings: { limits: { turns: 1500 } } }), [
    'evaluation-limit: loops come to more turns than the limit, "1500"',
  ]);
  const millions = `let xs = [a for a in range(1000000) for b in range(1000000) if false]`;
  assert.match(problemsOf(millions).join(), /^evaluation-limit: lists, ranges and loops/);
  const doubled = Array.from({ length: 40 }, (_, at) => `let s${at + 1} = "\${s${at}}\${s${at}}"`).join("\n");
  assert.match(problemsOf(`let s0 = "0123456789"\n${doubled}`).join(), /^evaluation-limit: texts come to/);
  assert.match(problemsOf("let n = range(9007199254740991)").join(), /^evaluation-limit/);
});

test("a circle of 100,000 nodes is found, and told by its ends", () => {
  const text = `${STEP}for i in range(100000) { node s[i] = Step { n: i, from: s[mod(i + 1, 100000)].to } }`;
  const { problems, graph } = evaluated(text);
  assert.equal(graph.nodes.length, 0);
  assert.equal(problems.length, 1);
  assert.match(
    problems[0]?.message ?? "",
    /^this node depends on itself: "s\[0\]" → "s\[1\]" → .* → "…" → .* → "s\[99999\]" → "s\[0\]"$/,
  );
});
