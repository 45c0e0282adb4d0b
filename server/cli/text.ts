import type { Output } from "./terminal.js";

export { bytes, count, duration, grouped, localTime, printable } from "../base/format.js";

/**
 * How many columns of a terminal a text takes: two for the wide scripts and pictures, none for marks that join.
 * An approximation by script, good enough to put a squiggle below a word.
 */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Cf}/u.test(character)) continue;
    width += isWide(character) ? 2 : 1;
  }
  return width;
}

function isWide(character: string): boolean {
  return (
    character > "\u10ff" &&
    /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303f\uff01-\uff60]/u.test(
      character,
    )
  );
}

/** The start of a text that fits into so many columns, with `…` where it was cut. */
export function shortened(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const character of text) {
    width += displayWidth(character);
    if (width > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Columns side by side, each as wide as its widest cell. Cells hold no colours: `paint` adds them by column. */
export function table(
  rows: readonly (readonly string[])[],
  paint: readonly ((text: string) => string)[] = [],
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const painted = (paint[column] ?? ((text: string) => text))(cell);
          const last = column === row.length - 1;
          return last ? painted : painted + " ".repeat((widths[column] ?? 0) - displayWidth(cell));
        })
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** One JSON document and a line end. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
