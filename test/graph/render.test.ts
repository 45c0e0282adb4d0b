import assert from "node:assert/strict";
import { test } from "node:test";
import { downstreamOf, neededBy } from "../../server/graph/order.js";
import { dotText } from "../../server/graph/render/dot.js";
import { jsonGraph } from "../../server/graph/render/json.js";
import { mermaidText } from "../../server/graph/render/mermaid.js";
import { svgText } from "../../server/graph/render/svg.js";
import { viewOf } from "../../server/graph/render/view.js";
import { graphOf, nodeNamed } from "../support/graph.js";

const TEXT = (keys: string) => `
pipeline drawn
transform Make {
  param k: String
  out to: File = "x"
  run sh \`\`\`
    echo "$k" > "$to"
  \`\`\`
}
transform Join {
  in files: [File]
  out to: File = "y"
  run bash \`\`\`
    cat "\${files[@]}" > "$to"
  \`\`\`
}
for k in ${keys} { node m[k] = Make { k } }
node all = Join { files: m[*].to }
`;
const SMALL = TEXT('["a", "b"]');

test("dot: boxes, edges, targets", () => {
  assert.equal(
    dotText(viewOf(graphOf(SMALL))),
    `digraph "drawn" {
  rankdir=LR;
  node [shape=box, style=rounded];
  n0 [label="m[\\"a\\"]\\nMake"];
  n1 [label="m[\\"b\\"]\\nMake"];
  n2 [label="all\\nJoin", penwidth=2];
  n0 -> n2;
  n1 -> n2;
}
`,
  );
});

test("Mermaid: the same", () => {
  assert.equal(
    mermaidText(viewOf(graphOf(SMALL), { stateOf: () => "cached" })),
    `flowchart LR
  accTitle: drawn
  accDescr: 3 nodes. Targets: all.
  n0("m#91;#34;a#34;#93;<br/>Make · cached")
  n1("m#91;#34;b#34;#93;<br/>Make · cached")
  n2("all<br/>Join · cached")
  n0 --> n2
  n1 --> n2
  classDef target stroke-width:3px
  class n2 target
`,
  );
});

test("many nodes are folded to their families, with their number and states", () => {
  const graph = graphOf(TEXT("[string(i) for i in range(1000)]"));
  const view = viewOf(graph, { stateOf: (node) => (node.name.length > 7 ? "stale" : "cached") });
  assert.deepEqual(
    view.boxes.map(({ label, detail, kind }) => [label, detail, kind]),
    [
      ["m", "1000 × Make · 100 cached, 900 stale", "family"],
      ["all", "Join · cached", "node"],
    ],
  );
  assert.deepEqual(view.edges, [{ from: 0, to: 1 }]);
  assert.match(view.description, /^1001 nodes, drawn as 2 families\. Targets: all\.$/);
  assert.equal(viewOf(graph, { families: false }).boxes.length, 1001);
  assert.throws(() => svgText(viewOf(graph, { families: false })), { code: "graph-too-large" });
});

test("SVG: accessible, without scripts, with the page's colours", () => {
  const svg = svgText(viewOf(graphOf(SMALL)));
  assert.match(svg, /^<svg [^>]*role="img" aria-labelledby="reprod-title reprod-desc"/);
  assert.match(
    svg,
    /<title id="reprod-title">drawn<\/title>\n<desc id="reprod-desc">3 nodes\. Targets: all\.<\/desc>/,
  );
  assert.equal(svg.match(/<g class="box/g)?.length, 3);
  assert.equal(svg.match(/<path [^>]*marker-end="url\(#reprod-arrow\)"/g)?.length, 2);
  for (const variable of ["--reprod-line", "--reprod-box", "--reprod-target"])
    assert.ok(svg.includes(`var(${variable},`));
  assert.ok(!svg.includes("NaN") && !svg.includes("undefined"));
  const heightOf = (label: string) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${label}<`).exec(svg)?.[1]);
  assert.ok(heightOf("m\\[&quot;a&quot;\\]") < heightOf("m\\[&quot;b&quot;\\]"), "top to bottom as declared");
  // Viewers without variables see dark letters on light boxes, and not black on black.
  for (const [rect] of svg.matchAll(/<rect[^>]*>/g))
    assert.match(rect, / stroke="currentColor" fill="#[0-9a-f]{3,6}"/);
});

test("SVG: lines that run around the boxes stay in the picture", () => {
  const svg = svgText(
    viewOf(
      graphOf(`
pipeline around
transform Make {
  in from: [File]
  out to: File = "x"
  run bash \`\`\`
    cat "\${from[@]}" > "$to"
  \`\`\`
}
node index = Make { from: [] }
for k in ["a", "b"] {
  node made[k] = Make { from: [] }
  for lane in [1, 2] {
    node cut[k, lane] = Make { from: [made[k].to] }
    node put[k, lane] = Make { from: [cut[k, lane].to, index.to] }
  }
  node sorted[k] = Make { from: put[k, *].to }
  node called[k] = Make { from: [sorted[k].to, index.to] }
  node scored[k] = Make { from: [called[k].to, made[k].to, index.to] }
}
`),
    ),
  );
  const [left = 0, top = 0, width = 0, height = 0] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? "")
    .split(" ")
    .map(Number);
  const points = [...svg.matchAll(/<path d="(M[^"]+)" fill="none"/g)].flatMap(([, line = ""]) => [
    ...line.matchAll(/(-?[\d.]+) (-?[\d.]+)/g),
  ]);
  assert.ok(
    points.some(([, , y]) => Number(y) < 0),
    "above all boxes",
  );
  for (const [text, x, y] of points) {
    assert.ok(Number(x) >= left && Number(x) <= left + width, text);
    assert.ok(Number(y) >= top && Number(y) <= top + height, text);
  }
});

test("hostile keys stay text in every format", () => {
  const keys = [
    '\\"]; evil [label=\\"',
    "</text><script>alert(1)</script>",
    "a\\nb\\\\",
    "'\\\"&<>;#{}|`%%",
    "\\u{1}\\u{7f}\\u{202e}",
    "${1}",
  ];
  const text = TEXT(`[${keys.map((key) => `"${key.replaceAll("$", "\\$")}"`).join(", ")}]`);
  const graph = graphOf(text);
  const view = viewOf(graph, { families: false });
  const svg = svgText(view);
  assert.ok(!svg.includes("<script") && !/[\0-\x08]/.test(svg));
  const tags = [...svg.matchAll(/<\/?([a-z]+)/g)].map(([, tag]) => tag);
  assert.deepEqual([...new Set(tags)].sort(), [
    "defs",
    "desc",
    "g",
    "marker",
    "path",
    "rect",
    "style",
    "svg",
    "text",
    "title",
  ]);
  const mermaid = mermaidText(view).split("\n");
  for (const line of mermaid.filter((line) => line.includes("<br/>")))
    assert.match(line, /^ {2}n\d+\("[^"<>;`]*(?:#\d+;[^"<>;`]*)*<br\/>Make"\)$|^ {2}n6\("all<br\/>Join"\)$/);
  const dot = dotText(view).split("\n");
  assert.equal(dot.length, 3 + 7 + 6 + 2, "no key makes a line of its own");
  for (const line of dot.slice(3, 10))
    assert.match(line, /^ {2}n\d+ \[label="(?:[^"\\]|\\.)*"(?:, penwidth=2)?\];$/);
});

test("JSON: every node with its params, ins, outs and upstream nodes", () => {
  const json = jsonGraph(graphOf(SMALL), () => "missing");
  assert.deepEqual(JSON.parse(JSON.stringify(json)).nodes[2], {
    name: "all",
    family: "all",
    transform: "Join",
    state: "missing",
    params: {},
    ins: {
      files: [
        { staged: "inputs/x", node: 'm["a"]', out: "to" },
        { staged: "inputs/1/x", node: 'm["b"]', out: "to" },
      ],
    },
    outs: [{ name: "to", kind: "file", optional: false, path: "y" }],
    upstream: ['m["a"]', 'm["b"]'],
  });
  assert.deepEqual(json.nodes[0]?.params, { k: { String: "a" } });
});

test("an empty graph is drawn too", () => {
  const graph = graphOf("pipeline nothing");
  for (const draw of [dotText, mermaidText, svgText]) assert.ok(!draw(viewOf(graph)).includes("NaN"));
  assert.deepEqual(jsonGraph(graph).nodes, []);
});

test("what targets need comes upstream first; downstream is its reverse", () => {
  const graph = graphOf(`${SMALL}node alone = Make { k: "z" }`);
  const all = nodeNamed(graph, "all");
  assert.deepEqual(
    neededBy([all]).map(({ name }) => name),
    ['m["a"]', 'm["b"]', "all"],
  );
  assert.deepEqual(
    downstreamOf(graph).map((nodes) => nodes.map(({ name }) => name)),
    [["all"], ["all"], [], []],
  );
});
