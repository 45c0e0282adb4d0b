import { type Policy, parsedPolicy, samePolicy, sameStatement } from "../../policies/policy.js";

/** In what a document is not the one that is declared, by Sids; undefined when it says the same. */
export function policyWords(
  is: string | undefined,
  shouldBe: Policy,
): { readonly is: string; readonly shouldBe: string } | undefined {
  const all = shouldBe.Statement.map(({ Sid }) => Sid).join(", ");
  if (is === undefined) return { is: "missing", shouldBe: all };
  if (samePolicy(is, shouldBe)) return undefined;
  const words = statementWords(statementsOf(parsedPolicy(is)), shouldBe.Statement);
  return { is: words.length === 0 ? "another version" : words.join(", "), shouldBe: all };
}

/** What is missing, different, or too much among statements. */
export function statementWords(
  is: readonly unknown[],
  shouldBe: readonly { readonly Sid: string }[],
): readonly string[] {
  const words: string[] = [];
  for (const statement of shouldBe) {
    const found = is.filter((candidate) => sidOf(candidate) === statement.Sid);
    if (found.length === 0) words.push(`no ${statement.Sid}`);
    else if (found.length > 1 || !sameStatement(found[0], statement)) words.push(`another ${statement.Sid}`);
  }
  const declared = new Set(shouldBe.map(({ Sid }) => Sid));
  for (const statement of is) {
    const sid = sidOf(statement);
    if (sid === undefined || !declared.has(sid)) words.push(`${sid ?? "a statement without a name"} as well`);
  }
  return words;
}

/** A document with one statement may have it without a list around. */
export function statementsOf(document: { readonly [key: string]: unknown } | undefined): readonly unknown[] {
  const statements = document?.Statement;
  if (statements === undefined) return [];
  return Array.isArray(statements) ? statements : [statements];
}

export function sidOf(statement: unknown): string | undefined {
  const sid = typeof statement === "object" && statement !== null ? Reflect.get(statement, "Sid") : undefined;
  return typeof sid === "string" ? sid : undefined;
}
