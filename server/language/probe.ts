import { children } from "./children.js";
import type { Expectation, FileNames, Surroundings } from "./infer.js";
import { Scanner, type TokenKind } from "./lexer.js";
import { Parser } from "./parser.js";
import { checkOf, type Module } from "./program.js";
import type { Local } from "./scope.js";
import type { Declaration, Expression, Span, SyntaxNode } from "./syntax.js";
import { checkDeclaration } from "./typecheck.js";
import type { Type } from "./types.js";

/**
 * Stands at the asked place while the text around it is read: half-typed text (`a.`, `x: `, nothing at all) is then
 * whole, and the tree says what is being written. No file has this word.
 */
export const PROBE = "reprod_probe__";

/** What the language takes at a place. Spans are absolute and of the text as it is, without the probe. */
export interface Probe {
  /** The word at the place, to be replaced; empty where none is. */
  readonly word: Span;
  /** Nothing of the language can stand in a comment or in what is no token. */
  readonly kind: "code" | "string" | "script" | "comment";
  /** Code within `"${…}"`. */
  readonly interpolated: boolean;
  /** Read with the probe in it. Undefined where the probe is in no declaration. */
  readonly declaration: Declaration | undefined;
  /** From the declaration's statement down to what holds the probe. */
  readonly path: readonly SyntaxNode[];
  /** The parser wants something else here: only what `accepts` says can stand. */
  readonly refused: boolean;
  /** The token before the word, in code. */
  readonly before: { readonly kind: TokenKind | undefined; readonly end: number };
  /** The word is the first of its line, or of an item between braces. */
  readonly atStart: boolean;
  /** Whether `word`, with what has to follow it, makes no problem that is not there without it. */
  accepts(word: string, rest?: string): boolean;
  /** The text with the probe in it, of the declaration. */
  readonly text: string;
}

/** Cost: reading the declaration at the place and the one before it. */
export function probe({ file }: Module, offset: number): Probe {
  const { text, declarations } = file;
  const at = Math.max(0, Math.min(offset, text.length));
  const word = wordAt(text, at);
  // The declaration before counts too: an `else` on the next line still belongs to its `if`.
  const from = declarations[declarationBefore(declarations, word.start) - 1]?.offset ?? 0;
  const { kind: before, end, inside } = tokenBefore(text, from, word.start);
  const gap = text.slice(end, word.start);
  const patched = text.slice(0, word.start) + PROBE + text.slice(word.end);
  const declaration = declarationsFrom(patched, from, word.start).find(
    ({ offset: start, length }) => start <= word.start && word.start < start + length,
  );
  const path: SyntaxNode[] = [];
  if (declaration !== undefined) descend(declaration.statement, word.start - declaration.offset, path);
  const last = path[path.length - 1];
  const kind =
    inside === undefined
      ? gap.slice(gap.lastIndexOf("\n") + 1).includes("//")
        ? "comment"
        : "code"
      : inside === "fence"
        ? "script"
        : inside !== "string"
          ? "comment"
          : last?.kind === "text" || last?.kind === "string" || last?.kind === "run"
            ? "string"
            : "code";
  const refusedAt = inside === undefined ? [word.start, end] : [word.start];
  const refused =
    declaration === undefined ||
    declaration.problems.some(({ span }) => refusedAt.includes(declaration.offset + span.start)) ||
    !holdsProbe(last);
  return {
    word,
    kind,
    declaration,
    path,
    interpolated: kind === "code" && inside === "string",
    refused: kind === "code" && refused,
    before: { kind: before, end },
    atStart: before === undefined || gap.includes("\n") || before === "{" || before === ",",
    accepts(candidate, rest = "") {
      const with_ = `${text.slice(0, word.start)}${candidate}${rest}${text.slice(word.end)}`;
      const without = text.slice(0, word.start) + text.slice(word.end);
      const problems = problemsFrom(with_, from, word.start + candidate.length + rest.length);
      // What is told of the word itself, or of the gap before it, is that something else is wanted.
      if (problems.some((at) => at === word.start || at === end)) return false;
      return problems.length <= problemsFrom(without, from, word.start).length;
    },
    text:
      declaration === undefined
        ? ""
        : patched.slice(declaration.offset, declaration.offset + declaration.length),
  };
}

function wordAt(text: string, at: number): Span {
  let start = at;
  while (start > 0 && isWord(text.charCodeAt(start - 1))) start--;
  let end = at;
  while (end < text.length && isWord(text.charCodeAt(end))) end++;
  // `12G`: the number is a token of its own.
  const digits = /^\d+/.exec(text.slice(start, at))?.[0].length ?? 0;
  return { start: start + digits, end };
}

function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95
  );
}

/** The last declaration that begins at or before `offset`, as an index. */
function declarationBefore(declarations: readonly Declaration[], offset: number): number {
  let low = 0;
  let high = declarations.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((declarations[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The last token that ends at or before `offset`, and the one that `offset` lies in, if any. */
function tokenBefore(
  text: string,
  from: number,
  offset: number,
): {
  readonly kind: TokenKind | undefined;
  readonly end: number;
  readonly inside: TokenKind | undefined;
} {
  const scanner = new Scanner(text, from, text.length);
  let kind: TokenKind | undefined;
  let end = from;
  while (scanner.next() !== "end" && scanner.start < offset) {
    const isOpen =
      (scanner.kind === "string" && !scanner.stringClosed) ||
      (scanner.kind === "fence" && scanner.fence?.closed === false) ||
      scanner.kind === "unknown";
    if (offset < scanner.end || (isOpen && offset === scanner.end))
      return { kind, end, inside: scanner.kind };
    kind = scanner.kind;
    end = scanner.end;
  }
  return { kind, end, inside: undefined };
}

/** The declarations from the one at `from` to the first that begins behind `to`. */
function declarationsFrom(text: string, from: number, to: number): Declaration[] {
  const parser = new Parser(text, from);
  const found: Declaration[] = [];
  for (;;) {
    const start = parser.declarationStart();
    if (start === undefined || start > to) return found;
    const declaration = parser.declaration();
    if (declaration === undefined) return found;
    found.push(declaration);
  }
}

/** Where the problems of these declarations begin. */
function problemsFrom(text: string, from: number, to: number): readonly number[] {
  return declarationsFrom(text, from, to).flatMap(({ offset, problems }) =>
    problems.map(({ span }) => offset + span.start),
  );
}

function descend(node: SyntaxNode, at: number, path: SyntaxNode[]): void {
  path.push(node);
  for (const child of children(node))
    if (child.span.start <= at && at < child.span.end) {
      descend(child, at, path);
      return;
    }
}

/** Whether what was found at the end of the path is the probe itself. */
function holdsProbe(node: SyntaxNode | undefined): boolean {
  switch (node?.kind) {
    case "name":
      return node.text === PROBE;
    case "reference":
    case "named-type":
      return node.name === PROBE;
    case "run":
      return node.interpreter === PROBE;
    case "text":
    case "string":
      return true;
    default:
      return false;
  }
}

/** What a check of a declaration tells of its expressions. */
export interface Inspection {
  /** Of an expression that was judged: the local names that it can see, innermost first. */
  surroundings(expression: Expression): (Surroundings & { readonly locals: readonly Local[] }) | undefined;
  type(expression: Expression): Type | undefined;
  expectation(expression: Expression): Expectation | undefined;
}

/**
 * Checks a declaration that is not one of the file (it has a probe in it) against the names of the file. Only of
 * expressions around `at`, relative to the declaration, the names in sight are kept. Well under a millisecond.
 */
export function inspect(module: Module, declaration: Declaration, text: string, at: number): Inspection {
  const check = checkOf(module);
  const names: FileNames = { find: (name) => check?.fileName(name), similar: () => undefined };
  const seen = new Map<Expression, Surroundings & { readonly locals: readonly Local[] }>();
  const types = new Map<Expression, Type>();
  const expectations = new Map<Expression, Expectation>();
  checkDeclaration(declaration, text, names, {
    resolved: () => {},
    entered: (expression, surroundings) => {
      const { start, end } = expression.span;
      // Names that are bound later in the block are not in sight yet: they are listed now.
      if (start <= at && at <= end)
        seen.set(expression, { ...surroundings, locals: surroundings.scope.locals() });
    },
    inferred: (expression, type) => types.set(expression, type),
    expected: (expression, expectation) => expectations.set(expression, expectation),
  });
  return {
    surroundings: (expression) => seen.get(expression),
    type: (expression) => types.get(expression),
    expectation: (expression) => expectations.get(expression),
  };
}
