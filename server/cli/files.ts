import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, systemCode } from "../base/failure.js";

const ENDING = ".reprod";
const PASSED_OVER = new Set(["node_modules", ".git", ".reprod"]);

/**
 * Pipeline files that `paths` name: files as they are, folders with everything below them. Absolute, each once, in
 * bytewise order within a folder. Throws a `Failure` (`no-such-file`, `no-pipeline-files`).
 */
export function pipelineFiles(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const given of paths) {
    const absolute = path.resolve(given);
    if (isFolder(absolute, given)) {
      const before = found.size;
      for (const file of filesBelow(absolute)) found.add(file);
      if (found.size === before && paths.length === 1) {
        throw new Failure("no-pipeline-files", `no pipeline file is below this folder: "${given}"`, {
          why: `Pipeline files end in "${ENDING}".`,
        });
      }
    } else found.add(absolute);
  }
  return [...found];
}

function isFolder(absolute: string, given: string): boolean {
  try {
    return fs.statSync(absolute).isDirectory();
  } catch (error) {
    // Whatever else is wrong with it is told when it is read.
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR") return false;
    throw new Failure("no-such-file", `there is no such file or folder: "${given}"`);
  }
}

function filesBelow(folder: string): readonly string[] {
  const files: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of fs.readdirSync(next, { withFileTypes: true })) {
      if (entry.isDirectory() && !PASSED_OVER.has(entry.name)) waiting.push(path.join(next, entry.name));
      else if (entry.isFile() && entry.name.endsWith(ENDING)) files.push(path.join(next, entry.name));
    }
  }
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** What `work` gives of each file; one that cannot be read does not keep the others from being dealt with. */
export function ofEach<T>(
  files: readonly string[],
  work: (file: string) => T,
): { readonly results: readonly T[]; readonly unreadable: readonly Failure[] } {
  const results: T[] = [];
  const unreadable = new Map<string, Failure>();
  for (const file of files) {
    try {
      results.push(work(file));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // One broken reprod.json is told once, however many files lie beside it.
      unreadable.set(JSON.stringify([error.code, error.place, error.message]), error);
    }
  }
  return { results, unreadable: [...unreadable.values()] };
}
