import type { GraphNode } from "../graph/model.js";
import type { MadeOuts } from "../graph/recipe.js";
import type { NamesLine } from "../store/record.js";
import type { StoredResult } from "../store/store.js";

/** What the store says of a node (language.md, "States of a node"); what the newest run says is in `runs.ts`. */
export type StateName = "cached" | "stale" | "waiting" | "missing" | "broken" | "unknown";

export type NodeState =
  /** `by` content: made under another recipe with the same content id; using it writes a record of its own (A4). */
  | { readonly state: "cached"; readonly by: "recipe" | "content"; readonly result: StoredResult }
  | { readonly state: "stale"; readonly cause: StaleCause; readonly earlier: NamesLine | undefined }
  /** `upstream`: those that it waits for, or that gave other bytes than it was made from. */
  | {
      readonly state: "waiting";
      readonly upstream: readonly GraphNode[];
      readonly earlier: NamesLine | undefined;
    }
  | { readonly state: "broken"; readonly reason: string }
  /** `earlier`: it was made once, and its result has been collected since. */
  | { readonly state: "missing"; readonly earlier: NamesLine | undefined }
  | { readonly state: "unknown"; readonly reason: string };

export type StaleCause =
  /** Its own parts differ from those it had last (B2). */
  | "changed"
  /** Same recipe, but an upstream has been made again with other bytes (A2). */
  | "other-bytes"
  /** `--no-cache` asks for it. */
  | "asked";

/** The states of all nodes of a graph, as of one look at the store. */
export interface States {
  of(node: GraphNode): NodeState;
  /** What a node made, when its state is cached. */
  madeBy(node: GraphNode): MadeOuts | undefined;
}
