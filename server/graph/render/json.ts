import type { Graph, GraphNode } from "../model.js";
import { taggedValue } from "../recipe.js";
import { DataReference } from "../value.js";

/** The whole graph as JSON, for other programs: every node, however many there are. */
export interface JsonGraph {
  readonly pipeline: string | null;
  readonly nodes: readonly JsonNode[];
  /** Names of nodes. */
  readonly targets: readonly string[];
  readonly publish: readonly { readonly node: string; readonly out: string; readonly folder: string }[];
}

export interface JsonNode {
  readonly name: string;
  readonly family: string;
  readonly transform: string;
  readonly state?: string;
  /** Values with their types, as in a record. */
  readonly params: { readonly [name: string]: unknown };
  readonly ins: { readonly [name: string]: JsonIn };
  readonly outs: readonly {
    readonly name: string;
    readonly kind: string;
    readonly optional: boolean;
    readonly path: string;
  }[];
  /** Names of the nodes whose outs it reads. */
  readonly upstream: readonly string[];
}

export type JsonIn = null | JsonFile | readonly JsonFile[];
export type JsonFile =
  | { readonly staged: string; readonly data: string }
  | { readonly staged: string; readonly node: string; readonly out: string };

export function jsonGraph(graph: Graph, stateOf?: (node: GraphNode) => string | undefined): JsonGraph {
  return {
    pipeline: graph.pipeline ?? null,
    nodes: graph.nodes.map((node) => jsonNode(node, stateOf?.(node))),
    targets: graph.targets.map(({ name }) => name),
    publish: graph.publish.map(({ node, out, folder }) => ({
      node: node.name,
      out: node.outs[out]?.name ?? "",
      folder,
    })),
  };
}

function jsonNode(node: GraphNode, state: string | undefined): JsonNode {
  return {
    name: node.name,
    family: node.family,
    transform: node.transform.name,
    ...(state === undefined ? {} : { state }),
    params: Object.fromEntries(
      node.transform.params.map(({ name }, at) => [name, taggedValue(node.params[at] ?? null)]),
    ),
    ins: Object.fromEntries(node.transform.ins.map(({ name }, at) => [name, jsonIn(node.ins[at] ?? null)])),
    outs: node.outs,
    upstream: node.upstream.map(({ name }) => name),
  };
}

function jsonIn(value: GraphNode["ins"][number]): JsonIn {
  if (value === null) return null;
  return "source" in value ? jsonFile(value) : value.map(jsonFile);
}

function jsonFile({
  source,
  staged,
}: Extract<NonNullable<GraphNode["ins"][number]>, { staged: string }>): JsonFile {
  if (!(source instanceof DataReference))
    return { staged, node: source.node.name, out: source.node.outs[source.index]?.name ?? "" };
  return { staged, data: source.place.kind === "local" ? source.place.path : source.place.url };
}
