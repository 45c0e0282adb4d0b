import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { DiskFacts } from "../data/facts.js";
import { absolutePath } from "../data/files.js";
import { lockPath, readLock } from "../data/lock.js";
import type { ContainerPolicy } from "../data/project-settings.js";
import { checkFacts } from "../features/checks/index.js";
import { type Evaluation, evaluate, type SetValue } from "../graph/evaluate.js";
import type { Graph } from "../graph/model.js";
import { Identifier, idsKnown } from "../graph/recipe.js";
import type { DataReference } from "../graph/value.js";
import type { PlacedProblem } from "../language/problems.js";
import { loadProgram, type Program } from "../language/program.js";
import { plainText } from "../language/text.js";
import { IMAGE_PLATFORM, type OpenedPipeline } from "../run/pipeline.js";
import { type AskedNode, latestRuns, type NodeRun } from "../run/said.js";
import { States } from "../run/states.js";
import type { FolderWatch } from "./folder-watch.js";
import { Later } from "./later.js";
import { missingParams } from "./missing-params.js";
import type { ProjectContext } from "./project-context.js";
import type { LastSet } from "./run-tracker.js";
import { Slices } from "./slices.js";
import { Snapshot } from "./snapshot.js";
import type { Texts } from "./texts.js";

/** Between a key and the work that it causes: what the client asks at the same moment is answered first. */
const SETTLE_MILLISECONDS = 3;
/** Results come in groups while something runs; nobody reads more than this. */
const LOOK_AGAIN_MILLISECONDS = 250;

const NOTHING_SAID: ReadonlyMap<string, NodeRun> = new Map();
const NO_DATA: ReadonlyMap<string, DataReference> = new Map();
const dataOf = new WeakMap<Graph, ReadonlyMap<string, DataReference>>();

export interface SessionHost {
  readonly texts: Texts;
  readonly watch: FolderWatch;
  /** Undefined when its `reprod.json` cannot be understood. */
  project(file: string): ProjectContext | undefined;
  container(file: string): ContainerPolicy | undefined;
  readonly trusted: boolean;
  /** A text on the disk: whoever rests on it hears of it when that can be seen. */
  textMayHaveChanged(file: string): void;
  /** Problems of the files of this session's program are known anew. */
  problemsChanged(session: Session): void;
  /** States are known anew. */
  statesChanged(session: Session): void;
  /** Something took long, or is not known: for the status item. */
  healthChanged(): void;
  /** A defect of ours, in work that nobody waits for. */
  defect(error: unknown): void;
}

/** The text evaluated against what is known of the world: kept until one of them changes. */
interface Evaluated {
  readonly program: Program;
  readonly facts: DiskFacts | undefined;
  readonly evaluation: Evaluation | undefined;
  readonly problems: readonly PlacedProblem[];
}

/**
 * One pipeline file as the server follows it. From the text on everything is derived and kept: program, graph and
 * problems when they are asked for (no IO but for names not seen before), digests and states in the background. A
 * change throws away what rests on it; work on an old text ends without a word.
 */
export class Session {
  readonly path: string;
  readonly #host: SessionHost;
  #program: Program | undefined;
  #failure: Failure | undefined;
  /** Kept to parse and check only what an edit touched. */
  #previous: Program | undefined;
  #facts: DiskFacts | undefined;
  #evaluated: Evaluated | undefined;
  #opened: OpenedPipeline | undefined;
  #snapshot: Snapshot | undefined;
  /** Counts what made states old: changes of text, facts and results. */
  #changes = 1;
  /** The changes that the newest look at the store came after. */
  #looked = 0;
  #look: AbortController | undefined;
  #lookingSince: number | undefined;
  /** How long the last look at the store took: while something runs, looking takes a small part of the time. */
  #lookMilliseconds = 0;
  readonly #settleSoon: Later;
  readonly #lookSoon: Later;
  readonly #factsSoon: Later;
  #watched = new Map<string, () => void>();
  #watchedNames = new Map<string, Set<string> | undefined>();
  #waiting: (() => void)[] = [];
  #closed = false;
  #followed = false;
  hashing: { readonly files: number; readonly totalFiles: number } | undefined;

  constructor(file: string, host: SessionHost) {
    this.path = file;
    this.#host = host;
    this.#settleSoon = new Later(() => this.#settle(), SETTLE_MILLISECONDS);
    this.#lookSoon = new Later(() => void this.#lookAtStore(), LOOK_AGAIN_MILLISECONDS);
    this.#factsSoon = new Later(() => {
      this.#forgetFacts();
      this.#settle();
    }, 50);
  }

  /** From here on its problems and states are found out and told; until then it is a text to look names up in. */
  follow(): void {
    if (this.#followed) return;
    this.#followed = true;
    this.#settleSoon.ask(0);
  }

  get isFollowed(): boolean {
    return this.#followed;
  }

  // ------------------------------------------------------------ what is known

  /** The program of the text as it is now. A root that cannot be read is an empty one; `failure` says why. */
  program(): Program {
    if (this.#program !== undefined) return this.#program;
    this.#failure = undefined;
    try {
      this.#program = loadProgram(this.path, this.#host.texts, this.#previous);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failure = error;
      this.#program = loadProgram(this.path, {
        read: () => "",
        resolve: (from, reference) => this.#host.texts.resolve(from, reference),
      });
    }
    this.#previous = this.#program;
    return this.#program;
  }

  get failure(): Failure | undefined {
    this.program();
    return this.#failure;
  }

  /** Problems of the text, of its graph and of the world around it, in every file of the program. */
  problems(): readonly PlacedProblem[] {
    return this.#evaluate().problems;
  }

  graph(): Graph | undefined {
    return this.#evaluate().evaluation?.graph;
  }

  evaluation(): Evaluation | undefined {
    return this.#evaluate().evaluation;
  }

  /** What is known of the world, without an evaluation: a completion right behind a key must not wait for one. */
  facts(): DiskFacts | undefined {
    const context = this.#host.project(this.path);
    return context === undefined || this.failure !== undefined ? undefined : this.#factsOf(context);
  }

  /** Data of the graph by its absolute path or url. */
  dataByPlace(): ReadonlyMap<string, DataReference> {
    const graph = this.graph();
    if (graph === undefined) return NO_DATA;
    let data = dataOf.get(graph);
    if (data === undefined) {
      data = new Map(
        graph.data.map((one) => [one.place.kind === "local" ? one.place.path : one.place.url, one]),
      );
      dataOf.set(graph, data);
    }
    return data;
  }

  /** What it said last of problems is of an older text; it is about to say what is so now. */
  get isBehind(): boolean {
    return this.#settleSoon.waiting;
  }

  /** The newest states there are, perhaps of an older text. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Whether the states are of the text and the store as they are now. */
  get isSettled(): boolean {
    return this.#looked === this.#changes;
  }

  /** States of the text and the store as they are now, or were later: while a run makes changes they never stand still. */
  async settled(): Promise<Snapshot | undefined> {
    this.follow();
    const changes = this.#changes;
    while (this.#looked < changes && !this.#closed && this.#host.project(this.path) !== undefined) {
      this.#lookSoon.ask(0);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#snapshot;
  }

  /** Whether a file is part of it. */
  has(file: string): boolean {
    return file === this.path || this.program().modules.has(file);
  }

  /**
   * Whether a change of this text, or that it is there now, is one of the program. By the program that was made last:
   * one that has to be made anew will read the new text anyway, so no text is parsed for the question.
   */
  restsOn(file: string): boolean {
    const program = this.#program ?? this.#previous ?? this.program();
    return file === this.path || program.modules.has(file) || this.#imported(program).has(file);
  }

  /** Whether a file that is no pipeline text was asked for while evaluating. */
  reads(file: string): boolean {
    for (const asked of this.#facts?.filesAsked() ?? []) if (asked === file) return true;
    return false;
  }

  /** Why states are unknown; a few of the reasons, each once. */
  unknowns(): readonly string[] {
    return this.#snapshot?.unknowns ?? [];
  }

  #imported(program: Program): ReadonlySet<string> {
    if (this.#importedOf?.program === program) return this.#importedOf.files;
    const files = new Set<string>();
    for (const module of program.modules.values()) {
      for (const { statement } of module.file.declarations) {
        const reference = statement.kind === "import" ? plainText(statement.path) : undefined;
        if (reference !== undefined && reference !== "")
          files.add(this.#host.texts.resolve(module.path, reference));
      }
    }
    this.#importedOf = { program, files };
    return files;
  }

  #importedOf: { readonly program: Program; readonly files: ReadonlySet<string> } | undefined;

  // ------------------------------------------------------------ what changed

  /** A text of the program has changed. `settleIn`: milliseconds until it is looked at, when nobody asks before. */
  textChanged(settleIn?: number): void {
    this.#program = undefined;
    this.#evaluated = undefined;
    this.#changes++;
    this.#look?.abort();
    if (this.#followed) this.#settleSoon.ask(settleIn);
  }

  /** A file that is no pipeline text may have changed: a table, data, the lock. */
  factsChanged(): void {
    if (this.#followed) this.#factsSoon.ask();
    else this.#forgetFacts();
  }

  settingsChanged(): void {
    if (this.#followed) this.#factsSoon.ask(0);
    else this.#forgetFacts();
  }

  /** Results may have come or gone. */
  resultsChanged(): void {
    this.#changes++;
    // A look that is under way may have asked before: it goes on, and another follows.
    if (this.#followed) this.#lookSoon.ask(Math.max(LOOK_AGAIN_MILLISECONDS, 3 * this.#lookMilliseconds));
  }

  close(): void {
    this.#closed = true;
    this.#look?.abort();
    this.#settleSoon.close();
    this.#lookSoon.close();
    this.#factsSoon.close();
    for (const stop of this.#watched.values()) stop();
    this.#watched.clear();
    this.#wake();
  }

  // ------------------------------------------------------------ the work

  #evaluate(): Evaluated {
    const program = this.program();
    if (this.#evaluated?.program === program) return this.#evaluated;
    const context = this.#host.project(this.path);
    if (context === undefined || this.#failure !== undefined) {
      this.#evaluated = { program, facts: undefined, evaluation: undefined, problems: program.problems };
      return this.#evaluated;
    }
    const facts = this.#factsOf(context);
    const { resources } = context.project.settings;
    const evaluation = evaluate(
      program,
      {
        values: this.#valuesOf(program, context),
        missingParams: "pending",
        ...(resources && { resources }),
      },
      facts,
    );
    const world = checkFacts({
      program,
      graph: evaluation.graph,
      facts,
      root: context.root,
      // Where nodes run is known after the first look; until then nothing is said that rests on it.
      useImages: this.#opened?.where.useImages ?? true,
      platform: IMAGE_PLATFORM,
    });
    this.#evaluated = {
      program,
      facts,
      evaluation,
      problems: [...program.problems, ...evaluation.problems, ...world],
    };
    return this.#evaluated;
  }

  /**
   * Params without a default have the values of the newest run: without any, such a file would have no nodes to show,
   * although its results are there. What that run was given is read once, and again when runs have changed (B4).
   */
  #valuesOf(program: Program, { runs }: ProjectContext): ReadonlyMap<string, SetValue> {
    const values = new Map<string, SetValue>();
    const missing = new Set(missingParams(program).map(({ name }) => name.text));
    if (missing.size === 0) return values;
    this.#lastSet ??= runs.lastSet(this.path);
    const { set, directory } = this.#lastSet;
    for (const { name, text } of set)
      if (missing.has(name)) values.set(name, { kind: "string", text, folder: directory });
    return values;
  }

  /** Another run may have given other values. */
  valuesChanged(): void {
    const before = this.#lastSet;
    if (before === undefined) return;
    this.#lastSet = this.#host.project(this.path)?.runs.lastSet(this.path);
    if (JSON.stringify(this.#lastSet) !== JSON.stringify(before)) this.settingsChanged();
  }

  /** Params that a run must set and no run has set yet: until then there are no nodes that rest on them. */
  paramsAsked(): readonly string[] {
    const context = this.#host.project(this.path);
    if (context === undefined) return [];
    const known = this.#valuesOf(this.program(), context);
    return missingParams(this.program()).flatMap(({ name }) => (known.has(name.text) ? [] : [name.text]));
  }

  #lastSet: LastSet | undefined;

  #factsOf({ project, store }: ProjectContext): DiskFacts {
    this.#facts ??= new DiskFacts({
      project,
      lock: this.#lock(),
      overlay: this.#host.texts.overlay,
      findTools: this.#host.trusted,
      keep: this.#host.trusted,
      object: (sha256) => {
        const object = store.objects.pathOf(sha256);
        return fs.existsSync(object) ? object : undefined;
      },
    });
    return this.#facts;
  }

  #lock(): ReturnType<typeof readLock> {
    try {
      return readLock(lockPath(this.path));
    } catch (error) {
      // A lock that cannot be read locks nothing here; a run refuses it in words.
      if (!(error instanceof Failure)) throw error;
      this.lockFailure = error;
      return { images: new Map(), urls: new Map() };
    }
  }

  lockFailure: Failure | undefined;

  #forgetFacts(): void {
    this.#facts = undefined;
    this.#lastSet = undefined;
    this.lockFailure = undefined;
    this.#evaluated = undefined;
    this.#changes++;
    this.#look?.abort();
  }

  #settle(): void {
    if (this.#closed) return;
    try {
      this.#evaluate();
    } catch (error) {
      this.#host.defect(error);
      return;
    }
    this.#host.problemsChanged(this);
    this.#lookSoon.ask(0);
  }

  /** Digests and states of the text as it is now; given up without a trace when the text changes meanwhile. */
  async #lookAtStore(): Promise<void> {
    if (this.#closed || this.#look !== undefined) {
      // The look that is under way asks again when it ends, as its answer is old.
      return;
    }
    const look = new AbortController();
    this.#look = look;
    const changes = this.#changes;
    const began = performance.now();
    this.#lookingSince = Date.now();
    try {
      await this.#lookNow(look.signal);
      this.trouble = undefined;
      this.#looked = changes;
    } catch (error) {
      if (!look.signal.aborted) {
        if (!(error instanceof Failure)) this.#host.defect(error);
        this.trouble = error instanceof Failure ? error : undefined;
        // Tried again when something changes, not in a circle.
        this.#looked = changes;
      }
    } finally {
      this.#look = undefined;
      this.#lookingSince = undefined;
      this.hashing = undefined;
    }
    this.#lookMilliseconds = performance.now() - began;
    if (this.#closed) return;
    this.#wake();
    // Results that come all the time have said when to look again.
    if (!this.isSettled && !this.#lookSoon.waiting) this.#lookSoon.ask(0);
    this.#host.healthChanged();
  }

  /** What kept the last look from being made. */
  trouble: Failure | undefined;

  get isLooking(): boolean {
    // What takes no time is no work that anybody has to hear of.
    return this.#lookingSince !== undefined && Date.now() - this.#lookingSince > 500;
  }

  async #lookNow(signal: AbortSignal): Promise<void> {
    const context = this.#host.project(this.path);
    let evaluated = this.#evaluate();
    const { facts } = evaluated;
    if (context === undefined || facts === undefined || evaluated.evaluation === undefined) {
      this.#snapshot = undefined;
      this.#opened = undefined;
      this.#host.statesChanged(this);
      return;
    }
    const onProgress = (progress: { files: number; totalFiles: number }): void => {
      this.hashing = progress;
      this.#host.healthChanged();
    };
    await facts.load(evaluated.evaluation.graph.data, { signal, onProgress });
    signal.throwIfAborted();
    if (evaluated.evaluation.pending.length > 0) {
      // What shapes the graph may have been a digest or a size that is known only now.
      this.#evaluated = undefined;
      evaluated = this.#evaluate();
      this.#host.problemsChanged(this);
      await facts.load(evaluated.evaluation?.graph.data ?? [], { signal, onProgress });
    }
    const { program, problems, evaluation } = evaluated;
    if (evaluation === undefined) return;
    const { graph } = evaluation;
    const before = this.#opened?.where.useImages;
    const where = await context.where(this.#host.container(this.path), graph, this.#host.trusted);
    signal.throwIfAborted();
    const opened: OpenedPipeline = {
      file: absolutePath(this.path),
      project: context.project,
      program,
      problems,
      pending: evaluation.pending,
      graph,
      pipeline: graph.pipeline ?? path.basename(this.path, ".reprod"),
      facts,
      identifier: new Identifier(graph, facts, { useImages: where.useImages, platform: IMAGE_PLATFORM }),
      where,
      store: context.store,
    };
    this.#opened = opened;
    context.watchPipeline(opened.pipeline);
    this.#watchData(opened);
    const slices = new Slices();
    for (const node of graph.nodes) {
      // The identifier keeps them: nothing is left to hash when the states are found out.
      opened.identifier.ids(node);
      if (node.index % 64 === 63) await slices.pause();
    }
    signal.throwIfAborted();
    const states = await States.look(opened, { signal });
    await slices.pause();
    signal.throwIfAborted();
    const asked: AskedNode[] = [];
    for (const node of graph.nodes) {
      const state = states.of(node);
      const ids = opened.identifier.ids(node);
      if (state.state !== "cached" && idsKnown(ids)) asked.push({ node, state, recipe: ids.recipe });
    }
    const said =
      asked.length === 0
        ? NOTHING_SAID
        : await latestRuns(opened, asked, await context.runs.newestOf(this.path));
    await slices.pause();
    signal.throwIfAborted();
    const snapshot = await Snapshot.make({ opened, states, said, signal });
    signal.throwIfAborted();
    this.#snapshot = snapshot;
    this.#host.statesChanged(this);
    if (before !== undefined && before !== where.useImages) this.textChanged();
    else if (before === undefined && !where.useImages) {
      // Checks of the world rest on where nodes run, which is known only now.
      this.#evaluated = undefined;
      this.#host.problemsChanged(this);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Folders of what the pipeline reads, and of its own texts: a change there is a change of facts or of text. */
  #watchData({ program, graph, facts }: OpenedPipeline): void {
    const names = new Map<string, Set<string> | undefined>();
    const add = (file: string): void => {
      const folder = path.dirname(file);
      const known = names.get(folder);
      if (known === undefined && names.has(folder)) return;
      if (known === undefined) names.set(folder, new Set([path.basename(file)]));
      else known.add(path.basename(file));
    };
    add(lockPath(this.path));
    for (const { place, kind } of graph.data) {
      if (place.kind !== "local") continue;
      add(place.path);
      if (kind === "dir") names.set(place.path, undefined);
    }
    for (const file of facts.filesAsked()) add(file);
    // Whatever appears in a folder that was searched by a pattern may match.
    for (const folder of facts.foldersSearched()) names.set(folder, undefined);
    for (const module of program.modules.keys()) add(module);
    for (const file of this.#imported(program)) add(file);
    for (const [folder, stop] of this.#watched) {
      if (names.has(folder)) continue;
      stop();
      this.#watched.delete(folder);
    }
    const isNew = [...names].some(([folder, wanted]) => {
      const known = this.#watchedNames.get(folder);
      if (!this.#watched.has(folder)) return true;
      return known !== undefined && (wanted === undefined || [...wanted].some((name) => !known.has(name)));
    });
    this.#watchedNames = names;
    for (const folder of names.keys()) {
      if (this.#watched.has(folder)) continue;
      this.#watched.set(
        folder,
        this.#host.watch.watch(folder, (name) => this.#changedIn(folder, name)),
      );
    }
    if (!isNew) return;
    // They were read before they were watched: a change in between was told to nobody, so they are read once more.
    for (const module of program.modules.keys()) this.#host.textMayHaveChanged(module);
    this.#factsSoon.ask();
  }

  #changedIn(folder: string, name: string | undefined): void {
    const names = this.#watchedNames.get(folder);
    if (name !== undefined && names !== undefined && !names.has(name)) return;
    if (name !== undefined && this.restsOn(path.join(folder, name))) {
      this.#host.textMayHaveChanged(path.join(folder, name));
      return;
    }
    // The folder has gone or come back, with all that was read of it.
    if (name === undefined) {
      for (const file of [...this.program().modules.keys()])
        if (path.dirname(file) === folder) this.#host.textMayHaveChanged(file);
    }
    this.#factsSoon.ask();
  }
}
