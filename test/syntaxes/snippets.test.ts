import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { format } from "../../server/language/format.js";
import { parse } from "../../server/language/parser.js";
import { loadProgram } from "../../server/language/program.js";
import { sourceOf } from "../support/squiggles.js";
import { expandSnippet } from "./support/snippet.js";

interface Snippet {
  readonly prefix: readonly string[];
  readonly description: string;
  readonly body: readonly string[];
}

const snippets: { readonly [title: string]: Snippet } = JSON.parse(
  readFileSync("syntaxes/snippets.json", "utf8"),
);

/** Parts of a transform cannot stand alone. */
function placed(title: string, text: string): string {
  if (title !== "Resources" && title !== "Retry") return `${text}\n`;
  return `transform T {\n  ${text}\n\n  out a: File = "a"\n\n  run sh \`\`\`\n    echo > "$a"\n  \`\`\`\n}\n`;
}

test("the two ways to write a place with its default are expanded", () => {
  assert.equal(expandSnippet("$1 ${1:a} \\$${1:a} ${2|b,c|} ${3:d(${1:a})}$0"), "a a $a b d(a)");
});

for (const [title, { body, description, prefix }] of Object.entries(snippets)) {
  const text = placed(title, expandSnippet(body.join("\n")));

  test(`the snippet "${title}" is right as it is inserted`, () => {
    const problems = parse(text).declarations.flatMap((declaration) => declaration.problems);
    assert.deepEqual(
      problems.map(({ message }) => message),
      [],
    );
    assert.equal(text, format(text), "as `reprod fmt` lays it out");
    assert.ok(prefix.length > 0 && !description.endsWith("."));
  });

  // The others use names of what is around them.
  if (!/^(?:Pipeline|Transform|Input|Param|Table|Resources|Retry)/.test(title)) continue;
  test(`the snippet "${title}" has no problem in a file of its own`, () => {
    const { problems } = loadProgram("/main.reprod", sourceOf(new Map([["main.reprod", text]])));
    const unused = /^reprod\/unused-/;
    assert.deepEqual(
      problems.filter(({ rule }) => !unused.test(rule.code)).map(({ message }) => message),
      [],
    );
  });
}

test("no two snippets answer to one word", () => {
  const prefixes = Object.values(snippets).flatMap(({ prefix }) => prefix);
  assert.equal(new Set(prefixes).size, prefixes.length);
});
