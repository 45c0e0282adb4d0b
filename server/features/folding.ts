import { type FoldingRange, FoldingRangeKind } from "vscode-languageserver-types";
import { commentsOf, Scanner, type TokenKind } from "../language/lexer.js";
import type { Declaration } from "../language/syntax.js";
import type { Document } from "./document.js";

/**
 * What can be folded: brackets and scripts of several lines, runs of comment lines, the imports of a file. Read from
 * tokens, declaration by declaration, so that a brace that is missing in one folds nothing wrongly in the next.
 * Two passes over the text.
 */
export function foldingRanges(document: Document): FoldingRange[] {
  const folds = new Folds(document);
  folds.imports();
  for (const declaration of document.module.file.declarations) folds.brackets(declaration);
  folds.comments();
  return folds.found();
}

const CLOSERS: ReadonlyMap<TokenKind, TokenKind> = new Map([
  ["}", "{"],
  ["]", "["],
  [")", "("],
]);

class Folds {
  /** By first line: of two that begin on one line a client shows one, and the larger is of use. */
  readonly #byLine = new Map<number, FoldingRange>();

  constructor(readonly document: Document) {}

  found(): FoldingRange[] {
    return [...this.#byLine.values()].sort((a, b) => a.startLine - b.startLine);
  }

  #add(startLine: number, endLine: number, kind?: FoldingRangeKind): void {
    if (endLine <= startLine) return;
    const known = this.#byLine.get(startLine);
    if (known !== undefined && known.endLine >= endLine) return;
    this.#byLine.set(startLine, { startLine, endLine, ...(kind === undefined ? {} : { kind }) });
  }

  brackets({ offset, length, statement }: Declaration): void {
    const { text, lines } = this.document;
    const open: { readonly kind: TokenKind; readonly line: number }[] = [];
    const scanner = new Scanner(text, offset, offset + length);
    for (scanner.next(); scanner.kind !== "end"; scanner.next()) {
      const { kind, start, end } = scanner;
      if (kind === "{" || kind === "[" || kind === "(") open.push({ kind, line: lines.line(start) });
      else if (kind === "fence")
        this.#add(lines.line(start), lines.line(end) - (isClosed(scanner) ? 1 : 0), FoldingRangeKind.Region);
      const opener = CLOSERS.get(kind);
      const at = opener === undefined ? -1 : open.findLastIndex((one) => one.kind === opener);
      const from = open[at]?.line;
      if (from === undefined) continue;
      open.length = at;
      // A line of closing brackets stays in sight, unless it is the end of an item too.
      const line = lines.line(start);
      const isFirst = /^[\s\])}]*$/.test(text.slice(lines.start(line), start));
      this.#add(
        from,
        isFirst ? line - 1 : line,
        statement.kind === "import" ? FoldingRangeKind.Imports : undefined,
      );
    }
  }

  /** Lines that hold nothing but a comment, one below the other. */
  comments(): void {
    const { text, lines } = this.document;
    let first: number | undefined;
    let last = -1;
    const end = () => {
      if (first !== undefined) this.#add(first, last, FoldingRangeKind.Comment);
      first = undefined;
    };
    for (const { span } of commentsOf(text)) {
      const line = lines.line(span.start);
      if (text.slice(lines.start(line), span.start).trim() !== "") continue;
      if (line !== last + 1) end();
      first ??= line;
      last = line;
    }
    end();
  }

  /** From the first to the last of imports with nothing between them. */
  imports(): void {
    const { lines, module } = this.document;
    let first: Declaration | undefined;
    let last: Declaration | undefined;
    const end = () => {
      if (first !== undefined && last !== undefined)
        this.#add(
          lines.line(first.offset + first.statement.span.start),
          lines.line(last.offset + last.length),
          FoldingRangeKind.Imports,
        );
      first = undefined;
    };
    for (const declaration of module.file.declarations) {
      if (declaration.statement.kind !== "import") {
        end();
        continue;
      }
      first ??= declaration;
      last = declaration;
    }
    end();
  }
}

function isClosed(scanner: Scanner): boolean {
  return scanner.fence?.closed === true;
}
