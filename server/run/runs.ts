import * as fs from "node:fs";
import * as path from "node:path";
import { decodeTime, ulid } from "ulid";
import { isRunId, type RecipeId, type RunId } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import { projectReadOnly } from "../data/project.js";
import type { FailureKind } from "../graph/model.js";
import type { Claims, Holder } from "../store/local.js";
import type { Usage } from "../store/record.js";
import type { JournalLine } from "./events.js";
import { type Clock, JournalReader, journalFiles, readJournal } from "./journal.js";

/**
 * The folder of a run, `.reprod/runs/<ulid>/`: `run.json` (what was asked for), the journal, requests, of a detached
 * run its own copy of the program and `runner.log`, and `unfinished` as long as an attempt of it may be left behind.
 */
export interface RunFile {
  readonly v: 1;
  readonly run: RunId;
  /** Absolute path of the pipeline file. */
  readonly file: string;
  /** Empty for a library without a name. */
  readonly pipeline: string;
  /** ISO 8601, UTC. For people: runs are ordered by their ids. */
  readonly createdAt: string;
  readonly detached: boolean;
  readonly options: RunOptions;
}

/** What a run was asked to do, as data: a detached runner reads it from its folder. */
export interface RunOptions {
  /** As on the command line; `--set` values are read relative to `directory` (rule 15). */
  readonly set: readonly { readonly name: string; readonly text: string }[];
  readonly directory: string;
  readonly container: "required" | "never" | "auto" | undefined;
  /** Names of nodes or families; empty: what the file's `target` says. */
  readonly targets: readonly string[];
  /** Nodes that are made again although the store has them. */
  readonly noCache: readonly string[];
  readonly keepGoing: boolean;
  /** Every node that is made is made twice, and what it makes is compared (A13). */
  readonly check?: boolean;
  /** Nodes at once, at most; undefined: as many as cpus and memory allow. */
  readonly jobs: number | undefined;
  readonly executor: "local";
}

export type RunState = "running" | "interrupted" | "done" | "failed" | "cancelled";

export interface RunSummary {
  readonly run: RunId;
  readonly state: RunState;
  readonly pipeline: string;
  readonly file: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Of the last line of the journal when the run was interrupted. */
  readonly endedAt: string | undefined;
  readonly detached: boolean;
  /** The process that runs it. */
  readonly holder: Holder | undefined;
  /** Of all nodes that the targets need. Undefined before the run has planned. */
  readonly nodes: number | undefined;
  readonly cached: number | undefined;
  /** Set once it has ended of itself. */
  readonly counts:
    | { readonly made: number; readonly reused: number; readonly failed: number; readonly skipped: number }
    | undefined;
  /** The run's own folder. */
  readonly folder: string;
}

export interface RunStatus extends RunSummary {
  /** Nodes that the run had to do with beyond finding them cached, in the order of their first event. */
  readonly touched: readonly NodeStatus[];
  readonly warnings: readonly {
    readonly code: string;
    readonly message: string;
    readonly node: string | undefined;
  }[];
}

export type NodeRunState =
  | "queued"
  | "running"
  | "made"
  | "reused"
  | "adopted"
  | "failed"
  | "skipped"
  | "cancelled"
  | "interrupted";

export interface NodeStatus {
  readonly node: string;
  readonly state: NodeRunState;
  readonly recipe: RecipeId | undefined;
  readonly failure: FailureKind | undefined;
  /** Why it failed or was skipped. */
  readonly message: string | undefined;
  readonly attempts: readonly AttemptStatus[];
}

export interface AttemptStatus {
  readonly number: number;
  readonly id: string;
  /** Absolute; `stdout.log` and `stderr.log` lie there. */
  readonly folder: string;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  readonly exitCode: number | undefined;
  readonly failure: FailureKind | undefined;
  readonly message: string | undefined;
  readonly usage: Usage | undefined;
}

const RUN_FILE = "run.json";
const UNFINISHED = "unfinished";

/** Ids of the runs in a project's runs folder, newest first. */
export function runIds(runsFolder: string): readonly RunId[] {
  let names: string[];
  try {
    names = fs.readdirSync(runsFolder);
  } catch (error) {
    // A file where the project's own folder would be: no run can have been there.
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
  return names.filter(isRunId).sort().reverse();
}

/** A new id, later than `newest` even when the clock has jumped back: histories are read newest first. */
export function newRunId(newest: RunId | undefined, clock: Clock = Date.now): RunId {
  const after = newest === undefined ? 0 : decodeTime(newest) + 1;
  const id = ulid(Math.max(clock(), after));
  if (!isRunId(id)) throw new Error(`not a ULID: ${id}`);
  return id;
}

/** Makes the folder of a new run. Throws a `Failure` (`project-read-only`) when the project cannot be written. */
export function createRunFolder(runsFolder: string, run: RunFile): string {
  const folder = path.join(runsFolder, run.run);
  try {
    fs.mkdirSync(runsFolder, { recursive: true });
    // Apart from its parent: a recursive one on a read-only disk is told as `ENOENT`.
    if (!fs.existsSync(folder)) fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, UNFINISHED), "");
    fs.writeFileSync(path.join(folder, RUN_FILE), `${JSON.stringify(run, undefined, 2)}\n`, { flag: "wx" });
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw error;
    throw projectReadOnly(runsFolder, error);
  }
  return folder;
}

/** What was asked for, or undefined when the folder's maker was killed before it could say. */
export function readRunFile(folder: string): RunFile | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(path.join(folder, RUN_FILE), "utf8"));
    return isRunFile(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether an attempt of this run may still have to be adopted, harvested or discarded (C4). */
export function isUnfinished(folder: string): boolean {
  return fs.existsSync(path.join(folder, UNFINISHED));
}

export function markFinished(folder: string): void {
  fs.rmSync(path.join(folder, UNFINISHED), { force: true });
}

/** The run that `text` names: an id, the start of one, or `latest`. Throws `Failure`: `unknown-run`. */
export function findRun(runsFolder: string, text = "latest"): RunId {
  const ids = runIds(runsFolder);
  const wanted = text.toUpperCase();
  const found = text === "latest" ? ids.slice(0, 1) : ids.filter((id) => id.startsWith(wanted));
  const [only, second] = found;
  if (only === undefined) {
    throw new Failure(
      "unknown-run",
      text === "latest" ? "nothing has been run here yet" : `there is no such run: "${text}"`,
      {
        ...(text !== "latest" && {
          why: "It belongs to another project, or is so old that `reprod gc` has deleted it with its logs.",
        }),
        fix: "`reprod runs` lists the runs of this project.",
      },
    );
  }
  if (second !== undefined) {
    throw new Failure("unknown-run", `several runs start like this: "${text}"`, {
      fix: "Give more characters of the id; `reprod runs` lists them.",
    });
  }
  return only;
}

/** Newest first. Reads the first and the last lines of each journal, so long runs list as fast as short ones. */
export function listRuns(runsFolder: string, claims: Claims, limit: number): readonly RunSummary[] {
  const found: RunSummary[] = [];
  for (const run of runIds(runsFolder)) {
    if (found.length >= limit) break;
    const summary = summarise(runsFolder, claims, run);
    if (summary !== undefined) found.push(summary);
  }
  return found;
}

/** One run in full. O(lines of its journal). Throws `Failure`: `unknown-run`. */
export function runStatus(runsFolder: string, claims: Claims, run: RunId): RunStatus {
  const summary = summarise(runsFolder, claims, run);
  if (summary === undefined) {
    throw new Failure("unknown-run", `this run left nothing to read: "${run}"`, {
      why: "It was ended before it could write what it was asked to do.",
      fix: "Start it again.",
    });
  }
  const fold = new RunFold();
  for (const line of readJournal(summary.folder)) fold.add(line);
  return { ...summary, touched: fold.nodes(summary.state), warnings: fold.warnings };
}

/** One run from the first and the last lines of its journal; undefined when its folder says nothing. */
export function summarise(runsFolder: string, claims: Claims, run: RunId): RunSummary | undefined {
  const folder = path.join(runsFolder, run);
  // The holder is asked first: a run that ends between the two looks is then seen as ended, never as interrupted.
  const holder = claims.holderOf({ kind: "run", id: run });
  const asked = readRunFile(folder);
  if (asked === undefined) return undefined;
  const { first, last } = journalEnds(folder);
  const ended = last?.event === "run-ended" ? last : undefined;
  return {
    run,
    state: ended?.outcome ?? (holder === undefined ? "interrupted" : "running"),
    pipeline: asked.pipeline,
    file: asked.file,
    startedAt: first?.time ?? asked.createdAt,
    endedAt: ended?.time ?? (holder === undefined ? last?.time : undefined),
    detached: asked.detached,
    holder: ended === undefined ? holder : undefined,
    nodes: first?.event === "run-started" ? first.nodes : undefined,
    cached: first?.event === "run-started" ? first.cached : undefined,
    counts:
      ended === undefined
        ? undefined
        : { made: ended.made, reused: ended.reused, failed: ended.failed, skipped: ended.skipped },
    folder,
  };
}

/** The first line and the last whole one. Lines are far shorter than the pieces that are read. */
function journalEnds(folder: string): { first: JournalLine | undefined; last: JournalLine | undefined } {
  const files = journalFiles(folder);
  const oldest = files[0];
  const newest = files.at(-1);
  if (oldest === undefined || newest === undefined) return { first: undefined, last: undefined };
  return { first: readLines(oldest.file, "start")[0], last: readLines(newest.file, "end").at(-1) };
}

function readLines(file: string, which: "start" | "end"): readonly JournalLine[] {
  const reader = new JournalReader(file);
  try {
    return which === "start" ? reader.readStart() : reader.readEnd();
  } finally {
    reader.close();
  }
}

/** Folds a journal into what each node came to. `state` says what became of nodes without an end. */
export function nodesOf(lines: readonly JournalLine[], state: RunState): readonly NodeStatus[] {
  const fold = new RunFold();
  for (const line of lines) fold.add(line);
  return fold.nodes(state);
}

/** The same line by line, for whoever follows a run while it goes. */
export class RunFold {
  readonly #nodes = new Map<string, { -readonly [part in keyof NodeStatus]: NodeStatus[part] }>();
  readonly #warnings: RunStatus["warnings"][number][] = [];

  add(line: JournalLine): void {
    switch (line.event) {
      case "node-queued":
        this.#get(line.node).recipe = line.recipe;
        break;
      case "attempt-started": {
        const node = this.#get(line.node);
        node.state = "running";
        node.recipe = line.recipe;
        node.attempts = [
          ...node.attempts,
          {
            number: line.attempt,
            id: line.id,
            folder: line.folder,
            startedAt: line.time,
            endedAt: undefined,
            exitCode: undefined,
            failure: undefined,
            message: undefined,
            usage: undefined,
          },
        ];
        break;
      }
      case "attempt-ended": {
        const node = this.#get(line.node);
        const started = node.attempts.at(-1);
        if (started !== undefined) {
          const ended: AttemptStatus = {
            ...started,
            endedAt: line.time,
            exitCode: line.exitCode,
            failure: line.failure,
            message: line.message,
            usage: line.usage,
          };
          node.attempts = [...node.attempts.slice(0, -1), ended];
        }
        if (line.willRetry) node.state = "queued";
        break;
      }
      case "node-done": {
        const node = this.#get(line.node);
        node.state = line.from;
        node.recipe = line.recipe;
        break;
      }
      case "node-failed": {
        const node = this.#get(line.node);
        node.state = line.failure === "Cancelled" ? "cancelled" : "failed";
        node.recipe = line.recipe;
        node.failure = line.failure;
        node.message = line.message;
        break;
      }
      case "node-skipped": {
        const node = this.#get(line.node);
        node.state = "skipped";
        node.message = line.because;
        break;
      }
      case "warning":
        this.#warnings.push({ code: line.code, message: line.message, node: line.node });
        break;
      case "run-started":
      case "request":
      case "run-ended":
        break;
    }
  }

  /** In the order of their first line. */
  nodes(state: RunState): readonly NodeStatus[] {
    return [...this.#nodes.values()].map((node) => {
      // Without a live lease nothing of it runs under anybody's eyes any more (B2).
      if (state !== "running" && (node.state === "queued" || node.state === "running"))
        return { ...node, state: "interrupted" };
      if (state === "cancelled" && node.state === "skipped") return { ...node, state: "cancelled" };
      return { ...node };
    });
  }

  get warnings(): RunStatus["warnings"] {
    return this.#warnings;
  }

  #get(node: string): { -readonly [part in keyof NodeStatus]: NodeStatus[part] } {
    let found = this.#nodes.get(node);
    if (found === undefined) {
      found = {
        node,
        state: "queued",
        recipe: undefined,
        failure: undefined,
        message: undefined,
        attempts: [],
      };
      this.#nodes.set(node, found);
    }
    return found;
  }
}

function isRunFile(value: unknown): value is RunFile {
  return (
    typeof value === "object" &&
    value !== null &&
    "v" in value &&
    value.v === 1 &&
    "run" in value &&
    typeof value.run === "string" &&
    isRunId(value.run) &&
    "file" in value &&
    typeof value.file === "string" &&
    "pipeline" in value &&
    typeof value.pipeline === "string" &&
    "createdAt" in value &&
    typeof value.createdAt === "string" &&
    "detached" in value &&
    typeof value.detached === "boolean" &&
    "options" in value &&
    isRunOptions(value.options)
  );
}

function isRunOptions(value: unknown): value is RunOptions {
  return (
    typeof value === "object" &&
    value !== null &&
    "set" in value &&
    Array.isArray(value.set) &&
    "targets" in value &&
    Array.isArray(value.targets) &&
    "noCache" in value &&
    Array.isArray(value.noCache) &&
    "keepGoing" in value &&
    typeof value.keepGoing === "boolean" &&
    "executor" in value &&
    value.executor === "local"
  );
}
