import type { RecipeId } from "../base/brand.js";
import type { OpenedPipeline } from "./pipeline.js";
import type { StateName } from "./states.js";

/** The structured answer to `reprod explain FILE NODE`. */
export interface Explanation {
  readonly node: string;
  readonly state: StateName;
  readonly recipe: RecipeId | undefined;
  /** What is stored of it under another recipe, newest first to be found: the one the reasons compare with. */
  readonly earlier: { readonly recipe: RecipeId; readonly run: string | undefined } | undefined;
  /** What is different in the node itself, in sentences; with line differences of the script where it changed. */
  readonly reasons: readonly ExplainedReason[];
  /** From each first cause down to this node: the cause first. */
  readonly causes: readonly {
    readonly path: readonly string[];
    readonly state: StateName;
    readonly reasons: readonly ExplainedReason[];
  }[];
  /** What a run of this node would do, in one sentence. */
  readonly outlook: string;
}

export interface ExplainedReason {
  readonly text: string;
  /** Lines that start with `+`, `-` or a space. */
  readonly difference: readonly string[] | undefined;
}

/** Throws `Failure` `unknown-target` when there is no such node. */
export async function explainNode(_opened: OpenedPipeline, _node: string): Promise<Explanation> {
  throw new Error("the body follows within the hour");
}
