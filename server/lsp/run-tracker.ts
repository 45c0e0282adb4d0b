import * as fs from "node:fs";
import * as path from "node:path";
import type { RunId } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import type { Project } from "../data/project.js";
import type { JournalLine } from "../run/events.js";
import { JournalReader, journalFiles } from "../run/journal.js";
import {
  findRun,
  type NodeStatus,
  RunFold,
  type RunOptions,
  type RunState,
  type RunStatus,
  type RunSummary,
  readRunFile,
  runIds,
  runStatus,
  summarise,
} from "../run/runs.js";
import type { TouchedByRun } from "../run/said.js";
import { openClaims } from "../store/claims.js";
import type { Claims } from "../store/local.js";
import type { FolderWatch } from "./folder-watch.js";
import { Later } from "./later.js";

/** What is known of a run, live or ended. */
export interface TrackedRun {
  readonly summary: RunSummary;
  readonly targets: readonly string[];
  readonly executor: string;
  readonly counts: { readonly [state in NodeStatus["state"]]?: number };
  readonly warnings: RunStatus["warnings"];
}

/** What a run was given for params. */
export type LastSet = Pick<RunOptions, "set" | "directory">;

/** How much of the past is looked at: runs that may still be going, and newest ones of one pipeline file. */
const RUNS_LOOKED_AT = 64;
const RUNS_OF_A_FILE = 3;
/** Between two looks at a journal that grows. */
const JOURNAL_MILLISECONDS = 120;
/** Whether a runner is still alive is asked this often, and only while one is thought to be. */
const ALIVE_MILLISECONDS = 1_000;

/**
 * The runs of a project, as their folders say: those of this editor, of terminals, and of an editor before this one.
 * Journals of runs that go are followed as they grow; nothing is polled while nothing runs.
 */
export class RunTracker {
  readonly #project: Project;
  readonly #watch: FolderWatch;
  readonly #claims: Claims;
  readonly #onChange: (runs: readonly TrackedRun[]) => void;
  readonly #live = new Map<RunId, LiveRun>();
  readonly #ended = new Map<RunId, TrackedRun>();
  /** By pipeline file that somebody asks about: what its newest ended runs had to do with. */
  readonly #touched = new Map<string, Map<RunId, readonly NodeStatus[]>>();
  readonly #changed = new Set<RunId>();
  readonly #report: Later;
  readonly #lookAgain: Later;
  readonly #stopWatching: () => void;
  #aliveTimer: NodeJS.Timeout | undefined;
  readonly #seen = new Set<RunId>();

  constructor(project: Project, watch: FolderWatch, onChange: (runs: readonly TrackedRun[]) => void) {
    this.#project = project;
    this.#watch = watch;
    this.#onChange = onChange;
    this.#claims = openClaims(project.folders.store);
    this.#report = new Later(() => this.#tell(), 100);
    this.#lookAgain = new Later(() => this.#look(), 30);
    this.#stopWatching = watch.watch(project.folders.runs, () => this.#lookAgain.ask());
    this.#look();
  }

  /** Newest first. */
  list(limit: number): readonly TrackedRun[] {
    const found: TrackedRun[] = [];
    for (const run of this.#ids()) {
      if (found.length >= limit) break;
      const tracked = this.get(run);
      if (tracked !== undefined) found.push(tracked);
    }
    return found;
  }

  /** Undefined for a folder that says nothing, or that has been deleted since. */
  get(run: RunId): TrackedRun | undefined {
    const live = this.#live.get(run);
    if (live !== undefined) return live.tracked();
    const known = this.#ended.get(run);
    if (known !== undefined) return known;
    const summary = this.#summary(run);
    if (summary === undefined) return undefined;
    if (summary.state === "running") return this.#follow(run)?.tracked();
    const asked = readRunFile(summary.folder);
    const { counts } = summary;
    const tracked: TrackedRun = {
      summary,
      targets: asked?.options.targets ?? [],
      executor: asked?.options.executor ?? "local",
      counts:
        counts === undefined
          ? {}
          : { made: counts.made, reused: counts.reused, failed: counts.failed, skipped: counts.skipped },
      warnings: [],
    };
    this.#ended.set(run, tracked);
    return tracked;
  }

  /** The run that a text names, as far as its folder tells. Throws `Failure` `unknown-run`. */
  find(text: string): RunSummary {
    const run = findRun(this.#project.folders.runs, text);
    return this.get(run)?.summary ?? runStatus(this.#project.folders.runs, this.#claims, run);
  }

  /** What a run had to do with. Throws `Failure` `unknown-run`. */
  nodes(text: string): readonly NodeStatus[] {
    const run = findRun(this.#project.folders.runs, text);
    return this.#live.get(run)?.nodes() ?? runStatus(this.#project.folders.runs, this.#claims, run).touched;
  }

  get claims(): Claims {
    return this.#claims;
  }

  /**
   * The newest runs of a pipeline file, newest first: what they say of nodes counts before the store does (B2).
   * Journals of ended runs are read once, with a pause behind each, as they can be long.
   */
  async newestOf(file: string): Promise<readonly TouchedByRun[]> {
    const found: TouchedByRun[] = [];
    const known = this.#touched.get(file);
    const kept = new Map<RunId, readonly NodeStatus[]>();
    for (const run of this.#ids().slice(0, RUNS_LOOKED_AT)) {
      if (this.get(run)?.summary.file !== file) continue;
      const live = this.#live.get(run);
      if (live === undefined && kept.size >= RUNS_OF_A_FILE) continue;
      const touched = live?.nodes() ?? known?.get(run) ?? (await this.#readTouched(run));
      if (touched === undefined) continue;
      found.push({ run, touched });
      if (live === undefined) kept.set(run, touched);
    }
    this.#touched.set(file, kept);
    return found;
  }

  /** The params that the newest run of a pipeline file was given, and where relative paths in them start from. */
  lastSet(file: string): LastSet {
    for (const run of this.#ids().slice(0, RUNS_LOOKED_AT)) {
      const summary = this.get(run)?.summary;
      if (summary?.file !== file) continue;
      const asked = readRunFile(summary.folder);
      if (asked !== undefined) return { set: asked.options.set, directory: asked.options.directory };
    }
    return { set: [], directory: path.dirname(file) };
  }

  /** Looks at the folder at once: somebody has just started a run. */
  refresh(): void {
    this.#look();
  }

  close(): void {
    this.#stopWatching();
    this.#report.close();
    this.#lookAgain.close();
    clearInterval(this.#aliveTimer);
    for (const live of this.#live.values()) live.close();
    this.#live.clear();
    this.#claims.close();
  }

  async #readTouched(run: RunId): Promise<readonly NodeStatus[] | undefined> {
    await new Promise(setImmediate);
    try {
      return this.nodes(run);
    } catch (error) {
      // Deleted in between by `reprod gc`, or another person's: states are none the worse for it.
      if (error instanceof Failure || systemCode(error) !== undefined) return undefined;
      throw error;
    }
  }

  #ids(): readonly RunId[] {
    try {
      return runIds(this.#project.folders.runs);
    } catch (error) {
      // A folder that cannot be read has no runs to show.
      if (systemCode(error) !== undefined) return [];
      throw error;
    }
  }

  #summary(run: RunId): RunSummary | undefined {
    try {
      return summarise(this.#project.folders.runs, this.#claims, run);
    } catch (error) {
      if (error instanceof Failure || systemCode(error) !== undefined) return undefined;
      throw error;
    }
  }

  /** New folders, and runs that have gone. */
  #look(): void {
    const ids = this.#ids();
    const there = new Set(ids);
    for (const known of [this.#ended, this.#seen])
      for (const run of known.keys()) if (!there.has(run)) known.delete(run);
    for (const run of ids.slice(0, RUNS_LOOKED_AT)) {
      if (this.#seen.has(run) || this.#live.has(run)) continue;
      const summary = this.#summary(run);
      // Its maker has not said yet what is asked for: the next change of the folder, or of this one, tells.
      if (summary === undefined) {
        this.#lookAgain.ask(200);
        if (Date.now() - ageOf(this.#project.folders.runs, run) > 10_000) this.#seen.add(run);
        continue;
      }
      if (summary.state === "running" || isStarting(summary)) this.#follow(run);
      else {
        this.#seen.add(run);
        this.#ended.delete(run);
      }
      this.#changed.add(run);
    }
    if (this.#changed.size > 0) this.#report.ask();
  }

  #follow(run: RunId): LiveRun | undefined {
    const summary = this.#summary(run);
    if (summary === undefined) return undefined;
    const live = new LiveRun(summary, this.#watch, () => {
      this.#changed.add(run);
      this.#report.ask();
    });
    this.#live.set(run, live);
    this.#aliveTimer ??= setInterval(() => this.#askAlive(), ALIVE_MILLISECONDS).unref();
    return live;
  }

  #askAlive(): void {
    for (const [run, live] of this.#live) {
      live.read();
      const holder = this.#claims.holderOf({ kind: "run", id: run });
      // Its runner takes the lease before it writes the journal: with lines and without a holder it is gone.
      const isGone = holder === undefined && (live.hasBegun || !isStarting(live.summary));
      if (live.ended !== undefined || isGone) this.#end(run, live);
    }
    if (this.#live.size > 0) return;
    clearInterval(this.#aliveTimer);
    this.#aliveTimer = undefined;
  }

  #end(run: RunId, live: LiveRun): void {
    live.close();
    this.#live.delete(run);
    this.#seen.add(run);
    this.#ended.delete(run);
    const summary = this.#summary(run);
    if (summary !== undefined) {
      this.#ended.set(run, live.endedAs(summary));
      this.#touched.get(live.file)?.set(run, live.nodes(summary.state));
    }
    this.#changed.add(run);
    this.#report.ask();
  }

  #tell(): void {
    for (const run of this.#changed) {
      const live = this.#live.get(run);
      live?.read();
      if (live?.ended !== undefined) this.#end(run, live);
    }
    const changed = [...this.#changed].flatMap((run) => this.get(run) ?? []);
    this.#changed.clear();
    if (changed.length > 0) this.#onChange(changed);
  }
}

/** A run that goes: its journal, folded as far as it is written. */
class LiveRun {
  readonly #fold = new RunFold();
  readonly #readers = new Map<string, JournalReader>();
  readonly #stop: () => void;
  readonly #onChange: () => void;
  readonly #readSoon: Later;
  summary: RunSummary;
  readonly #asked: ReturnType<typeof readRunFile>;
  ended: { readonly outcome: RunState; readonly time: string } | undefined;
  /** Its journal has lines. */
  hasBegun = false;

  constructor(summary: RunSummary, watch: FolderWatch, onChange: () => void) {
    this.summary = summary;
    this.#onChange = onChange;
    this.#asked = readRunFile(summary.folder);
    this.#readSoon = new Later(() => this.read(), JOURNAL_MILLISECONDS);
    this.#stop = watch.watch(summary.folder, () => this.#readSoon.ask());
    this.read();
  }

  get file(): string {
    return this.summary.file;
  }

  /** Reads what was added since; tells when there was something. */
  read(): void {
    let lines = 0;
    for (const line of this.#newLines()) {
      lines++;
      this.#fold.add(line);
      // It has its lease from here on: without one, from here on, its runner is gone.
      if (line.event === "run-started")
        this.summary = {
          ...this.summary,
          state: "running",
          nodes: line.nodes,
          cached: line.cached,
          startedAt: line.time,
        };
      if (line.event === "run-ended") this.ended = { outcome: line.outcome, time: line.time };
    }
    if (lines === 0) return;
    this.hasBegun = true;
    this.#onChange();
  }

  nodes(state: RunState = this.ended?.outcome ?? "running"): readonly NodeStatus[] {
    return this.#fold.nodes(state);
  }

  tracked(): TrackedRun {
    const summary: RunSummary =
      this.ended === undefined
        ? { ...this.summary, state: "running" }
        : { ...this.summary, state: this.ended.outcome, endedAt: this.ended.time, holder: undefined };
    return this.endedAs(summary);
  }

  endedAs(summary: RunSummary): TrackedRun {
    const counts: { [state in NodeStatus["state"]]?: number } = {};
    for (const { state } of this.#fold.nodes(summary.state)) counts[state] = (counts[state] ?? 0) + 1;
    return {
      summary,
      targets: this.#asked?.options.targets ?? [],
      executor: this.#asked?.options.executor ?? "local",
      counts,
      warnings: this.#fold.warnings,
    };
  }

  close(): void {
    this.#stop();
    this.#readSoon.close();
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
  }

  #newLines(): readonly JournalLine[] {
    const lines: JournalLine[] = [];
    try {
      for (const { file } of journalFiles(this.summary.folder)) {
        const reader = this.#readers.get(file) ?? new JournalReader(file);
        this.#readers.set(file, reader);
        for (const line of reader.read()) lines.push(line);
      }
    } catch (error) {
      // The folder is being deleted under us, or its disk is gone: the next look says so.
      if (systemCode(error) === undefined) throw error;
    }
    return lines;
  }
}

/** It has been made just now, and its runner has not taken its lease yet. */
function isStarting({ state, startedAt, endedAt }: RunSummary): boolean {
  return state === "interrupted" && endedAt === undefined && Date.now() - Date.parse(startedAt) < 15_000;
}

function ageOf(runsFolder: string, run: RunId): number {
  return fs.statSync(`${runsFolder}/${run}`, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}
