import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { children, walk } from "../../server/language/children.js";
import { parse } from "../../server/language/parser.js";
import type { SyntaxNode } from "../../server/language/syntax.js";
import { damages, lost } from "../support/damage.js";
import { goldenTests } from "../support/golden.js";
import { mutateOften, seededRandom } from "../support/mutate.js";
import { describeFile } from "../support/tree.js";

const everything = readFileSync("test/fixtures/everything.reprod", "utf8");

goldenTests("test/fixtures/syntax", (text) => describeFile(parse(text)));

function problemsOf(text: string): string[] {
  return parse(text).declarations.flatMap(({ problems }) => problems.map(({ rule }) => rule.code));
}

test("the file with every form of the language has no problem", () => {
  assert.deepEqual(problemsOf(everything), []);
});

test("CRLF and a byte order mark change neither tree nor scripts", () => {
  const plain = describeFile(parse(everything));
  assert.equal(describeFile(parse(`\ufeff${everything.replaceAll("\n", "\r\n")}`)), plain);
});

test("every node lies within its parent, children follow each other", () => {
  for (const { statement, length } of parse(everything).declarations) {
    assert.ok(statement.span.end <= length);
    walk(statement, (node: SyntaxNode) => {
      let end = node.span.start;
      for (const child of children(node)) {
        assert.ok(child.span.start >= end, `${child.kind} in ${node.kind}`);
        assert.ok(child.span.end <= node.span.end, `${child.kind} in ${node.kind}`);
        end = child.span.end;
      }
      return true;
    });
  }
});

test("damage at any place of a declaration keeps all others, and gives a few problems at most", () => {
  const old = parse(everything);
  let count = 0;
  for (const { text, declaration, description } of damages(old)) {
    const damaged = parse(text);
    assert.deepEqual(lost(old, damaged, declaration), [], `${description}\n${text}`);
    const problems = damaged.declarations.reduce((sum, { problems }) => sum + problems.length, 0);
    assert.ok(problems <= 20, `${problems} problems: ${description}`);
    count++;
  }
  assert.ok(count > 5_000);
});

const DEEP = 30_000;
for (const [name, text] of [
  ["lists", `let a = ${"[".repeat(DEEP)}`],
  ["closed lists", `let a = ${"[".repeat(DEEP)}${"]".repeat(DEEP)}`],
  ["parentheses", `let a = ${"(".repeat(DEEP)}1${")".repeat(DEEP)}`],
  ["calls", `let a = ${"f(".repeat(DEEP)}`],
  ["types", `param a: ${"[".repeat(DEEP)}`],
  ["minus signs", `let a = ${"-".repeat(DEEP)}1`],
  ["nots", `let a = ${"not ".repeat(DEEP)}b`],
  ["sums", `let a = 1${" + 1".repeat(DEEP)}`],
  ["defaults", `let a = b${" ?? b".repeat(DEEP)}`],
  ["members", `let a = b${".c".repeat(DEEP)}`],
  ["indexes", `let a = b${"[1]".repeat(DEEP)}`],
  ["conditionals", `let a = ${"b ? c : ".repeat(DEEP)}d`],
  ["open conditionals", `let a = ${"b ? ".repeat(DEEP)}d`],
  ["strings", `let a = ${'"${'.repeat(DEEP)}`],
  ["loops", `${"for a in b {\n".repeat(DEEP)}`],
  ["closed loops", `${"for a in b {\n".repeat(DEEP)}${"}\n".repeat(DEEP)}`],
  ["else ifs", `if a {}${" else if a {}".repeat(DEEP)}`],
] as const) {
  test(`rule 5: ${DEEP} nested ${name} give a problem in time and trees that can be walked`, () => {
    const begin = performance.now();
    const file = parse(`${text}\nlet after = 1\n`);
    assert.ok(performance.now() - begin < 2_000, "too slow");
    assert.ok(problemsOf(`${text}\nlet after = 1\n`).length > 0);
    let nodes = 0;
    for (const { statement } of file.declarations) {
      walk(statement, () => {
        nodes++;
        return true;
      });
    }
    assert.ok(nodes > 0);
    if (!text.startsWith("for")) {
      const last = file.declarations.at(-1)?.statement;
      assert.ok(last?.kind === "let" && last.name.text === "after", "the declaration behind is lost");
    }
  });
}

test("fuzz: mutated files are read without a throw, each token of the text at most once", () => {
  const random = seededRandom(Date.now() & 0xffff);
  const end = performance.now() + 2_000;
  let rounds = 0;
  while (performance.now() < end) {
    const text = mutateOften(everything, 1 + Math.floor(random() * 12), random);
    const begin = performance.now();
    const { declarations } = parse(text);
    assert.ok(performance.now() - begin < 1_000, `slow:\n${text}`);
    let at = 0;
    for (const { offset, length, statement, problems } of declarations) {
      assert.ok(offset >= at && length > 0 && offset + length <= text.length, text);
      assert.ok(statement.kind !== "unparsed" || problems.length > 0, text);
      at = offset + length;
    }
    rounds++;
  }
  assert.ok(rounds > 100, `only ${rounds} rounds`);
});
