import { Failure } from "../base/failure.js";
import type { GraphNode } from "../graph/model.js";
import type { RunNodeView, RunView } from "../protocol.js";
import type { AttemptStatus, NodeStatus } from "../run/runs.js";
import { resolveTargets } from "../run/targets.js";
import type { ProjectContext } from "./project-context.js";
import type { TrackedRun } from "./run-tracker.js";
import type { Session } from "./session.js";

/** Who knows the pipelines that are followed; not knowing one leaves a run without its estimate. */
export interface KnownSessions {
  sessions(): Iterable<Session>;
  uri(file: string): string;
}

export async function runView(
  known: KnownSessions,
  context: ProjectContext,
  { summary, targets, executor, counts, warnings }: TrackedRun,
): Promise<RunView> {
  const made = summary.counts?.made ?? counts.made ?? 0;
  const reused = summary.counts?.reused ?? (counts.reused ?? 0) + (counts.adopted ?? 0);
  const remaining =
    summary.state === "running" ? await remainingTime(known, summary.file, targets) : undefined;
  return {
    project: context.root,
    run: summary.run,
    state: summary.state,
    pipeline: summary.pipeline,
    uri: known.uri(summary.file),
    targets,
    executor,
    startedAt: summary.startedAt,
    ...(summary.endedAt !== undefined && { endedAt: summary.endedAt }),
    ...(summary.nodes !== undefined && { nodes: summary.nodes }),
    ...(summary.cached !== undefined && { cached: summary.cached }),
    made,
    reused,
    failed: summary.counts?.failed ?? counts.failed ?? 0,
    skipped: summary.counts?.skipped ?? counts.skipped ?? 0,
    running: counts.running ?? 0,
    queued: counts.queued ?? 0,
    ...(remaining !== undefined && { remainingMilliseconds: remaining }),
    warnings: warnings.map(({ message }) => message),
  };
}

/** From what earlier runs of the same transforms took; undefined when nothing is known. */
async function remainingTime(
  known: KnownSessions,
  file: string,
  targets: readonly string[],
): Promise<number | undefined> {
  for (const { path, snapshot } of known.sessions()) {
    if (path !== file || snapshot === undefined) continue;
    let nodes: readonly GraphNode[];
    try {
      nodes = targets.length === 0 ? snapshot.graph.targets : resolveTargets(snapshot.graph, targets);
    } catch (error) {
      // The text has changed since the run began.
      if (error instanceof Failure) return undefined;
      throw error;
    }
    const { estimate } = await snapshot.work(`run ${targets.join("\u0000")}`, nodes);
    return estimate && Math.round((estimate.lowMilliseconds + estimate.highMilliseconds) / 2);
  }
  return undefined;
}

export function runNodeView({ node, state, message, attempts }: NodeStatus): RunNodeView {
  return {
    node,
    state,
    ...(message !== undefined && { message }),
    attempts: attempts.map(attemptView),
  };
}

function attemptView(attempt: AttemptStatus): RunNodeView["attempts"][number] {
  const { number, startedAt, endedAt, exitCode, failure, message, usage } = attempt;
  return {
    number,
    startedAt,
    ...(endedAt !== undefined && { endedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(failure !== undefined && { failure }),
    ...(message !== undefined && { message }),
    ...(usage !== undefined && { wallMilliseconds: usage.wallMilliseconds }),
    ...(usage?.cpuMilliseconds !== undefined && { cpuMilliseconds: usage.cpuMilliseconds }),
    ...(usage?.peakMemoryBytes !== undefined && { peakMemoryBytes: usage.peakMemoryBytes }),
  };
}
