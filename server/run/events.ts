import type { ContentId, RecipeId, RunId } from "../base/brand.js";
import type { FailureKind } from "../graph/model.js";
import type { Usage } from "../store/record.js";

/** What a journal line may say (C5). Each line has `v`, `seq` and `time` besides; one writer a file. */
export type RunEvent =
  | {
      readonly event: "run-started";
      readonly run: RunId;
      readonly pipeline: string;
      /** Absolute path of the pipeline file. */
      readonly file: string;
      readonly targets: readonly string[];
      readonly executor: string;
      readonly engine: string;
      readonly nodes: number;
      readonly cached: number;
      readonly pid: number;
      readonly epoch: number;
    }
  | {
      readonly event: "node-queued";
      readonly node: string;
      readonly recipe: RecipeId;
      readonly why: readonly string[];
    }
  | {
      readonly event: "attempt-started";
      readonly node: string;
      readonly recipe: RecipeId;
      readonly content: ContentId;
      readonly attempt: number;
      readonly id: string;
      /** Absolute folder of the attempt; its logs are `stdout.log` and `stderr.log` there. */
      readonly folder: string;
      readonly adopted: boolean;
    }
  | {
      readonly event: "attempt-ended";
      readonly node: string;
      readonly attempt: number;
      readonly failure: FailureKind | undefined;
      readonly message: string | undefined;
      readonly exitCode: number | undefined;
      readonly usage: Usage;
      readonly willRetry: boolean;
    }
  | {
      readonly event: "node-done";
      readonly node: string;
      readonly recipe: RecipeId;
      readonly content: ContentId;
      readonly from: "made" | "reused" | "adopted";
      /** SHA-256 of the record that the run is pinned to (A2). */
      readonly record: string;
    }
  | {
      readonly event: "node-failed";
      readonly node: string;
      readonly recipe: RecipeId;
      readonly failure: FailureKind;
      readonly message: string;
    }
  /** It was not started because something above it failed or the run ended. */
  | { readonly event: "node-skipped"; readonly node: string; readonly because: string }
  | {
      readonly event: "warning";
      readonly code: string;
      readonly message: string;
      readonly node: string | undefined;
    }
  | { readonly event: "request"; readonly request: string; readonly id: string }
  | {
      readonly event: "run-ended";
      readonly outcome: "done" | "failed" | "cancelled";
      readonly made: number;
      readonly reused: number;
      readonly failed: number;
      readonly skipped: number;
      readonly wallMilliseconds: number;
    };

export type JournalLine = RunEvent & {
  readonly v: 1;
  /** From 1, without gaps, within one file. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
};
