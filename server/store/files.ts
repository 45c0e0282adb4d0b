import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, systemCode } from "../base/failure.js";

/** The file operations that the whole store shares, and the only place that words their errors. */

/** True when nothing is at a path: `ENOENT`, or `ENOTDIR` when a parent is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** What the disk did, as a `Failure` that a person can act on; anything that we did wrong is given back as it is. */
export function storeFailure(
  error: unknown,
  location: string,
  doing: "reading" | "writing" = "writing",
): unknown {
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new Failure("disk-full", `no space is left for the store: "${location}"`, {
        why: "Results are written to the store before they count as made.",
        fix: "Free some space (`reprod gc` shows what can go), then run again: nothing that was finished is lost.",
        cause: error,
      });
    case "EROFS":
    case "EACCES":
    case "EPERM":
      if (doing === "writing") return readOnlyFailure(location, error);
      return new Failure("store-denied", `the store cannot be read: "${location}"`, {
        why: "A file or folder in it belongs to another user and is closed to this one.",
        fix: "Change its owner or mode, or name another store in reprod.json.",
        cause: error,
      });
    case "EIO":
    case "EUCLEAN":
      return new Failure("store-damaged", `the disk failed to read or write the store: "${location}"`, {
        why: "The operating system reports an input/output error, which mostly means that the disk itself is failing.",
        fix: "Save what you need, check the disk, then run `reprod verify`: what is damaged is made again.",
        cause: error,
      });
    case "ENOENT":
      if (!concerns(error, location)) return error;
      return new Failure("store-removed", `the store was removed while it was in use: "${location}"`, {
        why: "A folder that every store has, and that was there a moment ago, is gone.",
        fix: "Run again: what was removed is made again.",
        cause: error,
      });
    default:
      return error;
  }
}

/** Whether a system error names something in the store, and not a file that should go there. */
function concerns(error: unknown, location: string): boolean {
  if (!(error instanceof Error) || !("path" in error)) return false;
  const inStore = typeof error.path === "string" && error.path.startsWith(`${location}/`);
  return inStore || !fs.existsSync(location);
}

export function readOnlyFailure(location: string, cause?: unknown): Failure {
  return new Failure("store-read-only", `the store cannot be written: "${location}"`, {
    why: "This user may not write there, or the file system is mounted read-only.",
    fix: "Change the folder's owner or mode, or name another store in reprod.json.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The text of a small file, or undefined when there is none. */
export function readTextIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

export function readBytesIfThere(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Names in a folder, in no order; none when there is no such folder. */
export function listIfThere(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

export function unlinkIfThere(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

const processToken = randomBytes(8).toString("hex");
let temporaryNames = 0;

/** A file name that no other process of any machine uses. */
export function temporaryName(): string {
  return `${processToken}-${(temporaryNames++).toString(36)}`;
}

/** Waits until a file's bytes, or a folder's entries, are on the disk. Runs on the thread pool. */
export async function syncPath(file: string): Promise<void> {
  const descriptor = fs.openSync(file, "r");
  try {
    await syncDescriptor(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

export function syncDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(descriptor, (error) => {
      // Some network file systems refuse to sync a folder, and keep its entries safe by themselves.
      if (error === null || ["EINVAL", "ENOTSUP", "EOPNOTSUPP"].includes(error.code ?? "")) resolve();
      else reject(error);
    });
  });
}

/** Runs `task` on every item, at most `width` at once; rejects with the first error after all have ended. */
export async function eachAtOnce<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed: { readonly error: unknown } | undefined;
  const worker = async () => {
    while (next < items.length && failed === undefined) {
      const item = items[next++];
      if (item === undefined) continue;
      try {
        await task(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failed !== undefined) throw failed.error;
}

/** Lets timers, heartbeats and requests have their turn in a long loop. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Gives a whole file its name, unless the name is taken: false then, and `temporary` stays. `link` is the one call
 * that is atomic and never replaces; where there are no hard links, an exclusive copy takes its place, whose reader
 * may meet a part, which a record's checksum tells.
 */
export function linkNew(temporary: string, file: string): boolean {
  try {
    fs.linkSync(temporary, file);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return false;
    if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS") {
      try {
        fs.copyFileSync(temporary, file, fs.constants.COPYFILE_EXCL);
        return true;
      } catch (copyError) {
        if (systemCode(copyError) === "EEXIST") return false;
        throw copyError;
      }
    }
    throw error;
  }
}

/** Puts a whole text in place of `file`, on the disk before it shows: a reader sees the old one or the new one. */
export async function replaceDurably(
  file: string,
  temporary: string,
  chunks: Iterable<string>,
): Promise<void> {
  const descriptor = fs.openSync(temporary, "wx", 0o644);
  try {
    try {
      for (const chunk of chunks) {
        fs.writeSync(descriptor, chunk);
        await yieldToOthers();
      }
      await syncDescriptor(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    unlinkIfThere(temporary);
    throw error;
  }
  await syncPath(path.dirname(file));
}
