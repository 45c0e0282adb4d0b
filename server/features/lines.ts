import type { Position, Range } from "vscode-languageserver-types";
import { lineStarts } from "../language/place.js";
import type { Span } from "../language/syntax.js";

/** How a client counts the characters of a line; agreed on when it connects. */
export type PositionEncoding = "utf-16" | "utf-8";

/**
 * From offsets in a text (UTF-16 units, as the engine counts) to the positions that a client counts, and back.
 * Positions outside are taken to the nearest place: an old client may point behind the end of a line.
 */
export class Lines {
  readonly #text: string;
  readonly #encoding: PositionEncoding;
  #starts: readonly number[] | undefined;

  constructor(text: string, encoding: PositionEncoding = "utf-16") {
    this.#text = text;
    this.#encoding = encoding;
  }

  get count(): number {
    return this.#lineStarts().length;
  }

  /** Offset of the first character of a line. */
  start(line: number): number {
    return this.#lineStarts()[Math.max(0, line)] ?? this.#text.length;
  }

  /** Offset behind the last character of a line, before its line break. */
  end(line: number): number {
    const next = this.#lineStarts()[line + 1];
    if (next === undefined) return this.#text.length;
    const end = next - 1;
    return end > this.start(line) && this.#text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
  }

  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.#text.length));
    const line = this.line(at);
    const start = this.start(line);
    const character =
      this.#encoding === "utf-16" ? at - start : Buffer.byteLength(this.#text.slice(start, at), "utf8");
    return { line, character };
  }

  /** The line of an offset, from 0. Logarithmic in the number of lines. */
  line(offset: number): number {
    const starts = this.#lineStarts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  offset({ line, character }: Position): number {
    if (line < 0) return 0;
    if (line >= this.count) return this.#text.length;
    const start = this.start(line);
    const end = this.end(line);
    if (this.#encoding === "utf-16") return Math.min(start + Math.max(0, character), end);
    let bytes = 0;
    for (let at = start; at < end; ) {
      if (bytes >= character) return at;
      const point = this.#text.codePointAt(at) ?? 0;
      bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      at += point > 0xffff ? 2 : 1;
    }
    return end;
  }

  range({ start, end }: Span): Range {
    return { start: this.position(start), end: this.position(end) };
  }

  span({ start, end }: Range): Span {
    return { start: this.offset(start), end: this.offset(end) };
  }

  #lineStarts(): readonly number[] {
    this.#starts ??= lineStarts(this.#text);
    return this.#starts;
  }
}

const CARRIAGE_RETURN = 0x0d;
