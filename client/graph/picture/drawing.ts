import type { GraphBox, GraphEdge, ShownState } from "../../../server/protocol.js";
import { grouped } from "../../format.js";
import { stateWord, worstState } from "../../state-text.js";
import type { Translate } from "../../translate.js";
import { type Shape, shape } from "./shape.js";
import { hatch, hatchPatterns, sign } from "./signs.js";
import { fitting, type Measure } from "./text-fit.js";
import { presentStates } from "./words.js";

export interface Pen {
  readonly measure: Measure;
  readonly t: Translate;
}

const PADDING = 12;
const SMALL = { size: 11, bold: false };
const SIGN = 12;
const BAR = 7;

/** What is drawn of a box, from its top left corner. */
export function boxDrawing(box: GraphBox, pen: Pen): Shape {
  const inside = box.width - 2 * PADDING;
  const room = inside - (box.target ? 18 : 0);
  const parts: Shape[] = [...frames(box)];
  if (box.target) parts.push(targetMark(box));
  const alone = box.kind === "input" && box.detail === "";
  const labelY = alone ? box.height / 2 + 4.5 : box.kind === "family" ? 21 : 19;
  parts.push(
    text(
      "label",
      PADDING,
      labelY,
      fitting(box.label, room, { size: 13, bold: box.kind === "family" }, pen.measure),
    ),
  );
  switch (box.kind) {
    case "family": {
      const states = presentStates(box.counts);
      parts.push(fold(box, 39, pen), ...counts(box, states, 50, inside, pen), ...bar(box, states));
      break;
    }
    case "node":
      parts.push(...nodeState(box, pen));
      if (box.family !== undefined) parts.push(foldCorner(box));
      break;
    case "more":
      parts.push(...counts(box, presentStates(box.counts), 26, inside, pen));
      if (box.family !== undefined) parts.push(foldCorner(box));
      break;
    case "input":
      parts.push(text("detail", PADDING, 36, fitting(box.detail, inside, SMALL, pen.measure)));
      break;
  }
  return shape("g", { class: ["box", box.kind, box.target ? "target" : ""].join(" ").trim() }, ...parts);
}

function frames({ kind, width, height, nodes }: GraphBox): readonly Shape[] {
  const size = { width, height, rx: 5 };
  switch (kind) {
    case "family":
      // A stack: there are more of it.
      return [
        ...(nodes > 1 ? [shape("rect", { class: "frame behind", x: 4, y: 4, ...size })] : []),
        shape("rect", { class: "frame", ...size }),
      ];
    case "input": {
      // A sheet with a corner turned down.
      const fold = 10;
      const outline = `M0 0H${width - fold}L${width} ${fold}V${height}H0z`;
      return [
        shape("path", { class: "frame", d: outline }),
        shape("path", { class: "corner", d: `M${width - fold} 0V${fold}H${width}` }),
      ];
    }
    case "node":
    case "more":
      return [shape("rect", { class: "frame", ...size })];
  }
}

/** Rings, as one shoots at. */
function targetMark({ width }: GraphBox): Shape {
  const [cx, cy] = [width - PADDING - 5, 16];
  return shape(
    "g",
    { class: "target-mark" },
    shape("circle", { cx, cy, r: 5.5, fill: "none", stroke: "currentColor", "stroke-width": 1.3 }),
    shape("circle", { cx, cy, r: 2.2, fill: "currentColor" }),
  );
}

/** `▸ 6 × Align`: pointing at it and pressing unfolds. */
function fold({ detail, width, family }: GraphBox, y: number, pen: Pen): Shape {
  const inside = width - 2 * PADDING;
  if (family === undefined) return text("detail", PADDING, y, fitting(detail, inside, SMALL, pen.measure));
  return shape(
    "g",
    { class: "fold" },
    shape("rect", { class: "hit", x: 4, y: y - 14, width: width - 8, height: 20, rx: 3 }),
    shape("path", { class: "chevron", d: `M${PADDING + 1} ${y - 8}l4.5 4.5l-4.5 4.5` }),
    text("detail", PADDING + 11, y, fitting(detail, inside - 11, SMALL, pen.measure)),
  );
}

/** What folds a member's family again. */
function foldCorner({ width, height }: GraphBox): Shape {
  const [x, y] = [width - PADDING - 8, height - 15];
  return shape(
    "g",
    { class: "fold" },
    shape("rect", { class: "hit", x: x - 6, y: y - 8, width: 20, height: 20, rx: 3 }),
    shape("path", { class: "chevron", d: `M${x} ${y}l4.5 4.5l4.5 -4.5` }),
  );
}

/** The sign and the word of a state, and what makes the node if there is room for it. */
function nodeState(box: GraphBox, { measure, t }: Pen): readonly Shape[] {
  const room = box.width - 2 * PADDING - (box.family === undefined ? 0 : 20);
  const state = worstState(box.counts);
  if (state === undefined) return [text("detail", PADDING, 36, fitting(box.detail, room, SMALL, measure))];
  const word = stateWord(state, t);
  const width = measure(`${word} `, SMALL);
  const rest = `· ${box.detail}`;
  const left = room - SIGN - 5 - width;
  return [
    shape("rect", {
      class: `stripe state-${state}`,
      x: 0,
      y: 5,
      width: 4,
      height: box.height - 10,
      fill: hatch(state),
    }),
    sign(state, PADDING, 26, SIGN),
    text(`state state-${state}`, PADDING + SIGN + 5, 36, word),
    ...(measure(rest, SMALL) > left ? [] : [text("detail", PADDING + SIGN + 5 + width, 36, rest)]),
  ];
}

/** Signs with numbers, what wants attention first; a single state with its word; no more than there is room for. */
function counts(
  box: GraphBox,
  states: readonly ShownState[],
  y: number,
  width: number,
  { measure, t }: Pen,
): readonly Shape[] {
  const drawn: Shape[] = [];
  let x = PADDING;
  for (const [at, state] of states.entries()) {
    const number = grouped(box.counts[state] ?? 0);
    const words = states.length === 1 ? `${number} ${stateWord(state, t)}` : number;
    const needed = SIGN + 4 + measure(words, SMALL);
    // Of all but the last there must be room for the dots behind it.
    const dots = at === states.length - 1 ? 0 : 16;
    if (x + needed + dots > PADDING + width) {
      drawn.push(text("detail", x, y + 10, "…"));
      break;
    }
    drawn.push(sign(state, x, y, SIGN), text(`state state-${state}`, x + SIGN + 4, y + 10, words));
    x += needed + 10;
  }
  return drawn;
}

/** The states as parts of a bar: each at least so wide that it is seen. */
function bar({ width, height, counts, nodes }: GraphBox, states: readonly ShownState[]): readonly Shape[] {
  const length = width - 2 * PADDING;
  const [x, y] = [PADDING, height - BAR - 3];
  const least = 4;
  const free = Math.max(0, length - least * states.length);
  const parts: Shape[] = [];
  let at = x;
  for (const state of states) {
    const part = least + (free * (counts[state] ?? 0)) / Math.max(nodes, 1);
    parts.push(
      shape("rect", {
        class: `part state-${state}`,
        x: round(at),
        y,
        width: round(part),
        height: BAR - 1,
        fill: hatch(state),
      }),
    );
    at += part;
  }
  return parts;
}

/** A line with an arrow head; curves leave and enter boxes level. */
export function edgeDrawing({ points, causal }: GraphEdge): Shape {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  const before = rest.at(-2) ?? first;
  if (first === undefined || last === undefined || before === undefined) return shape("g", { class: "edge" });
  const forwards = last.x >= before.x;
  const tip = forwards ? last.x - HEAD : last.x + HEAD;
  let d = `M${first.x} ${first.y}`;
  let [x, y] = [first.x, first.y];
  for (const [at, point] of rest.entries()) {
    const end = at === rest.length - 1 ? tip : point.x;
    if (point.y === y) d += `H${end}`;
    else d += `C${round((x + end) / 2)} ${y} ${round((x + end) / 2)} ${point.y} ${end} ${point.y}`;
    [x, y] = [end, point.y];
  }
  return shape(
    "g",
    { class: causal ? "edge causal" : "edge" },
    shape("path", { class: "line", d }),
    shape("path", { class: "head", d: `M${last.x} ${last.y}L${tip} ${last.y - 3.5}V${last.y + 3.5}z` }),
  );
}

const HEAD = 7;

/** What the drawings refer to. */
export function definitions(): Shape {
  return shape("defs", {}, ...hatchPatterns());
}

function text(name: string, x: number, y: number, content: string): Shape {
  return shape("text", { class: name, x, y }, content);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
