import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { AbsolutePath } from "../base/brand.js";
import { systemCode } from "../base/failure.js";

/** Makes a path absolute and normal; links are not followed, so that messages show what the user wrote. */
export function absolutePath(...parts: readonly string[]): AbsolutePath {
  const resolved = path.resolve(...parts);
  if (!isAbsolutePath(resolved)) throw new Error(`not an absolute path: ${resolved}`);
  return resolved;
}

function isAbsolutePath(text: string): text is AbsolutePath {
  return path.isAbsolute(text);
}

/** True for the errors that say that nothing is at a path: `ENOENT`, or `ENOTDIR` when a parent is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The bytes of a small file, or undefined when there is none. Other errors are thrown. */
export function readIfThere(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** A name beside `file` that no other process uses, for a file that is renamed to `file` when it is whole. */
export function temporaryBeside(file: string): string {
  return `${file}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Puts a whole text in place of `file`: a reader sees the old one or the new one, never a part. */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const temporary = temporaryBeside(file);
  try {
    fs.writeFileSync(temporary, content, { flag: "wx" });
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Puts a whole text at `file` unless something is there already; false when something was. The name is taken by
 * `link`, which, unlike `rename`, never replaces what another process has just put there.
 */
export function createFile(file: string, content: string | Uint8Array): boolean {
  const temporary = temporaryBeside(file);
  fs.writeFileSync(temporary, content, { flag: "wx" });
  try {
    fs.linkSync(temporary, file);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    // Some file systems (exFAT, some network shares) have no hard links: there a torn write is possible, a lost one not.
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(systemCode(error) ?? "")) {
      return writeNew(file, content);
    }
    throw error;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function writeNew(file: string, content: string | Uint8Array): boolean {
  try {
    fs.writeFileSync(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** What the system says of a failed file operation, in words without the call's name. */
export function systemReason(error: unknown): string {
  switch (systemCode(error)) {
    case "ENOENT":
      return "there is no such file";
    case "ENOTDIR":
      return "a part of the path is a file, not a folder";
    case "EACCES":
    case "EPERM":
      return "permission is denied";
    case "EISDIR":
      return "it is a folder";
    case "ELOOP":
      return "its symbolic links go round in a circle";
    case "ENAMETOOLONG":
      return "the name is too long";
    case "EROFS":
      return "the file system is read-only";
    case "ENOSPC":
      return "the disk is full";
    case "EMFILE":
    case "ENFILE":
      return "too many files are open";
    case "EIO":
      return "the disk reports a read or write error";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
