import type { Position, Range, TextEdit } from "vscode-languageserver-types";
import { format } from "../language/format.js";
import { Scanner, type TokenKind } from "../language/lexer.js";
import { declarationAt } from "../language/symbols.js";
import type { Span } from "../language/syntax.js";
import type { Document } from "./document.js";

/**
 * The edits that give a file its one layout. They change nothing but space between tokens, and commas that are none
 * too many, each by itself: cursors and marks of an editor stay where they are.
 */
export function formatDocument(document: Document): TextEdit[] {
  return textEdits(document, changes(document.text, format(document.text), 0));
}

/** The same for the declarations that a range touches; those with syntax problems stay as they are. */
export function formatRange(document: Document, range: Range): TextEdit[] {
  const { lines, text, module } = document;
  const span = lines.span(range);
  const crlf = text.charAt(text.indexOf("\n") - 1) === "\r";
  const found: Change[] = [];
  for (const { offset, length, problems } of module.file.declarations) {
    const lineStart = lines.start(lines.line(offset));
    const end = offset + length;
    if (problems.length > 0 || end < span.start || lineStart > span.end) continue;
    // What stands on the line of another declaration is moved by formatting both.
    if (text.slice(lineStart, offset).trim() !== "") continue;
    const laidOut = format(text.slice(offset, end)).trimEnd().replaceAll("\r\n", "\n");
    if (offset > lineStart) found.push({ start: lineStart, end: offset, text: "" });
    found.push(
      ...changes(text.slice(offset, end), crlf ? laidOut.replaceAll("\n", "\r\n") : laidOut, offset),
    );
  }
  return textEdits(document, found);
}

/** Characters that `formatOnType` wants to hear of. */
export const formatOnTypeTriggers = { first: "}", more: ["\n"] } as const;

/**
 * The indentation of the line that a closing brace, or a line break, was typed on. It is that of the line with the
 * bracket around it, which holds in text that is not whole yet; scripts indent as they like.
 */
export function formatOnType(document: Document, position: Position, typed: string): TextEdit[] {
  const { lines, text } = document;
  const start = lines.start(position.line);
  const end = lines.end(position.line);
  const blank = /^[ \t]*/.exec(text.slice(start, end))?.[0] ?? "";
  const first = start + blank.length;
  if (typed === "}" && lines.offset(position) !== first + 1) return [];
  const wanted = indentationAt(document, start, first);
  if (wanted === undefined || wanted === blank) return [];
  return textEdits(document, changes(blank, wanted, start));
}

const INDENT = "  ";

/** What a line is indented by, from the tokens before it; undefined where that is the author's. */
function indentationAt(document: Document, start: number, first: number): string | undefined {
  const { lines, text, module } = document;
  const declaration = declarationAt(module, start);
  const open: { readonly kind: TokenKind; readonly at: number }[] = [];
  let last: TokenKind | undefined;
  const scanner = new Scanner(text, declaration?.offset ?? start, text.length);
  for (scanner.next(); scanner.kind !== "end" && scanner.start < start; scanner.next()) {
    const { kind, fence } = scanner;
    const inside =
      fence !== undefined && kind === "fence" && start <= (fence.closed ? scanner.end : fence.contentEnd);
    if (inside) return undefined;
    if (kind === "{" || kind === "[" || kind === "(") open.push({ kind, at: scanner.start });
    else if (OPENERS.has(kind) && open.at(-1)?.kind === OPENERS.get(kind)) open.pop();
    last = kind;
  }
  const indentationOf = (at: number): string => {
    const line = lines.line(at);
    return /^[ \t]*/.exec(text.slice(lines.start(line), lines.end(line)))?.[0] ?? "";
  };
  const around = open.at(-1);
  const own = scanner.start === first ? scanner.kind : undefined;
  if (own !== undefined && OPENERS.has(own))
    return around !== undefined && around.kind === OPENERS.get(own) ? indentationOf(around.at) : undefined;
  // A line that goes on with what was begun above.
  if ((last !== undefined && CONTINUED.has(last)) || (own !== undefined && CONTINUING.has(own)))
    return undefined;
  if (around !== undefined) return indentationOf(around.at) + INDENT;
  return last === "," ? undefined : "";
}

const OPENERS: ReadonlyMap<TokenKind, TokenKind> = new Map([
  ["}", "{"],
  ["]", "["],
  [")", "("],
]);
const OPERATORS: readonly TokenKind[] = [
  "??",
  "and",
  "or",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "+",
  "-",
  "*",
  "/",
  "|",
];
const CONTINUED: ReadonlySet<TokenKind> = new Set<TokenKind>([...OPERATORS, "?", ":", "=", "not"]);
const CONTINUING: ReadonlySet<TokenKind> = new Set<TokenKind>([...OPERATORS, "?", ":", ".", "?."]);

// ---------------------------------------------------------------- edits

interface Change extends Span {
  readonly text: string;
}

function textEdits({ lines }: Document, found: readonly Change[]): TextEdit[] {
  return found.map(({ start, end, text }) => ({ range: lines.range({ start, end }), newText: text }));
}

/**
 * What turns one layout into the other: the runs of space and commas that differ, between characters that do not.
 * Linear in both. Layout changes nothing else; if it did, all from the first to the last difference is one change.
 */
function changes(before: string, after: string, base: number): Change[] {
  const found: Change[] = [];
  let old = 0;
  let now = 0;
  for (;;) {
    const oldEnd = endOfRun(before, old);
    const nowEnd = endOfRun(after, now);
    const change = trimmed(before.slice(old, oldEnd), after.slice(now, nowEnd), base + old);
    if (change !== undefined) found.push(change);
    old = oldEnd;
    now = nowEnd;
    if (old === before.length && now === after.length) return found;
    if (before.charCodeAt(old) !== after.charCodeAt(now)) break;
    old++;
    now++;
  }
  const whole = trimmed(before, after, base);
  return whole === undefined ? [] : [whole];
}

function endOfRun(text: string, from: number): number {
  RUN.lastIndex = from;
  RUN.test(text);
  return RUN.lastIndex;
}

const RUN = /[\s,]*/y;

/** A change without what both texts begin and end with. Line ends alone are the client's to choose. */
function trimmed(before: string, after: string, start: number): Change | undefined {
  if (before === after || before.replaceAll("\r\n", "\n") === after.replaceAll("\r\n", "\n"))
    return undefined;
  const most = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < most && before[prefix] === after[prefix]) prefix++;
  if (before[prefix - 1] === "\r") prefix--;
  let suffix = 0;
  while (suffix < most - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++;
  const splits = (text: string) => text.at(-suffix) === "\n" && text.at(-1 - suffix) === "\r";
  if (suffix > 0 && (splits(before) || splits(after))) suffix--;
  return {
    start: start + prefix,
    end: start + before.length - suffix,
    text: after.slice(prefix, after.length - suffix),
  };
}
