import type { RunId } from "../base/brand.js";
import type { JournalLine } from "./events.js";
import type { OpenedPipeline } from "./pipeline.js";
import type { RunOptions } from "./runs.js";

export interface RunResult {
  readonly run: RunId;
  readonly outcome: "done" | "failed" | "cancelled";
  readonly made: number;
  readonly reused: number;
  readonly cached: number;
  readonly failed: number;
  readonly skipped: number;
  readonly wallMilliseconds: number;
}

export interface RunHooks {
  /** Ends the run: running scripts are ended as whole groups, everything finished is kept. */
  readonly signal?: AbortSignal;
  /** Each line of the journal at once. */
  readonly onEvent?: (line: JournalLine) => void;
}

/**
 * Runs what the plan says, in this process: `reprod run` in the foreground, and the body of a detached runner. Throws
 * a `Failure` for what keeps it from starting (problems in the file, inputs without digest, a read-only store);
 * nodes that fail are in the result. Killed at any point, the next run goes on where this one was (C4).
 */
export async function runPipeline(
  _opened: OpenedPipeline,
  _options: RunOptions,
  _hooks: RunHooks = {},
): Promise<RunResult> {
  throw new Error("the body follows within the hour");
}
