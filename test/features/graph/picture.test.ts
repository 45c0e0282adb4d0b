import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { graphPicture, type PictureOptions } from "../../../server/features/graph-picture.js";
import type { GraphNode } from "../../../server/graph/model.js";
import type { GraphBox, GraphPicture, ShownState } from "../../../server/protocol.js";
import { MemoryFacts } from "../../support/facts.js";
import { graphOf } from "../../support/graph.js";

const TRANSFORM = (name: string) => `
transform ${name} {
  in from: [File]
  out to: File = "x"
  run bash \`\`\`
    cat "\${from[@]}" > "$to"
  \`\`\`
}
`;

const ALIGN = `
pipeline snpcalling
${TRANSFORM("Index")}${TRANSFORM("Align")}${TRANSFORM("Merge")}
input genome = file("genome.fa")
node index = Index { from: [genome] }
for k in ["a", "b", "c"] {
  node aligned[k] = Align { from: [index.to, file("reads/\${k}.fq")] }
  node merged[k] = Merge { from: [aligned[k].to] }
}
node report = Merge { from: merged[*].to }
target report
`;

function options(given: Partial<PictureOptions> = {}): PictureOptions {
  return { unfolded: new Set(), stateOf: () => "cached", folder: "/p", ...given };
}

function facts(...files: readonly string[]): MemoryFacts {
  return new MemoryFacts({ files: Object.fromEntries(files.map((file) => [`/p/${file}`, ""])) });
}
const alignGraph = () =>
  graphOf(ALIGN, { facts: facts("genome.fa", "reads/a.fq", "reads/b.fq", "reads/c.fq") });

const shown = ({ boxes }: GraphPicture) => boxes.map(({ id, detail }) => `${id} | ${detail}`);
const lines = ({ edges }: GraphPicture) =>
  edges.map(({ from, to, causal }) => `${from} ${causal ? "⇒" : "→"} ${to}`);
const box = ({ boxes }: GraphPicture, id: string): GraphBox => {
  const found = boxes.find((one) => one.id === id);
  assert.ok(found, id);
  return found;
};

test("families are boxes, with what they read and whom they wait for", () => {
  const picture = graphPicture(alignGraph(), options());
  assert.deepEqual(shown(picture), [
    "input:/p/genome.fa | ",
    "input:/p/reads/a.fq | reads/",
    "input:/p/reads/b.fq | reads/",
    "input:/p/reads/c.fq | reads/",
    "node:index | Index",
    "family:aligned | 3 × Align",
    "family:merged | 3 × Merge",
    "node:report | Merge",
  ]);
  assert.deepEqual(lines(picture), [
    "input:/p/genome.fa → node:index",
    "input:/p/reads/a.fq → family:aligned",
    "input:/p/reads/b.fq → family:aligned",
    "input:/p/reads/c.fq → family:aligned",
    "node:index → family:aligned",
    "family:aligned → family:merged",
    "family:merged → node:report",
  ]);
  assert.deepEqual(
    picture.boxes.filter(({ target }) => target).map(({ id }) => id),
    ["node:report"],
  );
  assert.equal(picture.title, "snpcalling");
  assert.equal(picture.description, "8 nodes. Targets: report.");
});

test("an unfolded family shows its members, which can be folded again", () => {
  const picture = graphPicture(alignGraph(), options({ unfolded: new Set(["aligned"]) }));
  const members = picture.boxes.filter(({ family }) => family === "aligned");
  assert.deepEqual(
    members.map(({ id, kind, nodes }) => [id, kind, nodes]),
    [
      ['node:aligned["a"]', "node", 1],
      ['node:aligned["b"]', "node", 1],
      ['node:aligned["c"]', "node", 1],
    ],
  );
  assert.ok(lines(picture).includes('input:/p/reads/b.fq → node:aligned["b"]'));
  assert.ok(lines(picture).includes('node:aligned["b"] → family:merged'));
  // What is no family cannot be unfolded.
  const same = graphPicture(alignGraph(), options({ unfolded: new Set(["report", "no such family"]) }));
  assert.deepEqual(same, graphPicture(alignGraph(), options()));
  assert.equal(box(same, "node:report").family, undefined);
});

test("states are counted, reasons and places asked for by name", () => {
  const states: { readonly [name: string]: ShownState } = {
    'aligned["b"]': "stale",
    'merged["b"]': "waiting",
  };
  const place = {
    uri: "file:///p/main.reprod",
    range: { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } },
  };
  const picture = graphPicture(
    alignGraph(),
    options({
      stateOf: ({ name }) => states[name] ?? "cached",
      whyOf: (name) => (name === "aligned" ? "param lossy false → true" : undefined),
      placeOf: ({ family }) => (family === "aligned" ? place : undefined),
    }),
  );
  assert.deepEqual(box(picture, "family:aligned").counts, { cached: 2, stale: 1 });
  assert.equal(box(picture, "family:aligned").why, "param lossy false → true");
  assert.deepEqual(box(picture, "family:aligned").place, place);
  assert.equal("why" in box(picture, "family:merged"), false);
  assert.deepEqual(box(picture, "input:/p/genome.fa").counts, {});
});

test("edges from a cause to what is stale or waits because of it are marked", () => {
  const marked = (states: { readonly [name: string]: ShownState }, unfolded: readonly string[] = []) =>
    lines(
      graphPicture(
        alignGraph(),
        options({ stateOf: ({ name }) => states[name] ?? "cached", unfolded: new Set(unfolded) }),
      ),
    ).filter((line) => line.includes("⇒"));
  const stale = { 'aligned["b"]': "stale", 'merged["b"]': "waiting", report: "waiting" } as const;
  assert.deepEqual(marked(stale), ["family:aligned ⇒ family:merged", "family:merged ⇒ node:report"]);
  assert.deepEqual(marked(stale, ["aligned", "merged"]), [
    'node:aligned["b"] ⇒ node:merged["b"]',
    'node:merged["b"] ⇒ node:report',
  ]);
  // Before the first run everything is missing, and nothing is to blame.
  const missing = {
    index: "missing",
    'aligned["a"]': "missing",
    'merged["a"]': "missing",
    report: "missing",
  } as const;
  assert.deepEqual(marked(missing), []);
  assert.deepEqual(marked({ ...missing, index: "failed" }), ["node:index ⇒ family:aligned"]);
  // What is cached all the same is nobody's effect.
  assert.deepEqual(marked({ 'aligned["b"]': "stale" }), []);
});

test("many inputs of the same readers become one box", () => {
  const files = Array.from({ length: 60 }, (_, at) => `data/run/${at}.fq`);
  const text = `
${TRANSFORM("Make")}
for k in [string(i) for i in range(60)] { node made[k] = Make { from: [file("data/run/\${k}.fq")] } }
node all = Make { from: made[*].to }
`;
  const graph = graphOf(text, { facts: facts(...files) });
  const inputsOf = (picture: GraphPicture) =>
    picture.boxes.filter(({ kind }) => kind === "input").map(({ label, detail }) => `${label} in ${detail}`);
  assert.deepEqual(inputsOf(graphPicture(graph, options())), ["60 inputs in data/run/"]);
  // One box a member would be sixty of them: of all members it is one again.
  const unfolded = graphPicture(graph, options({ unfolded: new Set(["made"]) }));
  assert.deepEqual(inputsOf(unfolded), ["60 inputs in data/run/"]);
  assert.equal(lines(unfolded).filter((line) => line.startsWith("inputs:")).length, 60);
});

const WIDE = `
${TRANSFORM("Make")}
node index = Make { from: [] }
for i in range(2000) { node wide[i] = Make { from: [index.to] } }
node all = Make { from: wide[*].to }
`;

test("a large family shows what wants attention first, and says how many more there are", () => {
  const graph = graphOf(WIDE);
  const picture = graphPicture(
    graph,
    options({
      unfolded: new Set(["wide"]),
      stateOf: ({ name }) => (name === "wide[1999]" ? "failed" : name === "wide[1500]" ? "stale" : "cached"),
    }),
  );
  const members = picture.boxes.filter(({ family }) => family === "wide");
  assert.equal(members.length, 101);
  assert.deepEqual(
    members.slice(-3).map(({ id, label, nodes, counts }) => [id, label, nodes, counts]),
    [
      ["node:wide[1500]", "wide[1500]", 1, { stale: 1 }],
      ["node:wide[1999]", "wide[1999]", 1, { failed: 1 }],
      ["more:wide", "and 1,900 more", 1900, { cached: 1900 }],
    ],
  );
});

test("places do not depend on states", () => {
  const placesOf = (stateOf: (node: GraphNode) => ShownState | undefined) =>
    graphPicture(alignGraph(), options({ stateOf, unfolded: new Set(["merged"]) })).boxes.map(
      ({ id, x, y, width, height }) => [id, x, y, width, height],
    );
  assert.deepEqual(
    placesOf(() => undefined),
    placesOf(({ index }) => (index % 2 === 0 ? "running" : "failed")),
  );
});

test("more unfolded than fits: fewer members, then all folded, and the description says so", () => {
  const text = `
${TRANSFORM("Make")}
for i in range(300) { node a[i] = Make { from: [] } }
for i in range(300) { node b[i] = Make { from: a[*].to } }
`;
  const graph = graphOf(text);
  const picture = graphPicture(graph, options({ unfolded: new Set(["a", "b"]) }));
  assert.equal(picture.boxes.length, 82);
  assert.equal(picture.edges.length, 41 * 41);
  const names = Array.from({ length: 120 }, (_, at) => `f${at}`);
  const many = graphOf(
    `${TRANSFORM("Make")}for i in range(9) {\n${names.map((name) => `node ${name}[i] = Make { from: [] }`).join("\n")}\n}`,
  );
  const folded = graphPicture(many, options({ unfolded: new Set(names) }));
  assert.equal(folded.boxes.length, 120);
  assert.match(folded.description, /More is unfolded than one picture can show: all families are folded\.$/);
});

test("10,000 nodes of 30 families are drawn within 50 ms", (t) => {
  const families = Array.from({ length: 29 }, (_, at) =>
    at === 0
      ? "node f0[i] = Make { from: [] }"
      : `node f${at}[i] = Make { from: [f${at - 1}[i].to, f${Math.floor(at / 3)}[i].to] }`,
  );
  const graph = graphOf(
    `${TRANSFORM("Make")}for i in range(345) {\n${families.join("\n")}\n}\nnode last = Make { from: f28[*].to }`,
  );
  assert.equal(graph.nodes.length, 29 * 345 + 1);
  const stateOf = ({ index }: GraphNode) => (index % 5 === 0 ? "stale" : "cached");
  const timed = (unfolded: readonly string[]) => {
    const start = performance.now();
    const { boxes } = graphPicture(graph, options({ stateOf, unfolded: new Set(unfolded) }));
    return { boxes: boxes.length, milliseconds: performance.now() - start };
  };
  const first = timed([]);
  // Each with another layout, so that none is taken from the one before.
  const more = [3, 7, 9, 11, 13].map((at) => timed([`f${at}`]));
  const again = timed([]);
  t.diagnostic(
    `first ${first.milliseconds.toFixed(0)} ms; one family of 345 unfolded ${more.map(({ milliseconds }) => milliseconds.toFixed(0)).join(", ")} ms; again ${again.milliseconds.toFixed(0)} ms`,
  );
  assert.equal(first.boxes, 30);
  assert.equal(more[0]?.boxes, 130);
  assert.ok(Math.min(first.milliseconds, again.milliseconds) < 50);
});

test("3,000 families are folded by transform; 3,000 transforms too, to a picture of their own", (t) => {
  const families = Array.from({ length: 3000 }, (_, at) => {
    const from = at < 4 ? "[]" : `[f${at - 1}.to, f${at - 4}.to]`;
    return `node f${at} = Make${at % 12} { from: ${from} }`;
  });
  const transforms = (count: number) =>
    Array.from({ length: count }, (_, at) => TRANSFORM(`Make${at}`)).join("");
  const twelve = graphOf(`${transforms(12)}${families.join("\n")}`);
  const start = performance.now();
  const picture = graphPicture(twelve, options());
  t.diagnostic(`3,000 families: ${(performance.now() - start).toFixed(0)} ms`);
  assert.equal(picture.boxes.length, 12);
  assert.equal(box(picture, "transform:Make0").detail, "250 nodes in 250 families");
  assert.match(picture.description, /too many families/);
  const own = families.map((text, at) => text.replace(/Make\d+/, `Make${at}`));
  const many = graphPicture(graphOf(`${transforms(3000)}${own.join("\n")}`), options());
  assert.equal(many.boxes.length, 201);
  assert.equal(box(many, "more:").label, "and 2,800 more transforms");
});

test("an empty graph is a picture too", () => {
  const picture = graphPicture(graphOf("pipeline nothing"), options());
  assert.deepEqual([picture.boxes, picture.edges], [[], []]);
  assert.equal(picture.description, "0 nodes.");
  assert.ok(picture.width > 0 && picture.height > 0);
});

/** Pipelines with families that read each other in any way that is no circle of nodes. */
const pipelines = fc
  .array(
    fc.record({
      family: fc.integer({ min: 0, max: 5 }),
      reads: fc.array(fc.nat(), { maxLength: 3 }),
      files: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map((nodes) =>
    nodes.map(({ family, reads, files }, at) => {
      const from = [
        ...reads
          .filter(() => at > 0)
          .map((read) => read % at)
          .map((read) => `f${nodes[read]?.family}[${read}].to`),
        ...files.map((file) => `file("d/${file}.txt")`),
      ];
      return `node f${family}[${at}] = Make${family % 2} { from: [${from.join(", ")}] }`;
    }),
  )
  .map((statements) => `${TRANSFORM("Make0")}${TRANSFORM("Make1")}${statements.join("\n")}`);

test("whatever is unfolded: no boxes overlap, edges end at boxes, ids are unique, nodes are counted once", () => {
  const world = facts(...[0, 1, 2, 3, 4].map((at) => `d/${at}.txt`));
  fc.assert(
    fc.property(pipelines, fc.subarray(["f0", "f1", "f2", "f3", "f4", "f5"]), (text, names) => {
      const graph = graphOf(text, { facts: world });
      const unfolded = new Set(names);
      const picture = graphPicture(graph, options({ unfolded }));
      const ids = new Set(picture.boxes.map(({ id }) => id));
      assert.equal(ids.size, picture.boxes.length);
      for (const { from, to, points } of picture.edges)
        assert.ok(ids.has(from) && ids.has(to) && points.length >= 2);
      for (const [at, a] of picture.boxes.entries())
        for (const b of picture.boxes.slice(0, at))
          assert.ok(
            a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
            `${a.id} and ${b.id} lie over each other`,
          );
      assert.equal(
        picture.boxes.reduce((sum, { nodes }) => sum + nodes, 0),
        graph.nodes.length,
      );
      const pairs = new Set(picture.edges.map(({ from, to }) => `${from} ${to}`));
      assert.equal(pairs.size, picture.edges.length, "each pair of boxes is connected once");
      // The same again, and unfolded and folded again: nothing is left of it.
      assert.deepEqual(graphPicture(graph, options({ unfolded })), picture);
      const folded = graphPicture(graph, options());
      graphPicture(graph, options({ unfolded: new Set(["f0", ...names]) }));
      assert.deepEqual(graphPicture(graph, options()), folded);
    }),
    { numRuns: 150 },
  );
});
