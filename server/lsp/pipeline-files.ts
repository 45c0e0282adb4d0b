import * as fs from "node:fs";
import * as path from "node:path";
import { systemCode } from "../base/failure.js";

/** Folders that hold no pipelines of the workspace, and many files. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "__pycache__"]);
/** Entries that are looked at: a folder with all the data of a laboratory must not keep the disk busy for minutes. */
const ENTRY_LIMIT = 200_000;

/**
 * The pipeline files below a folder, sorted. Hidden folders (`.git`, `.reprod`) and packages are left out; links to
 * folders are not followed, so there are no circles. O(entries).
 */
export async function findPipelineFiles(root: string, signal?: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [root];
  let seen = 0;
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    signal?.throwIfAborted();
    let entries: fs.Dirent[];
    try {
      entries = await fs.promises.readdir(folder, { withFileTypes: true });
    } catch (error) {
      // A folder that may not be read, or has gone: what is in it cannot be a pipeline that can be run.
      if (systemCode(error) !== undefined) continue;
      throw error;
    }
    for (const entry of entries) {
      if (++seen > ENTRY_LIMIT) return found.sort();
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !LEFT_OUT.has(entry.name))
          waiting.push(path.join(folder, entry.name));
      } else if (entry.name.endsWith(".reprod") && entry.name !== ".reprod")
        found.push(path.join(folder, entry.name));
    }
  }
  return found.sort();
}
