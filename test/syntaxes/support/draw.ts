import type { Token } from "./tokenizer.js";

/**
 * Fixtures with the scopes of their tokens drawn in:
 *
 *     === the title of a case
 *     param depth: Int = 30
 *     ^^^^^ storage.type.value
 *           ^^^^^ entity.name.variable
 *
 * Tokens of a line with the same scopes share a row. Left out is what would hide the rest: `source.reprod`, which all
 * have, the `.reprod` at the end of each scope, and brackets, commas, dots, quotes and the slashes of comments.
 */
export interface ScopeCase {
  readonly title: string;
  readonly text: string;
}

const PLAIN =
  /^(?:punctuation\.(?:section|separator|accessor|definition\.(?:string|comment))|meta\.embedded\.line)\./;
const DRAWN = /^ *\^+[ ^]* [a-z]/;

export function readScopeCases(fixture: string): ScopeCase[] {
  return fixture
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.split("\n");
      return { title, text: lines.filter((line) => !DRAWN.test(line)).join("\n") };
    });
}

export function drawScopeCase({ title, text }: ScopeCase, tokens: readonly (readonly Token[])[]): string {
  const lines = text.split("\n").flatMap((line, at) => [line, ...rowsOf(tokens[at] ?? [])]);
  return `=== ${title}\n${lines.join("\n")}`;
}

function rowsOf(tokens: readonly Token[]): string[] {
  const rows = new Map<string, string>();
  for (const { start, end, scopes } of tokens) {
    const shown = scopes
      .slice(1)
      .filter((scope) => !PLAIN.test(scope))
      .map((scope) => scope.replace(/\.reprod$/, ""))
      .join(" > ");
    if (shown === "") continue;
    rows.set(shown, (rows.get(shown) ?? "").padEnd(start) + "^".repeat(end - start));
  }
  return [...rows]
    .filter(([, carets]) => carets.includes("^"))
    .map(([shown, carets]) => `${carets} ${shown}`);
}
