import dagre from "@dagrejs/dagre";
import { Failure } from "../../base/failure.js";
import type { View } from "./view.js";

const LINE = 18;
const PADDING = 12;
const MARGIN = 8;
/** Of the system's sans-serif letters at 13 px, rather too wide than too narrow. */
const LETTER = 7.6;
const LONGEST_LABEL = 48;
const MOST_BOXES = 600;

/**
 * Beside it every colour is an attribute too, for viewers that know neither variables nor media queries: they drop
 * the declarations that they cannot read.
 */
const STYLE = [
  ".reprod-graph{color:var(--reprod-line,#1f2328)}",
  ".reprod-graph .box rect{fill:var(--reprod-box,#fff)}",
  ".reprod-graph .target rect{fill:var(--reprod-target,var(--reprod-box,#eef4ff))}",
  "@media(prefers-color-scheme:dark){.reprod-graph{color:var(--reprod-line,#e6edf3)}.reprod-graph .box rect{fill:var(--reprod-box,#161b22)}.reprod-graph .target rect{fill:var(--reprod-target,var(--reprod-box,#1b2638))}}",
].join("");

/**
 * A picture of a graph, self-contained and without scripts. Colours follow the page's CSS variables
 * `--reprod-line`, `--reprod-box` and `--reprod-target`; without them, its light or dark scheme. Layout grows faster than the graph, so beyond 600 boxes it refuses (`Failure` "graph-too-large").
 */
export function svgText(view: View): string {
  if (view.boxes.length > MOST_BOXES)
    throw new Failure("graph-too-large", `too many boxes for one picture: "${view.boxes.length}"`, {
      why: "The layout would take minutes, and nobody could read it.",
      fix: "Draw families (`--families`), or use `--format dot` with Graphviz.",
    });
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 48, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const boxes = view.boxes.map((box) => ({ ...box, label: cut(box.label), detail: cut(box.detail) }));
  for (const [at, { label, detail }] of boxes.entries()) {
    const width = Math.max([...label].length, [...detail].length) * LETTER + 2 * PADDING;
    graph.setNode(String(at), { width: Math.ceil(width), height: 2 * LINE + PADDING });
  }
  for (const { from, to } of view.edges) graph.setEdge(String(from), String(to));
  dagre.layout(graph);
  const { height = 0 } = graph.graph();
  const places = boxes.map((_, at) => graph.node(String(at)));
  const placed = readsUpwards(places) ? (y: number) => height - y : (y: number) => y;

  const parts: string[] = [];
  // The size that the layout tells leaves out lines that run around the boxes.
  const area = { left: 0, top: 0, right: 2 * MARGIN, bottom: 2 * MARGIN };
  const widen = (x: number, y: number) => {
    area.left = Math.min(area.left, Math.floor(x - MARGIN));
    area.top = Math.min(area.top, Math.floor(y - MARGIN));
    area.right = Math.max(area.right, Math.ceil(x + MARGIN));
    area.bottom = Math.max(area.bottom, Math.ceil(y + MARGIN));
  };
  for (const edge of graph.edges()) {
    const laid: readonly Point[] = graph.edge(edge).points ?? [];
    const points = laid.map(({ x, y }) => ({ x, y: placed(y) }));
    for (const { x, y } of points) widen(x, y);
    parts.push(
      `<path d="${pathOf(points)}" fill="none" stroke="currentColor" opacity=".55" marker-end="url(#reprod-arrow)"/>`,
    );
  }
  for (const [at, { label, detail, kind, target, state }] of boxes.entries()) {
    const { x, y, width, height } = graph.node(String(at));
    widen(x + width / 2, placed(y) + height / 2);
    const left = round(x - width / 2);
    const top = round(placed(y) - height / 2);
    const style = `box ${kind}${target ? " target" : ""}`;
    const surface = target ? 'fill="#eef4ff" stroke-width="2"' : 'fill="#fff"';
    const frame = `width="${round(width)}" height="${round(height)}" rx="6" stroke="currentColor" ${surface}`;
    parts.push(
      `<g class="${style}"${state === undefined ? "" : ` data-state="${escaped(state)}"`}>`,
      // A family is a stack of nodes.
      ...(kind === "family" ? [`<rect x="${left + 4}" y="${top + 4}" ${frame}/>`] : []),
      `<rect x="${left}" y="${top}" ${frame}/>`,
      `<text x="${left + PADDING}" y="${top + LINE + 2}" fill="currentColor">${escaped(label)}</text>`,
      `<text x="${left + PADDING}" y="${top + 2 * LINE + 2}" fill="currentColor" opacity=".7">${escaped(detail)}</text>`,
      "</g>",
    );
  }
  const shown = `${area.left} ${area.top} ${area.right - area.left} ${area.bottom - area.top}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="reprod-title reprod-desc" class="reprod-graph" viewBox="${shown}" font-family="system-ui, sans-serif" font-size="13" color="#1f2328">`,
    `<title id="reprod-title">${escaped(view.title)}</title>`,
    `<desc id="reprod-desc">${escaped(view.description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<defs><marker id="reprod-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor"/></marker></defs>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Whether boxes of one column stand mostly against the order in which they are declared. A layout and its mirror image
 * cross as few edges, and the layout takes either; people read from top to bottom.
 */
function readsUpwards(places: readonly Point[]): boolean {
  const last = new Map<number, number>();
  let downwards = 0;
  for (const { x, y } of places) {
    const above = last.get(x);
    if (above !== undefined) downwards += Math.sign(y - above);
    last.set(x, y);
  }
  return downwards < 0;
}

/** Through the middles between the points, each point pulling the line towards it: no corner, and none overshot. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.pop();
  if (first === undefined || last === undefined) return "";
  let path = `M${round(first.x)} ${round(first.y)}`;
  for (const [at, { x, y }] of rest.entries()) {
    const next = rest[at + 1];
    const end = next === undefined ? last : { x: (x + next.x) / 2, y: (y + next.y) / 2 };
    path += `Q${round(x)} ${round(y)} ${round(end.x)} ${round(end.y)}`;
  }
  return rest.length === 0 ? `${path}L${round(last.x)} ${round(last.y)}` : path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function cut(text: string): string {
  const letters = [...text];
  return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL).join("")}…` : text;
}

const ENTITIES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Keys are data from anywhere: markup in them stays text, and what XML cannot hold, or what
 * would turn the direction of the letters around it, is shown as a mark. */
function escaped(text: string): string {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\u202a-\u202e\u2066-\u2069]|[\ud800-\udfff]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
