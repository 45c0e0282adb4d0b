import type { GraphBox } from "../../../server/protocol.js";
import type { PictureIndex } from "./picture-index.js";

export type Direction = "left" | "right" | "up" | "down";

/**
 * The box that an arrow key leads to: left and right along an edge, to a cause first, to the nearest column and there
 * to the box that is nearest in height; up and down in the column. Undefined at the border.
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
  const distance = (box: GraphBox) =>
    [Math.abs(box.x - from.x), Math.abs(middle(box) - middle(from))] as const;
  const boxes = ids.flatMap((id) => index.box(id) ?? []);
  return boxes.reduce<GraphBox | undefined>((best, box) => {
    if (best === undefined) return box;
    const [[columns, height], [bestColumns, bestHeight]] = [distance(box), distance(best)];
    return columns < bestColumns || (columns === bestColumns && height < bestHeight) ? box : best;
  }, undefined);
}

function middle({ y, height }: GraphBox): number {
  return y + height / 2;
}
