import { unreachable } from "../base/failure.js";
import type { GraphNode } from "../graph/model.js";
import { difference, type Reason, reasonText } from "../graph/reason.js";
import type { OpenedPipeline } from "./pipeline.js";
import { changedUpstream, type Earlier, type NodeState, type States } from "./states.js";

/** What the reasons rest on: a plan is one. */
export interface Judged {
  readonly opened: OpenedPipeline;
  readonly states: States;
}

/** A node that waits for a thousand others is told about some of them. */
const CAUSES_SHOWN = 5;

/** Why a node has its state, in a word or two and without reading anything: for the journal. */
export function briefWhy({ states }: Judged, node: GraphNode): readonly string[] {
  const state = states.of(node);
  switch (state.state) {
    case "cached":
      return [];
    case "stale":
      return [staleText(state)];
    case "waiting":
      return state.upstream.slice(0, CAUSES_SHOWN).map((upstream) => `upstream \`${upstream.name}\` changed`);
    case "broken":
      return [state.reason];
    case "missing":
      return [missingText(state.earlier)];
    case "unknown":
      return [state.reason];
    default:
      return unreachable(state);
  }
}

/**
 * Why nodes have their states, in sentences. What changed is told by the record of the last time, read once a changed
 * node; a waiting node passes on what its upstream says, so a chain costs as much as its nodes, not their square.
 */
export class WhyTable {
  readonly #judged: Judged;
  /** Of the node itself, and what it says to those below it; by `node.index`. */
  readonly #known: ({ readonly own: readonly string[]; readonly passed: readonly string[] } | undefined)[];

  constructor(judged: Judged) {
    this.#judged = judged;
    this.#known = new Array<undefined>(judged.opened.graph.nodes.length).fill(undefined);
  }

  async of(node: GraphNode): Promise<readonly string[]> {
    if (this.#judged.states.of(node).state === "cached") return [];
    for (const above of this.#unknownAbove(node)) this.#known[above.index] = await this.#look(above);
    return this.#known[node.index]?.own ?? [];
  }

  /** The node and what its reasons rest on, upstream first; without those that are known. */
  #unknownAbove(node: GraphNode): readonly GraphNode[] {
    const found = new Set<GraphNode>();
    const walk = [node];
    for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
      if (found.has(next) || this.#known[next.index] !== undefined) continue;
      found.add(next);
      const state = this.#judged.states.of(next);
      if (state.state === "waiting") walk.push(...state.upstream);
    }
    return [...found].sort((a, b) => a.index - b.index);
  }

  async #look(
    node: GraphNode,
  ): Promise<{ readonly own: readonly string[]; readonly passed: readonly string[] }> {
    const state = this.#judged.states.of(node);
    if (state.state === "waiting") {
      const causes = new Set<string>();
      for (const upstream of state.upstream) {
        for (const text of this.#known[upstream.index]?.passed ?? [
          `upstream \`${upstream.name}\` has new content`,
        ])
          if (causes.size < CAUSES_SHOWN) causes.add(text);
      }
      return { own: [...causes], passed: [...causes] };
    }
    const own = await this.#ownReasons(node, state);
    const passed =
      state.state === "cached"
        ? [`upstream \`${node.name}\` has new content`]
        : own.map((text) => `upstream \`${node.name}\`: ${text}`);
    return { own, passed: passed.slice(0, CAUSES_SHOWN) };
  }

  async #ownReasons(node: GraphNode, state: NodeState): Promise<readonly string[]> {
    if (state.state !== "stale") return briefWhy(this.#judged, node);
    switch (state.cause) {
      case "asked":
        return [staleText(state)];
      case "other-bytes": {
        const names = await otherBytes(this.#judged, node);
        return names.map((name) => `upstream \`${name}\` gave other bytes for the same recipe`);
      }
      case "changed": {
        const reasons = await reasonsSince(this.#judged.opened, node, state.earlier);
        if (reasons === undefined) return ["it has changed; what it was made of before is no longer stored"];
        return reasons.filter(({ kind }) => kind !== "upstream").map((reason) => reasonText(reason));
      }
    }
  }
}

/** In what a node differs from the last time; undefined when that is no longer stored. */
export async function reasonsSince(
  opened: OpenedPipeline,
  node: GraphNode,
  earlier: Earlier | undefined,
): Promise<readonly Reason[] | undefined> {
  if (earlier === undefined) return undefined;
  const record = await opened.store.readRecord(earlier.line.recipe);
  const now = opened.identifier.recipe(node);
  if (record === undefined || "unknown" in now) return undefined;
  return difference(record.recipe, now);
}

/** Names of the upstream nodes whose outs are not those that the stored record of this recipe was made from (A2). */
export async function otherBytes({ opened, states }: Judged, node: GraphNode): Promise<readonly string[]> {
  const ids = opened.identifier.ids(node);
  const record = "unknown" in ids ? undefined : await opened.store.readRecord(ids.recipe);
  if (record === undefined) return [];
  const changed = changedUpstream(opened, node, record, (upstream) => states.madeBy(upstream));
  return changed.map((upstream) => upstream.name);
}

function staleText(state: NodeState & { readonly state: "stale" }): string {
  switch (state.cause) {
    case "asked":
      return "asked for with --no-cache";
    case "other-bytes":
      return "an upstream gave other bytes for the same recipe";
    case "changed":
      return "it has changed";
  }
}

function missingText(earlier: Earlier | undefined): string {
  return earlier === undefined ? "never made" : `made in run ${earlier.run}, and its result is gone since`;
}
