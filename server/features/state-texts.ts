import { count } from "../base/format.js";
import { type ShownState, type StateCounts, shownStates, stateSigns } from "../protocol.js";
import type { Summary } from "./node-states.js";
import { t } from "./words.js";

/** `✗ 1  ◐ 2  ✓ 5`, what wants attention first. */
export function countsText(counts: StateCounts, separator = "  "): string {
  return present(counts)
    .map(([state, amount]) => `${stateSigns[state]} ${amount}`)
    .join(separator);
}

/** `✗ 1 failed · ◐ 2 stale · ✓ 5 cached` */
export function countsInWords(counts: StateCounts, separator = " · "): string {
  return present(counts)
    .map(([state, amount]) => `${stateSigns[state]} ${amount} ${stateWord(state)}`)
    .join(separator);
}

/** `1 failed, 2 stale, 5 cached: param lossy false → true`; for those who do not see signs. */
export function summaryInWords({ counts, why }: Summary): string {
  const words = present(counts)
    .map(([state, amount]) => `${amount} ${stateWord(state)}`)
    .join(", ");
  return why === undefined ? words : `${words}: ${whyText(worstState(counts), why)}`;
}

/** As `run/why.ts` says of a node that no run has made yet. */
const NEVER_MADE = "never made";

/** `stale: param lossy false → true`, `waiting for aligned (2)`, `failed: exit 1` */
export function stateWithReason(state: ShownState, why: string | undefined): string {
  if (why === undefined || why === state) return stateWord(state);
  if (state === "waiting") return t("waiting for {0}", why);
  // It says all that "missing" does.
  if (state === "missing" && why === NEVER_MADE) return t("never made");
  return `${stateWord(state)}: ${why}`;
}

function whyText(state: ShownState, why: string): string {
  return state === "waiting" ? t("waiting for {0}", why) : why;
}

/** The one that wants attention most. */
export function worstState(counts: StateCounts): ShownState {
  return present(counts)[0]?.[0] ?? "unknown";
}

export function stateWord(state: ShownState): string {
  return t(state);
}

export function isAllCached(counts: StateCounts): boolean {
  return present(counts).every(([state]) => state === "cached");
}

export function nodesText(amount: number): string {
  return count(amount, "node");
}

function present(counts: StateCounts): readonly (readonly [ShownState, number])[] {
  return shownStates.flatMap((state) => {
    const amount = counts[state] ?? 0;
    return amount > 0 ? [[state, amount] as const] : [];
  });
}
