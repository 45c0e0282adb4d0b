import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ContentId, OwnId, RecipeId } from "../../server/base/brand.js";
import { canonicalText } from "../../server/graph/canonical.js";
import type { Graph, GraphNode, RecordedFile } from "../../server/graph/model.js";
import {
  contentIdOf,
  Identifier,
  type IdentifierOptions,
  idsKnown,
  type MadeOuts,
  ownIdOf,
  recipeIdOf,
  taggedValue,
} from "../../server/graph/recipe.js";
import { BytesValue, DurationValue, FloatValue, JsonValue, type Value } from "../../server/graph/value.js";
import { MemoryFacts, sha256 } from "../support/facts.js";
import { graphOf, nodeNamed } from "../support/graph.js";

const OPTIONS: IdentifierOptions = { useImages: false, platform: "linux/amd64" };
const FILES = { "/p/a.txt": "a", "/p/b.txt": "b", "/p/dir/a.txt": "a" };
const world = () => new MemoryFacts({ files: FILES, tools: { sort: "sort 1", python3: "python 3" } });

/** One node that uses every part of a recipe, with each part replaceable. */
function text(parts: Partial<Record<keyof typeof PARTS, string>> = {}): string {
  const { head, transform, more, run, name, argument, n, out } = { ...PARTS, ...parts };
  return `${head}
transform ${transform} {
  tools sort
  in source: File
  in others: [File]
  param n: ${n}
  param mode: "strict" | "loose" = "strict"
  out to: File = ${out}
  ${more}
  ${run}
}
input a = file("a.txt")
node ${name} = ${transform} { source: ${argument}, others: [file("b.txt")], n: 1 }
`;
}
const PARTS = {
  head: "",
  transform: "T",
  more: 'env { LEVEL: "1" }',
  run: 'run bash ```\n    sort "$source" > "$to"\n  ```',
  name: "x",
  argument: "a",
  n: "Int",
  out: '"to.txt"',
};

function idOf(
  source: string,
  facts = world(),
  options = OPTIONS,
): { recipe: RecipeId; own: OwnId; content: ContentId | undefined } {
  const graph = graphOf(source, { facts });
  const [node] = graph.nodes;
  assert.ok(node);
  const ids = new Identifier(graph, facts, options).ids(node);
  if (!idsKnown(ids)) throw new Error(ids.unknown);
  return ids;
}

test("A5 names, comments, layout, resources and retry do not count for identity", () => {
  const base = idOf(text());
  const same = {
    "a comment": text({ head: "// hello\n\n\n" }),
    "a doc comment": text({ head: "/// what it does" }),
    "the transform's name": text({ transform: "Other" }),
    "the node's name": text({ name: "y" }),
    "a key": text({ name: 'y["k", 2]' }),
    resources: text({
      more: `${PARTS.more}\n resources { cpus: 8, memory: 3 GiB }\n retry { attempts: 3, memory: x2 }`,
    }),
    "a secret": text({ more: 'env { LEVEL: "1", TOKEN: secret("t") }' }),
    "the folder of an input": text({ argument: 'file("dir/a.txt")' }),
    "how an input is written": text({ argument: 'file("./dir/../a.txt")' }),
    indentation: text({ run: 'run bash ```\n        sort "$source" > "$to"\n      ```' }),
    "the form of a path": text({ out: '"./to.txt"' }),
    "a default given": `${text()}`.replace("n: 1 }", 'n: 1, mode: "strict" }'),
  };
  for (const [what, source] of Object.entries(same)) assert.deepEqual(idOf(source), base, what);
});

test("A5 every part of identity changes all three ids", () => {
  const base = idOf(text());
  const changed = world();
  changed.files.set("/p/a.txt", "A");
  const upgraded = world();
  upgraded.tools.set("sort", "sort 2");
  const elsewhere = world();
  elsewhere.host.platform = "darwin/arm64";
  const different: { readonly [what: string]: ReturnType<typeof idOf> } = {
    "a param": idOf(text().replace("n: 1 }", "n: 2 }")),
    "a default": idOf(text().replace('= "strict"', '= "loose"')),
    "a param's type": idOf(text({ n: "Float" })),
    "a param's name": idOf(text().replaceAll(" mode:", " modus:")),
    script: idOf(text({ run: 'run bash ```\n    sort -r "$source" > "$to"\n  ```' })),
    "a comment in the script": idOf(
      text({ run: 'run bash ```\n    # why\n    sort "$source" > "$to"\n  ```' }),
    ),
    interpreter: idOf(text({ run: 'run "bash -e" ```\n    sort "$source" > "$to"\n  ```' })),
    env: idOf(text({ more: 'env { LEVEL: "2" }' })),
    "no env": idOf(text({ more: "" })),
    network: idOf(text({ more: `${PARTS.more}\n network yes` })),
    "an out's path": idOf(text({ out: '"other.txt"' })),
    "an out's kind": idOf(text().replace("out to: File =", "out to: File? =")),
    "an input's name": idOf(
      text({ argument: 'file("b.txt")' }).replace('others: [file("b.txt")]', "others: []"),
    ),
    "an input's content": idOf(text(), changed),
    "a staged name": idOf(text().replace("in source: File", 'in source: File as "other.txt"')),
    "the number of elements": idOf(text().replace('[file("b.txt")]', "[]")),
    "a tool": idOf(text(), upgraded),
    platform: idOf(text(), elsewhere),
    image: idOf(text({ more: `image "x@sha256:${"0".repeat(64)}"\n${PARTS.more}` }), world(), {
      ...OPTIONS,
      useImages: true,
    }),
  };
  const seen = new Set<string>();
  for (const [what, ids] of Object.entries({ base, ...different })) {
    for (const id of [ids.recipe, ids.own, ids.content]) {
      assert.ok(id !== undefined && !seen.has(id), what);
      seen.add(id);
    }
  }
});

test("A5 line ends and a byte order mark do not count in a script", () => {
  const crlf = text().replaceAll("\n", "\r\n");
  assert.deepEqual(idOf(crlf), idOf(text()));
});

test("A5 values of different types or content never have one text", () => {
  const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.string(),
      fc.constantFrom("1", "null", "true", '{"Int":"1"}', "1.0"),
      fc.maxSafeInteger(),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((number) => new FloatValue(number === 0 ? 0 : number)),
      fc.maxSafeNat().map((bytes) => new BytesValue(bytes)),
      fc.maxSafeNat().map((milliseconds) => new DurationValue(milliseconds)),
      fc.jsonValue().map((json) => new JsonValue(JSON.parse(JSON.stringify(json)))),
      fc.array(tie("value"), { maxLength: 3 }),
    ),
  })).value;
  const text = (given: Value): string | undefined => {
    try {
      return canonicalText(taggedValue(given));
    } catch {
      return undefined;
    }
  };
  const shape = (given: unknown): string =>
    JSON.stringify(given, (_, item) =>
      item instanceof Object && !Array.isArray(item) && item.constructor !== Object
        ? { class: item.constructor.name, ...item }
        : item,
    );
  const sorted = (given: Value) => canonicalText(JSON.parse(shape(given)));
  fc.assert(
    fc.property(value, value, (a, b) => {
      const [left, right] = [text(a), text(b)];
      fc.pre(left !== undefined && right !== undefined);
      assert.equal(left === right, sorted(a) === sorted(b));
    }),
    { numRuns: 1000 },
  );
});

test("A5 the fast pre-image of a node is the canonical text of its recipe", () => {
  const word: fc.Arbitrary<string> = fc.constantFrom("a", "b", "__proto__", "zz", "é", "Z", "a1");
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const literal = (given: string | number | boolean): string => {
    if (typeof given !== "string") return String(given);
    return `"${[...given].map((c) => `\\u{${c.codePointAt(0)?.toString(16)}}`).join("")}"`;
  };
  const type = (given: string | number | boolean): string =>
    typeof given === "string" ? "String" : typeof given === "number" ? "Float" : "Bool";
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(word, value), { selector: ([name]) => name, maxLength: 5 }),
      fc.uniqueArray(fc.constantFrom<string>("x", "y", "out1"), { minLength: 1, maxLength: 4 }),
      fc.dictionary(
        fc.constantFrom("A", "B", "Z_"),
        fc.string().filter((s) => !s.includes("\0")),
        { maxKeys: 3 },
      ),
      fc.boolean(),
      (params, outs, env, image) => {
        fc.pre(params.every(([, given]) => typeof given !== "string" || !/[\ud800-\udfff]/u.test(given)));
        fc.pre(Object.values(env).every((given) => !/[\ud800-\udfff]/u.test(given)));
        const named = params.filter(([name]) => /^[a-z]\w*$/.test(name) && !outs.includes(name));
        const source = `
transform T {
  ${image ? `image "img:1"` : ""}
  in first: File?
  in list: [File]
  ${named.map(([name, given]) => `param ${name}: ${type(given)}`).join("\n  ")}
  ${outs
    .filter((name) => name !== "_")
    .map((name) => `out ${name}: File = "${name}.txt"`)
    .join("\n  ")}
  out made: [File] = glob("parts/*.txt")
  env { ${Object.entries(env)
    .map(([name, given]) => `${name}: ${literal(given)}`)
    .join(", ")} }
  run bash \`\`\`
    true
  \`\`\`
}
node up = T { list: [file("a.txt")], ${named.map(([name, given]) => `${name}: ${literal(given)}`).join(", ")} }
node down = T { first: up.made[0] ?? null, list: up.made + [file("b.txt")], ${named.map(([name, given]) => `${name}: ${literal(given)}`).join(", ")} }
`.replace("up.made[0] ?? null", "null");
        const facts = world();
        const graph = graphOf(source, { facts });
        const identifier = new Identifier(graph, facts, { ...OPTIONS, useImages: image });
        for (const node of graph.nodes) {
          const ids = identifier.ids(node);
          const recipe = identifier.recipe(node);
          assert.ok(idsKnown(ids) && !("unknown" in recipe));
          assert.equal(recipeIdOf(recipe), ids.recipe);
          assert.equal(ownIdOf(recipe), ids.own);
          const made = () => ({ made: [file("parts/1.txt", "1"), file("parts/2.txt", "2")] });
          const inputs = identifier.inputs(node, made);
          assert.ok(inputs);
          assert.equal(contentIdOf(recipe, inputs), identifier.content(node, made));
          // The stored form is plain JSON that comes back as it was.
          assert.equal(recipeIdOf(JSON.parse(JSON.stringify(recipe))), ids.recipe);
        }
      },
    ),
    { numRuns: 150 },
  );
});

// ---------------------------------------------------------------- content

const CHAIN = `
transform Make {
  in from: File?
  param n: Int
  out to: File = "to.txt"
  out log: File? = "log.txt"
  out parts: [File] = glob("parts/**/*.csv")
  run bash \`\`\`
    cat "$from" > "$to"
  \`\`\`
}
transform Use {
  in to: File
  in log: File?
  in parts: [File]
  out all: File = "all.txt"
  run bash \`\`\`
    cat "$to" "$log" "\${parts[@]}" > "$all"
  \`\`\`
}
node top = Make { from: file("a.txt"), n: 1 }
node end = Use { to: top.to, log: top.log, parts: top.parts }
`;

function file(path: string, content: string): RecordedFile {
  return { path, kind: "file", executable: false, sha256: sha256(content), size: content.length };
}

function chain(source = CHAIN, facts = world()): { graph: Graph; identifier: Identifier; end: GraphNode } {
  const graph = graphOf(source, { facts });
  return { graph, identifier: new Identifier(graph, facts, OPTIONS), end: nodeNamed(graph, "end") };
}

const MADE: MadeOuts = {
  to: file("to.txt", "made"),
  log: null,
  parts: [file("parts/a.csv", "1"), file("parts/x/a.csv", "2")],
};

test("early cut-off: an upstream change that ends in the same bytes leaves the content id as it was", () => {
  const before = chain();
  const after = chain(CHAIN.replace("n: 1", "n: 2"));
  const [a, b] = [before.identifier.ids(before.end), after.identifier.ids(after.end)];
  assert.ok(idsKnown(a) && idsKnown(b));
  assert.notEqual(a.recipe, b.recipe);
  assert.equal(a.own, b.own, "its own parts are as before");
  assert.equal(a.content, undefined, "not known before the upstream node has run");
  assert.equal(
    before.identifier.content(before.end, () => undefined),
    undefined,
  );
  assert.equal(
    before.identifier.content(before.end, () => MADE),
    after.identifier.content(after.end, () => MADE),
  );
});

test("the content id follows every byte, name and absence of what upstream nodes made", () => {
  const { identifier, end } = chain();
  const id = (made: MadeOuts) => identifier.content(end, () => made);
  const ids = [
    id(MADE),
    id({ ...MADE, to: file("to.txt", "other") }),
    id({ ...MADE, log: file("log.txt", "") }),
    id({ ...MADE, parts: [] }),
    id({ ...MADE, parts: [file("parts/b.csv", "1"), file("parts/x/a.csv", "2")] }),
    id({ ...MADE, to: { ...file("to.txt", "made"), executable: true } }),
  ];
  assert.ok(ids.every((one) => one !== undefined));
  assert.equal(new Set(ids).size, ids.length);
});

test("elements of a glob out are staged in a folder of their in, below the pattern's fixed part", () => {
  const { identifier, end } = chain();
  const inputs = identifier.inputs(end, () => MADE);
  const parts = inputs?.parts;
  assert.ok(Array.isArray(parts));
  assert.deepEqual(
    parts.map(({ name }) => name),
    ["inputs/parts/a.csv", "inputs/parts/x/a.csv"],
  );
  assert.equal(inputs?.log, null);
});

test("A2 a recorded digest that an upstream record no longer has gives another content id", () => {
  const { identifier, end } = chain();
  const recorded = identifier.inputs(end, () => MADE);
  const now = identifier.inputs(end, () => ({ ...MADE, to: file("to.txt", "remade with other bytes") }));
  const recipe = identifier.recipe(end);
  assert.ok(recorded && now && !("unknown" in recipe));
  assert.notEqual(contentIdOf(recipe, recorded), contentIdOf(recipe, now));
});

test("D8 inputs that cannot be those of a recipe give no content id", () => {
  const { identifier, graph } = chain();
  const top = nodeNamed(graph, "top");
  const recipe = identifier.recipe(top);
  const inputs = identifier.inputs(top, () => undefined);
  assert.ok(inputs && !("unknown" in recipe));
  assert.equal(
    contentIdOf(recipe, inputs),
    identifier.content(top, () => undefined),
  );
  const from = inputs.from;
  assert.ok(from && "name" in from);
  assert.equal(contentIdOf(recipe, { from: { ...from, sha256: sha256("forged") } }), undefined);
  assert.equal(contentIdOf(recipe, { from: null }), undefined);
  assert.equal(contentIdOf(recipe, {}), undefined);
  assert.equal(contentIdOf(recipe, { ...inputs, more: null }), undefined);
});

test("unknown facts make ids unknown, with their reason, for everything below", () => {
  const facts = world();
  facts.unknown.add("/p/a.txt");
  const { identifier, end } = chain(CHAIN, facts);
  assert.deepEqual(identifier.ids(end), { unknown: 'not fetched yet: "/p/a.txt"' });
});

test("A8 bash and sh count by name, other interpreters and tools by their digest", () => {
  const facts = new MemoryFacts({ files: FILES, tools: { python3: "3.11", sort: "1" } });
  const python = text({ run: "run python ```\n    print(1)\n  ```" });
  const before = idOf(python, facts);
  facts.tools.set("python3", "3.12");
  assert.notEqual(idOf(python, facts).recipe, before.recipe);
  facts.tools.delete("sort");
  assert.throws(() => idOf(text(), facts), /this tool is not found: "sort"/);
});

test("A8 files named by `also` count with their tool", () => {
  const source = (name: string) => text().replace("tools sort", `tools sort { also: [file("${name}")] }`);
  assert.notEqual(idOf(source("a.txt")).recipe, idOf(text()).recipe);
  assert.notEqual(idOf(source("a.txt")).recipe, idOf(source("b.txt")).recipe);
  const { data } = graphOf(source("dir/a.txt"), { facts: world() });
  assert.equal(data.length, 3, "their digests are gathered with those of the inputs");
});

test("A10 an image counts by the digest in the text, else in the lock, else as unpinned", () => {
  const digest = `sha256:${"1".repeat(64)}`;
  const where = (reference: string, images: { [reference: string]: string } = {}) => {
    const facts = new MemoryFacts({ files: FILES, images });
    const graph = graphOf(text({ more: `image "${reference}"` }), { facts });
    const [node] = graph.nodes;
    assert.ok(node);
    const recipe = new Identifier(graph, facts, { ...OPTIONS, useImages: true }).recipe(node);
    return "unknown" in recipe ? recipe.unknown : recipe.where;
  };
  const platform = "linux/amd64";
  assert.deepEqual(where("r/x:1"), { kind: "image", image: "r/x:1", unpinned: true, platform });
  assert.deepEqual(where("r/x:1", { "r/x:1": digest }), {
    kind: "image",
    image: digest,
    unpinned: false,
    platform,
  });
  assert.deepEqual(where(`r/x@${digest}`), { kind: "image", image: digest, unpinned: false, platform });
});
