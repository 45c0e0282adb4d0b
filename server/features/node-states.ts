import type { Graph, GraphNode } from "../graph/model.js";
import type { NodeStatement } from "../language/syntax.js";
import type { ShownState, StateCounts } from "../protocol.js";

/** What is known of the nodes of one pipeline file, for features that show states. It may be of an older text. */
export interface NodeStates {
  readonly graph: Graph;
  of(node: GraphNode): KnownNode;
  /** Of the nodes that a statement declares; by the statement, or by the family's name when the text is newer. */
  ofStatement(statement: NodeStatement): Summary | undefined;
  ofFamily(name: string): Summary | undefined;
  /** Of all that the targets rest on. */
  readonly reach: StateCounts;
}

export interface KnownNode {
  readonly state: ShownState;
  /** A run that wants it would have to deal with it. */
  readonly toRun: boolean;
  /** The first thing to say about it, when that has been found out: `param lossy false → true`. */
  readonly why: string | undefined;
  /** What the newest run says of it, while that counts. */
  readonly run:
    | {
        readonly run: string;
        readonly message?: string;
        readonly attempt?: number;
        readonly exitCode?: number;
      }
    | undefined;
  readonly recipe: string | undefined;
}

/** What several nodes come to. */
export interface Summary {
  readonly nodes: number;
  readonly counts: StateCounts;
  /** Of the one that wants attention most: of a waiting node what it waits for, else what changed or went wrong. */
  readonly why: string | undefined;
}

export function countStates(states: Iterable<ShownState>): StateCounts {
  const counts: { [state in ShownState]?: number } = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
