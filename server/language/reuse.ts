import { Parser } from "./parser.js";
import type { Declaration, SourceFile } from "./syntax.js";

/** Compared at once: long enough that the loop costs nothing, short enough that the last block is soon searched. */
const BLOCK = 4096;

/**
 * Reads a changed text, keeping the declarations that the change cannot have touched: those before it that never
 * looked so far, those from the first one behind it that begins where one began before, and those between two changes
 * whose text is the same. Gives exactly what `parse(text)` gives. Kept declarations have the same `statement` and `problems` objects, so that whoever
 * remembers something about them can go on doing so; the ones before the change are the same object as a whole.
 *
 * Cost: comparing the texts (a few microseconds for 100 KB), reading the declarations around the change, and
 * one small object for each declaration behind it when the length changed.
 */
export function reparse(old: SourceFile, text: string): SourceFile {
  if (old.text === text) return old;
  const before = commonPrefix(old.text, text);
  const behind = commonSuffix(old.text, text, before);
  const first = firstReached(old.declarations, before);
  const reused = old.declarations.slice(0, first);
  const start = old.declarations[first - 1];

  const shift = text.length - old.text.length;
  const changeEnd = text.length - behind;
  let parser = new Parser(text, start === undefined ? 0 : start.offset + start.length);
  /** Next old declaration that the new ones could meet. */
  let candidate = first;
  for (;;) {
    const offset = parser.declarationStart();
    if (offset === undefined) break;
    if (offset >= changeEnd) {
      while (candidate < old.declarations.length && offsetOf(old, candidate) + shift < offset) candidate++;
      if (candidate < old.declarations.length && offsetOf(old, candidate) + shift === offset) {
        for (let at = candidate; at < old.declarations.length; at++) {
          const declaration = old.declarations[at];
          if (declaration !== undefined) reused.push(moved(declaration, shift));
        }
        break;
      }
    }
    const same = sameAt(old, candidate, text, offset);
    const kept = same === undefined ? undefined : old.declarations[same];
    if (same !== undefined && kept !== undefined) {
      reused.push(moved(kept, offset - kept.offset));
      candidate = same + 1;
      parser = new Parser(text, offset + kept.length);
      continue;
    }
    const declaration = parser.declaration();
    if (declaration === undefined) break;
    reused.push(declaration);
  }
  return { text, declarations: reused };
}

/** Declarations that one between two changes is looked for among: as many as may be new in a row. */
const WINDOW = 4;

/**
 * The old declaration that the text at `offset` is too, as far as it was looked at. Between two changes far apart
 * (an undo, a renamed name, a file from git) most are as they were, and checking them again costs more than reading.
 */
function sameAt(old: SourceFile, from: number, text: string, offset: number): number | undefined {
  for (let at = from; at < Math.min(from + WINDOW, old.declarations.length); at++) {
    const declaration = old.declarations[at];
    // What begins with no word of a declaration may begin with an open string or script, read before its start counts.
    if (declaration === undefined || declaration.statement.kind === "unparsed") continue;
    // One character more than was looked at: what ended the file then must end it now.
    const { offset: start, reach } = declaration;
    if (text.slice(offset, offset + reach + 1) === old.text.slice(start, start + reach + 1)) return at;
  }
  return undefined;
}

function offsetOf(file: SourceFile, index: number): number {
  return file.declarations[index]?.offset ?? 0;
}

function moved(declaration: Declaration, shift: number): Declaration {
  if (shift === 0) return declaration;
  const { offset, length, reach, statement, problems } = declaration;
  return { offset: offset + shift, length, reach, statement, problems };
}

/** The first declaration that looked at or behind `change`. A script that was never closed looked at everything. */
function firstReached(declarations: readonly Declaration[], change: number): number {
  for (let at = 0; at < declarations.length; at++) {
    const declaration = declarations[at];
    if (declaration !== undefined && declaration.offset + declaration.reach >= change) return at;
  }
  return declarations.length;
}

function commonPrefix(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at + BLOCK <= length && a.slice(at, at + BLOCK) === b.slice(at, at + BLOCK)) at += BLOCK;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** Stops at the common prefix, so that the two never overlap (`aa` → `aaa`). */
function commonSuffix(a: string, b: string, prefix: number): number {
  const length = Math.min(a.length, b.length) - prefix;
  let at = 0;
  while (
    at + BLOCK <= length &&
    a.slice(a.length - at - BLOCK, a.length - at) === b.slice(b.length - at - BLOCK, b.length - at)
  ) {
    at += BLOCK;
  }
  while (at < length && a.charCodeAt(a.length - at - 1) === b.charCodeAt(b.length - at - 1)) at++;
  return at;
}
