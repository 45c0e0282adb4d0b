import type { ShownState } from "../../../server/protocol.js";
import { type Shape, shape } from "./shape.js";

const line = (d: string, width: number): Shape =>
  shape("path", {
    d,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": width,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  });
const area = (d: string): Shape => shape("path", { d, fill: "currentColor" });
const ring = (width: number): Shape =>
  shape("circle", { cx: 8, cy: 8, r: 5.25, fill: "none", stroke: "currentColor", "stroke-width": width });
const dot = (cx: number | string, cy: number | string, r: number): Shape =>
  shape("circle", { cx, cy, r, fill: "currentColor" });

/** The signs of the gutter (media/states), 16 by 16: another shape for each state, not only another colour. */
const signs: { readonly [state in ShownState]: readonly Shape[] } = {
  cached: [line("M3 8.5 6.5 12 13 4.5", 2.25)],
  stale: [ring(1.5), area("M8 2.5a5.5 5.5 0 0 0 0 11z")],
  waiting: Array.from({ length: 8 }, (_, at) => {
    const angle = (at * Math.PI) / 4;
    return dot((8 + 5.25 * Math.sin(angle)).toFixed(2), (8 - 5.25 * Math.cos(angle)).toFixed(2), 1.1);
  }),
  missing: [ring(1.75)],
  broken: [
    shape("path", {
      d: "M7.1 1.9a1 1 0 0 1 1.8 0l5.9 11.2a1 1 0 0 1-.9 1.4H2.1a1 1 0 0 1-.9-1.4zM7 5.5l.3 4.5h1.4L9 5.5zM8 11.1a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
      fill: "currentColor",
      "fill-rule": "evenodd",
    }),
  ],
  unknown: [line("M5 5.6a3 3 0 1 1 4.6 2.55C8.5 8.9 8 9.4 8 10.4", 2), dot(8, 13.25, 1.3)],
  queued: [dot(3, 8, 1.75), dot(8, 8, 1.75), dot(13, 8, 1.75)],
  running: [line("M13 8A5 5 0 1 1 10.6 3.73", 2), area("M9.2 .9 14.4 3.4 9.9 6.9z")],
  failed: [line("M4 4 12 12M12 4 4 12", 2.25)],
  cancelled: [ring(1.75), line("M4.3 11.7 11.7 4.3", 1.75)],
};

export function sign(state: ShownState, x: number, y: number, size: number): Shape {
  return shape(
    "g",
    { class: `sign state-${state}`, transform: `translate(${x} ${y}) scale(${size / 16})` },
    // A group of its own, so that what runs can turn about its middle.
    shape("g", { class: "turning" }, ...signs[state]),
  );
}

/**
 * What fills the part of a bar, 6 by 6, for those who do not tell the colours apart; undefined is filled whole, and
 * nothing at all is an empty part.
 */
const hatches: { readonly [state in ShownState]: readonly Shape[] | undefined } = {
  cached: undefined,
  stale: [line("M-1 7 7 -1M-1 1 1 -1M5 7 7 5", 1.5)],
  waiting: [dot(1.5, 1.5, 0.9), dot(4.5, 4.5, 0.9)],
  missing: [],
  broken: [line("M0 0 6 6M6 0 0 6", 1.2)],
  unknown: [line("M1.5 0V6M4.5 0V6", 0.8)],
  queued: [line("M0 3H6", 1.5)],
  running: [line("M-1 -1 7 7M5 -1 7 1M-1 5 1 7", 1.5)],
  failed: [shape("path", { d: "M0 0H3V3H0zM3 3H6V6H3z", fill: "currentColor" }), line("M0 0H6V6H0z", 0.8)],
  cancelled: [line("M0 1.5H6M0 4.5H6", 0.8)],
};

/** Patterns that `hatch` names; once in a document. */
export function hatchPatterns(): readonly Shape[] {
  return Object.entries(hatches).flatMap(([state, shapes]) => {
    if (shapes === undefined || shapes.length === 0) return [];
    const size = { width: 6, height: 6, patternUnits: "userSpaceOnUse" };
    return [shape("pattern", { id: `hatch-${state}`, class: `state-${state}`, ...size }, ...shapes)];
  });
}

export function hatch(state: ShownState): string {
  const shapes = hatches[state];
  if (shapes === undefined) return "currentColor";
  return shapes.length === 0 ? "none" : `url(#hatch-${state})`;
}
