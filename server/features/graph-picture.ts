import { grouped } from "../base/format.js";
import type { Graph, GraphNode } from "../graph/model.js";
import { type Layout, type LayoutBox, layered } from "../graph/render/layers.js";
import type { DataReference } from "../graph/value.js";
import type { GraphBox, GraphEdge, GraphPicture, ProtocolPlace, ShownState } from "../protocol.js";
import { type Draft, type Folded, type Folding, folded, nodesText } from "./graph-folding.js";
import { type InputDraft, inputDrafts } from "./graph-inputs.js";
import { countStates } from "./node-states.js";
import { t } from "./words.js";

export interface PictureOptions {
  /** Names of families that show their members. */
  readonly unfolded: ReadonlySet<string>;
  readonly stateOf: (node: GraphNode) => ShownState | undefined;
  /** By the name of a node or of a family. */
  readonly whyOf?: (name: string) => string | undefined;
  readonly placeOf?: (node: GraphNode) => ProtocolPlace | undefined;
  /** Where to go for an input: its file, or what names it. */
  readonly placeOfInput?: (reference: DataReference) => ProtocolPlace | undefined;
  /** Absolute; paths of inputs are shown relative to it. */
  readonly folder: string;
}

/** What a person can look at, an editor can draw smoothly and the layout answers at once. */
const MOST_BOXES = 500;
const MOST_EDGES = 2500;
const MOST_INPUTS = 40;

/** Of a system's sans-serif letters at 13 px, rather too wide than too narrow. */
const LETTER = 7.8;
/** Names of families are bold. */
const BOLD = 1.12;
/** The longest word for a state, with its sign. */
const STATE_WORD = 13;
const LONGEST_LABEL = 40;
const PADDING = 12;
const NARROWEST: { readonly [kind in GraphBox["kind"]]: number } = {
  family: 164,
  node: 132,
  more: 132,
  input: 110,
};
const HEIGHT: { readonly [kind in GraphBox["kind"]]: number } = { family: 76, node: 46, more: 46, input: 46 };

/**
 * The picture of a graph: a box a family, members of what is unfolded, what is read, and who waits for whom. However
 * large the graph, the picture is bounded: it is folded further until it fits. Every attempt is linear in nodes and
 * edges, and the layout grows with boxes only. Places depend on the graph and on what is unfolded, not on states, so
 * that a picture that is watched while a run goes on stays where it is; only which members of a large family are shown
 * follows their states.
 */
export function graphPicture(graph: Graph, options: PictureOptions): GraphPicture {
  const { drafts, edges, folding } = fittingDrawing(graph, options);
  const layout = laidOut(drafts, edges);
  const targets = new Set(graph.targets);
  const ids = drafts.map(({ id }) => id);
  return {
    title: graph.pipeline ?? "pipeline",
    description: description(graph, folding, options),
    width: layout.width,
    height: layout.height,
    boxes: drafts.map((draft, at) => boxOf(draft, layout, at, targets, options)),
    edges: edges.map(({ from, to, causal }, at): GraphEdge => {
      return { from: ids[from] ?? "", to: ids[to] ?? "", points: layout.edges[at] ?? [], causal };
    }),
  };
}

/** The finest drawing that fits; the last folding is taken as it is, since it has few boxes of any graph. */
function fittingDrawing(graph: Graph, options: PictureOptions): Drawing {
  const { unfolded } = options;
  const finer = unfolded.size === 0 ? [] : ([100, 40, 16, 6] as const);
  const foldings: readonly Folding[] = [
    ...finer.map((members) => ({ by: "family", members, unfolded }) as const),
    { by: "family", members: 0, unfolded: new Set() },
    { by: "transform", most: 200 },
  ];
  for (const folding of foldings) {
    const drawn = drawing(graph, folding, options);
    if (drawn.drafts.length <= MOST_BOXES && drawn.edges.length <= MOST_EDGES) return drawn;
  }
  return drawing(graph, { by: "transform", most: 40 }, options);
}

interface Drawing {
  readonly folding: Folding;
  /** Inputs first. */
  readonly drafts: readonly Draft[];
  readonly edges: readonly DraftEdge[];
}
interface DraftEdge {
  readonly from: number;
  readonly to: number;
  readonly causal: boolean;
}

function drawing(graph: Graph, folding: Folding, { stateOf, folder }: PictureOptions): Drawing {
  const nodes = folded(graph, folding, stateOf);
  const inputs = inputDrafts(graph, nodes, MOST_INPUTS, folder);
  return {
    folding,
    drafts: [...inputs, ...nodes.drafts],
    edges: [...inputEdges(inputs), ...nodeEdges(graph, nodes, inputs.length, stateOf)],
  };
}

function inputEdges(inputs: readonly InputDraft[]): readonly DraftEdge[] {
  return inputs.flatMap(({ readers }, from) =>
    readers.map((reader) => ({ from, to: inputs.length + reader, causal: false })),
  );
}

/** Each pair of boxes once; causal as soon as it is for one pair of their nodes. */
function nodeEdges(
  graph: Graph,
  { drafts, boxOf }: Folded,
  offset: number,
  stateOf: (node: GraphNode) => ShownState | undefined,
): readonly DraftEdge[] {
  const states = graph.nodes.map(stateOf);
  const causalOf = new Map<number, boolean>();
  for (const node of graph.nodes) {
    const to = boxOf[node.index] ?? 0;
    for (const upstream of node.upstream) {
      const from = boxOf[upstream.index] ?? 0;
      if (from === to) continue;
      const pair = from * drafts.length + to;
      if (causalOf.get(pair) !== true)
        causalOf.set(pair, isCause(states[upstream.index], states[node.index]));
    }
  }
  return [...causalOf].map(([pair, causal]) => {
    return { from: offset + Math.floor(pair / drafts.length), to: offset + (pair % drafts.length), causal };
  });
}

/** Whether a node has the state it has because of the state of one that it reads. */
function isCause(upstream: ShownState | undefined, state: ShownState | undefined): boolean {
  if (upstream === undefined || upstream === "cached") return false;
  switch (state) {
    case "stale":
    case "waiting":
    case "queued":
      return true;
    case "missing":
    case "cancelled":
      // Never made is no one's fault, unless what it reads came to an end.
      return upstream === "failed" || upstream === "broken" || upstream === "cancelled";
    case "unknown":
      return upstream === "unknown";
    default:
      return false;
  }
}

function boxOf(
  { id, kind, label, detail, nodes, family, reference }: Draft,
  layout: Layout,
  at: number,
  targets: ReadonlySet<GraphNode>,
  { stateOf, whyOf, placeOf, placeOfInput }: PictureOptions,
): GraphBox {
  const [first] = nodes;
  const { x, y, width } = layout.boxes[at] ?? { x: 0, y: 0, width: 0 };
  const name = kind === "node" ? label : kind === "family" ? family : undefined;
  const why = name === undefined ? undefined : whyOf?.(name);
  const place = (first && placeOf?.(first)) ?? (reference && placeOfInput?.(reference));
  const states = nodes.flatMap((node) => stateOf(node) ?? []);
  return {
    id,
    kind,
    label,
    detail,
    x,
    y,
    width,
    height: HEIGHT[kind],
    target: nodes.some((node) => targets.has(node)),
    nodes: nodes.length,
    counts: countStates(states),
    ...(why === undefined ? {} : { why }),
    ...(family === undefined ? {} : { family }),
    ...(place === undefined ? {} : { place }),
  };
}

/** The newest layouts by what they lay out: a picture that only changes its colours is not laid out again. */
const layouts = new Map<string, Layout>();
const KEPT_LAYOUTS = 8;

function laidOut(drafts: readonly Draft[], edges: readonly DraftEdge[]): Layout {
  const boxes = drafts.map(sizeOf);
  const key = JSON.stringify([
    boxes.map(({ width, height }) => [width, height]),
    edges.map(({ from, to }) => [from, to]),
  ]);
  const layout = layouts.get(key) ?? layered(boxes, edges);
  layouts.delete(key);
  layouts.set(key, layout);
  for (const [oldest] of layouts) {
    if (layouts.size <= KEPT_LAYOUTS) break;
    layouts.delete(oldest);
  }
  return layout;
}

function sizeOf({ kind, label, detail, family }: Draft): LayoutBox {
  const name = lettersOf(label) * (kind === "family" ? BOLD : 1);
  // Details are smaller; before a node's stands its state, and members leave theirs to the family.
  const state = kind === "node" && family === undefined ? STATE_WORD : 0;
  const letters = Math.min(Math.max(name, (lettersOf(detail) + state) * 0.85), LONGEST_LABEL);
  return {
    width: Math.max(NARROWEST[kind], Math.ceil(letters * LETTER) + 2 * PADDING),
    height: HEIGHT[kind],
  };
}

/** Letters of East Asian scripts are as wide as two. */
function lettersOf(text: string): number {
  let letters = 0;
  for (const letter of text)
    letters += /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/.test(letter) ? 2 : 1;
  return letters;
}

/** The picture in a sentence, and what keeps it from showing what was asked for. */
function description(graph: Graph, folding: Folding, { unfolded }: PictureOptions): string {
  const names = graph.targets.slice(0, 5).map(({ name }) => name);
  const more = graph.targets.length - names.length;
  const targets = more > 0 ? t("{0} and {1} more", names.join(", "), grouped(more)) : names.join(", ");
  const nodes = nodesText(graph.nodes.length);
  const sentences = [targets === "" ? t("{0}.", nodes) : t("{0}. Targets: {1}.", nodes, targets)];
  if (folding.by === "transform")
    sentences.push(t("There are too many families for one picture: each box is a transform."));
  else if (unfolded.size > 0 && folding.unfolded.size === 0)
    sentences.push(t("More is unfolded than one picture can show: all families are folded."));
  return sentences.join(" ");
}
