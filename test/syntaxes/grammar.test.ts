import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { failureKinds } from "../../server/language/failure-kinds.js";
import { functions } from "../../server/language/functions.js";
import { RESERVED_WORDS } from "../../server/language/lexer.js";
import { parse } from "../../server/language/parser.js";
import type { SourceFile } from "../../server/language/syntax.js";
import { NAMED_TYPES } from "../../server/language/types.js";
import { unitFactors } from "../../server/language/units.js";
import { damages } from "../support/damage.js";
import { mutateOften, seededRandom } from "../support/mutate.js";
import { drawScopeCase, readScopeCases } from "./support/draw.js";
import { loadTokenizer, type Token } from "./support/tokenizer.js";

const loaded = loadTokenizer();
const folder = "test/syntaxes/fixtures";
const everything = readFileSync("test/fixtures/everything.reprod", "utf8");

test("the grammar is as its rules have it", () => {
  const ended = spawnSync(process.execPath, ["syntaxes/write-grammar.mjs", "--check"], { encoding: "utf8" });
  assert.equal(ended.status, 0, ended.stderr);
});

for (const name of readdirSync(folder).sort()) {
  const file = path.join(folder, name);
  const fixture = readFileSync(file, "utf8");
  if (process.env.REPROD_UPDATE === "1") {
    test(`renew ${name}`, async () => {
      const tokenizer = await loaded;
      const drawn = readScopeCases(fixture).map((one) => drawScopeCase(one, tokenizer.tokens(one.text)));
      writeFileSync(file, drawn.join(""));
    });
    continue;
  }
  for (const part of fixture.split(/^(?==== )/m)) {
    const [one] = readScopeCases(part);
    if (one === undefined) continue;
    test(`${name.replace(".txt", "")}: ${one.title}`, async () => {
      const tokenizer = await loaded;
      assert.equal(drawScopeCase(one, tokenizer.tokens(one.text)), part);
    });
  }
}

// ---------------------------------------------------------------- words

/** The innermost scopes of each word of a text, for all places where it stands. */
async function scopesOfWords(text: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const lines = text.split("\n");
  const words = new Map<string, Set<string>>();
  for (const [at, tokens] of (await loaded).tokens(text).entries()) {
    for (const { start, end, scopes } of tokens) {
      const word = (lines[at] ?? "").slice(start, end).trim();
      const of = words.get(word) ?? new Set();
      words.set(word, of.add(scopes.at(-1) ?? ""));
    }
  }
  return words;
}

/** A list of words in the parser's source, which keeps them to itself. */
function wordsOfParser(name: string): readonly string[] {
  const source = readFileSync("server/language/parser.ts", "utf8");
  const list = new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(source)?.[1];
  if (list === undefined) throw new Error(`server/language/parser.ts has no list ${name} any more`);
  return [...list.matchAll(/"(\w+)"/g)].map((match) => match[1] ?? "");
}

const KEYWORD = /^(?:keyword|storage|constant\.language)\b/;

for (const [kind, words] of [
  ["reserved words", RESERVED_WORDS],
  ["declarations", wordsOfParser("DECLARATION_WORDS")],
  ["parts of a transform", wordsOfParser("ITEM_WORDS")],
  ["words within a declaration", ["from", "as", "to", "yes"]],
] as const) {
  test(`${kind} are coloured as keywords`, async () => {
    assert.ok(words.length > 3, "the words were found");
    const scopes = await scopesOfWords(`${everything}check true or false\n`);
    const plain = words.filter((word) => ![...(scopes.get(word) ?? [])].some((scope) => KEYWORD.test(scope)));
    assert.deepEqual(plain, []);
  });
}

test("every type, unit, function, interpreter and kind of failure is coloured", async () => {
  const of = async (words: Iterable<string>, line: (word: string) => string, scope: string) => {
    for (const word of words) {
      const found = (await scopesOfWords(line(word))).get(word);
      assert.ok(found?.has(`${scope}.reprod`), `${word}: ${[...(found ?? [])].join(", ")}`);
    }
  };
  await of(NAMED_TYPES.keys(), (word) => `param x: [${word}]?`, "support.type.primitive");
  await of(Object.keys(unitFactors), (word) => `let x = 1 ${word}`, "keyword.other.unit");
  await of(functions.keys(), (word) => `let x = ${word}(1)`, "support.function");
  await of(["bash", "sh", "python", "r", "node"], (word) => `run ${word} \`\`\``, "support.type.interpreter");
  await of(failureKinds, (word) => `retry { on: [${word}] }`, "support.constant.failure");
});

test("the scopes are the language's own, but in scripts", async () => {
  const tokenizer = await loaded;
  const foreign = tokenizer
    .tokens(everything)
    .flat()
    .flatMap(({ scopes }) => scopes)
    .filter((scope) => !/\.reprod$|\.source\.(?:shell|python|r|js)$/.test(scope));
  assert.deepEqual([...new Set(foreign)], ["source.reprod"].slice(1));
});

// ---------------------------------------------------------------- what VS Code takes from it

test("comments and brackets in a script are those of its language, in an interpolation those of code", async () => {
  const text = [
    "transform T {",
    ...["bash", "sh", "python", "r", "node", '"perl -w"'].flatMap((run) => [
      `  run ${run} \`\`\``,
      "    x",
      "  ```",
    ]),
    "}",
    'let a = "b ${c}"',
  ].join("\n");
  const lines = (await loaded).kinds(text);
  assert.deepEqual(
    [2, 5, 8, 11, 14, 17].map((line) => lines[line]?.[0]?.language),
    ["shellscript", "shellscript", "python", "r", "javascript", "plaintext"],
  );
  assert.deepEqual(
    [0, 1, 3, 19].map((line) => lines[line]?.[0]?.language),
    ["reprod", "reprod", "reprod", "reprod"],
  );
  const typeAt = (column: number) => lines[20]?.findLast(({ start }) => start <= column)?.type;
  assert.deepEqual([typeAt(4), typeAt(9), typeAt(13), typeAt(15)], ["other", "string", "other", "string"]);
});

// ---------------------------------------------------------------- scripts, as the parser has them

/** Numbers of the lines that are a script's, by the parser. */
function scriptLines({ text, declarations }: SourceFile): number[] {
  const lines: number[] = [];
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length - 1;
  for (const { offset, statement } of declarations) {
    if (statement.kind !== "transform") continue;
    for (const item of statement.items) {
      if (item.kind !== "run") continue;
      const { start, end } = item.scriptSpan;
      // The end lies at the start of the line behind the script, or at the end of the text.
      const last = lineOf(offset + end) - (text[offset + end - 1] === "\n" ? 1 : 0);
      for (let line = lineOf(offset + start); line <= last; line++) lines.push(line);
    }
  }
  return lines;
}

const isEmbedded = ({ scopes }: Token) => scopes.some((scope) => scope.startsWith("meta.embedded.block."));

/** The same by the grammar. */
async function embeddedLines(text: string): Promise<number[]> {
  const tokens = (await loaded).tokens(text);
  return tokens.flatMap((line, at) => (line.some(isEmbedded) ? [at] : []));
}

/** Lines without text are nobody's. */
const withText = (text: string, lines: readonly number[]) => {
  const all = text.split("\n");
  return lines.filter((line) => (all[line] ?? "").trim() !== "");
};

/** Whole pipeline files: the examples, the samples, and what the pages show. */
const files: ReadonlyMap<string, string> = new Map([
  ["everything.reprod", everything],
  ...["examples", "samples"].flatMap((root) =>
    readdirSync(root, { recursive: true })
      .map((file) => path.join(root, String(file)))
      .filter((file) => file.endsWith(".reprod"))
      .map((file): [string, string] => [file, readFileSync(file, "utf8")]),
  ),
  ...[...readFileSync("docs/language.md", "utf8").matchAll(/^(`{3,})reprod\n([\s\S]*?\n)\1$/gm)].map(
    (match, at): [string, string] => [`docs/language.md, ${at + 1}`, match[2] ?? ""],
  ),
]);

for (const [name, text] of files) {
  test(`scripts begin and end where the parser says: ${name}`, async () => {
    assert.deepEqual(withText(text, await embeddedLines(text)), withText(text, scriptLines(parse(text))));
  });

  test(`a script without its closing fence ends where the parser says: ${name}`, async () => {
    for (const fence of text.matchAll(/^[ \t]*`{3,}\n/gm)) {
      const open = text.slice(0, fence.index) + text.slice(fence.index + fence[0].length);
      // Whether a brace behind a script that is not indented belongs to it, only what follows can tell.
      const judged = open.replace(/^}$/gm, "");
      assert.deepEqual(
        withText(judged, await embeddedLines(open)),
        withText(judged, scriptLines(parse(open))),
        `without the fence of line ${text.slice(0, fence.index).split("\n").length}`,
      );
    }
  });
}

// ---------------------------------------------------------------- damage

test("no damage reaches further than the next declaration that the parser finds", async () => {
  const tokenizer = await loaded;
  const file = parse(everything);
  const whole = tokenizer.tokens(everything);
  const lineOf = (text: string, offset: number) => text.slice(0, offset).split("\n").length - 1;
  let count = 0;
  let compared = 0;
  for (const { text, declaration, description } of damages(file)) {
    // Every thirteenth: all ways of damage come up, at places all over the file.
    if (count++ % 13 !== 0) continue;
    const tokens = tokenizer.tokens(text);
    const left = new Set(parse(text).declarations.map(({ offset }) => text.length - offset));
    for (const { offset } of file.declarations.slice(declaration + 1)) {
      if (!left.has(everything.length - offset)) continue;
      const before = lineOf(everything, offset);
      const now = before + lineOf(text, text.length) - lineOf(everything, everything.length);
      assert.deepEqual(tokens[now], whole[before], `line ${before + 1}: ${description}`);
      compared++;
    }
  }
  assert.ok(compared > 1000, "declarations were compared");
});

test("any text is coloured: the tokens of a line follow each other from its start to its end", async () => {
  const tokenizer = await loaded;
  const random = seededRandom(7);
  for (let round = 0; round < 100; round++) {
    const text = mutateOften(everything, 10, random);
    const lines = text.split(/\r?\n/);
    for (const [at, tokens] of tokenizer.tokens(text).entries()) {
      let end = 0;
      for (const token of tokens) {
        assert.equal(token.start, end);
        end = token.end;
      }
      assert.equal(end, lines[at]?.length);
    }
  }
});

test("no line takes long, whatever is open on it", async () => {
  const tokenizer = await loaded;
  const started = performance.now();
  for (const piece of ['"', '"${', '"${"', "{", "[", '"a${b}', "(a[", "\\", "node ", '${"a"}', "a.", "1 "]) {
    tokenizer.tokens(`let a = ${piece.repeat(1_000)}`);
    tokenizer.tokens(`let a = "${piece.repeat(1_000)}"`);
  }
  assert.ok(performance.now() - started < 20_000);
});
