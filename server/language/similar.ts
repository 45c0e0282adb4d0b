/**
 * The candidate that `text` is most likely a slip of, or undefined when none is close. Differing in case only
 * counts as closest; otherwise one slip for short names, two from five characters, three from nine, four from thirteen.
 * Cost: one banded edit distance for each candidate of a similar length.
 */
export function mostSimilar(text: string, candidates: Iterable<string>): string | undefined {
  const limit = text.length < 5 ? 1 : text.length < 9 ? 2 : text.length < 13 ? 3 : 4;
  const lower = text.toLowerCase();
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === text || candidate === "" || Math.abs(candidate.length - text.length) > limit) continue;
    // A name of one or two letters is one slip away from every other: only case or order may differ.
    const distance =
      candidate.toLowerCase() === lower
        ? 0
        : Math.min(text.length, candidate.length) < 3 && !isSwap(text, candidate)
          ? limit + 1
          : editDistance(text, candidate, bestDistance);
    if (distance < bestDistance || (distance === bestDistance && best !== undefined && candidate < best)) {
      if (distance > limit) continue;
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function isSwap(a: string, b: string): boolean {
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
}

/** One bit a letter or digit: names whose sets of letters differ by more than the slips allow need no closer look. */
function letters(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits |= 1 << (text.charCodeAt(at) & 31);
  return bits;
}

function bitCount(bits: number): number {
  let rest = bits - ((bits >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return (((rest + (rest >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Insertions, deletions, replacements and swaps of neighbours; gives up above `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  // A slip adds one letter, takes one, or both.
  if (bitCount(letters(a) ^ letters(b)) > 2 * limit) return limit + 1;
  const width = b.length + 1;
  let beforeLast = new Uint16Array(width);
  let last = new Uint16Array(width);
  let row = new Uint16Array(width);
  for (let j = 0; j < width; j++) last[j] = j;
  for (let i = 1; i <= a.length; i++) {
    row[0] = i;
    let smallest = i;
    for (let j = 1; j < width; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row[j] = cost;
      if (cost < smallest) smallest = cost;
    }
    if (smallest > limit) return limit + 1;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return last[b.length] ?? 0;
}
