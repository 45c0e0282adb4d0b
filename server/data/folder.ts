import { isUtf8 } from "node:buffer";
import * as fs from "node:fs";

export interface FolderEntry {
  /** Without separators. For a name that is not UTF-8: with U+FFFD where bytes could not be read. */
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  /** False when the name's bytes are not UTF-8: then `name` does not lead to the file. */
  readonly utf8: boolean;
}

/** The entries of a folder, in the file system's order, links not followed. Throws the system's error. */
export function readFolder(folder: string): readonly FolderEntry[] {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  // Node.js puts U+FFFD for bytes that are not UTF-8. A name may also hold a true U+FFFD, so only the bytes decide;
  // they are read a second time only then, since names as bytes cost twice as much.
  if (!entries.some((entry) => entry.name.includes("\ufffd"))) {
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry), utf8: true }));
  }
  return fs.readdirSync(folder, { withFileTypes: true, encoding: "buffer" }).map((entry) => ({
    name: entry.name.toString("utf8"),
    kind: kindOf(entry),
    utf8: isUtf8(entry.name),
  }));
}

interface HasKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(entry: HasKind): FolderEntry["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "link" : "other";
}
