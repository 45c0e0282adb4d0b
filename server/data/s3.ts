import type { Sha256 } from "../base/brand.js";
import type { Fact } from "../graph/facts.js";
import type { FileDigest } from "../graph/model.js";
import type { LockedUrl } from "./lock.js";

/** What one HEAD of an object says. */
export interface S3ObjectState {
  /** Bytes. */
  readonly size: number;
  /** Never an identity: uploads in parts give other ETags for the same bytes. */
  readonly etag: string;
  /** In a versioned bucket. */
  readonly version: string | undefined;
  /** Of the whole object; composite checksums (of parts) are left undefined. */
  readonly sha256: Sha256 | undefined;
}

/** Asks S3 about objects. The client for it comes with the cloud; tests give their own. */
export interface S3Objects {
  /** Throws a `Failure` when the bucket does not answer; undefined when there is no such object. */
  head(url: string, signal: AbortSignal | undefined): Promise<S3ObjectState | undefined>;
}

/**
 * The digest of an S3 input, in the order of engine-rules.md A11: the object's own full SHA-256; the lock's entry
 * with the same ETag and version; else unknown. `state` is undefined while nobody has asked S3: then even a lock entry is
 * not enough, since nothing says that the object is still the one that was locked.
 */
export function s3Digest(state: S3ObjectState | undefined, locked: LockedUrl | undefined): Fact<FileDigest> {
  if (state === undefined) {
    return { kind: "unknown", reason: "S3 has not been asked for this object yet" };
  }
  if (state.sha256 !== undefined) {
    return { kind: "known", value: { sha256: state.sha256, size: state.size, executable: false } };
  }
  if (locked !== undefined && locked.etag === state.etag && locked.version === state.version) {
    return { kind: "known", value: { sha256: locked.sha256, size: locked.size, executable: false } };
  }
  return {
    kind: "unknown",
    reason:
      locked === undefined
        ? "the object has no full SHA-256 checksum, and reprod.lock has no entry for it"
        : "the object has changed since reprod.lock was written",
  };
}
