import type { GraphBox, ShownState } from "../../../server/protocol.js";
import type { Point, Size } from "./viewport.js";

/** What a person opens a picture for, the most urgent first. What was never made is no news. */
const urgent: readonly ShownState[] = ["failed", "broken", "running", "stale", "cancelled"];

/** Around the boxes that want attention most; undefined when none does more than others. */
export function attentionOf(boxes: readonly GraphBox[]): (Point & Size) | undefined {
  const state = urgent.find((name) => boxes.some(({ counts }) => (counts[name] ?? 0) > 0));
  if (state === undefined) return undefined;
  const wanted = boxes.filter(({ counts }) => (counts[state] ?? 0) > 0);
  const x = Math.min(...wanted.map((box) => box.x));
  const y = Math.min(...wanted.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...wanted.map((box) => box.x + box.width)) - x,
    height: Math.max(...wanted.map((box) => box.y + box.height)) - y,
  };
}
