import * as fs from "node:fs";
import * as path from "node:path";
import picomatch from "picomatch";
import { compareCodePoints } from "../base/order.js";
import type { Fact } from "../graph/facts.js";
import { isAbsent, systemReason } from "./files.js";
import { type FolderEntry, readFolder } from "./folder.js";

/** More entries than this are not looked at for one pattern: a slip such as `/**` ends in a message, never in a hang. */
const ENTRY_LIMIT = 1_000_000;

/** As bash and git read a pattern: `*` and `**` pass over hidden names unless the pattern has the dot. */
const OPTIONS = { dot: false, windows: false } as const;

/**
 * The files that match `pattern` below `folder`, relative to it (absolute for an absolute pattern), in the order of
 * their UTF-8 bytes. A link to a file counts as a file; a wildcard never goes through a link to a folder, so it
 * cannot leave where it began or go round in a circle. Cost: the entries of every folder that can hold a match.
 */
export function findFiles(folder: string, pattern: string): Fact<readonly string[]> {
  const { base, glob } = picomatch.scan(pattern);
  if (glob === "") return literalFile(folder, pattern);
  const walk = new Walk(path.resolve(folder, base), glob);
  try {
    walk.folder("", 0);
  } catch (error) {
    if (error instanceof GlobProblem) return { kind: "absent", message: error.message };
    throw error;
  }
  const prefix = base === "" || base === "." ? "" : base.endsWith("/") ? base : `${base}/`;
  const found = walk.found.map((name) => prefix + name);
  return { kind: "known", value: found.sort(compareCodePoints) };
}

/** The folder that the search for a pattern begins in. */
export function searchedFolder(folder: string, pattern: string): string {
  const { base, glob } = picomatch.scan(pattern);
  return glob === "" ? path.dirname(path.resolve(folder, base)) : path.resolve(folder, base);
}

/** A pattern without wildcards names one file, or nothing. */
function literalFile(folder: string, pattern: string): Fact<readonly string[]> {
  const name = pattern.replace(/\\(.)/g, "$1");
  return { kind: "known", value: isFile(path.resolve(folder, name)) ? [path.normalize(name)] : [] };
}

class GlobProblem extends Error {}

class Walk {
  readonly found: string[] = [];
  private seen = 0;
  private readonly matches: (name: string) => boolean;
  /** A matcher for each part of the pattern; undefined from the first part on that may stand for several. */
  private readonly parts: readonly ((name: string) => boolean)[];
  private readonly depthLimit: number;

  constructor(
    private readonly base: string,
    private readonly pattern: string,
  ) {
    this.matches = picomatch(pattern, OPTIONS);
    // Parts can be judged one by one only while no bracket may hold a slash.
    const plain = !/[{(]/.test(pattern);
    const parts = plain ? pattern.split("/") : ["**"];
    const open = parts.findIndex((part) => part.includes("**"));
    this.depthLimit = open < 0 ? parts.length - 1 : Number.POSITIVE_INFINITY;
    this.parts = (open < 0 ? parts : parts.slice(0, open)).map((part) => picomatch(part, OPTIONS));
  }

  folder(below: string, depth: number): void {
    const folder = path.join(this.base, below);
    for (const entry of this.entries(folder, below)) {
      if (++this.seen > ENTRY_LIMIT) {
        throw new GlobProblem(
          `more than ${ENTRY_LIMIT} files and folders would have to be looked at: "${this.pattern}"`,
        );
      }
      const name = below + entry.name;
      const matches = this.matches(name);
      if (!entry.utf8) {
        if (!matches && entry.kind !== "folder") continue;
        throw new GlobProblem(`a name in this folder is not UTF-8: "${folder}"`);
      }
      if (entry.kind === "folder") {
        if (depth < this.depthLimit && this.mayHoldMatch(entry.name, depth))
          this.folder(`${name}/`, depth + 1);
      } else if (matches && (entry.kind === "file" || isFile(path.join(folder, entry.name)))) {
        this.found.push(name);
      }
    }
  }

  private mayHoldMatch(name: string, depth: number): boolean {
    const part = this.parts[depth];
    if (part !== undefined) return part(name);
    // Below `**`: hidden folders only when the pattern speaks of hidden names at all.
    return !name.startsWith(".") || /(^|[/{(,|])\\?\./.test(this.pattern);
  }

  private entries(folder: string, below: string): readonly FolderEntry[] {
    try {
      return readFolder(folder);
    } catch (error) {
      // Nothing matches in a folder that is not there; what went away during the walk was not there either.
      if (isAbsent(error)) return [];
      throw new GlobProblem(
        `a folder cannot be listed, ${systemReason(error)}: "${path.join(this.base, below)}"`,
      );
    }
  }
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
