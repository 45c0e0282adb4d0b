import * as fs from "node:fs";
import * as path from "node:path";
import { isRunId, type RunId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { isAbsent, listIfThere, replaceDurably, temporaryName } from "./files.js";
import { decodePart, type Layout } from "./layout.js";
import type { NamesLine } from "./record.js";
import { checkNamesHeader, NAMES_HEADER, printNamesLine, readNamesLine } from "./record-format.js";

/**
 * `names/<project>/<pipeline>/<run>.ndjson`: one file a run, written by that run alone (engine-rules.md B1). They are
 * the history of each node, the index that spares opening records (B5), and the roots of garbage collection (E2).
 */
export class NamesFolder {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Newest first: run ids sort by the time that the run began. */
  runs(projectId: string, pipeline: string): readonly RunId[] {
    return runsIn(this.#layout.namesFolder(projectId, pipeline));
  }

  /** Empty when there is no such file. Throws `store-damaged` or `store-newer` for one that cannot be understood. */
  read(projectId: string, pipeline: string, run: RunId): readonly NamesLine[] {
    return readNamesFile(this.#layout.namesFile(projectId, pipeline, run)) ?? [];
  }

  /**
   * The lines about wanted recipes in the newest `files` files, newest file first. `wanted` is asked of each line as it
   * comes, and what it answers comes with the line; lines about other recipes are skipped unparsed, so this costs a
   * scan of the files and a parse of what is wanted.
   */
  *newest<T>(
    names: { readonly projectId: string; readonly pipeline: string },
    files: number,
    wanted: (recipe: string) => T | undefined,
  ): Generator<{ readonly line: NamesLine; readonly wanted: T }> {
    for (const run of this.runs(names.projectId, names.pipeline).slice(0, files)) {
      const file = this.#layout.namesFile(names.projectId, names.pipeline, run);
      for (const text of linesOf(file) ?? []) {
        const recipe = recipeIn(text);
        const answer = recipe === undefined ? undefined : wanted(recipe);
        if (answer === undefined) continue;
        const line = readNamesLine(text);
        if (line !== undefined && line.recipe === recipe) yield { line, wanted: answer };
      }
    }
  }

  async write(projectId: string, pipeline: string, run: RunId, lines: readonly NamesLine[]): Promise<void> {
    const file = this.#layout.namesFile(projectId, pipeline, run);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await replaceDurably(file, `${this.#layout.temporary}/${temporaryName()}`, chunksOf(lines));
  }

  /** Decoded, in no order; one that was too long to keep in full is left out. */
  pipelines(projectId: string): readonly string[] {
    return listIfThere(path.dirname(this.#layout.namesFolder(projectId, ""))).flatMap((encoded) => {
      const decoded = decodePart(encoded);
      return decoded === undefined ? [] : [decoded];
    });
  }

  /** Every names file of the store, by folder (one a project and pipeline), newest first in each. */
  all(): readonly (readonly { readonly run: RunId; readonly file: string }[])[] {
    const folders: { run: RunId; file: string }[][] = [];
    for (const project of listIfThere(this.#layout.names)) {
      const projectFolder = path.join(this.#layout.names, project);
      for (const pipeline of listIfThere(projectFolder)) {
        const folder = path.join(projectFolder, pipeline);
        const files = runsIn(folder).map((run) => ({ run, file: path.join(folder, `${run}.ndjson`) }));
        if (files.length > 0) folders.push(files);
      }
    }
    return folders;
  }
}

function runsIn(folder: string): RunId[] {
  const runs: RunId[] = [];
  for (const name of listIfThere(folder)) {
    const run = name.endsWith(".ndjson") ? name.slice(0, -".ndjson".length) : "";
    if (isRunId(run)) runs.push(run);
  }
  return runs.sort().reverse();
}

/** Undefined when there is no such file. A damaged line is an error here: collection must not forget a root (E2). */
export function readNamesFile(file: string): readonly NamesLine[] | undefined {
  const lines = linesOf(file);
  if (lines === undefined) return undefined;
  const read: NamesLine[] = [];
  for (const text of lines) {
    const line = readNamesLine(text);
    if (line === undefined) throw damaged(file);
    read.push(line);
  }
  return read;
}

/** The lines after the header, one by one. Undefined when there is no such file. */
function linesOf(file: string): Generator<string> | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, "r");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  return readLines(descriptor, file);
}

const CHUNK = 1024 * 1024;

/** In pieces: the names of 100,000 nodes are some 50 MB, which need not be in memory at once. Closes the descriptor. */
function* readLines(descriptor: number, file: string): Generator<string> {
  try {
    const buffer = Buffer.alloc(CHUNK);
    let rest: Buffer = Buffer.alloc(0);
    let first = true;
    for (;;) {
      const length = fs.readSync(descriptor, buffer, 0, CHUNK, null);
      if (length === 0) break;
      const bytes = Buffer.concat([rest, buffer.subarray(0, length)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      // Cut at a line's end, so no character is ever cut in two.
      const lines = bytes.toString("utf8", 0, end).split("\n");
      rest = bytes.subarray(end);
      for (let at = 0; at < lines.length - 1; at++) {
        const line = lines[at] ?? "";
        if (!first) yield line;
        else if (!checkNamesHeader(line, file)) throw damaged(file);
        first = false;
      }
    }
    // It is written whole and renamed, so no header, or an end within a line, is damage.
    if (first || rest.length > 0) throw damaged(file);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * The recipe of a line without parsing it. Inside a JSON string every quote is escaped, so this sequence of
 * characters can only be the key itself.
 */
function recipeIn(line: string): string | undefined {
  const at = line.indexOf(RECIPE_KEY);
  return at < 0 ? undefined : line.slice(at + RECIPE_KEY.length, at + RECIPE_KEY.length + 64);
}

const RECIPE_KEY = '"recipe":"';

/** Bounded pieces of text, so that 100,000 lines neither stop the heartbeats nor stand in memory at once. */
function* chunksOf(lines: readonly NamesLine[]): Generator<string> {
  let chunk = NAMES_HEADER;
  for (const line of lines) {
    chunk += printNamesLine(line);
    if (chunk.length >= 256 * 1024) {
      yield chunk;
      chunk = "";
    }
  }
  yield chunk;
}

function damaged(file: string): Failure {
  return new Failure("store-damaged", `a names file cannot be read: "${file}"`, {
    why: "It is cut off or was changed, so it does not tell any more which results it named.",
    fix: "Move it elsewhere; the results themselves stay, and the next run writes a new one.",
  });
}
