import * as fs from "node:fs";
import * as path from "node:path";
import { type ContentId, isRunId, isSha256, type RunId } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import type { Claims } from "../store/local.js";
import { type Harvest, readHarvestNotes } from "./harvest.js";
import { readJournal } from "./journal.js";
import { isUnfinished, markFinished } from "./runs.js";

/**
 * Attempts lie in `<tmp>/<run>/<content id>-<run>-<number>`: on the store's file system (C11), and found again by
 * what they make, so that a run which needs the same takes over what a killed one has left (C4).
 */
export function attemptsFolder(tmp: string, run: RunId): string {
  return path.join(tmp, run);
}

export function attemptId(content: ContentId, run: RunId, number: number): string {
  return `${content}-${run}-${number}`;
}

/** An attempt of a run that was killed. */
export interface LeftAttempt {
  readonly id: string;
  readonly folder: string;
  readonly content: ContentId;
  readonly run: RunId;
  readonly number: number;
  /** What it brought into the store, when it got that far. */
  readonly harvest: Harvest | undefined;
}

/** Attempts that dead runs have left: each is taken over once, or discarded at the end of the run that found it. */
export class LeftAttempts {
  readonly #byContent = new Map<string, LeftAttempt[]>();
  /** Runs that were found dead, with how many of their attempts are still to be dealt with. */
  readonly #runs = new Map<RunId, { readonly folder: string; left: number }>();

  /** Costs one look at each run's folder, and the reading of their journals for those that were killed. */
  static find(runsFolder: string, tmp: string, runs: readonly RunId[], claims: Claims): LeftAttempts {
    const found = new LeftAttempts();
    for (const run of runs) {
      const folder = path.join(runsFolder, run);
      if (!isUnfinished(folder) || claims.holderOf({ kind: "run", id: run }) !== undefined) continue;
      const attempts = leftIn(run, folder, attemptsFolder(tmp, run));
      found.#runs.set(run, { folder, left: attempts.length });
      for (const attempt of attempts) {
        const same = found.#byContent.get(attempt.content);
        if (same === undefined) found.#byContent.set(attempt.content, [attempt]);
        else same.push(attempt);
      }
      if (attempts.length === 0) found.#finish(run);
    }
    return found;
  }

  /** The newest attempt at this content, taken out. */
  take(content: ContentId): LeftAttempt | undefined {
    const attempts = this.#byContent.get(content);
    const attempt = attempts?.pop();
    if (attempts?.length === 0) this.#byContent.delete(content);
    return attempt;
  }

  /** All that nobody took, taken out. */
  takeRest(): readonly LeftAttempt[] {
    const rest = [...this.#byContent.values()].flat();
    this.#byContent.clear();
    return rest;
  }

  /** It runs no more and its folder holds nothing that anybody needs; the last one of its run finishes that run. */
  settled(attempt: LeftAttempt): void {
    const run = this.#runs.get(attempt.run);
    if (run === undefined) return;
    run.left--;
    if (run.left <= 0) this.#finish(attempt.run);
  }

  #finish(run: RunId): void {
    const folder = this.#runs.get(run)?.folder;
    if (folder !== undefined) markFinished(folder);
    this.#runs.delete(run);
  }
}

/** Attempts whose result was not durable when their run was killed, as far as its journal got to tell. */
function leftIn(run: RunId, runFolder: string, attempts: string): readonly LeftAttempt[] {
  const names = list(attempts);
  if (names.length === 0) return [];
  const done = new Set<string>();
  for (const line of readJournal(runFolder)) if (line.event === "node-done") done.add(line.content);
  const harvests = readHarvestNotes(attempts);
  return names.flatMap((name) => {
    const attempt = parseAttemptId(name);
    if (attempt === undefined || attempt.run !== run || done.has(attempt.content)) return [];
    return [{ ...attempt, folder: path.join(attempts, name), harvest: harvests.get(name) }];
  });
}

function parseAttemptId(id: string): Omit<LeftAttempt, "folder" | "harvest"> | undefined {
  const [content, run, number] = id.split("-");
  if (content === undefined || run === undefined || number === undefined) return undefined;
  if (!isContentId(content) || !isRunId(run) || !/^\d+$/.test(number)) return undefined;
  return { id, content, run, number: Number(number) };
}

function isContentId(text: string): text is ContentId & string {
  return isSha256(text);
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
