import type { Graph, GraphNode } from "./model.js";
import { topologicalOrder } from "./topology.js";

/** The targets and everything above them, upstream first; otherwise in the order of the targets. Linear. */
export function neededBy(targets: readonly GraphNode[]): readonly GraphNode[] {
  return topologicalOrder(targets, (circle) => {
    throw new Error(`a graph has no circles: ${circle[0]?.name}`);
  });
}

/** By node index: the nodes that read its outs, each once, in the order of the graph. Linear in nodes and edges. */
export function downstreamOf(graph: Graph): readonly (readonly GraphNode[])[] {
  const downstream: GraphNode[][] = graph.nodes.map(() => []);
  for (const node of graph.nodes)
    for (const upstream of node.upstream) downstream[upstream.index]?.push(node);
  return downstream;
}
