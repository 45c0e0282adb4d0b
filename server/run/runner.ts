import type { RunId } from "../base/brand.js";
import type { OpenedPipeline } from "./pipeline.js";
import type { RunOptions } from "./runs.js";

/** The hidden command of the command line that a detached runner is: `reprod __runner FOLDER`. */
export const RUNNER_COMMAND = "__runner";

/**
 * Starts a run that outlives this process (C6): a process of its own, in its own session, from a copy of the program
 * in the run's folder. Resolves once it has started to journal; throws the `Failure` that keeps it from running.
 */
export async function startDetachedRun(_opened: OpenedPipeline, _options: RunOptions): Promise<RunId> {
  throw new Error("the body follows within the hour");
}

/** The body of a detached runner's process. Resolves to its exit code. */
export async function runnerMain(_runFolder: string): Promise<number> {
  throw new Error("the body follows within the hour");
}
