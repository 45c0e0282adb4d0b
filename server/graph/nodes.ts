import type { Declaration, NodeStatement } from "../language/syntax.js";
import type { Cell } from "./demand.js";
import type { EnvValue, GraphNode, InItem, InValue, NodeOut, Resources, Retry } from "./model.js";
import type { ParamScope, Scope } from "./scopes.js";
import type { ArgumentPlan, LoweredTransform } from "./transforms.js";
import type { OutReference, Value } from "./value.js";

const NO_ENV: ReadonlyMap<string, EnvValue> = new Map();
const NO_RETRY: Retry = { attempts: 1, on: [], memoryFactor: 1 };
/** One for all nodes: what a node has before it is evaluated costs nothing. */
const NONE: readonly never[] = [];
function notEvaluated(): never {
  throw new Error("the resources of a node are set when it is evaluated");
}

/** A node while it is evaluated: others refer to it before its own arguments are known. */
export class EvaluatedNode implements GraphNode {
  index = -1;
  params: readonly Value[] = NONE;
  ins: readonly InValue[] = NONE;
  outs: readonly NodeOut[] = NONE;
  env = NO_ENV;
  upstream: readonly EvaluatedNode[] = NONE;
  retry = NO_RETRY;
  /** Cut when the evaluation ends, so that scopes and cells do not live as long as the graph. */
  draft: Draft | undefined;
  resources: (sizeOf?: (out: OutReference) => number | undefined) => Resources = notEvaluated;

  constructor(
    readonly family: string,
    readonly keys: readonly Value[],
    readonly name: string,
    readonly transform: LoweredTransform,
    readonly statement: NodeStatement,
    readonly declaration: Declaration,
    readonly module: string,
  ) {}
}

/** What the evaluation of a node needs until it is done. */
export interface Draft {
  readonly node: EvaluatedNode;
  readonly scope: Scope;
  readonly plan: ArgumentPlan;
  /** By position in `transform.ins`, before staging. */
  ins: readonly Value[];
  /** The transform's names with this node's values. */
  readonly inside: ParamScope;
  /** Params and ins. */
  readonly inputs: Cell<true>;
  /** Paths of the outs. */
  readonly outs: Cell<true>;
  /** Staged ins, env, resources and retry: asked for when every upstream node is finished. */
  readonly rest: Cell<true>;
}

/** Every node of an evaluation is an `EvaluatedNode`; the type of references is the wider one that others see. */
export function nodeOf(reference: OutReference): EvaluatedNode {
  return evaluated(reference.node);
}

export function evaluated(node: GraphNode): EvaluatedNode {
  if (node instanceof EvaluatedNode) return node;
  throw new Error("a node of another evaluation");
}

export function outKind(reference: OutReference): NodeOut["kind"] {
  return nodeOf(reference).transform.outs[reference.index]?.kind ?? "file";
}

/** What an in stages, as a list. */
export function itemsOf(value: InValue): readonly InItem[] {
  if (value === null) return NONE;
  return isItemList(value) ? value : [value];
}

function isItemList(value: InItem | readonly InItem[]): value is readonly InItem[] {
  return Array.isArray(value);
}

/** What an in of a finished node was given, before staging. */
export function stagedSource(node: GraphNode, index: number): Value {
  const value = node.ins[index] ?? null;
  if (value === null) return null;
  return "source" in value ? value.source : value.map((item) => item.source);
}
