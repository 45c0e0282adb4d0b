import type { Graph, GraphNode } from "../model.js";

/** More nodes than this are drawn as one box a family, unless asked for otherwise: nobody reads a thousand boxes. */
const FOLD_ABOVE = 60;

export interface ViewOptions {
  /** One box a family; without it, decided by the number of nodes. */
  readonly families?: boolean;
  /** The state of a node, shown beside its name: `cached`, `stale`. */
  readonly stateOf?: (node: GraphNode) => string | undefined;
}

/** What a picture of a graph shows. */
export interface View {
  readonly title: string;
  /** What the picture says, in a sentence for those who do not see it. */
  readonly description: string;
  readonly boxes: readonly Box[];
  /** Each pair of boxes once, by their positions. */
  readonly edges: readonly { readonly from: number; readonly to: number }[];
}

export interface Box {
  /** Name of a node, or of a family. */
  readonly label: string;
  /** What stands below the name: transform, number of nodes, states. */
  readonly detail: string;
  readonly kind: "node" | "family";
  /** Whether a run builds it when nothing else is asked for. */
  readonly target: boolean;
  /** Of a single node. */
  readonly state: string | undefined;
}

/** Linear in nodes and edges. */
export function viewOf(graph: Graph, { families, stateOf = () => undefined }: ViewOptions = {}): View {
  const folded = families ?? graph.nodes.length > FOLD_ABOVE;
  const positions = new Map<string, number>();
  const members: GraphNode[][] = [];
  for (const node of graph.nodes) {
    const name = folded ? node.family : node.name;
    let at = positions.get(name);
    if (at === undefined) {
      at = members.length;
      positions.set(name, at);
      members.push([]);
    }
    members[at]?.push(node);
  }
  const targets = new Set(graph.targets);
  const boxes = members.map((nodes) => boxOf(nodes, folded, targets, stateOf));
  const edges = new Map<string, { readonly from: number; readonly to: number }>();
  for (const [to, nodes] of members.entries()) {
    for (const node of nodes) {
      for (const upstream of node.upstream) {
        const from = positions.get(folded ? upstream.family : upstream.name) ?? to;
        edges.set(`${from} ${to}`, { from, to });
      }
    }
  }
  const title = graph.pipeline ?? "pipeline";
  const count = `${graph.nodes.length} ${graph.nodes.length === 1 ? "node" : "nodes"}`;
  const how = folded ? `, drawn as ${boxes.length} families` : "";
  const names = [...graph.targets].slice(0, 5).map(({ name }) => name);
  const more = graph.targets.length > names.length ? ` and ${graph.targets.length - names.length} more` : "";
  return {
    title,
    description: `${count}${how}. Targets: ${names.join(", ")}${more}.`,
    boxes,
    edges: [...edges.values()],
  };
}

function boxOf(
  nodes: readonly GraphNode[],
  folded: boolean,
  targets: ReadonlySet<GraphNode>,
  stateOf: (node: GraphNode) => string | undefined,
): Box {
  const [first] = nodes;
  const transforms = [...new Set(nodes.map(({ transform }) => transform.name))].join(", ");
  const single = nodes.length === 1 && (!folded || first?.keys.length === 0);
  const states = new Map<string, number>();
  for (const node of nodes) {
    const state = stateOf(node);
    if (state !== undefined) states.set(state, (states.get(state) ?? 0) + 1);
  }
  const shown = [...states].map(([state, count]) => (single ? state : `${count} ${state}`)).join(", ");
  const parts = [single ? transforms : `${nodes.length} × ${transforms}`, shown].filter(
    (part) => part !== "",
  );
  return {
    label: (single ? first?.name : first?.family) ?? "",
    detail: parts.join(" · "),
    kind: single ? "node" : "family",
    target: nodes.some((node) => targets.has(node)),
    state: single ? [...states.keys()][0] : undefined,
  };
}
