import assert from "node:assert/strict";
import { test } from "node:test";
import { loadProgram } from "../../server/language/program.js";
import { referencesTo, symbolAt } from "../../server/language/symbols.js";
import { showType } from "../../server/language/types.js";
import { sourceOf } from "../support/squiggles.js";

const main = `import { Align, Merge as M } from "./lib.reprod"
/// How deep to read.
param depth: Int = 30
table samples = csv("samples.csv") {
  /// The name of a sample.
  name: String, lane: Int
}
for s in samples {
  let label = "\${s.name}-\${depth}"
  node aligned[s.name, s.lane] = Align { sample: label, depth }
}
node merged = M { bams: aligned[*, *].bam }
target merged
check len(samples.lane) > depth
`;
const library = `/// Aligns reads.
transform Align {
  /// Which sample.
  param sample: String
  param depth: Int
  out bam: File = "\${sample}.bam"
  run sh \`\`\`
    echo "$sample $depth" > "$bam"
  \`\`\`
}
transform Merge {
  in bams: [File]
  out bam: File = "all.bam"
  run bash \`\`\`
    cat "\${bams[@]}" > "$bam"
  \`\`\`
}
`;
const files = new Map([
  ["main.reprod", main],
  ["lib.reprod", library],
]);
const program = loadProgram("/main.reprod", sourceOf(files));

/** Where each of these texts stands: `text` with `|` in front of the name that is asked for. */
function at(file: "main.reprod" | "lib.reprod", marked: string): number {
  const text = files.get(file) ?? "";
  const start = text.indexOf(marked.replace("|", ""));
  assert.ok(start >= 0, marked);
  return start + marked.indexOf("|");
}

function shown(place: {
  readonly path: string;
  readonly span: { readonly start: number; readonly end: number };
}): string {
  const text = files.get(place.path.slice(1)) ?? "";
  const line = text.slice(0, place.span.start).split("\n").length;
  return `${place.path.slice(1)}:${line} ${text.slice(place.span.start, place.span.end)}`;
}

test("the example has no problems", () => assert.deepEqual(program.problems, []));

for (const [marked, kind, type, definition, doc] of [
  ["-${|depth}", "param", "Int", "main.reprod:3 depth", "How deep to read."],
  ["param |depth: Int = 30", "param", "Int", "main.reprod:3 depth", "How deep to read."],
  ["in |samples {", "table", "[row of a table]", "main.reprod:4 samples", undefined],
  ["${s.|name}", "column", "String", "main.reprod:6 name", "The name of a sample."],
  ["samples.|lane)", "column", "Int", "main.reprod:6 lane", undefined],
  ["${|s.name}", "loop", "row of a table", "main.reprod:8 s", undefined],
  ["sample: |label", "let", "String", "main.reprod:9 label", undefined],
  ["= |Align {", "import", "unknown", "lib.reprod:2 Align", "Aligns reads."],
  ["{ |sample: label", "param", "String", "lib.reprod:4 sample", "Which sample."],
  ["|aligned[*, *].bam", "node", "family of nodes by [String, Int]", "main.reprod:10 aligned", undefined],
  ["[*, *].|bam", "out", "File", "lib.reprod:6 bam", undefined],
  ["target |merged", "node", "node", "main.reprod:12 merged", undefined],
  ["= |M {", "import", "unknown", "lib.reprod:11 Merge", undefined],
  ["import { |Align", "import", "unknown", "lib.reprod:2 Align", "Aligns reads."],
] as const)
  test(`the name at ${marked}`, () => {
    const symbol = symbolAt(program, "/main.reprod", at("main.reprod", marked));
    assert.ok(symbol !== undefined);
    assert.equal(symbol.kind, kind);
    assert.equal(showType(symbol.type), type);
    assert.equal(symbol.definitions.map(shown).join(), definition);
    assert.equal(symbol.doc, doc);
  });

test("a function has a signature and no place", () => {
  const symbol = symbolAt(program, "/main.reprod", at("main.reprod", "|len(samples"));
  assert.equal(symbol?.kind, "function");
  assert.match(symbol?.signature?.shown ?? "", /^len\(/);
  assert.deepEqual(symbol?.definitions, []);
});

test("no name, no symbol", () => {
  assert.equal(symbolAt(program, "/main.reprod", at("main.reprod", "|= 30")), undefined);
  assert.equal(symbolAt(program, "/gone.reprod", 0), undefined);
});

for (const [file, marked, places] of [
  [
    "main.reprod",
    "param |depth",
    ["main.reprod:3 depth", "main.reprod:9 depth", "main.reprod:10 depth", "main.reprod:14 depth"],
  ],
  ["main.reprod", "${s.|name}", ["main.reprod:6 name", "main.reprod:9 name", "main.reprod:10 name"]],
  ["main.reprod", "let |label", ["main.reprod:9 label", "main.reprod:10 label"]],
  ["lib.reprod", 'out |bam: File = "${', ["lib.reprod:6 bam", "main.reprod:12 bam"]],
  [
    "lib.reprod",
    "transform |Merge",
    ["lib.reprod:11 Merge", "main.reprod:1 Merge", "main.reprod:1 M", "main.reprod:12 M"],
  ],
] as const)
  test(`references to ${marked}`, () => {
    const symbol = symbolAt(program, `/${file}`, at(file, marked));
    assert.ok(symbol !== undefined);
    assert.deepEqual(referencesTo(program, symbol).map(shown), places);
  });
