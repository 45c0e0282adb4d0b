import * as fs from "node:fs";
import * as path from "node:path";
import type { ContentId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { fetchFile } from "../data/fetch.js";
import type { AttemptHandle, AttemptResult, AttemptSpec, Executor } from "../executors/executor.js";
import { sizesOf } from "../graph/made.js";
import type { FailureKind, GraphNode } from "../graph/model.js";
import { idsKnown, type MadeOuts, type ResolvedIn } from "../graph/recipe.js";
import { DataReference } from "../graph/value.js";
import { digestOuts, ingestOuts } from "../store/ingest.js";
import type { Claim, Claims, HashFile, LocalStore } from "../store/local.js";
import type { AttemptRecord, NamesLine, ResultRecord } from "../store/record.js";
import { differingOuts, storedResult } from "../store/record-format.js";
import type { StoredResult } from "../store/store.js";
import { attemptId, attemptsFolder, type LeftAttempt, type LeftAttempts } from "./attempts.js";
import { HarvestNotes, holdsHarvest } from "./harvest.js";
import type { Clock, Journal } from "./journal.js";
import type { LeaseGuard } from "./lease.js";
import { type AttemptFailure, exitCodeOf, failureOf, signalOf, Tries } from "./outcome.js";
import type { Plan } from "./plan.js";
import { adoptedRecord, type MakingBase, madeRecord, recordDigest } from "./records.js";
import type { Remains } from "./remains.js";
import { Room } from "./room.js";
import { type Demand, Scheduler, type Start, type StopReason } from "./scheduler.js";
import { attemptSpec, resolvedFiles } from "./spec.js";
import { briefWhy } from "./why.js";

/** Everything that the nodes of one run share. */
export interface ExecutionContext {
  readonly plan: Plan;
  /** Open for writing. */
  readonly store: LocalStore;
  readonly claims: Claims;
  readonly guard: LeaseGuard;
  readonly executor: Executor;
  readonly journal: Journal;
  readonly hash: HashFile;
  readonly run: RunId;
  /** Folder of attempts, on the store's file system (C11). */
  readonly tmp: string;
  readonly left: LeftAttempts;
  /** Resolves once git has answered; the first record waits for it. */
  readonly making: Promise<MakingBase>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly engine: "docker" | "podman" | "host";
  readonly keepGoing: boolean;
  /** Everything is made twice and compared (A13). */
  readonly check: boolean;
  readonly jobs: number;
  readonly clock: Clock;
  readonly remains: Remains;
}

export interface ExecutionCounts {
  readonly made: number;
  readonly reused: number;
  readonly failed: number;
  readonly skipped: number;
  readonly differing: number;
  readonly stopped: StopReason | undefined;
}

/** A node of the run, by its position in the scheduler. */
interface Task {
  readonly position: number;
  readonly node: GraphNode;
  readonly recipe: RecipeId;
  readonly tries: Tries;
  readonly attempts: AttemptRecord[];
  /** Number of the latest attempt. */
  number: number;
  /** Known once everything above is settled. */
  content: ContentId | undefined;
  claim: Claim | undefined;
  /** Of the guard, when the claim was last read. */
  pauses: number;
  queued: boolean;
  diskBytes: number;
}

type Settled =
  | { readonly kind: "made"; readonly result: StoredResult }
  | { readonly kind: "failed"; readonly failure: AttemptFailure };

/** What an attempt came to, outs included. */
type TakenIn =
  | { readonly kind: "made"; readonly outs: MadeOuts }
  | { readonly kind: "failed"; readonly failure: AttemptFailure };

/** How often nodes that wait for another run are looked at. */
const ASIDE_MILLISECONDS = 250;

/**
 * While scripts are typically shorter than this, the next ones are made ready before there is room for them: making
 * ready takes about as long as such a script does. Of longer ones it would save nothing, and only claim work and fill
 * the disk early.
 */
const SHORT_MILLISECONDS = 500;

/**
 * Brings the nodes of a plan to their ends: the scheduler decides what starts when, this class does it. All state is
 * in here and on the main thread, so there is nothing to lock; what takes long (scripts, hashing, syncing) is awaited.
 * A node costs a bounded number of steps whatever the size of the run.
 */
export class Execution {
  readonly #context: ExecutionContext;
  readonly #scheduler: Scheduler;
  readonly #tasks: readonly Task[];
  /** What nodes made, by `node.index`: those found cached from the start, then each as it is settled. */
  readonly #outs: (MadeOuts | undefined)[];
  /** Lines of the names file, by `node.index`. */
  readonly #lines: (NamesLine | undefined)[];
  /** Who does the work of a content id in this run, and what came of it (C1). */
  readonly #leaders = new Map<ContentId, { readonly position: number; settled: Settled | undefined }>();
  readonly #handles = new Map<number, AttemptHandle>();
  /** Of the nodes that are made ready before there is room for them, by position. */
  readonly #rooms = new Map<number, Room>();
  /** Moving average of how long scripts run; undefined before the first has ended. */
  #typicalMilliseconds: number | undefined;
  readonly #aside = new Set<number>();
  readonly #harvests = new HarvestNotes();
  readonly #fetching = new Map<Sha256, Promise<unknown>>();
  #asideTimer: NodeJS.Timeout | undefined;
  #reservedDisk = 0;
  #committing = 0;
  #made = 0;
  #reused = 0;
  #failed = 0;
  #skipped = 0;
  #differing = 0;
  /** Aborted by `cancel`; what it ends besides scripts are downloads. */
  readonly #cancelling = new AbortController();
  #defect: { readonly error: unknown } | undefined;
  #pumping = false;
  #finish: (() => void) | undefined;

  constructor(context: ExecutionContext) {
    this.#context = context;
    const { plan } = context;
    const { nodes } = plan.opened.graph;
    const positions = new Int32Array(nodes.length).fill(-1);
    const tasks: Task[] = [];
    this.#outs = new Array<undefined>(nodes.length).fill(undefined);
    this.#lines = new Array<undefined>(nodes.length).fill(undefined);
    for (const { node, state, recipe, runs } of plan.nodes) {
      if (state.state === "cached") this.#outs[node.index] = state.result.outs;
      if (!runs || recipe === undefined) continue;
      positions[node.index] = tasks.length;
      tasks.push({
        position: tasks.length,
        node,
        recipe,
        tries: new Tries(node.retry),
        attempts: [],
        number: 0,
        content: undefined,
        claim: undefined,
        pauses: 0,
        queued: false,
        diskBytes: 0,
      });
    }
    this.#tasks = tasks;
    const upstream = tasks.map(({ node }) =>
      node.upstream.flatMap((above) => {
        const position = positions[above.index] ?? -1;
        return position < 0 ? [] : [position];
      }),
    );
    this.#scheduler = new Scheduler(upstream, {
      capacity: context.executor.capacity,
      jobs: context.jobs,
      keepGoing: context.keepGoing,
      standby: Math.min(context.jobs, Math.max(4, 2 * Math.ceil(context.executor.capacity.cpus))),
      priority: "longest-path",
    });
  }

  /** Resolves when nothing runs any more and everything made is durable. Rejects for defects only. */
  async run(): Promise<ExecutionCounts> {
    await this.#recordCached();
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#pump();
    await finished;
    clearInterval(this.#asideTimer);
    this.#harvests.close();
    if (this.#defect !== undefined) throw this.#defect.error;
    this.#skipRest();
    return {
      made: this.#made,
      reused: this.#reused,
      failed: this.#failed,
      skipped: this.#skipped,
      differing: this.#differing,
      stopped: this.#scheduler.stopped,
    };
  }

  /** Nothing new starts, and what runs is ended. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelling.abort(new Failure("cancelled", "the run was cancelled"));
    this.#scheduler.stop("cancelled");
    for (const handle of this.#handles.values()) handle.cancel();
    this.#pump();
  }

  get #cancelled(): boolean {
    return this.#cancelling.signal.aborted;
  }

  /** The lines for the names file, in the order of the graph: everything of the plan that has a result. */
  names(): readonly NamesLine[] {
    return this.#lines.filter((line) => line !== undefined);
  }

  /** What a node made, for `publish`. */
  readonly madeBy = (node: GraphNode): MadeOuts | undefined => this.#outs[node.index];

  readonly #sizeOf = sizesOf(this.madeBy);

  #pump(): void {
    // Steps below may settle nodes at once and call this again; one loop sees all of it.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        const ready = this.#scheduler.takeReady();
        if (ready !== undefined) {
          this.#guarded(this.#task(ready), (task) => this.#resolve(task));
          continue;
        }
        const start = this.#scheduler.takeStart();
        if (start !== undefined) {
          const room = this.#rooms.get(start.position);
          if (room === undefined)
            this.#guarded(this.#task(start.position), (task) => this.#start(task, start));
          else {
            this.#rooms.delete(start.position);
            // After a pause its claims are read again before it is launched (C2), as of every node that starts.
            room.answer(this.#context.guard.pauses === this.#task(start.position).pauses);
          }
          continue;
        }
        const next = this.#madeReadyAhead ? this.#scheduler.takeStandby() : undefined;
        if (next === undefined) break;
        const room = new Room();
        this.#rooms.set(next.position, room);
        this.#guarded(this.#task(next.position), (task) => this.#start(task, next, room));
      }
      if (this.#scheduler.stopped !== undefined) for (const room of this.#rooms.values()) room.answer(false);
    } finally {
      this.#pumping = false;
    }
    if (this.#scheduler.finished && this.#committing === 0) this.#finish?.();
  }

  get #madeReadyAhead(): boolean {
    return this.#typicalMilliseconds !== undefined && this.#typicalMilliseconds < SHORT_MILLISECONDS;
  }

  /** Runs a step of a node; what it throws is a failure of the node when expected, else the end of the run. */
  #guarded(task: Task, step: (task: Task) => Promise<void> | undefined): void {
    const failed = (error: unknown): void => {
      if (error instanceof Failure) this.#fail(task, failureFromStore(error));
      else this.#stopForDefect(task, error);
      this.#pump();
    };
    try {
      step(task)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #stopForDefect(task: Task, error: unknown): void {
    this.#defect ??= { error };
    this.#handles.delete(task.position);
    this.#rooms.delete(task.position);
    this.#scheduler.fail(task.position);
    this.cancel();
  }

  #task(position: number): Task {
    const task = this.#tasks[position];
    if (task === undefined) throw new Error(`the scheduler knows no position ${position}`);
    return task;
  }

  // ------------------------------------------------------------ finding out whether it has to run

  /** Results that planning found under another recipe get a record of their own (A4); all get their names line. */
  async #recordCached(): Promise<void> {
    const { plan } = this.#context;
    for (const { node, state } of plan.nodes) {
      if (state.state !== "cached") continue;
      const ids = plan.opened.identifier.ids(node);
      if (!idsKnown(ids)) continue;
      if (state.by === "recipe") {
        this.#lines[node.index] = namesLine(node, ids.own, state.result, "reused");
        continue;
      }
      const { content, recipe } = state.result;
      await this.#context.store.supersede(ids.recipe, content);
      const own = recipe === ids.recipe ? await this.#context.store.adoptable(content) : undefined;
      const record = own ?? (await this.#adoption({ node, recipe: ids.recipe, content }, state.result));
      this.#publishRecord(node, record, own === undefined ? "adopted" : "reused", () => undefined);
    }
  }

  /** Everything above is settled, so the content id is known (rule 25): shares, finds, or gets in line. */
  #resolve(task: Task): Promise<void> | undefined {
    const { plan } = this.#context;
    const { node } = task;
    const content = plan.opened.identifier.content(node, this.madeBy);
    if (content === undefined) throw new Error(`the content id is not known: ${node.name}`);
    task.content = content;
    const leader = this.#leaders.get(content);
    if (leader !== undefined) return this.#share(task, leader);
    this.#leaders.set(content, { position: task.position, settled: undefined });
    const state = plan.states.of(node);
    const asked = state.state === "stale" && state.cause === "asked";
    // Planning has looked for this content already, a moment ago; a claim makes us look again anyway.
    if (asked || plan.states.contentOf(node) === content) {
      this.#enqueue(task);
      return undefined;
    }
    return this.#lookUp(task, content);
  }

  async #lookUp(task: Task, content: ContentId): Promise<void> {
    const found = await this.#context.store.adoptable(content);
    if (found === undefined) this.#enqueue(task);
    else await this.#reuse(task, found);
    this.#pump();
  }

  #share(
    task: Task,
    leader: { readonly position: number; readonly settled: Settled | undefined },
  ): Promise<void> | undefined {
    switch (leader.settled?.kind) {
      case undefined:
        this.#scheduler.follow(task.position, leader.position);
        return undefined;
      case "failed":
        this.#fail(task, leader.settled.failure);
        return undefined;
      case "made":
        return this.#reuseResult(task, leader.settled.result);
    }
  }

  #enqueue(task: Task): void {
    // What failed on standby and is tried again waits for another room than the one that it no longer listens to.
    this.#rooms.delete(task.position);
    const resources = task.node.resources(this.#sizeOf);
    task.diskBytes = resources.diskBytes;
    if (!task.queued) {
      task.queued = true;
      const why = briefWhy(this.#context.plan, task.node);
      this.#context.journal.write({
        event: "node-queued",
        node: task.node.name,
        recipe: task.recipe,
        why: [...why],
      });
    }
    this.#scheduler.enqueue(task.position, {
      cpus: resources.cpus,
      memoryBytes: Math.ceil(resources.memoryBytes * task.tries.memoryFactor),
    });
  }

  // ------------------------------------------------------------ reusing

  async #reuse(task: Task, record: ResultRecord): Promise<void> {
    const result = storedResult(record);
    if (record.recipeId !== task.recipe) return this.#reuseResult(task, result);
    const { node } = task;
    this.#settle(task, result);
    this.#reused++;
    if ((await this.#context.store.supersede(task.recipe, record.contentId)) !== "kept") {
      // An older generation's record, found by its content: it takes its place under the recipe again.
      this.#publishRecord(node, record, "reused", () => this.#release(task));
      return;
    }
    this.#release(task);
    this.#lines[node.index] = namesLine(node, this.#own(node), result, "reused");
    this.#context.journal.write({
      event: "node-done",
      node: node.name,
      recipe: task.recipe,
      content: record.contentId,
      from: "reused",
      record: recordDigest(record),
    });
  }

  /** Uses what another recipe made, and writes that down under this one (A4). */
  async #reuseResult(task: Task, from: StoredResult): Promise<void> {
    const record = await this.#adoption({ ...task, content: from.content }, from);
    this.#settle(task, storedResult(record));
    this.#reused++;
    if (from.recipe !== task.recipe) await this.#context.store.supersede(task.recipe, from.content);
    this.#publishRecord(task.node, record, from.recipe === task.recipe ? "reused" : "adopted", () =>
      this.#release(task),
    );
    this.#pump();
  }

  async #adoption(
    task: { readonly node: GraphNode; readonly recipe: RecipeId; readonly content: ContentId },
    from: StoredResult,
  ): Promise<ResultRecord> {
    const identity = this.#identity(task);
    const now = new Date(this.#context.clock()).toISOString();
    return adoptedRecord(await this.#context.making, identity, from, now);
  }

  #identity(task: { readonly node: GraphNode; readonly recipe: RecipeId; readonly content: ContentId }) {
    const { identifier } = this.#context.plan.opened;
    const recipe = identifier.recipe(task.node);
    if ("unknown" in recipe) throw new Error(`the recipe is not known: ${recipe.unknown}`);
    const inputs = this.#inputs(task.node);
    return { node: task.node, recipeId: task.recipe, contentId: task.content, recipe, inputs };
  }

  #inputs(node: GraphNode): { readonly [name: string]: ResolvedIn } {
    const inputs = this.#context.plan.opened.identifier.inputs(node, this.madeBy);
    if (inputs === undefined) throw new Error(`the inputs are not known: ${node.name}`);
    return inputs;
  }

  #own(node: GraphNode): NamesLine["own"] {
    const ids = this.#context.plan.opened.identifier.ids(node);
    if (!idsKnown(ids)) throw new Error(`the ids are not known: ${ids.unknown}`);
    return ids.own;
  }

  // ------------------------------------------------------------ running

  /** There is room for it, or will be soon. Claims the content, and looks once more: who held it before may have made it (C1, C2). */
  #start(task: Task, start: Start, room?: Room): Promise<void> | undefined {
    const { claims, guard } = this.#context;
    const { content } = task;
    if (content === undefined) throw new Error("what starts has been resolved");
    if (!this.#hasDisk(task)) return undefined;
    const pauses = guard.pauses;
    if (task.claim !== undefined && task.pauses !== pauses && !claims.stillHolds(task.claim))
      task.claim = undefined;
    if (task.pauses !== pauses && !guard.holds()) {
      this.#fail(task, { kind: "Lost", message: "another process has taken this run over" });
      this.#scheduler.stop("failure");
      return undefined;
    }
    task.pauses = pauses;
    if (task.claim !== undefined) return this.#attempt(task, content, start.given, room);
    const attempt = claims.tryAcquire({ kind: "content", id: content });
    if (attempt.kind === "taken") {
      this.#setAside(task);
      return undefined;
    }
    task.claim = attempt.claim;
    const state = this.#context.plan.states.of(task.node);
    if (state.state === "stale" && state.cause === "asked")
      return this.#attempt(task, content, start.given, room);
    return this.#attemptUnlessFound(task, content, start.given, room);
  }

  async #attemptUnlessFound(
    task: Task,
    content: ContentId,
    given: Demand,
    room: Room | undefined,
  ): Promise<void> {
    // Its disk is promised while the store is asked too: others that start meanwhile would be promised the same.
    this.#reservedDisk += task.diskBytes;
    let found: ResultRecord | undefined;
    try {
      found = await this.#context.store.adoptable(content);
    } finally {
      this.#reservedDisk -= task.diskBytes;
    }
    if (found === undefined) return this.#attempt(task, content, given, room);
    await this.#reuse(task, found);
    this.#pump();
  }

  /** Free space for what it declares, less what running nodes have declared (C11). */
  #hasDisk(task: Task): boolean {
    if (task.diskBytes <= 0) return true;
    const { bavail, bsize } = fs.statfsSync(this.#context.tmp);
    const free = bavail * bsize;
    if (free - this.#reservedDisk >= task.diskBytes) return true;
    if (this.#reservedDisk > 0) {
      this.#setAside(task);
      return false;
    }
    this.#fail(task, {
      kind: "DiskFull",
      message: `it asks for ${mebibytes(task.diskBytes)} of disk, and ${mebibytes(free)} are free in "${this.#context.tmp}"`,
    });
    return false;
  }

  #setAside(task: Task): void {
    this.#rooms.delete(task.position);
    this.#scheduler.setAside(task.position);
    this.#aside.add(task.position);
    this.#asideTimer ??= setInterval(() => this.#lookAside(), ASIDE_MILLISECONDS);
  }

  /** Nodes that wait for another run get in line again; at their start the store and the claim are asked anew. */
  #lookAside(): void {
    if (this.#scheduler.stopped !== undefined) {
      this.#aside.clear();
      this.#pump();
      return;
    }
    const waiting = [...this.#aside];
    this.#aside.clear();
    for (const position of waiting) this.#enqueue(this.#task(position));
    this.#pump();
  }

  async #attempt(task: Task, content: ContentId, given: Demand, room: Room | undefined): Promise<void> {
    const { plan, executor, tmp, run, left } = this.#context;
    const { node } = task;
    this.#reservedDisk += task.diskBytes;
    try {
      const inputs = this.#inputs(node);
      await this.#fetchMissing(inputs);
      const recipe = plan.opened.identifier.recipe(node);
      if ("unknown" in recipe) throw new Error(`the recipe is not known: ${recipe.unknown}`);
      const specFor = (id: string, attempt: number, folder: string): AttemptSpec =>
        attemptSpec({
          node,
          id,
          attempt,
          folder,
          inputs,
          given,
          where: recipe.where,
          engine: this.#context.engine,
          facts: plan.opened.facts,
          timeoutMilliseconds: node.resources(this.#sizeOf).timeoutMilliseconds,
          secrets: this.#context.secrets,
        });

      const found = task.number === 0 ? left.take(content) : undefined;
      if (found !== undefined) {
        const harvested = await this.#takeOver(task, content, found, specFor);
        left.settled(found);
        if (harvested) return;
      }
      if (room?.refused) {
        this.#drop(task);
        return;
      }
      if (this.#cancelled) {
        this.#fail(task, { kind: "Cancelled", message: "the run was cancelled" });
        this.#pump();
        return;
      }
      task.number++;
      const id = attemptId(content, run, task.number);
      const folder = path.join(attemptsFolder(tmp, run), id);
      const spec = specFor(id, task.number, folder);
      const handle = executor.start(spec, room?.given);
      const started = { id, folder, number: task.number };
      if (room === undefined) this.#announceStart(task, content, started, false);
      else room.whenGiven(() => this.#announceStart(task, content, started, false));
      this.#handles.set(task.position, handle);
      const result = await handle.ended;
      this.#handles.delete(task.position);
      if (room?.refused) {
        executor.discard(folder);
        this.#drop(task);
        return;
      }
      // It failed while it was made ready: its end shall follow a start in the journal, as all ends do.
      if (room !== undefined && !room.isGiven) this.#announceStart(task, content, started, false);
      else this.#noteWall(result);
      if (failureOf(result.end) === undefined && !this.#context.check) {
        // The next one starts before this one's outs are looked at.
        this.#scheduler.release(task.position);
        this.#pump();
      }
      await this.#conclude(task, content, spec, result, await this.#takeIn(task, spec, result));
    } finally {
      this.#reservedDisk -= task.diskBytes;
    }
    this.#pump();
  }

  /** The run has stopped before there was room for it, or has to look at its claims again. */
  #drop(task: Task): void {
    this.#rooms.delete(task.position);
    this.#release(task);
    if (this.#scheduler.stopped === undefined) this.#enqueue(task);
    else this.#scheduler.dropStandby(task.position);
    this.#pump();
  }

  #noteWall({ usage }: AttemptResult): void {
    const before = this.#typicalMilliseconds ?? usage.wallMilliseconds;
    this.#typicalMilliseconds = before + (usage.wallMilliseconds - before) / 8;
  }

  /**
   * Goes on with what a killed runner left of the same work (C4). True when that settled the node; false when it has
   * to be made from the start, since nothing of it was of use.
   */
  async #takeOver(
    task: Task,
    content: ContentId,
    found: LeftAttempt,
    specFor: (id: string, attempt: number, folder: string) => AttemptSpec,
  ): Promise<boolean> {
    const { executor, store, hash } = this.#context;
    const { harvest } = found;
    if (harvest !== undefined && (await holdsHarvest(store, harvest, hash))) {
      task.number = found.number;
      this.#announceStart(task, content, found, true);
      if (this.#context.check)
        await this.#makeAgain(task, content, specFor(found.id, found.number, found.folder), harvest.outs);
      this.#announceEnd(task, harvest.result, undefined, false);
      await this.#succeed(task, content, found.folder, harvest.outs, harvest.result);
      this.#pump();
      return true;
    }
    const asked = this.#context.clock();
    const spec = specFor(found.id, found.number, found.folder);
    const handle = await executor.adopt(spec);
    if (handle === undefined) {
      executor.discard(found.folder);
      return false;
    }
    task.number = found.number;
    this.#announceStart(task, content, found, true);
    this.#handles.set(task.position, handle);
    if (this.#cancelled) handle.cancel();
    const result = withOwnEnd(await handle.ended);
    this.#handles.delete(task.position);
    // Its supervisor keeps the timeout of the run that started it; what is asked for may be another since.
    const outcome = await this.#takeIn(task, { ...spec, timeoutMilliseconds: undefined }, result);
    // A failure from before this run was seen, and is what the person who runs again wants tried again; or the outs
    // were taken in already, without a note that could be believed.
    if (outcome.kind === "failed" && outcome.failure.kind !== "Cancelled" && endedBefore(result, asked)) {
      this.#announceEnd(task, result, outcome.failure, true);
      return false;
    }
    await this.#conclude(task, content, spec, result, outcome);
    this.#pump();
    return true;
  }

  #announceStart(
    task: Task,
    content: ContentId,
    { id, folder, number }: { readonly id: string; readonly folder: string; readonly number: number },
    adopted: boolean,
  ): void {
    this.#context.journal.write({
      event: "attempt-started",
      node: task.node.name,
      recipe: task.recipe,
      content,
      attempt: number,
      id,
      folder,
      adopted,
    });
  }

  #announceEnd(
    task: Task,
    result: AttemptResult,
    failure: AttemptFailure | undefined,
    willRetry: boolean,
  ): void {
    const signal = signalOf(result.end);
    task.attempts.push({
      number: task.number,
      exitCode: exitCodeOf(result.end),
      ...(signal !== undefined && { signal }),
      ...(failure !== undefined && { failure: failure.kind }),
      usage: result.usage,
    });
    this.#context.journal.write({
      event: "attempt-ended",
      node: task.node.name,
      attempt: task.number,
      failure: failure?.kind,
      message: failure?.message,
      exitCode: exitCodeOf(result.end),
      usage: result.usage,
      willRetry,
    });
  }

  /** No process of the attempt is left: its outs are taken into the store, or it has failed. */
  async #takeIn(task: Task, spec: AttemptSpec, result: AttemptResult): Promise<TakenIn> {
    const { store, hash } = this.#context;
    const failure = failureOf(result.end, spec.timeoutMilliseconds);
    if (failure !== undefined) return { kind: "failed", failure };
    const work = path.join(spec.folder, "work");
    const ingested = await ingestOuts(store, work, task.node.outs, hash, spec.inputs);
    if (ingested.kind === "failed")
      return { kind: "failed", failure: { kind: ingested.failure, message: ingested.message } };
    this.#harvests.keep(spec.folder, { outs: ingested.outs, result });
    return { kind: "made", outs: ingested.outs };
  }

  /** The attempt's outcome is that of its node, or the node is tried again. */
  async #conclude(
    task: Task,
    content: ContentId,
    spec: AttemptSpec,
    result: AttemptResult,
    outcome: TakenIn,
  ): Promise<void> {
    if (outcome.kind === "made") {
      if (this.#context.check) await this.#makeAgain(task, content, spec, outcome.outs);
      this.#announceEnd(task, result, undefined, false);
      await this.#succeed(task, content, spec.folder, outcome.outs, result);
      return;
    }
    const { failure } = outcome;
    const goesOn = !this.#cancelled && this.#scheduler.stopped === undefined;
    const again = goesOn && task.tries.again(failure.kind);
    this.#announceEnd(task, result, failure, again);
    if (again) this.#enqueue(task);
    else this.#fail(task, failure);
  }

  /**
   * Makes it once more in another folder and compares (A13). What that makes is looked at and never stored; where it
   * differs it stays for looking, as the folder of a failed attempt does.
   */
  async #makeAgain(task: Task, content: ContentId, first: AttemptSpec, outs: MadeOuts): Promise<void> {
    const { executor, hash, run, tmp } = this.#context;
    if (this.#cancelled) return;
    const attempt = task.number + 1;
    const id = attemptId(content, run, attempt);
    const spec = { ...first, id, attempt, folder: path.join(attemptsFolder(tmp, run), id) };
    const handle = executor.start(spec);
    this.#handles.set(task.position, handle);
    const { end } = await handle.ended;
    this.#handles.delete(task.position);
    const failure = failureOf(end, spec.timeoutMilliseconds);
    if (failure?.kind === "Cancelled") return;
    const again =
      failure === undefined
        ? await digestOuts(path.join(spec.folder, "work"), task.node.outs, hash, spec.inputs)
        : { kind: "failed" as const, message: failure.message };
    const differences =
      again.kind === "failed"
        ? [`it was made once and failed the second time (${again.message})`]
        : differingOuts(outs, again.outs).map((out) => `made twice, the bytes of its out \`${out}\` differ`);
    if (differences.length === 0) {
      executor.discard(spec.folder);
      return;
    }
    this.#differing++;
    for (const difference of differences) {
      this.#context.journal.write({
        event: "warning",
        code: "not-deterministic",
        message: `${difference}; the first is kept, the second lies in "${spec.folder}"`,
        node: task.node.name,
      });
    }
  }

  async #succeed(
    task: Task,
    content: ContentId,
    folder: string,
    outs: MadeOuts,
    result: AttemptResult,
  ): Promise<void> {
    const { node } = task;
    const { making, plan, store } = this.#context;
    const identity = this.#identity({ ...task, content });
    const record = madeRecord(await making, identity, outs, task.attempts, result);
    const state = plan.states.of(node);
    const asked = state.state === "stale" && state.cause === "asked";
    // Finished nodes count at once; that the record is durable is told when it is (C10).
    this.#settle(task, storedResult(record));
    this.#made++;
    if (asked || state.state === "waiting" || state.state === "stale")
      await store.supersede(task.recipe, asked ? undefined : content);
    this.#publishRecord(node, record, "made", () => {
      this.#release(task);
      this.#context.remains.discard(folder);
    });
  }

  #settle(task: Task, result: StoredResult): void {
    this.#rooms.delete(task.position);
    this.#outs[task.node.index] = result.outs;
    const leader = this.#leaders.get(result.content);
    if (leader?.position === task.position) leader.settled = { kind: "made", result };
    this.#scheduler.succeed(task.position);
  }

  #publishRecord(
    node: GraphNode,
    record: ResultRecord,
    from: NamesLine["from"],
    committed: () => void,
  ): void {
    this.#committing++;
    this.#context.store.commit(record).then(
      (outcome) => {
        this.#committing--;
        const result = outcome.kind === "created" ? storedResult(record) : outcome.winner;
        const how = outcome.kind === "lost" && from === "made" ? "adopted" : from;
        this.#lines[node.index] = namesLine(node, this.#own(node), result, how);
        if (outcome.kind === "lost" && result.content === record.contentId) {
          // The first record wins; what starts from now on reads its bytes (A3).
          this.#outs[node.index] = result.outs;
          if (!outcome.sameBytes) this.#tellNotDeterministic(node, record);
        }
        this.#context.journal.write({
          event: "node-done",
          node: node.name,
          recipe: record.recipeId,
          content: record.contentId,
          from: how,
          record: recordDigest(record),
        });
        committed();
        this.#pump();
      },
      (error: unknown) => {
        this.#committing--;
        if (error instanceof Failure) this.#commitFailed(node, record, failureFromStore(error));
        else {
          this.#defect ??= { error };
          this.cancel();
        }
        committed();
        this.#pump();
      },
    );
  }

  #tellNotDeterministic(node: GraphNode, record: ResultRecord): void {
    const usage = record.made.attempts.at(-1)?.usage;
    const given = usage === undefined ? "" : ` (this time with ${usage.cpus} cpus)`;
    this.#context.journal.write({
      event: "warning",
      code: "not-deterministic",
      message: `the same recipe and inputs gave other bytes than before${given}; the first result is kept: "${node.name}"`,
      node: node.name,
    });
  }

  /** It was made but cannot be kept: it counts as failed, and what was built on it in this run has its own records. */
  #commitFailed(node: GraphNode, record: ResultRecord, failure: AttemptFailure): void {
    this.#failed++;
    if (record.adoptedFrom === undefined) this.#made--;
    else this.#reused--;
    this.#context.journal.write({
      event: "node-failed",
      node: node.name,
      recipe: record.recipeId,
      failure: failure.kind,
      message: failure.message,
    });
    if (failure.kind === "DiskFull") this.#scheduler.stop("disk-full");
    else if (!this.#context.keepGoing) this.#scheduler.stop("failure");
  }

  // ------------------------------------------------------------ failing

  #fail(task: Task, failure: AttemptFailure): void {
    const leader = task.content === undefined ? undefined : this.#leaders.get(task.content);
    if (leader?.position === task.position) leader.settled = { kind: "failed", failure };
    this.#release(task);
    this.#rooms.delete(task.position);
    const { failed, skipped } = this.#scheduler.fail(task.position);
    this.#tellFailed(task, failure);
    for (const position of failed) this.#tellFailed(this.#task(position), failure);
    for (const position of skipped) this.#tellSkipped(this.#task(position), `"${task.node.name}" failed`);
    // A node that asks for too much disk leaves the others alone; a disk that is full does not.
    if (failure.kind === "DiskFull" && task.number > 0) this.#scheduler.stop("disk-full");
  }

  #tellFailed(task: Task, failure: AttemptFailure): void {
    this.#failed++;
    this.#context.journal.write({
      event: "node-failed",
      node: task.node.name,
      recipe: task.recipe,
      failure: failure.kind,
      message: failure.message,
    });
  }

  #tellSkipped(task: Task, because: string): void {
    this.#skipped++;
    this.#context.journal.write({ event: "node-skipped", node: task.node.name, because });
  }

  #skipRest(): void {
    const because = stoppedBecause(this.#scheduler.stopped);
    for (const position of this.#scheduler.unsettled()) {
      const task = this.#task(position);
      this.#release(task);
      this.#tellSkipped(task, because);
    }
  }

  #release(task: Task): void {
    if (task.claim === undefined) return;
    this.#context.claims.release(task.claim);
    task.claim = undefined;
  }

  // ------------------------------------------------------------ inputs from elsewhere

  /** Fetches locked addresses that the store has not yet: by the digest of the lock, each once (rule 26). */
  async #fetchMissing(inputs: { readonly [name: string]: ResolvedIn }): Promise<void> {
    const { store, tmp } = this.#context;
    for (const value of Object.values(inputs)) {
      for (const { source, sha256, size } of resolvedFiles(value)) {
        if (!(source instanceof DataReference) || source.place.kind !== "http") continue;
        if (store.objects.has(sha256, size)) continue;
        const { url, verify } = source.place;
        let fetching = this.#fetching.get(sha256);
        if (fetching === undefined) {
          fetching = fetchFile(url, {
            folder: tmp,
            sink: (temporary, digest, bytes) => store.objects.put(temporary, digest, bytes),
            verify,
            expected: sha256,
            signal: this.#cancelling.signal,
          });
          this.#fetching.set(sha256, fetching);
        }
        await fetching;
      }
    }
  }
}

/** Of an attempt that ended while nobody watched, the end is when its script ended, not when that was seen. */
function withOwnEnd(result: AttemptResult): AttemptResult {
  const end = Date.parse(result.startedAt) + result.usage.wallMilliseconds;
  return Number.isNaN(end) ? result : { ...result, endedAt: new Date(end).toISOString() };
}

/** In the words of the machine that both ran on; a clock that was set in between only decides who tries again. */
function endedBefore(result: AttemptResult, time: number): boolean {
  return Date.parse(result.endedAt) <= time;
}

function namesLine(
  node: GraphNode,
  own: NamesLine["own"],
  result: StoredResult,
  from: NamesLine["from"],
): NamesLine {
  return { node: node.name, own, recipe: result.recipe, content: result.content, outs: result.outs, from };
}

/** What a store or a download says, as the failure of a node. */
function failureFromStore(failure: Failure): AttemptFailure {
  return { kind: kindOfFailure(failure.code), message: failure.message };
}

function kindOfFailure(code: string): FailureKind {
  switch (code) {
    case "disk-full":
      return "DiskFull";
    case "store-read-only":
      return "PermissionDenied";
    case "cancelled":
      return "Cancelled";
    case "url-changed":
    case "digest-mismatch":
    case "input-changed":
      return "InputChanged";
    default:
      return "StageFailed";
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function stoppedBecause(reason: StopReason | undefined): string {
  switch (reason) {
    case "cancelled":
      return "the run was cancelled";
    case "disk-full":
      return "the disk is full";
    case "failure":
    case undefined:
      return "another node failed";
  }
}
