import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonValue, type Value } from "../../server/graph/value.js";
import { valueText } from "../../server/graph/value-text.js";
import { MemoryFacts } from "../support/facts.js";
import { evaluated } from "../support/graph.js";

const text = `param depth: Int = 30
param given: String?
param wanted: Int
param memory: Bytes = 1.5 GiB
param span: Duration = 90 min
input genome = file("data/genome.fa")
input outside = file("../x.fa")
input remote = file("https://example.org/x.fa")
input folder = dir("src")
table samples = csv("samples.csv") { name: String, lane: Int }
let names = ["a", "\\u{1F33B}", "b \\"c\\""]
let rate = 0.5 * 2
let row = samples[0]
let ok = depth > 3 and given == null
let out = aligned["x"].bam
let all = aligned[*].bam
let node_itself = aligned["x"]
let broken = div(1, 0)
let many = range(100000)
for name in ["x", "y"] {
  node aligned[name] = Align { name }
}
transform Align {
  param name: String
  out bam: File = "x.bam"
  run sh \`\`\`
    echo "$name" > "$bam"
  \`\`\`
}
`;

test("values of names are told as the language would write them", () => {
  const facts = new MemoryFacts({ files: { "/p/samples.csv": "name,lane\nA,1\nB,2\n" } });
  const evaluation = evaluated(text, { facts, settings: { missingParams: "pending" } });
  const shown = (name: string) => evaluation.valueText(name);
  assert.equal(shown("depth"), "30");
  assert.equal(shown("given"), "null");
  assert.equal(shown("wanted"), undefined);
  assert.equal(shown("memory"), "1536 MiB");
  assert.equal(shown("span"), "90 min");
  assert.equal(shown("genome"), 'file("data/genome.fa")');
  assert.equal(shown("outside"), 'file("/x.fa")');
  assert.equal(shown("remote"), 'file("https://example.org/x.fa")');
  assert.equal(shown("folder"), 'dir("src")');
  assert.equal(shown("names"), '["a", "🌻", "b \\"c\\""]');
  assert.equal(shown("rate"), "1.0");
  assert.equal(shown("row"), '{"name": "A", "lane": 1}');
  assert.equal(shown("ok"), "true");
  assert.equal(shown("out"), 'aligned["x"].bam');
  assert.equal(shown("all"), '[aligned["x"].bam, aligned["y"].bam]');
  assert.equal(shown("node_itself"), 'aligned["x"]');
  assert.equal(shown("broken"), undefined);
  assert.equal(shown("nobody"), undefined);
  assert.equal(shown("aligned"), undefined);
  assert.equal(shown("samples"), undefined);
  assert.equal(evaluation.rowsOf("samples"), 2);
  assert.equal(evaluation.rowsOf("depth"), undefined);
  const many = shown("many") ?? "";
  assert.ok(many.startsWith("[0, 1, 2,") && many.endsWith("…") && many.length <= 201);
});

test("a text is cut between characters, and as soon as it is long enough", () => {
  assert.equal(valueText("x".repeat(1_000_000), "/").length, 201);
  const flowers = valueText("🌻".repeat(500), "/");
  assert.match(flowers, /^"(?:🌻)+…$/u);
  const large: Value = Array.from({ length: 1_000_000 }, (_, at) => at);
  assert.ok(valueText(large, "/").length <= 201);
  const json = valueText(new JsonValue({ a: [1, { b: null }], "c d": "x" }), "/");
  assert.equal(json, '{"a": [1, {"b": null}], "c d": "x"}');
});
