import type { RecipeId, RunId } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import type { GraphNode } from "../graph/model.js";
import { openClaims } from "../store/claims.js";
import type { Claims } from "../store/local.js";
import { readJournalEnd } from "./journal.js";
import type { OpenedPipeline } from "./pipeline.js";
import { type NodeStatus, nodesOf, runIds, summarise } from "./runs.js";
import { type NodeState, readHistory } from "./states.js";

/** What a run says of a node whose recipe is still the one that the run had (language.md, "States of a node"); JSON. */
export interface NodeRun {
  readonly state: "queued" | "running" | "failed" | "cancelled";
  readonly run: RunId;
  /** Why it failed. */
  readonly message?: string;
  /** Of its last attempt, when that ended by itself. */
  readonly exitCode?: number;
  /** The number of its last attempt, which has a log; left out when it never started. */
  readonly attempt?: number;
}

/** How much of the past is read: run folders looked into, journals of this file, and bytes from the end of each. */
const RUNS_LISTED = 64;
const RUNS_READ = 3;
const JOURNAL_BYTES = 8 * 1024 * 1024;

export interface AskedNode {
  readonly node: GraphNode;
  readonly state: NodeState;
  readonly recipe: RecipeId | undefined;
}

/**
 * By node name, what the newest run of this pipeline file that had to do with it says: only while its recipe is the
 * current one and no result of it is newer (B2). Reads nothing when all nodes are cached; else the ends of a few
 * journals, however many nodes and runs there are. `runs`: what somebody knows of them already, newest first.
 */
export async function latestRuns(
  opened: OpenedPipeline,
  nodes: readonly AskedNode[],
  runs: Iterable<TouchedByRun> = newestRuns(opened),
): Promise<ReadonlyMap<string, NodeRun>> {
  const asked = new Map<string, AskedNode>();
  for (const one of nodes)
    if (one.state.state !== "cached" && one.recipe !== undefined) asked.set(one.node.name, one);
  const found = new Map<string, NodeRun>();
  if (asked.size === 0) return found;
  const settled = new Set<string>();
  for (const { run, touched } of runs) {
    for (const status of touched) {
      const { node } = status;
      if (settled.has(node) || status.recipe === undefined || status.recipe !== asked.get(node)?.recipe)
        continue;
      // A run that never came to it leaves what was known before.
      if (status.state === "skipped" || status.state === "interrupted") continue;
      settled.add(node);
      const said = saidOf(run, status);
      if (said !== undefined) found.set(node, said);
    }
    if (settled.size === asked.size) break;
  }
  await dropOutdated(opened, asked, found);
  return found;
}

/** A run of this pipeline file, with the nodes that it had to do with. */
export interface TouchedByRun {
  readonly run: RunId;
  readonly touched: readonly NodeStatus[];
}

/** The newest runs of this pipeline file, newest first. Each is read when it is asked for. */
function* newestRuns(opened: OpenedPipeline): Generator<TouchedByRun> {
  const { runs, store } = opened.project.folders;
  const claims = openClaims(store);
  try {
    let read = 0;
    for (const run of runIds(runs).slice(0, RUNS_LISTED)) {
      if (read >= RUNS_READ) break;
      const touched = touchedBy(opened, claims, run);
      if (touched === undefined) continue;
      read++;
      yield { run, touched };
    }
  } finally {
    claims.close();
  }
}

/** Undefined for a run of another pipeline file, or one that cannot be read. */
function touchedBy(opened: OpenedPipeline, claims: Claims, run: RunId): readonly NodeStatus[] | undefined {
  try {
    const summary = summarise(opened.project.folders.runs, claims, run);
    if (summary?.file !== opened.file) return undefined;
    return nodesOf(readJournalEnd(summary.folder, JOURNAL_BYTES), summary.state);
  } catch (error) {
    // Deleted in between by `reprod gc`, or another person's: a plan is none the worse for it.
    if (systemCode(error) === "ENOENT" || systemCode(error) === "EACCES") return undefined;
    throw error;
  }
}

function saidOf(run: RunId, { state, message, attempts }: NodeStatus): NodeRun | undefined {
  if (state !== "failed" && state !== "cancelled" && state !== "running" && state !== "queued")
    return undefined;
  const last = attempts.at(-1);
  return {
    state,
    run,
    ...(message !== undefined && { message }),
    ...(last?.exitCode !== undefined && { exitCode: last.exitCode }),
    ...(last !== undefined && { attempt: last.number }),
  };
}

/** Forgets what was said of nodes that a later run had with the same recipe, and that have been lost since. */
async function dropOutdated(
  opened: OpenedPipeline,
  asked: ReadonlyMap<string, AskedNode>,
  found: Map<string, NodeRun>,
): Promise<void> {
  const unknown = new Set<string>();
  for (const [name, { run }] of found) {
    const one = asked.get(name);
    if (one === undefined) continue;
    const earlier = "earlier" in one.state ? one.state.earlier : undefined;
    if (earlier === undefined) {
      // That a missing node has no earlier result was looked for already.
      if (one.state.state !== "missing") unknown.add(name);
    } else if (earlier.line.recipe === one.recipe && earlier.run > run) found.delete(name);
  }
  for (const [name, { line, run }] of await readHistory(opened, unknown)) {
    const said = found.get(name);
    if (said !== undefined && line.recipe === asked.get(name)?.recipe && run > said.run) found.delete(name);
  }
}
