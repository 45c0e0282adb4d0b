import { isSha256, type Sha256 } from "../base/brand.js";

/** Folder of all objects, below the top of a store: of a folder and of a bucket alike. */
export const OBJECTS = "objects/sha256";

/** Where an object lies below `OBJECTS`. */
export function objectPart(sha256: Sha256): string {
  return `${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}

/** An object's key in a bucket. */
export function objectKey(sha256: Sha256): string {
  return `${OBJECTS}/${objectPart(sha256)}`;
}

/** Whose key this is; undefined for a key that `objectKey` never made. */
export function sha256OfKey(key: string): Sha256 | undefined {
  const [, first = "", rest = ""] = /^objects\/sha256\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(key) ?? [];
  const sha256 = `${first}${rest}`;
  return isSha256(sha256) ? sha256 : undefined;
}

/**
 * What is kept of a task that has ended, by the service that ran it. In the build bucket and under no prefix that
 * expires, since records name these logs, and a committer rests on the exit codes (engine-rules.md E3, D1). The id
 * and the name are checked before: they come from an event.
 */
export function taskEndKey(taskId: string): string {
  return `tasks/${taskId}/end.json`;
}

export function taskLogKey(taskId: string, container: string): string {
  return `tasks/${taskId}/${container}.log`;
}
