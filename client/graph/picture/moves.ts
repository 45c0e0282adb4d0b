import type { GraphBox } from "../../../server/protocol.js";
import type { PictureIndex } from "./picture-index.js";

export type Direction = "left" | "right" | "up" | "down";

/**
 * The box that an arrow key leads to: left and right along an edge, to a cause first and else to the one that is
 * nearest in height; up and down in the column. Undefined at the border.
 */
export function moved(index: PictureIndex, from: string, direction: Direction): GraphBox | undefined {
  const box = index.box(from);
  if (box === undefined) return undefined;
  switch (direction) {
    case "left": {
      const edges = index.into(from);
      const causal = edges.filter((edge) => edge.causal);
      return nearest(
        index,
        box,
        (causal.length > 0 ? causal : edges).map((edge) => edge.from),
      );
    }
    case "right": {
      const edges = index.outOf(from);
      const causal = edges.filter((edge) => edge.causal);
      return nearest(
        index,
        box,
        (causal.length > 0 ? causal : edges).map((edge) => edge.to),
      );
    }
    case "up":
    case "down": {
      const column = index.columns.find((boxes) => boxes.includes(box)) ?? [];
      return column[column.indexOf(box) + (direction === "down" ? 1 : -1)];
    }
  }
}

function nearest(index: PictureIndex, from: GraphBox, ids: readonly string[]): GraphBox | undefined {
  let best: { readonly box: GraphBox; readonly distance: number } | undefined;
  for (const id of ids) {
    const box = index.box(id);
    if (box === undefined) continue;
    const distance = Math.abs(middle(box) - middle(from));
    if (best === undefined || distance < best.distance) best = { box, distance };
  }
  return best?.box;
}

function middle({ y, height }: GraphBox): number {
  return y + height / 2;
}
