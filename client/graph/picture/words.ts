import {
  type GraphBox,
  type GraphEdge,
  type ShownState,
  type StateCounts,
  shownStates,
} from "../../../server/protocol.js";
import { grouped } from "../../format.js";
import { countsInWords, stateWord, worstState } from "../../state-text.js";
import type { Translate } from "../../translate.js";
import type { Causes } from "./causes.js";
import type { PictureIndex } from "./picture-index.js";

/** What is shown of a box, for those who do not see it: what it is, its states, and what it is connected with. */
export function boxInWords(index: PictureIndex, box: GraphBox, t: Translate): string {
  const parts = [kindInWords(box, t), box.target ? t("target") : "", statesInWords(box, t), box.why ?? ""];
  const reads = names(index, index.into(box.id), "from", t);
  const readers = names(index, index.outOf(box.id), "to", t);
  if (reads !== "") parts.push(t("reads {0}", reads));
  if (readers !== "") parts.push(t("read by {0}", readers));
  return parts.filter((part) => part !== "").join("; ");
}

/** What a box is called where nothing around it says what it belongs to. */
export function nameInWords({ kind, label, nodes, family }: GraphBox, t: Translate): string {
  return kind === "more" && family !== undefined ? t("{0} more of {1}", grouped(nodes), family) : label;
}

export function kindInWords(box: GraphBox, t: Translate): string {
  const { kind, label, detail } = box;
  switch (kind) {
    case "family":
      return t("{0}, family, {1}", label, detail);
    case "node":
      return t("{0}, node, {1}", label, detail);
    case "input":
      return detail === "" ? t("{0}, input", label) : t("{0}, input in {1}", label, detail);
    case "more":
      return nameInWords(box, t);
  }
}

/** `1 stale, 5 cached`; of a single node its state alone. */
export function statesInWords({ nodes, counts }: GraphBox, t: Translate): string {
  const state = worstState(counts);
  return nodes === 1 && state !== undefined ? stateWord(state, t) : countsInWords(counts, t);
}

/** In the order in which they want attention. */
export function presentStates(counts: StateCounts): readonly ShownState[] {
  return shownStates.filter((state) => (counts[state] ?? 0) > 0);
}

/** Of `report`: `merged ← aligned: param lossy false → true` */
export function causesInWords({ path }: Causes, t: Translate): string {
  const labels = path
    .slice(0, -1)
    .map((box) => nameInWords(box, t))
    .reverse();
  const why = path[0]?.why;
  return `${labels.join(" ← ")}${why === undefined ? "" : `: ${why}`}`;
}

const MOST_NAMES = 5;

function names(index: PictureIndex, edges: readonly GraphEdge[], end: "from" | "to", t: Translate): string {
  const labels = edges.flatMap((edge) => {
    const box = index.box(edge[end]);
    return box === undefined ? [] : [nameInWords(box, t)];
  });
  const rest = labels.length - MOST_NAMES;
  const shown = labels.slice(0, MOST_NAMES).join(", ");
  return rest > 0 ? t("{0} and {1} more", shown, grouped(rest)) : shown;
}
