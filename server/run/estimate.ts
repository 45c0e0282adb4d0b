import * as os from "node:os";
import type { RecipeId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { sizesOf } from "../graph/made.js";
import type { GraphNode, GraphTransform } from "../graph/model.js";
import type { OpenedPipeline } from "./pipeline.js";
import type { States } from "./states.js";

/** How long the nodes that run may take, from what earlier runs of the same transforms took. */
export interface Estimate {
  /** With everything that waits turning out reusable, at the faster quarter of earlier times. */
  readonly lowMilliseconds: number;
  /** With everything made, at the slower quarter of earlier times. */
  readonly highMilliseconds: number;
  /** Nodes of transforms that never ran here: they are not in the range. */
  readonly unknownNodes: number;
  /** In words: what it rests on. */
  readonly basis: string;
}

/** Records that are read for a transform: enough for a range, and the same for 10 nodes and 100,000. */
const SAMPLES = 8;

/** Undefined when nothing runs or nothing is known. Reads some records a transform, however many nodes run. */
export async function estimateTime(
  opened: OpenedPipeline,
  states: States,
  running: readonly GraphNode[],
): Promise<Estimate | undefined> {
  const transforms = new Set(running.map((node) => node.transform));
  const samples = sampleRecipes(opened, states, transforms);
  const times = new Map<GraphTransform, { readonly low: number; readonly high: number }>();
  let runs = 0;
  for (const [transform, recipes] of samples) {
    const walls: number[] = [];
    for (const recipe of recipes) {
      const record = await opened.store.readRecord(recipe);
      const wall = record?.made.attempts.at(-1)?.usage.wallMilliseconds;
      if (wall !== undefined) walls.push(wall);
    }
    if (walls.length === 0) continue;
    walls.sort((a, b) => a - b);
    runs += walls.length;
    times.set(transform, { low: quantile(walls, 0.25), high: quantile(walls, 0.75) });
  }
  if (times.size === 0) return undefined;

  const cpus = os.availableParallelism();
  const isWaiting = (node: GraphNode) => states.of(node).state === "waiting";
  const sizeOf = sizesOf((node) => states.madeBy(node));
  const cpusOf = (node: GraphNode) => Math.min(cpus, cpusAsFarAsKnown(node, sizeOf));
  const low = scheduleLength(running, cpus, cpusOf, (node) =>
    isWaiting(node) ? 0 : (times.get(node.transform)?.low ?? 0),
  );
  const high = scheduleLength(running, cpus, cpusOf, (node) => times.get(node.transform)?.high ?? 0);
  const unknown = [...transforms].filter((transform) => !times.has(transform));
  const names = unknown.map((transform) => `\`${transform.name}\``).join(", ");
  return {
    lowMilliseconds: Math.round(low),
    highMilliseconds: Math.round(high),
    unknownNodes: running.filter((node) => !times.has(node.transform)).length,
    basis:
      `from ${runs} earlier ${runs === 1 ? "result" : "results"} on this store` +
      (unknown.length === 0 ? "" : `; nothing is known yet of ${names}`),
  };
}

function sampleRecipes(
  opened: OpenedPipeline,
  states: States,
  transforms: ReadonlySet<GraphTransform>,
): ReadonlyMap<GraphTransform, readonly RecipeId[]> {
  const samples = new Map<GraphTransform, RecipeId[]>();
  for (const node of opened.graph.nodes) {
    if (!transforms.has(node.transform)) continue;
    const state = states.of(node);
    const recipe =
      state.state === "cached"
        ? state.result.recipe
        : "earlier" in state
          ? state.earlier?.line.recipe
          : undefined;
    if (recipe === undefined) continue;
    const known = samples.get(node.transform);
    if (known === undefined) samples.set(node.transform, [recipe]);
    else if (known.length < SAMPLES) known.push(recipe);
  }
  return samples;
}

/** No schedule ends before the longest chain, nor before the work is shared out over all processors. */
function scheduleLength(
  running: readonly GraphNode[],
  cpus: number,
  cpusOf: (node: GraphNode) => number,
  timeOf: (node: GraphNode) => number,
): number {
  const ends = new Map<GraphNode, number>();
  let longest = 0;
  let work = 0;
  for (const node of running) {
    const time = timeOf(node);
    let start = 0;
    for (const upstream of node.upstream) start = Math.max(start, ends.get(upstream) ?? 0);
    ends.set(node, start + time);
    longest = Math.max(longest, start + time);
    if (time > 0) work += time * cpusOf(node);
  }
  return Math.max(longest, work / cpus);
}

/** What follows the size of something that is not made yet may come out as too little; it is no problem before then. */
function cpusAsFarAsKnown(node: GraphNode, sizeOf: ReturnType<typeof sizesOf>): number {
  try {
    return node.resources(sizeOf).cpus;
  } catch (error) {
    if (error instanceof Failure && error.code === "bad-resources") return 1;
    throw error;
  }
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.round((sorted.length - 1) * fraction)] ?? 0;
}
