import type { RecipeId } from "../base/brand.js";
import type { GraphNode } from "../graph/model.js";
import { idsKnown } from "../graph/recipe.js";
import { type Estimate, estimateTime } from "./estimate.js";
import type { OpenedPipeline } from "./pipeline.js";
import { latestRuns, type NodeRun } from "./said.js";
import { type NodeState, type StateName, States } from "./states.js";
import { resolveTargets } from "./targets.js";
import { WhyTable } from "./why.js";

export type { Estimate } from "./estimate.js";

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
  /** Whether it is a target or read by a node that runs: what a run needs here. */
  readonly needed: boolean;
}

export type StateCounts = { readonly [state in StateName]: number };

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
  /** Of the time that a run takes; undefined when nothing runs or nothing is known. */
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
    /** What the newest run says of it as it is now; left out when no run says anything that still counts (B2). */
    readonly run?: NodeRun;
  }[];
  readonly estimate: Estimate | null;
}

/**
 * What the targets need and the store has not. A node runs only if it is a target or is read by one that runs, and its
 * result can't be used: a missing or broken node above a usable one is left alone (B3). Linear in nodes and edges.
 * Throws `Failure` `unknown-target`.
 */
export async function planPipeline(opened: OpenedPipeline, options: PlanOptions = {}): Promise<Plan> {
  const { graph, identifier } = opened;
  const named = options.targets ?? [];
  const targets = named.length === 0 ? graph.targets : resolveTargets(graph, named);
  const noCache = new Set(resolveTargets(graph, options.noCache ?? []));
  const states = await States.look(opened, { noCache, ...(options.signal && { signal: options.signal }) });

  const needed = reach(graph.nodes.length, targets, () => true);
  const demanded = reach(graph.nodes.length, targets, (node) => states.of(node).state !== "cached");
  const nodes: PlanNode[] = [];
  const summary = { cached: 0, stale: 0, waiting: 0, missing: 0, broken: 0, unknown: 0 };
  const running: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (needed[node.index] !== 1) continue;
    const state = states.of(node);
    const ids = identifier.ids(node);
    const isNeeded = demanded[node.index] === 1;
    const runs = isNeeded && state.state !== "cached";
    nodes.push({ node, state, recipe: idsKnown(ids) ? ids.recipe : undefined, runs, needed: isNeeded });
    summary[state.state]++;
    if (runs) running.push(node);
  }
  const estimate = await estimateTime(opened, states, running);
  return { opened, states, targets, nodes, summary, toRun: running.length, estimate };
}

/** Marks the targets and, above each marked node that `goesOn` holds for, its upstream. */
function reach(
  count: number,
  targets: readonly GraphNode[],
  goesOn: (node: GraphNode) => boolean,
): Uint8Array {
  const marks = new Uint8Array(count);
  const walk = [...targets];
  for (let node = walk.pop(); node !== undefined; node = walk.pop()) {
    if (marks[node.index] === 1) continue;
    marks[node.index] = 1;
    if (goesOn(node)) walk.push(...node.upstream);
  }
  return marks;
}

/** The plan as data. Reads the earlier record of each node that changed and, unless all is cached, the newest runs. */
export async function planJson(plan: Plan): Promise<PlanJson> {
  const nodes: PlanJson["nodes"][number][] = [];
  const table = new WhyTable(plan);
  const said = await latestRuns(plan.opened, plan.nodes);
  for (const { node, state, recipe, runs } of plan.nodes) {
    const why = state.state === "cached" ? [] : await table.of(node);
    const run = said.get(node.name);
    nodes.push({
      name: node.name,
      state: state.state,
      recipe: recipe ?? null,
      why,
      runs,
      ...(run !== undefined && { run }),
    });
  }
  return { summary: plan.summary, nodes, estimate: plan.estimate ?? null };
}
