import assert from "node:assert/strict";
import { test } from "node:test";
import { BytesValue, DurationValue, FloatValue, JsonValue, type Value } from "../../server/graph/value.js";
import { textOf } from "../../server/graph/values.js";
import { cycle } from "../../server/language/checks/cycle.js";
import { MemoryFacts } from "../support/facts.js";
import { evaluated, type Given, graphOf, nodeNamed, problemsOf, program, shownIn } from "../support/graph.js";

const TRANSFORMS = `
transform Make {
  param n: Int = 0
  param label: String?
  out to: File = "made.\${n}.txt"
  out log: File? = "log.txt"
  out parts: [File] = glob("parts/*.csv")
  run sh \`\`\`
    echo "$n" > "$to"
  \`\`\`
}
transform Use {
  in files: [File]
  in one: File?
  param n: Int = 0
  out to: File = "used.txt"
  run bash \`\`\`
    cat "\${files[@]}" "$one" > "$to"
  \`\`\`
}
`;

function names(text: string, given?: Given): readonly string[] {
  return graphOf(TRANSFORMS + text, given).nodes.map(({ name }) => name);
}

function insOf(text: string, name: string, given?: Given) {
  const node = nodeNamed(graphOf(TRANSFORMS + text, given), name);
  return node.ins.map((value) => shownIn(value));
}

// ---------------------------------------------------------------- values

/** The value of an expression, as a param of type Json or the given type sees it. */
function valueGiven(expression: string, type: string, given: Given = {}): Value {
  const text = `
transform T {
  param value: ${type}
  out to: File = "x"
  run python \`\`\`
    open(to, "w").write(str(value))
  \`\`\`
}
node given = T { value: ${expression} }
`;
  return nodeNamed(graphOf(text, given), "given").params[0] ?? null;
}

test("rules 11–13: expressions and their values", () => {
  const table: readonly (readonly [string, string, Value])[] = [
    ["1 + 2 * 3", "Int", 7],
    ["7 / 2", "Float", new FloatValue(3.5)],
    ["1 + 0.5", "Float", new FloatValue(1.5)],
    ["3", "Float", new FloatValue(3)],
    ["-3 - -3", "Int", 0],
    ["div(-7, 2)", "Int", -4],
    ["mod(-7, 2)", "Int", 1],
    ["mod(7, -2)", "Int", -1],
    ["12 GiB", "Bytes", new BytesValue(12 * 2 ** 30)],
    ["0.3 MB", "Bytes", new BytesValue(300_000)],
    ["4.35 kB", "Bytes", new BytesValue(4350)],
    ["1.5 B", "Bytes", new BytesValue(1)],
    ["10 B / 4", "Bytes", new BytesValue(2)],
    ["1 KiB + 1 kB", "Bytes", new BytesValue(2024)],
    ["1 GiB / 1 MiB", "Float", new FloatValue(1024)],
    ["90 min + 30 s", "Duration", new DurationValue(5_430_000)],
    ["2 * 1.5 h", "Duration", new DurationValue(10_800_000)],
    ['"a${1}b${true}c${0.5}"', "String", "a1btruec0.5"],
    ['"${1 KiB}"', "String", "1024"],
    ['"costs $5 \\${x}"', "String", "costs $5 ${x}"],
    ['"a" + "b"', "String", "ab"],
    ["1 < 2 and not (2 < 1)", "Bool", true],
    ['"\u{1F600}" < "\uFF5E"', "Bool", false],
    ["1 == 1.0", "Bool", true],
    ["1 GiB > 1 GB", "Bool", true],
    ["[1, 2] == [1, 2]", "Bool", true],
    ["true ? 1 : 2", "Int", 1],
    ["[1, 2] + [3]", "[Int]", [1, 2, 3]],
    ["[1, null, 2]", "[Int]", [1, 2]],
    ["[1, null, 2]", "[Int?]", [1, null, 2]],
    ["[x * 10 for x in range(4) if mod(x, 2) == 1]", "[Int]", [10, 30]],
    ["[x * 10 + y for x in range(1, 3) for y in [1, 2]]", "[Int]", [11, 12, 21, 22]],
    ['[a + string(b) for (a, b) in zip(["x", "y"], [1, 2])]', "[String]", ["x1", "y2"]],
    ["[5, 6, 7][1]", "Int", 6],
    ["unique([3, 1, 3, 2, 1])", "[Int]", [3, 1, 2]],
    ['sort(["b", "a", "B", "\u{1F600}", "\uFF5E"])', "[String]", ["B", "a", "b", "\uFF5E", "\u{1F600}"]],
    ["sort([10, 9, 2])", "[Int]", [2, 9, 10]],
    ["flatten([[1], [], [2, 3]])", "[Int]", [1, 2, 3]],
    ["len([1, 2])", "Int", 2],
    ['len("a\u{1F600}")', "Int", 2],
    ["sum([1, 2, 3])", "Int", 6],
    ["sum([1 KiB, 1 B])", "Bytes", new BytesValue(1025)],
    ["min([3, 1, 2])", "Int", 1],
    ["max(3, 1, 2)", "Int", 3],
    ['join(["a", "b"], "-")', "String", "a-b"],
    ['split("a,b,,c", ",")', "[String]", ["a", "b", "", "c"]],
    ['split("a\u{1F600}", "")', "[String]", ["a", "\u{1F600}"]],
    ['replace("a.b.c", ".", "$&")', "String", "a$&b$&c"],
    ['basename("x/reads.fq.gz")', "String", "reads.fq.gz"],
    ['basename("x/reads.fq.gz", ".fq.gz")', "String", "reads"],
    ['stem("x/reads.fq.gz")', "String", "reads.fq"],
    ['stem(".hidden")', "String", ".hidden"],
    ["range(5, 0, -2)", "[Int]", [5, 3, 1]],
    ["range(0)", "[Int]", []],
    ['int("-12")', "Int", -12],
    ["int(-3.9)", "Int", -3],
    ['float("1e3")', "Float", new FloatValue(1000)],
    ["-0.0", "Float", new FloatValue(0)],
    ['["a", 1, null]', "Json", new JsonValue(["a", 1, null])],
    ['"loose"', '"strict" | "loose"', "loose"],
    ["9007199254740991", "Int", 9007199254740991],
  ];
  for (const [expression, type, expected] of table)
    assert.deepEqual(valueGiven(expression, type), expected, `${expression} as ${type}`);
});

test("rules 11–14: what has no value is told where it stands", () => {
  const table: readonly (readonly [string, string])[] = [
    ["9007199254740991 + 1", "number-range"],
    ["3037000500 * 3037000500", "number-range"],
    ["1e308 * 10.0", "number-range"],
    ["1 / 0", "bad-operand"],
    ["div(1, 0)", "bad-operand"],
    ["min([i for i in range(0)])", "bad-operand"],
    ['int("x")', "bad-operand"],
    ["zip([1], [1, 2])", "bad-operand"],
    ["range(1, 2, 0)", "bad-operand"],
    ["1 B - 2 B", "number-range"],
    ["[1, 2][2]", "missing-key"],
    ["[1, 2][-1]", "missing-key"],
    ['replace("a", "", "b")', "bad-operand"],
  ];
  for (const [expression, code] of table) {
    const text = `let before = 1\nlet x = ${expression}\n`;
    const { problems } = evaluated(text);
    assert.deepEqual(
      problems.map(({ rule }) => rule.code),
      [`reprod/${code}`],
      expression,
    );
    const [problem] = problems;
    assert.ok(problem && problem.span.start >= text.indexOf("let x ="), expression);
    assert.ok(problem.span.end <= text.length && problem.path === "/p/main.reprod");
  }
});

test("what the checker has found is not told twice", () => {
  assert.deepEqual(problemsOf('let x = 1 + "a"'), []);
  assert.deepEqual(problemsOf("let x = nowhere"), []);
  assert.deepEqual(problemsOf(`${TRANSFORMS}node a = Make { n: "x" }`), []);
  assert.deepEqual(problemsOf("let a = b\nlet b = a"), []);
});

test("json, lines and tables without columns read files that exist", () => {
  const facts = new MemoryFacts({
    files: {
      "/p/c.json": '{"depth": 30, "names": ["a", "b"], "deep": {"x": null, "big": 1e300}}',
      "/p/l.txt": "one\ntwo\n",
      "/p/t.tsv": "a\tb\n1\tx\n2\ty\n",
    },
  });
  const at = (expression: string, type: string) => valueGiven(expression, type, { facts });
  assert.deepEqual(at('json("c.json").depth', "Json"), new JsonValue(30));
  assert.deepEqual(at('int(json("c.json").depth) + 1', "Int"), 31);
  assert.deepEqual(at('json("c.json").deep.x', "Json"), new JsonValue(null));
  assert.deepEqual(at('lines("l.txt")', "[String]"), ["one", "two"]);
  assert.deepEqual(at('[r.b for r in tsv("t.tsv")]', "[String]"), ["x", "y"]);
  assert.deepEqual(problemsOf('let x = json("none.json")'), [
    'unreadable-data: the JSON file "none.json" cannot be read: there is no such file: "/p/none.json"',
  ]);
});

// ---------------------------------------------------------------- params

test("rule 15: `--set` values are text for String and File, JSON for the rest, and paths start at their folder", () => {
  const at = (type: string, text: string) => {
    const { graph, problems } = evaluated(
      `param p: ${type}
transform T {
  param v: ${type.includes("File") ? "String?" : type}
  in f: File?
  out to: File = "x"
  run bash \`\`\`
    true
  \`\`\`
}
node x = T { ${type.includes("File") ? "f" : "v"}: p }
`,
      { set: { p: text } },
    );
    const [problem] = problems;
    if (problem !== undefined) return `${problem.rule.code}: ${problem.message}`;
    const node = nodeNamed(graph, "x");
    return type.includes("File") ? shownIn(node.ins[0] ?? null) : node.params[0];
  };
  assert.equal(at("String", "30"), "30");
  assert.equal(at("Int", "30"), 30);
  assert.deepEqual(at("Float", "30"), new FloatValue(30));
  assert.equal(at("Bool", "true"), true);
  assert.deepEqual(at("Bytes", "12 GiB"), new BytesValue(12 * 2 ** 30));
  assert.deepEqual(at("Duration", "90min"), new DurationValue(5_400_000));
  assert.deepEqual(at("[String]", '["a", "b"]'), ["a", "b"]);
  assert.equal(at("Int?", "null"), null);
  assert.equal(at('"a" | "b"', "b"), "b");
  assert.equal(at("File", "data/x.txt"), "/cwd/data/x.txt → inputs/x.txt");
  assert.match(
    String(at("Int", "x")),
    /^reprod\/bad-value: the value given for "p" cannot be used: this is not Int: "x"$/,
  );
  assert.match(String(at("Int", "9007199254740993")), /^reprod\/number-range/);
  assert.match(String(at("[Int]", "[1, 2.5]")), /^reprod\/bad-value/);
  assert.match(String(at('"a" | "b"', "c")), /^reprod\/bad-value/);
});

test("a param without a value is a problem for a run, and pending for an editor", () => {
  const text = `param depth: Int\n${TRANSFORMS}node a = Make { n: depth }\nnode b = Make { n: 1 }`;
  assert.deepEqual(problemsOf(text), ['missing-value: no value is given for param "depth"']);
  const { graph, problems, pending } = evaluated(text, { settings: { missingParams: "pending" } });
  assert.deepEqual(problems, []);
  assert.deepEqual(pending, ['no value is given for param "depth"']);
  assert.deepEqual(
    graph.nodes.map(({ name }) => name),
    ["b"],
  );
  assert.deepEqual(problemsOf("param depth: Int = 1", { set: { dept: "2" } }), [
    'bad-value: the pipeline has no param of this name: "dept", did you mean "depth"?',
  ]);
});

test("defaults may use other params, those of transforms too, in any order", () => {
  const text = `
param b: Int = a * 2
param a: Int = 5
transform T {
  param z: Int = y + 1
  param y: Int = x * 10
  param x: Int
  out to: File = "\${z}.txt"
  run sh \`\`\`
    true
  \`\`\`
}
node n = T { x: b }
`;
  const node = nodeNamed(graphOf(text), "n");
  assert.deepEqual(node.params, [101, 100, 10]);
  assert.equal(node.outs[0]?.path, "101.txt");
  assert.deepEqual(nodeNamed(graphOf(text, { set: { a: "1" } }), "n").params, [21, 20, 2]);
});

// ---------------------------------------------------------------- families

const SAMPLES = new MemoryFacts({
  files: {
    "/p/data/samples.csv": 'name,lane,r1,note\nB,1,b1.fq,x\nA,1,a1.fq,\nB,2,"sub/b2.fq",y\n',
  },
});
const TABLE =
  'table samples = csv("data/samples.csv") { name: String, lane: Int, r1: File, note: String? }\n';

test("rule 16: rows of a table are typed, and files start from the table's folder", () => {
  const ins = insOf(
    `${TABLE}for s in samples { node u[s.name, s.lane] = Use { files: [s.r1], n: s.lane } }`,
    'u["B", 2]',
    { facts: SAMPLES },
  );
  assert.deepEqual(ins, [["/p/data/sub/b2.fq → inputs/b2.fq"], null]);
});

test("rule 16: every bad cell is told with its line and column, at the cell where the table can tell where it is", () => {
  const facts = new MemoryFacts({ files: { "/p/t.csv": "name,n,f\na,1,x\nb,,y\nc,1.5,z\n" } });
  const text = 'table t = csv("t.csv") { name: String, n: Int, f: File }';
  const messages = problemsOf(text, { facts });
  assert.deepEqual(messages, [
    'bad-cell: this cell is empty, column "n" in line 3 of "t.csv"',
    'bad-cell: this is not Int: "1.5", column "n" in line 4 of "t.csv"',
  ]);
  assert.deepEqual(problemsOf('table t = csv("t.csv") { other: String }', { facts }), [
    'bad-table: the table "t.csv" has no column "other"; it has "name", "n", "f"',
  ]);
  assert.deepEqual(problemsOf('table t = csv("t.csv") { nmae: String }', { facts }), [
    'bad-table: the table "t.csv" has no column "nmae", did you mean "name"?',
  ]);
  assert.deepEqual(problemsOf('table t = csv("t.csv") { who: String = "name" }', { facts }), []);
  const located = new MemoryFacts({ files: Object.fromEntries(facts.files) });
  const table = located.table.bind(located);
  located.table = (place, separator) => {
    const fact = table(place, separator);
    if (fact.kind !== "known") return fact;
    return {
      kind: "known",
      value: { ...fact.value, cellSpan: (row, column) => ({ start: row * 10, end: row * 10 + column }) },
    };
  };
  const { problems } = evaluated(text, { facts: located });
  assert.deepEqual(
    problems.map(({ path, span }) => [path, span.start]),
    [
      ["/p/t.csv", 10],
      ["/p/t.csv", 20],
    ],
  );
});

test("rule 8: wildcards stand at any position and keep the order of evaluation", () => {
  const text = `${TABLE}
for s in samples { node m[s.name, s.lane] = Make { n: s.lane } }
node first = Use { files: m["B", *].to }
node second = Use { files: m[*, 1].to }
node all = Use { files: m[*, *].to }
`;
  const shown = (name: string) => insOf(text, name, { facts: SAMPLES })[0];
  assert.deepEqual(shown("first"), ['m["B", 1].to → inputs/made.1.txt', 'm["B", 2].to → inputs/made.2.txt']);
  assert.deepEqual(shown("second"), [
    'm["B", 1].to → inputs/made.1.txt',
    'm["A", 1].to → inputs/1/made.1.txt',
  ]);
  assert.equal(shown("all")?.length, 3);
});

test("rule 8: a missing key is an error, also beside a wildcard; no member at all is none", () => {
  const family = `${TRANSFORMS}for i in range(2) { node m[i, "x"] = Make { n: i } }\n`;
  assert.deepEqual(problemsOf(`${family}node u = Use { files: [m[2, "x"].to] }`), [
    'missing-key: there is no node "m[2, "x"]"',
  ]);
  assert.deepEqual(problemsOf(`${family}node u = Use { files: m[*, "y"].to }`), [
    'missing-key: there is no node "m[*, "y"]"',
  ]);
  assert.deepEqual(insOf("for i in range(0) { node m[i] = Make {} }\nnode u = Use { files: m[*].to }", "u"), [
    [],
    null,
  ]);
});

test("rule 7: names are written with JSON literals, and an Int finds the Float that it is", () => {
  const fit = `
for rate in [0.01, 1.0] { for kind in ["cnn", "a \\"b\\""] { node fit[rate, 3, kind, true] = Make {} } }
node u = Use { files: [fit[1, 3, "cnn", true].to] }
`;
  assert.deepEqual(names(fit).slice(0, 2), ['fit[0.01, 3, "cnn", true]', 'fit[0.01, 3, "a \\"b\\"", true]']);
  assert.equal(insOf(fit, "u")[0]?.[0], 'fit[1, 3, "cnn", true].to → inputs/made.0.txt');
});

test("rule 7: two nodes with one name and keys are one too many", () => {
  const text = `${TRANSFORMS}for i in [1, 2, 1] { node m[i] = Make {} }`;
  const { problems } = evaluated(text);
  assert.deepEqual(
    problems.map(({ message }) => message),
    ['a node of this name and keys exists already: "m[1]"'],
  );
  assert.deepEqual(
    problems[0]?.related.map(({ message }) => message),
    ["an earlier turn of the loop made it here"],
  );
  const twice = evaluated(`${TRANSFORMS}node m[1] = Make {}\nfor i in [1] { node m[i] = Make {} }`);
  assert.deepEqual(
    twice.problems[0]?.related.map(({ message }) => message),
    ["the first is declared here"],
  );
});

test("rule 6: names are free in order, and cycles are judged per node", () => {
  const text = `
node last = Use { files: [step[3].to] }
for i in range(1, 4) { node step[i] = Use { files: [step[i - 1].to], n: step[i - 1].n + 1 } }
node step[0] = Use { files: [] }
`;
  assert.deepEqual(names(text), ["step[0]", "step[1]", "step[2]", "step[3]", "last"]);
  assert.equal(nodeNamed(graphOf(TRANSFORMS + text), "step[3]").params[0], 3);
});

test("rule 6: a circle is told with its path, among nodes, values, and loops", () => {
  const nodes = `${TRANSFORMS}node a = Use { files: [b.to] }\nnode b = Use { files: [c.to] }\nnode c = Use { files: [a.to] }\nnode d = Use { files: [c.to] }\nnode free = Make {}`;
  const { problems, graph } = evaluated(nodes);
  assert.deepEqual(
    problems.map(({ rule, message }) => [rule.code, message]),
    [["reprod/cycle", 'this node depends on itself: "a" → "b" → "c" → "a"']],
  );
  assert.equal(problems[0]?.related.length, 2);
  assert.deepEqual(
    graph.nodes.map(({ name }) => name),
    ["free"],
    "what rests on a circle is left out",
  );
  const params = `${TRANSFORMS}for i in [0, 1] { node s[i] = Make { n: s[1 - i].n } }`;
  assert.deepEqual(problemsOf(params), ['cycle: this depends on itself: "s[0]" → "s[1]" → "s[0]"']);
  const loop = `${TRANSFORMS}node m[0] = Make {}\nfor i in range(len(m[*])) { node m[i + 1] = Make {} }`;
  const told = [...program(loop).problems, ...evaluated(loop).problems].filter(({ rule }) => rule === cycle);
  assert.equal(told.length, 1, "by the checker or the evaluation, once");
});

test("rule 6: an `if` beside a family may ask for its members' params", () => {
  const text = `
for i in range(3) {
  node m[i] = Make { n: i * 2 }
  if m[i].n > 2 { node big[i] = Use { files: [m[i].to] } }
}
`;
  assert.deepEqual(names(text), ["m[0]", "m[1]", "m[2]", "big[2]"]);
});

test("rule 9: a conditional node is null outside its branch unless every branch declares it", () => {
  const text = (flag: boolean) => `
param flag: Bool = ${flag}
if flag { node maybe = Make {} } else { let unused = 1 }
if flag { node sure = Make { n: 1 } } else { node sure = Make { n: 2 } }
node u = Use { files: [maybe?.to, sure.to], one: maybe?.to }
`;
  assert.deepEqual(insOf(text(true), "u"), [
    ["maybe.to → inputs/0/made.0.txt", "sure.to → inputs/made.1.txt"],
    "maybe.to → inputs/made.0.txt",
  ]);
  assert.deepEqual(insOf(text(false), "u"), [["sure.to → inputs/made.2.txt"], null]);
});

test("rule 9: a family may be declared in several branches and by several transforms", () => {
  const text = `
for i in range(3) {
  if i == 1 { node m[i] = Use { files: [] } } else { node m[i] = Make { n: i } }
}
node u = Use { files: m[*].to }
`;
  assert.deepEqual(insOf(text, "u")[0], [
    "m[0].to → inputs/made.0.txt",
    "m[1].to → inputs/used.txt",
    "m[2].to → inputs/made.2.txt",
  ]);
});

test("rules 11 and 14: optional and glob outs are passed on, joined and flattened", () => {
  const text = `
for i in range(2) { node m[i] = Make { n: i } }
node one = Use { files: m[0].parts }
node joined = Use { files: m[0].parts + m[1].parts + [m[0].to] }
node flat = Use { files: flatten(m[*].parts), one: m[1].log }
`;
  assert.deepEqual(insOf(text, "one")[0], ["m[0].parts → inputs/files/"]);
  assert.deepEqual(insOf(text, "joined")[0], [
    "m[0].parts → inputs/files/0/",
    "m[1].parts → inputs/files/1/",
    "m[0].to → inputs/made.0.txt",
  ]);
  assert.deepEqual(insOf(text, "flat"), [
    ["m[0].parts → inputs/files/0/", "m[1].parts → inputs/files/1/"],
    "m[1].log → inputs/log.txt",
  ]);
});

// ---------------------------------------------------------------- outs, staging

const OUTS = (outs: string) => `
transform T {
  param p: String = "x"
  in f: File
  ${outs}
  run sh \`\`\`
    true
  \`\`\`
}
param p: String = "x"
node n = T { p, f: file("dir/reads.fq.gz") }
`;

test("rule 18: outs see params, outs above them, and basename and stem of single ins", () => {
  const text = OUTS(
    'out bam: File = "${stem(f)}.${p}.bam"\n  out bai: File = "${bam}.bai"\n  out d: Dir = "./deep//dir/"',
  );
  assert.deepEqual(
    nodeNamed(graphOf(text), "n").outs.map(({ path }) => path),
    ["reads.fq.x.bam", "reads.fq.x.bam.bai", "deep/dir"],
  );
});

test("rule 18 and C9: out paths that lead elsewhere, overlap, or are the engine's are errors", () => {
  const bad = [
    "/abs",
    "",
    "../up",
    "a/../../b",
    "-rf",
    "./-rf",
    ".",
    "inputs/x",
    "Inputs/x",
    ".reprod/x",
    "a\\u{0}b",
  ];
  for (const path of bad) {
    const found = problemsOf(OUTS('out to: File = "${p}"'), { set: { p: path.replace("\\u{0}", "\0") } });
    assert.match(found.join(), /^out-path: .*, in node "n"$/, path);
  }
  const pairs: readonly (readonly [string, boolean])[] = [
    ['out a: File = "${p}"\n  out b: File = "x"', false],
    ['out a: File = "${p}"\n  out b: File = "X"', false],
    ['out a: Dir = "${p}"\n  out b: File = "x/y/z"', false],
    ['out a: File = "${p}/1"\n  out b: File = "x/2"', true],
    ['out a: File = "${p}"\n  out b: File = "xy"', true],
    ['out a: [File] = glob("${p}/*.csv")\n  out b: File = "x/sum.csv"', false],
    ['out a: [File] = glob("${p}/*.csv")\n  out b: File = "x/sum.txt"', true],
    ['out a: [File] = glob("${p}/*.csv")\n  out b: Dir = "x"', false],
  ];
  for (const [outs, fine] of pairs)
    assert.equal(problemsOf(OUTS(outs)).join().startsWith("out-path: outs"), !fine, outs);
});

test("A6 rule 19: ins are staged under their own names in inputs/, and side-cars lie together", () => {
  const text = (ins: string, given: string) => `
transform T {
  ${ins}
  out to: File = "x"
  run bash \`\`\`
    true
  \`\`\`
}
node n = T { ${given} }
`;
  const staged = (ins: string, given: string) =>
    nodeNamed(graphOf(text(ins, given)), "n").ins.map((value) => shownIn(value));
  assert.deepEqual(
    staged("in bam: File\n  in bai: File", 'bam: file("/d/a.bam"), bai: file("/e/a.bam.bai")'),
    ["/d/a.bam → inputs/a.bam", "/e/a.bam.bai → inputs/a.bam.bai"],
  );
  assert.deepEqual(
    staged("in xs: [File]\n  in x: File", 'xs: [file("/a/x"), file("/b/x"), file("/c/X")], x: file("/d/x")'),
    [["/a/x → inputs/0/x", "/b/x → inputs/1/x", "/c/X → inputs/2/X"], "/d/x → inputs/x"],
  );
  assert.deepEqual(staged('in x: File as "reads.fq.gz"\n  in y: File', 'x: file("/d/y"), y: file("/e/y")'), [
    "/d/y → inputs/reads.fq.gz",
    "/e/y → inputs/y",
  ]);
  const collide = (ins: string, given: string) => problemsOf(text(ins, given));
  assert.deepEqual(collide("in x: File\n  in y: File", 'x: file("/d/same"), y: file("/e/Same")'), [
    'staging-collision: two files would be staged at one path, ins "x" and "y": "inputs/Same", in node "n"',
  ]);
  // A file called like the folder that an element would go to.
  assert.match(
    collide("in one: File\n  in xs: [File]", 'one: file("/d/1"), xs: [file("/a/x"), file("/b/x")]').join(),
    /^staging-collision: .*"inputs\/1\/x"/,
  );
});

test("A6 no path of a node has anything of the machine, the user or the run in it", () => {
  const graph = graphOf(
    `${TRANSFORMS}node m = Make {}\nnode u = Use { files: [m.to, file("/home/user/secret/x.txt")] }`,
  );
  for (const node of graph.nodes) {
    for (const { path } of node.outs) assert.ok(!path.startsWith("/"));
    for (const value of node.ins) {
      const items = value === null ? [] : "source" in value ? [value] : value;
      for (const { staged } of items) assert.match(staged, /^inputs\/[^/]+$/);
    }
  }
});

test("A15 an address with a password or a signature is an error, and is not repeated whole", () => {
  const bad = [
    "https://user:hunter2@example.org/x",
    "https://b.s3.amazonaws.com/x?X-Amz-Signature=hunter2&X-Amz-Expires=60",
    "https://a.blob.core.windows.net/x?sv=1&sig=hunter2",
    "https://example.org/x?token=hunter2",
  ];
  for (const url of bad) {
    const found = problemsOf(`input x = file("${url}")`).join();
    assert.match(found, /^url-credentials: /, url);
    assert.ok(!found.includes("hunter2"), found);
  }
  assert.deepEqual(problemsOf('input x = file("https://example.org/x?version=3")'), []);
});

test("addresses and paths: the last part is the name, relative cells start at the table's address", () => {
  const facts = new MemoryFacts({
    files: {
      "https://e.org/d/t.csv": "f\na%20b.fa\n../c.fa\n",
      "s3://b/k/t.csv": "f\nx y.fa\n../z.fa\n/root.fa\n",
    },
  });
  const at = (table: string) =>
    insOf(`table t = csv(file("${table}")) { f: File }\nnode u = Use { files: t.f }`, "u", { facts })[0];
  assert.deepEqual(at("https://e.org/d/t.csv"), [
    "https://e.org/d/a%20b.fa → inputs/a b.fa",
    "https://e.org/c.fa → inputs/c.fa",
  ]);
  assert.deepEqual(at("s3://b/k/t.csv"), [
    "s3://b/k/x y.fa → inputs/x y.fa",
    "s3://b/z.fa → inputs/z.fa",
    "s3://b/root.fa → inputs/root.fa",
  ]);
  for (const path of ["", "/", "https://e.org/", "ftp://e.org/x", "https://e.org/a%2Fb"])
    assert.match(problemsOf(`input x = file("${path}")`).join(), /^data-path: /, path);
});

// ---------------------------------------------------------------- the rest of a graph

test("targets are what the text says, else what nothing uses; publications have absolute folders", () => {
  const text = `${TRANSFORMS}
for i in range(2) { node m[i] = Make { n: i } }
node u = Use { files: m[*].to }
`;
  const targets = (more: string) => graphOf(text + more).targets.map(({ name }) => name);
  assert.deepEqual(targets(""), ["u"]);
  assert.deepEqual(targets("target m, u"), ["m[0]", "m[1]", "u"]);
  assert.deepEqual(targets("target m[1]"), ["m[1]"]);
  const { publish } = graphOf(`${text}publish u.to to "results/"\npublish m[*].to to "../all"`);
  assert.deepEqual(
    publish.map(({ node, out, folder }) => [node.name, out, folder]),
    [
      ["u", 0, "/p/results"],
      ["m[0]", 0, "/all"],
      ["m[1]", 0, "/all"],
    ],
  );
});

test("env, resources and retry: values, overrides, sizes of ins", () => {
  const text = `
transform T {
  in f: File
  in up: [File]
  param n: Int
  out to: File = "x\${n}"
  env { THREADS: n, NAME: "a\${n}", KEY: secret("key") }
  resources { cpus: n, memory: 2 * size(f) + size(up), timeout: 1 h }
  retry { attempts: 3, on: [OutOfMemory, Timeout], memory: x2 }
  run bash \`\`\`
    true
  \`\`\`
}
node a = T { f: file("big"), up: [], n: 2 }
node b = T { f: file("big"), up: [a.to], n: 3 } resources { cpus: 0.5 } retry { attempts: 1 }
`;
  const facts = new MemoryFacts({ files: { "/p/big": "x".repeat(2 ** 20) } });
  const graph = graphOf(text, { facts });
  const [a, b] = [nodeNamed(graph, "a"), nodeNamed(graph, "b")];
  assert.deepEqual(
    [...a.env],
    [
      ["THREADS", { kind: "value", value: "2" }],
      ["NAME", { kind: "value", value: "a2" }],
      ["KEY", { kind: "secret", name: "key" }],
    ],
  );
  assert.deepEqual(a.resources(), {
    cpus: 2,
    memoryBytes: 2 ** 21,
    diskBytes: 0,
    timeoutMilliseconds: 3_600_000,
  });
  assert.equal(b.resources().cpus, 0.5);
  assert.equal(b.resources(() => 1000).memoryBytes, 2 ** 21 + 1000);
  assert.deepEqual(a.retry, { attempts: 3, on: ["OutOfMemory", "Timeout"], memoryFactor: 2 });
  assert.equal(b.retry.attempts, 1);
});

test("resources that make no sense are told before a run", () => {
  const text = (clause: string) => `param n: Int = 0\n${TRANSFORMS}node m = Make {} resources { ${clause} }`;
  assert.match(problemsOf(text("cpus: n")).join(), /^bad-resources: .*"0"$/);
  assert.match(problemsOf(text("memory: n * 1 GiB")).join(), /^bad-resources/);
});

test("a check that is false is an error with its message, in loops too", () => {
  assert.deepEqual(problemsOf('param n: Int = 3\ncheck n > 5, "n is ${n}, too small"'), [
    "check-failed: n is 3, too small",
  ]);
  assert.deepEqual(problemsOf('for i in range(4) { let sq = i * i\n check sq < 4, "${i}" }'), [
    "check-failed: 2",
    "check-failed: 3",
  ]);
});

test("many problems of one kind at one place are told as ten and their number", () => {
  const messages = problemsOf('for i in range(500) { check false, "${i}" }');
  assert.equal(messages.length, 10);
  assert.match(messages[0] ?? "", /^check-failed: 0 \(one of 500 here\)$/);
});

test("a fact that is not known yet makes the graph partial, never wrong", () => {
  const facts = new MemoryFacts({ unknown: ["https://e.org/t.csv"] });
  const text = `${TRANSFORMS}
table t = csv(file("https://e.org/t.csv")) { n: Int }
node m[0] = Make {}
for r in t { node m[r.n] = Make { n: r.n } }
node all = Use { files: m[*].to }
node some = Use { files: [m[0].to] }
node other = Make {}
`;
  const { graph, problems, pending } = evaluated(text, { facts });
  assert.deepEqual(problems, []);
  assert.deepEqual(pending, ['not fetched yet: "https://e.org/t.csv"']);
  assert.deepEqual(
    graph.nodes.map(({ name }) => name),
    ["m[0]", "some", "other"],
  );
});

test("transforms of other files: paths start from the file with the literal", () => {
  const graph = graphOf({
    "/p/main.reprod": 'import { Run as R } from "lib/t.reprod"\nnode x = R { data: file("d.txt") }',
    "/p/lib/t.reprod": `
transform Run {
  in data: File
  in helper: File = file("src/h.py")
  out to: File = "x"
  run sh \`\`\`
    true
  \`\`\`
}`,
  });
  assert.deepEqual(
    nodeNamed(graph, "x").ins.map((value) => shownIn(value)),
    ["/p/d.txt → inputs/d.txt", "/p/lib/src/h.py → inputs/h.py"],
  );
  assert.equal(graph.data.length, 2);
});

test("what one node gets wrong leaves the others in the graph", () => {
  const text = `${TRANSFORMS}
for i in range(3) { node m[i] = Make { n: div(6, i) } }
node u = Use { files: [m[1].to] }
node v = Use { files: [m[0].to] }
`;
  const { graph, problems } = evaluated(text);
  assert.deepEqual(
    problems.map(({ rule }) => rule.code),
    ["reprod/bad-operand"],
  );
  assert.deepEqual(
    graph.nodes.map(({ name }) => name),
    ["m[1]", "m[2]", "u"],
  );
});

test("half-typed files evaluate without a throw", () => {
  const whole = `${TRANSFORMS}${TABLE}param d: Int = 3
for s in samples { node m[s.name, s.lane] = Make { n: s.lane + d, label: "\${s.note ?? "none"}" } }
if d > 2 { node u = Use { files: m[*, 1].to } }
publish m[*, *].to to "out"
target m["A", 1]
check d > 0, "no"
`;
  for (let end = 0; end < whole.length; end += 3) evaluated(whole.slice(0, end), { facts: SAMPLES });
  for (let at = 0; at < whole.length; at += 7)
    evaluated(whole.slice(0, at) + whole.slice(at + 5), { facts: SAMPLES });
});

test("text of values is what scripts get", () => {
  assert.equal(textOf(new DurationValue(1500)), "1.5");
  assert.equal(textOf(new FloatValue(1e21)), "1e+21");
  assert.equal(textOf(null), undefined);
});
