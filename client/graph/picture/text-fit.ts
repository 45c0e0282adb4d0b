/** Width in pixels of a text in the page's font. */
export type Measure = (text: string, style: TextStyle) => number;
export interface TextStyle {
  /** Pixels. */
  readonly size: number;
  readonly bold: boolean;
}

/** The text, or as much of it as fits: the middle goes, since keys are what tells members apart. */
export function fitting(text: string, width: number, style: TextStyle, measure: Measure): string {
  if (measure(text, style) <= width) return text;
  const letters = [...text];
  let [few, many] = [0, letters.length];
  while (few < many) {
    const middle = Math.ceil((few + many) / 2);
    if (measure(shortened(letters, middle), style) <= width) few = middle;
    else many = middle - 1;
  }
  return shortened(letters, few);
}

function shortened(letters: readonly string[], kept: number): string {
  const end = Math.floor(kept / 2);
  return `${letters.slice(0, kept - end).join("")}…${end === 0 ? "" : letters.slice(-end).join("")}`;
}
