import type { Fact } from "../graph/facts.js";
import type { FileDigest } from "../graph/model.js";
import type { DataReference } from "../graph/value.js";
import type { Project } from "./project.js";

export interface LoadProgress {
  /** Files that have their digest, of all that need one. */
  readonly files: number;
  readonly totalFiles: number;
  /** Bytes hashed so far; what the stat cache knew is not counted. */
  readonly bytes: number;
  readonly totalBytes: number;
}
export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** At most some ten times a second. */
  readonly onProgress?: (progress: LoadProgress) => void;
}
export class DataDigests {
  constructor(readonly project: Project) {}
  async load(_references: readonly DataReference[], _options: LoadOptions): Promise<void> {}
  of(_data: DataReference): Fact<FileDigest> {
    return { kind: "unknown", reason: "its digest has not been taken yet" };
  }
  manifest(_data: DataReference): string | undefined {
    return undefined;
  }
}
