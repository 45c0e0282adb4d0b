import type { RecipeId } from "../base/brand.js";
import type { GraphNode } from "../graph/model.js";
import type { OpenedPipeline } from "./pipeline.js";
import type { NodeState, StateName, States } from "./states.js";

export interface PlanOptions {
  /** As typed: `report`, `merged` (a family: all its members), `merged["a"]`. Empty: what the file's `target` says. */
  readonly targets?: readonly string[];
  /** As typed, like targets: made again although the store has them. */
  readonly noCache?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface PlanNode {
  readonly node: GraphNode;
  readonly state: NodeState;
  /** Undefined while an input has no digest. */
  readonly recipe: RecipeId | undefined;
  /**
   * Whether a run would have to deal with it (B3). A waiting node may still turn out reusable, once what it waits for
   * has run.
   */
  readonly runs: boolean;
}

export type StateCounts = { readonly [state in StateName]: number };

/** How long the nodes that run may take, from what earlier runs of the same transforms took. */
export interface Estimate {
  /** With everything that waits turning out reusable, at the faster quarter of earlier times. */
  readonly lowMilliseconds: number;
  /** With everything made, at the slower quarter of earlier times. */
  readonly highMilliseconds: number;
  /** Nodes of transforms that never ran here: they are not in the range. */
  readonly unknownNodes: number;
  /** In words: how many earlier runs of which transforms it rests on. */
  readonly basis: string;
}

/** What a run would do, in the order of the graph. */
export interface Plan {
  readonly opened: OpenedPipeline;
  readonly states: States;
  readonly targets: readonly GraphNode[];
  /** Everything the targets rest on, upstream first. */
  readonly nodes: readonly PlanNode[];
  readonly summary: StateCounts;
  /** How many `nodes` have `runs`. */
  readonly toRun: number;
  readonly estimate: Estimate | undefined;
}

/** What `plan --json` prints. */
export interface PlanJson {
  readonly summary: StateCounts;
  readonly nodes: readonly {
    /** As written: `aligned["ANN0830", 2]`. */
    readonly name: string;
    readonly state: StateName;
    readonly recipe: RecipeId | null;
    readonly why: readonly string[];
    readonly runs: boolean;
  }[];
  readonly estimate: Estimate | null;
}

/** What the targets need and the store has not. Throws `Failure` `unknown-target`. */
export async function planPipeline(_opened: OpenedPipeline, _options: PlanOptions = {}): Promise<Plan> {
  throw new Error("the body follows within the hour");
}

/** Why a node has its state, in sentences; empty for a cached one. Reads the record it had earlier. */
export async function whyOf(_plan: Plan, _node: GraphNode): Promise<readonly string[]> {
  throw new Error("the body follows within the hour");
}

export async function planJson(_plan: Plan): Promise<PlanJson> {
  throw new Error("the body follows within the hour");
}
