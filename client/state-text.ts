import { type ShownState, type StateCounts, shownStates, stateSigns } from "../server/protocol.js";
import { grouped } from "./format.js";
import type { Translate } from "./translate.js";

/** How a state looks wherever VS Code draws it. Each has an icon, a sign and a word of its own besides its colour. */
export interface StateLook {
  /** Of the icons that VS Code has. */
  readonly icon: string;
  /** One of `contributes.colors`. */
  readonly color: string;
}

export const stateLooks: { readonly [state in ShownState]: StateLook } = {
  failed: { icon: "error", color: "reprod.failedForeground" },
  broken: { icon: "warning", color: "reprod.brokenForeground" },
  running: { icon: "sync~spin", color: "reprod.runningForeground" },
  queued: { icon: "ellipsis", color: "reprod.queuedForeground" },
  stale: { icon: "color-mode", color: "reprod.staleForeground" },
  waiting: { icon: "watch", color: "reprod.waitingForeground" },
  missing: { icon: "circle-outline", color: "reprod.missingForeground" },
  cancelled: { icon: "circle-slash", color: "reprod.cancelledForeground" },
  unknown: { icon: "question", color: "reprod.unknownForeground" },
  cached: { icon: "pass", color: "reprod.cachedForeground" },
};

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

/** `◐ 1  ✓ 5`; a state that all are in is its word: `✓ cached`. */
export function countsInSigns(counts: StateCounts, t: Translate): string {
  const states = present(counts);
  const [only] = states;
  if (only !== undefined && states.length === 1) {
    const [state, count] = only;
    const word = stateWord(state, t);
    return `${stateSigns[state]} ${count === 1 || state === "cached" ? word : `${grouped(count)} ${word}`}`;
  }
  return states.map(([state, count]) => `${stateSigns[state]} ${grouped(count)}`).join("  ");
}

function present(counts: StateCounts): readonly (readonly [ShownState, number])[] {
  return shownStates.flatMap((state) => {
    const count = counts[state] ?? 0;
    return count > 0 ? [[state, count] as const] : [];
  });
}
