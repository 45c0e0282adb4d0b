import * as fs from "node:fs";
import * as path from "node:path";
import { excludes } from "../graph/exclude.js";
import { systemReason } from "./files.js";
import { type FolderEntry, readFolder } from "./folder.js";

/** A folder as it was found: all but the contents of its files. */
export interface WalkedFolder {
  readonly files: readonly WalkedFile[];
  /** Relative to the folder, as are all paths here. */
  readonly folders: readonly string[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

export interface WalkedFile {
  readonly path: string;
  readonly absolute: string;
  readonly stat: fs.BigIntStats;
}

/** Something in the folder that no Dir may hold (engine-rules.md C9). */
export class FolderProblem extends Error {}

/** So many entries are looked at between two turns of the event loop: below ten milliseconds. */
const SLICE = 500;

/**
 * Lists a folder for its digest, following no link but the folder itself. What matches one of `exclude` is left out,
 * with all below it; patterns see hidden names too. Rejects with a `FolderProblem` that names what may not be there,
 * or with the signal's reason.
 */
export async function walkFolder(
  folder: string,
  exclude: readonly string[],
  signal?: AbortSignal,
): Promise<WalkedFolder> {
  const excluded = excludes(exclude);
  const files: WalkedFile[] = [];
  const folders: string[] = [];
  const links: { path: string; target: string }[] = [];
  const ahead = [""];
  let seen = 0;
  for (let below = ahead.pop(); below !== undefined; below = ahead.pop()) {
    for (const entry of list(folder, below)) {
      if (++seen % SLICE === 0) {
        await new Promise(setImmediate);
        signal?.throwIfAborted();
      }
      const name = below + entry.name;
      if (excluded(name)) continue;
      if (!entry.utf8) {
        throw new FolderProblem(`a name in this folder is not UTF-8: "${path.join(folder, below)}"`);
      }
      const absolute = path.join(folder, name);
      switch (entry.kind) {
        case "file":
          files.push({ path: name, absolute, stat: look(absolute) });
          break;
        case "folder":
          folders.push(name);
          ahead.push(`${name}/`);
          break;
        case "link":
          links.push({ path: name, target: targetOf(absolute) });
          break;
        case "other":
          throw new FolderProblem(`a device, a socket or a pipe cannot be part of a Dir: "${absolute}"`);
      }
    }
  }
  return { files, folders, links };
}

function list(folder: string, below: string): readonly FolderEntry[] {
  const absolute = path.join(folder, below);
  try {
    return readFolder(absolute);
  } catch (error) {
    throw new FolderProblem(`a folder cannot be listed, ${systemReason(error)}: "${absolute}"`);
  }
}

function look(file: string): fs.BigIntStats {
  try {
    return fs.lstatSync(file, { bigint: true });
  } catch (error) {
    throw new FolderProblem(`a file cannot be looked at, ${systemReason(error)}: "${file}"`);
  }
}

function targetOf(link: string): string {
  let target: Buffer;
  try {
    target = fs.readlinkSync(link, { encoding: "buffer" });
  } catch (error) {
    throw new FolderProblem(`a link cannot be read, ${systemReason(error)}: "${link}"`);
  }
  const text = target.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(target)) {
    throw new FolderProblem(`the target of a link is not UTF-8: "${link}"`);
  }
  return text;
}
