import type { ContentId, OwnId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import type { Recipe, RecordedOut } from "../graph/model.js";

export type { RecordedFile, RecordedOut } from "../graph/model.js";

/**
 * What a store keeps of a node that was made: `results/<2 hex>/<recipe id>.json`. It is written last and
 * create-only (architecture.md, "A run", step 3); anyone who finds a data file can tell from it how it was made.
 */
export interface ResultRecord {
  readonly format: 1;
  readonly recipeId: RecipeId;
  readonly contentId: ContentId;
  /** The recipe in full: its hash is `recipeId` (engine-rules.md D8). */
  readonly recipe: Recipe;
  /** Digest of each in as it really was; with `recipe` it recomputes `contentId`. */
  readonly inputs: { readonly [name: string]: RecordedInput };
  readonly outs: { readonly [name: string]: RecordedOut };
  /** Set when the outs are those of another recipe with the same content id (A4). */
  readonly adoptedFrom?: RecipeId;
  readonly made: Making;
}

export type RecordedInput = null | RecordedInputFile | readonly RecordedInputFile[];
export interface RecordedInputFile {
  /** Staged path. */
  readonly name: string;
  readonly kind: "file" | "dir";
  readonly executable: boolean;
  readonly sha256: Sha256;
  readonly size: number;
  /** Where it came from: a path relative to the project, a url without credentials (A15), or the node's out. */
  readonly from: string;
  /** Recipe that made it, for an out of a node. */
  readonly recipe?: RecipeId;
}

/** Where, when and how a result came to be. Nothing here counts for identity. */
export interface Making {
  readonly node: string;
  readonly pipeline: string;
  /** Path of the pipeline file relative to the project root. */
  readonly file: string;
  readonly projectId: string;
  readonly run: RunId;
  readonly git?: { readonly commit: string; readonly clean: boolean; readonly remote?: string };
  readonly executor: string;
  /** `host`, or the container engine with its version. */
  readonly engine: string;
  readonly network: "none" | "open";
  readonly platform: string;
  readonly reprodVersion: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly attempts: readonly AttemptRecord[];
}

export interface AttemptRecord {
  readonly number: number;
  readonly exitCode: number | undefined;
  readonly signal?: string;
  /** A word of `FailureKind`, or undefined when it went well. */
  readonly failure?: string;
  readonly usage: Usage;
}

export interface Usage {
  readonly wallMilliseconds: number;
  /** User and system time of the whole process group; undefined when the platform does not tell. */
  readonly cpuMilliseconds: number | undefined;
  /** Sampled, so approximate (C12); undefined when the attempt ended before the first sample. */
  readonly peakMemoryBytes: number | undefined;
  /** What the attempt was given (A14). */
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** A line of `names/<project id>/<pipeline>/<run id>.ndjson` (B1): history, fast index (B5) and root of collection (E2). */
export interface NamesLine {
  readonly node: string;
  readonly own: OwnId;
  readonly recipe: RecipeId;
  readonly content: ContentId;
  readonly outs: { readonly [name: string]: RecordedOut };
  readonly from: "made" | "reused" | "adopted";
}
