import type { GraphBox, GraphEdge } from "../../../server/protocol.js";
import type { PictureIndex } from "./picture-index.js";

/** Why a box is stale or waits: what leads to it. */
export interface Causes {
  readonly boxes: ReadonlySet<string>;
  readonly edges: ReadonlySet<GraphEdge>;
  /** A shortest way: from the nearest cause over what lies between to the box itself. */
  readonly path: readonly GraphBox[];
}

/** Everything that a box is stale or waits because of, back to the first causes; undefined when nothing is to blame. */
export function causesOf(index: PictureIndex, id: string): Causes | undefined {
  const edges = new Set<GraphEdge>();
  const next = new Map<string, string | undefined>([[id, undefined]]);
  let nearest: string | undefined;
  // A Map that grows while it is walked is walked to its end: breadth first.
  for (const [at] of next) {
    const causal = index.into(at).filter((edge) => edge.causal);
    if (at !== id && (causal.length === 0 || isCauseItself(index.box(at)))) nearest ??= at;
    for (const edge of causal) {
      edges.add(edge);
      if (!next.has(edge.from)) next.set(edge.from, at);
    }
  }
  if (edges.size === 0) return undefined;
  const path: GraphBox[] = [];
  // In a circle of folded families nothing is first: then the last that was found tells the way.
  for (let at = nearest ?? [...next.keys()].at(-1); at !== undefined; at = next.get(at)) {
    const box = index.box(at);
    if (box !== undefined) path.push(box);
  }
  return { boxes: new Set(next.keys()), edges, path };
}

/** Something is different with it, or went wrong: it does not only wait. */
function isCauseItself(box: GraphBox | undefined): boolean {
  const { stale = 0, failed = 0, broken = 0 } = box?.counts ?? {};
  return stale + failed + broken > 0;
}
