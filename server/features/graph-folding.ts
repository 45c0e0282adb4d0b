import { unreachable } from "../base/failure.js";
import { grouped } from "../base/format.js";
import type { Graph, GraphNode } from "../graph/model.js";
import type { DataReference } from "../graph/value.js";
import { type GraphBox, type ShownState, shownStates } from "../protocol.js";
import { t } from "./words.js";

/** A box before it has a place. */
export interface Draft {
  readonly id: string;
  readonly kind: GraphBox["kind"];
  readonly label: string;
  readonly detail: string;
  /** In the order of the graph; none for an input. */
  readonly nodes: readonly GraphNode[];
  readonly family?: string;
  /** Of a single input. */
  readonly reference?: DataReference;
}

export interface Folded {
  readonly drafts: readonly Draft[];
  /** By the index of a node the position of its box in `drafts`. */
  readonly boxOf: Int32Array;
}

/** How much of a graph becomes one box. */
export type Folding =
  /** One box a family; unfolded ones show so many members, and the rest as one box. */
  | { readonly by: "family"; readonly members: number; readonly unfolded: ReadonlySet<string> }
  /** One box a transform; so many of them, and the rest as one box. */
  | { readonly by: "transform"; readonly most: number };

/** Linear in nodes. Boxes come in the order in which their families are first evaluated, members together. */
export function folded(
  graph: Graph,
  folding: Folding,
  stateOf: (node: GraphNode) => ShownState | undefined,
): Folded {
  const drafts = draftsOf(graph, folding, stateOf);
  const boxOf = new Int32Array(graph.nodes.length);
  for (const [at, { nodes }] of drafts.entries()) for (const node of nodes) boxOf[node.index] = at;
  return { drafts, boxOf };
}

function draftsOf(
  graph: Graph,
  folding: Folding,
  stateOf: (node: GraphNode) => ShownState | undefined,
): readonly Draft[] {
  switch (folding.by) {
    case "family":
      return [...byKey(graph.nodes, ({ family }) => family)].flatMap(([family, nodes]) => {
        if (isSingle(nodes)) return nodes.map(nodeDraft);
        if (!folding.unfolded.has(family)) return [familyDraft(family, nodes)];
        return memberDrafts(family, chosen(nodes, folding.members, stateOf));
      });
    case "transform": {
      const groups = [...byKey(graph.nodes, ({ transform }) => transform.name)];
      const drafts = groups
        .slice(0, folding.most)
        .map(([transform, nodes]) => transformDraft(transform, nodes));
      const rest = groups.slice(folding.most);
      if (rest.length === 0) return drafts;
      const nodes = rest.flatMap(([, members]) => members).sort((a, b) => a.index - b.index);
      const label = t("and {0} more transforms", grouped(rest.length));
      return [...drafts, { id: "more:", kind: "more", label, detail: nodesText(nodes.length), nodes }];
    }
    default:
      return unreachable(folding);
  }
}

/** A node without keys is no family, though the graph lists it as one. */
function isSingle(nodes: readonly GraphNode[]): boolean {
  return nodes.length === 1 && nodes[0]?.keys.length === 0;
}

function nodeDraft(node: GraphNode): Draft {
  return {
    id: `node:${node.name}`,
    kind: "node",
    label: node.name,
    detail: node.transform.name,
    nodes: [node],
  };
}

function familyDraft(family: string, nodes: readonly GraphNode[]): Draft {
  const transforms = [...new Set(nodes.map(({ transform }) => transform.name))].join(", ");
  const detail = `${grouped(nodes.length)} × ${transforms}`;
  return { id: `family:${family}`, kind: "family", label: family, detail, nodes, family };
}

function memberDrafts(family: string, { shown, rest }: Chosen): readonly Draft[] {
  const members = shown.map((node) => ({ ...nodeDraft(node), family }));
  if (rest.length === 0) return members;
  const label = t("and {0} more", grouped(rest.length));
  return [...members, { id: `more:${family}`, kind: "more", label, detail: family, nodes: rest, family }];
}

function transformDraft(transform: string, nodes: readonly GraphNode[]): Draft {
  const families = new Set(nodes.map(({ family }) => family)).size;
  const detail = t("{0} in {1} families", nodesText(nodes.length), grouped(families));
  return { id: `transform:${transform}`, kind: "family", label: transform, detail, nodes };
}

interface Chosen {
  readonly shown: readonly GraphNode[];
  readonly rest: readonly GraphNode[];
}

/** What wants attention most is shown, in the order of the graph; of a family that fits, everything. */
function chosen(
  nodes: readonly GraphNode[],
  most: number,
  stateOf: (node: GraphNode) => ShownState | undefined,
): Chosen {
  if (nodes.length <= most) return { shown: nodes, rest: [] };
  const byState = byKey(nodes, stateOf);
  const first = new Set(
    [...shownStates, undefined].flatMap((state) => byState.get(state) ?? []).slice(0, most),
  );
  return { shown: nodes.filter((node) => first.has(node)), rest: nodes.filter((node) => !first.has(node)) };
}

export function byKey<Item, Key>(
  items: Iterable<Item>,
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

export function nodesText(count: number): string {
  return count === 1 ? t("1 node") : t("{0} nodes", grouped(count));
}
