import assert from "node:assert/strict";
import { test } from "node:test";
import { loadProgram } from "../../server/language/program.js";
import { symbolAt, usesOf } from "../../server/language/symbols.js";
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
  ["lib.reprod", 'out |bam: File = "${', ["lib.reprod:6 bam", "lib.reprod:8 bam", "main.reprod:12 bam"]],
  [
    "lib.reprod",
    "transform |Merge",
    ["lib.reprod:11 Merge", "main.reprod:1 Merge", "main.reprod:1 M", "main.reprod:12 M"],
  ],
] as const)
  test(`references to ${marked}`, () => {
    const symbol = symbolAt(program, `/${file}`, at(file, marked));
    assert.ok(symbol !== undefined);
    assert.deepEqual(
      usesOf(program, symbol.definitions).map(({ place }) => shown(place)),
      places,
    );
  });

/** What `usesOf` finds in one file from the first definition of what stands at `|`. */
function uses(marked: string, more: ReadonlyMap<string, string> = new Map()): readonly string[] {
  const text = marked.replace("|", "");
  const sources = new Map([["main.reprod", text], ...more]);
  const loaded = loadProgram("/main.reprod", sourceOf(sources));
  const symbol = symbolAt(loaded, "/main.reprod", marked.indexOf("|"));
  assert.ok(symbol !== undefined);
  return usesOf(loaded, symbol.definitions).map(({ place: { path, span, shorthand } }) => {
    const source = sources.get(path.slice(1)) ?? "";
    const line = source.slice(0, span.start).split("\n").length;
    return `${path.slice(1)}:${line}${shorthand === undefined ? "" : ` ${shorthand}`}`;
  });
}

test("an alias has all names of what it stands for, also those that do not look like it", () =>
  assert.deepEqual(
    uses(
      'import { Merge as Q } from "./l.reprod"\nnode a = |Q {}\n',
      new Map([["l.reprod", "transform Merge {}"]]),
    ),
    ["l.reprod:1", "main.reprod:1", "main.reprod:1", "main.reprod:2"],
  ));

test("transforms with the same members are kept apart, also after an edit that only changes who makes a node", () => {
  const before = `node a = T {}
publish a.x to "r/"
transform T { out x: File = "x" }
transform U { out x: File = "x" }
`;
  const after = before.replace("= T {}", "= U {}");
  const old = loadProgram("/main.reprod", sourceOf(new Map([["main.reprod", before]])));
  const now = loadProgram("/main.reprod", sourceOf(new Map([["main.reprod", after]])), old);
  const at = after.indexOf("x to");
  for (const [program, text, line] of [
    [old, before, 3],
    [now, after, 4],
  ] as const) {
    const [place] = symbolAt(program, "/main.reprod", at)?.definitions ?? [];
    assert.equal(text.slice(0, place?.span.start).split("\n").length, line);
  }
});

test("an edit inside a script leaves the outs of its transform where they are", () => {
  const old = loadProgram("/main.reprod", sourceOf(files));
  const edited = new Map([...files, ["lib.reprod", library.replace("all.bam", "every.bam")]]);
  const now = loadProgram("/main.reprod", sourceOf(edited), old);
  const symbol = symbolAt(now, "/main.reprod", at("main.reprod", "[*, *].|bam"));
  assert.deepEqual(
    symbol?.definitions.map(({ path }) => path),
    ["/lib.reprod"],
  );
});

test("an argument alone stands for two things", () => {
  const text = "param n: Int = 1\nnode a = T { n }\ntransform T { param n: Int }\n";
  assert.deepEqual(uses(text.replace("param n", "param |n")), ["main.reprod:1", "main.reprod:2 value"]);
  assert.deepEqual(uses(text.replace("{ param n", "{ param |n")), [
    "main.reprod:2 argument",
    "main.reprod:3",
  ]);
});
