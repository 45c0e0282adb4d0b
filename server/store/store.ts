import type { ContentId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import type { NamesLine, RecordedOut, ResultRecord } from "./record.js";

/** The part of a record that planning needs, cheap to keep for 100,000 nodes. */
export interface StoredResult {
  readonly recipe: RecipeId;
  readonly content: ContentId;
  readonly outs: { readonly [name: string]: RecordedOut };
}

export type Lookup =
  | { readonly kind: "usable"; readonly result: StoredResult }
  /** There is a record, but an object it names is gone or has another size, or the record is torn (A1). */
  | { readonly kind: "broken"; readonly reason: string; readonly result: StoredResult | undefined }
  | { readonly kind: "absent" };

export interface LookupOptions {
  readonly objects: boolean;
  /** Whose newest names files answer many recipes at once, without a record being opened (B5). */
  readonly names?: { readonly projectId: string; readonly pipeline: string };
}

export type CommitOutcome =
  | { readonly kind: "created" }
  /** Another record was there first; ours is dropped and theirs counts (A3). */
  | { readonly kind: "lost"; readonly winner: StoredResult; readonly sameBytes: boolean };

/**
 * Results and objects, by digest. One interface; a folder on disk now, an S3 bucket later. Methods throw `Failure`
 * for what the place does (`store-read-only`, `disk-full`, `store-damaged`), never for an absent thing.
 */
export interface ResultStore {
  /** Where it is, for messages. */
  readonly location: string;

  /** Looks each recipe up. Existence and size of the objects are checked when `objects` is true (B3). */
  lookup(recipes: readonly RecipeId[], options: LookupOptions): Promise<readonly Lookup[]>;

  /** The recipe whose record a content id points to, or undefined. */
  recipeOfContent(content: ContentId): Promise<RecipeId | undefined>;

  readRecord(recipe: RecipeId): Promise<ResultRecord | undefined>;

  /**
   * Publishes a record and its content entry, durable when the promise resolves: group commit (C10). It takes the
   * place of a record that is broken (A1), never of one that is usable (A3).
   */
  commit(record: ResultRecord): Promise<CommitOutcome>;

  hasObject(sha256: Sha256, size: number): Promise<boolean>;

  /** Newest first, at most `limit`. */
  nameFiles(projectId: string, pipeline: string, limit: number): Promise<readonly RunId[]>;
  readNames(projectId: string, pipeline: string, run: RunId): Promise<readonly NamesLine[]>;
  writeNames(projectId: string, pipeline: string, run: RunId, lines: readonly NamesLine[]): Promise<void>;
}
