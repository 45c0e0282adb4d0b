import { type GraphBox, type ShownState, type StateCounts, shownStates } from "../../../server/protocol.js";
import type { PictureIndex } from "./picture-index.js";

/** A row of the list that tells the same as the picture. */
export interface Row {
  /** Id of its box; of an unfolded family, which has none, the one that it would have. */
  readonly id: string;
  readonly level: 1 | 2;
  readonly label: string;
  readonly counts: StateCounts;
  /** Undefined for what is not there itself: an unfolded family. */
  readonly box: GraphBox | undefined;
  /** Of what can be folded and unfolded. */
  readonly expanded: boolean | undefined;
  readonly family: string | undefined;
  /** Position among the rows of its level that belong together, from 1, and how many these are. */
  readonly position: number;
  readonly siblings: number;
}

/** Families one below the other in the order of the picture, members below their family. */
export function rowsOf({ picture }: PictureIndex): readonly Row[] {
  const groups = new Map<string, GraphBox[]>();
  for (const box of picture.boxes) {
    const isMember = box.family !== undefined && box.kind !== "family";
    const key = isMember ? `family:${box.family}` : box.id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [box]);
    else group.push(box);
  }
  const siblings = groups.size;
  return [...groups].flatMap(([id, boxes], at): readonly Row[] => {
    const position = at + 1;
    const [first] = boxes;
    if (first === undefined) return [];
    const { label, counts, kind, family } = first;
    if (family === undefined || kind === "family") {
      const expanded = family === undefined ? undefined : false;
      return [{ id, level: 1, label, counts, box: first, expanded, family, position, siblings }];
    }
    const all = sum(boxes.map((box) => box.counts));
    const head: Row = {
      id,
      level: 1,
      label: family,
      counts: all,
      box: undefined,
      expanded: true,
      family,
      position,
      siblings,
    };
    const members = boxes.map((box, member): Row => {
      const place = { position: member + 1, siblings: boxes.length };
      return {
        id: box.id,
        level: 2,
        label: box.label,
        counts: box.counts,
        box,
        expanded: undefined,
        family,
        ...place,
      };
    });
    return [head, ...members];
  });
}

export function sum(counts: readonly StateCounts[]): StateCounts {
  const total: { [state in ShownState]?: number } = {};
  for (const state of shownStates) {
    const count = counts.reduce((all, one) => all + (one[state] ?? 0), 0);
    if (count > 0) total[state] = count;
  }
  return total;
}
