import { createHash } from "node:crypto";
import { isSha256, type Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { compareCodePoints } from "../base/order.js";

/**
 * The text of a folder's contents, `reprod-tree-1` (engine-rules.md C9, language.md rule 26). Its SHA-256 is the
 * digest of a Dir, and the text itself is an object of the store. A line is
 *
 *     f <sha256> <bytes> <path>      a file
 *     x <sha256> <bytes> <path>      a file that may be executed
 *     d <path>                       a folder, empty or not
 *     l <path> <target>              a symbolic link that stays within the folder
 *
 * with paths as JSON strings, since a name may hold a newline, and in the order of the paths' UTF-8 bytes. Times,
 * owners and all other bits of the mode are left out: they differ between machines and change no result.
 */
export type TreeEntry = TreeFile | TreeFolder | TreeLink;

export interface TreeFile {
  readonly kind: "file";
  /** Relative to the folder, parts joined by `/`. */
  readonly path: string;
  readonly executable: boolean;
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
}
export interface TreeFolder {
  readonly kind: "folder";
  readonly path: string;
}
export interface TreeLink {
  readonly kind: "link";
  readonly path: string;
  /** As the link has it: relative to the link's own folder. */
  readonly target: string;
}

const HEADER = "reprod-tree-1";

/**
 * The manifest of these entries, in whatever order they come. Throws a `Failure` (`tree-invalid`) for entries that
 * no folder can have. O(n log n).
 */
export function printTree(entries: Iterable<TreeEntry>): string {
  const sorted = [...entries].sort((a, b) => compareCodePoints(a.path, b.path));
  validate(sorted);
  const lines = [HEADER];
  for (const entry of sorted) lines.push(printEntry(entry));
  lines.push("");
  return lines.join("\n");
}

function printEntry(entry: TreeEntry): string {
  switch (entry.kind) {
    case "file":
      return `${entry.executable ? "x" : "f"} ${entry.sha256} ${entry.size} ${JSON.stringify(entry.path)}`;
    case "folder":
      return `d ${JSON.stringify(entry.path)}`;
    case "link":
      return `l ${JSON.stringify(entry.path)} ${JSON.stringify(entry.target)}`;
  }
}

/**
 * Reads a manifest back. It is validated like any text that came from elsewhere (C9): a path in it can never lead
 * out of the folder it is unpacked to. Throws a `Failure` (`tree-invalid`) for anything `printTree` did not print.
 */
export function parseTree(text: string): readonly TreeEntry[] {
  const lines = text.split("\n");
  if (lines[0] !== HEADER || lines.at(-1) !== "") throw invalid(`its first line is not "${HEADER}"`);
  const entries: TreeEntry[] = [];
  for (let at = 1; at < lines.length - 1; at++) {
    const entry = parseEntry(lines[at] ?? "");
    // Printing again must give the line back, or two texts (two digests) would stand for one folder.
    if (entry === undefined || printEntry(entry) !== lines[at]) throw invalid(`line ${at + 1} is no entry`);
    const before = entries.at(-1);
    if (before !== undefined && compareCodePoints(before.path, entry.path) >= 0) {
      throw invalid(`line ${at + 1} is not in order`);
    }
    entries.push(entry);
  }
  validate(entries);
  return entries;
}

const FILE_LINE = /^([fx]) ([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) ("[^\n]*")$/;
const FOLDER_LINE = /^d ("[^\n]*")$/;
const LINK_LINE = /^l ("(?:[^"\\]|\\.)*") ("[^\n]*")$/;

function parseEntry(line: string): TreeEntry | undefined {
  const file = FILE_LINE.exec(line);
  if (file !== null) {
    const [, mode, sha256 = "", size, path = ""] = file;
    const name = jsonString(path);
    if (name === undefined || !isSha256(sha256)) return undefined;
    return { kind: "file", path: name, executable: mode === "x", sha256, size: Number(size) };
  }
  const folder = FOLDER_LINE.exec(line);
  if (folder !== null) {
    const name = jsonString(folder[1] ?? "");
    return name === undefined ? undefined : { kind: "folder", path: name };
  }
  const link = LINK_LINE.exec(line);
  if (link !== null) {
    const name = jsonString(link[1] ?? "");
    const target = jsonString(link[2] ?? "");
    return name === undefined || target === undefined ? undefined : { kind: "link", path: name, target };
  }
  return undefined;
}

function jsonString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256 of a manifest's text: the digest of the Dir. */
export function treeDigest(manifest: string): Sha256 {
  const digest = createHash("sha256").update(manifest, "utf8").digest("hex");
  if (!isSha256(digest)) throw new Error("a SHA-256 has 64 hex characters");
  return digest;
}

/** The size of a Dir: the bytes of its files. */
export function treeSize(entries: Iterable<TreeEntry>): number {
  let size = 0;
  for (const entry of entries) if (entry.kind === "file") size += entry.size;
  return size;
}

/**
 * The first link that leads out of the folder, or undefined. A target is followed through the other links, since
 * `up/..` is harmless to read and leaves all the same when `up` is a link. A target that is not there is fine.
 */
export function leavingLink(entries: Iterable<TreeEntry>): TreeLink | undefined {
  const links = new Map<string, TreeLink>();
  for (const entry of entries) if (entry.kind === "link") links.set(entry.path, entry);
  for (const link of links.values()) if (!staysWithin(link, links)) return link;
  return undefined;
}

/** As many as Linux follows; a longer chain is an error of whoever opens it, and leads nowhere. */
const LINKS_FOLLOWED = 40;

function staysWithin(link: TreeLink, links: ReadonlyMap<string, TreeLink>): boolean {
  const at = link.path.split("/").slice(0, -1);
  const ahead = link.target.split("/").reverse();
  if (link.target === "" || link.target.startsWith("/") || link.target.includes("\0")) return false;
  let followed = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (at.pop() === undefined) return false;
      continue;
    }
    at.push(part);
    const next = links.get(at.join("/"));
    if (next === undefined) continue;
    if (next.target.startsWith("/")) return false;
    if (++followed > LINKS_FOLLOWED) return true;
    at.pop();
    ahead.push(...next.target.split("/").reverse());
  }
  return true;
}

/** Whether this can stand in a manifest as a path: relative, in its shortest form, of valid Unicode. */
export function isTreePath(path: string): boolean {
  return (
    path !== "" &&
    !path.includes("\0") &&
    isUnicode(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/**
 * Entries in order: paths are clean and unique, and what lies in something lies in a folder that is listed. The
 * parent check closes the way out that a link as a parent (`a -> ..`, `a/b`) would open when a tree is unpacked.
 */
function validate(sorted: readonly TreeEntry[]): void {
  const folders = new Set<string>();
  let before: string | undefined;
  for (const entry of sorted) {
    if (!isTreePath(entry.path)) throw invalid(`a path in it is not allowed: ${JSON.stringify(entry.path)}`);
    if (entry.path === before) throw invalid(`a path is in it twice: ${JSON.stringify(entry.path)}`);
    before = entry.path;
    const slash = entry.path.lastIndexOf("/");
    if (slash >= 0 && !folders.has(entry.path.slice(0, slash))) {
      throw invalid(`the folder of this path is not in it: ${JSON.stringify(entry.path)}`);
    }
    if (entry.kind === "folder") folders.add(entry.path);
    if (entry.kind === "file" && !(Number.isSafeInteger(entry.size) && entry.size >= 0)) {
      throw invalid(`a size in it is not a number of bytes: ${JSON.stringify(entry.path)}`);
    }
    if (entry.kind === "link" && !isUnicode(entry.target)) {
      throw invalid(`a link in it is not Unicode: ${JSON.stringify(entry.path)}`);
    }
  }
  const leaving = leavingLink(sorted);
  if (leaving !== undefined) {
    throw invalid(`a link in it leaves the folder: ${JSON.stringify(leaving.path)}`);
  }
}

/** A lone surrogate has no UTF-8 form, so it cannot be written to a manifest and read back. */
function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function invalid(what: string): Failure {
  return new Failure("tree-invalid", `a folder's manifest is damaged: ${what}`, {
    why: "The digest of a folder stands for exactly one text, and this one could not have been printed by Reprod.",
    fix: "Run `reprod verify`; what is damaged is made again by the next run.",
  });
}
