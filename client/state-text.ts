import { type ShownState, type StateCounts, shownStates, stateSigns } from "../server/protocol.js";
import { grouped } from "./format.js";
import type { Translate } from "./translate.js";

/** One of `contributes.colors` for each state. It is never the only difference: each has a sign and a word besides. */
export function stateColor(state: ShownState): string {
  return `reprod.${state}Foreground`;
}

export function stateWord(state: ShownState, t: Translate): string {
  switch (state) {
    case "failed":
      return t("failed");
    case "broken":
      return t("broken");
    case "running":
      return t("running");
    case "queued":
      return t("queued");
    case "stale":
      return t("stale");
    case "waiting":
      return t("waiting");
    case "missing":
      return t("missing");
    case "cancelled":
      return t("cancelled");
    case "unknown":
      return t("unknown");
    case "cached":
      return t("cached");
  }
}

/** The state that wants attention most; undefined without nodes. */
export function worstState(counts: StateCounts): ShownState | undefined {
  return shownStates.find((state) => (counts[state] ?? 0) > 0);
}

/** `1 stale, 5 cached`, for those who hear it. */
export function countsInWords(counts: StateCounts, t: Translate): string {
  return present(counts)
    .map(([state, count]) => t("{0} {1}", grouped(count), stateWord(state, t)))
    .join(", ");
}

/** `◐ 1  ✓ 5`, for what has an icon already; a state that all are in is its word: `cached`, `3 waiting`. */
export function countsInShort(counts: StateCounts, t: Translate): string {
  const states = present(counts);
  const [only] = states;
  if (only !== undefined && states.length === 1) {
    const [state, count] = only;
    const word = stateWord(state, t);
    return count === 1 || state === "cached" ? word : t("{0} {1}", grouped(count), word);
  }
  return states.map(([state, count]) => `${stateSigns[state]} ${grouped(count)}`).join("  ");
}

function present(counts: StateCounts): readonly (readonly [ShownState, number])[] {
  return shownStates.flatMap((state) => {
    const count = counts[state] ?? 0;
    return count > 0 ? [[state, count] as const] : [];
  });
}
