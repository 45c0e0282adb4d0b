/** Line and column as people and editors count them: both from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Offsets at which the lines of `text` begin; the first is 0. A line ends at LF, so CRLF counts once. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Place of an offset, given the `lineStarts` of its text. Cost: logarithmic in the number of lines. */
export function placeAt(starts: readonly number[], offset: number): Place {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

let newestText = "";
let newestStarts: readonly number[] = [0];

/**
 * Place of an offset in a text. Offsets outside are taken to its nearest end. The newest text's lines are
 * remembered, since problems of one file are shown one after the other.
 */
export function positionAt(text: string, offset: number): Place {
  if (text !== newestText) {
    newestStarts = lineStarts(text);
    newestText = text;
  }
  return placeAt(newestStarts, Math.max(0, Math.min(offset, text.length)));
}

/** The opposite of `positionAt`. A column behind the end of its line means that end. */
export function offsetAt(text: string, place: Place): number {
  const starts = text === newestText ? newestStarts : lineStarts(text);
  const start = starts[place.line - 1];
  if (start === undefined) return place.line < 1 ? 0 : text.length;
  const next = starts[place.line];
  const end = next === undefined ? text.length : next - 1;
  return Math.max(start, Math.min(start + place.column - 1, end));
}
