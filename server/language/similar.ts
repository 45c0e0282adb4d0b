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

/** Insertions, deletions, replacements and swaps of neighbours; gives up above `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let smallest = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
      if (cost < smallest) smallest = cost;
    }
    if (smallest > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
