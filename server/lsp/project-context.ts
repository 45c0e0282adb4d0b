import * as fs from "node:fs";
import type { AbsolutePath } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { knownContainer } from "../data/container.js";
import { PROJECT_FILE, type Project, readProject } from "../data/project.js";
import type { ContainerPolicy } from "../data/project-settings.js";
import type { Graph } from "../graph/model.js";
import { openStores } from "../run/stores.js";
import { type WhereNodesRun, whereNodesRun } from "../run/where.js";
import { RememberingStore } from "../store/remembering.js";
import { foldersToWatch } from "../store/watch.js";
import type { FolderWatch } from "./folder-watch.js";
import { Later } from "./later.js";
import { RunTracker, type TrackedRun } from "./run-tracker.js";

export interface ProjectEvents {
  /** Its `reprod.json` cannot be understood, or (undefined) can be again; until then the last good one is in force. */
  readonly settingsBroken: (root: AbsolutePath, failure: Failure | undefined) => void;
  /** Settings, tools or the container decision: everything has to be looked at again. */
  readonly settingsChanged: (context: ProjectContext) => void;
  /** Results may have come or gone, or a run says something new of nodes. */
  readonly resultsChanged: (context: ProjectContext) => void;
  readonly runsChanged: (context: ProjectContext, runs: readonly TrackedRun[]) => void;
}

/** What the server holds of a project: its settings, its store with what was read of it, its runs; kept up to date. */
export class ProjectContext {
  readonly root: AbsolutePath;
  #project: Project;
  #store: RememberingStore;
  readonly #watch: FolderWatch;
  readonly #events: ProjectEvents;
  readonly #stops: (() => void)[] = [];
  #runs: RunTracker;
  #hadStore = false;
  /** By pipeline: ends the watching of its results. */
  readonly #watchedPipelines = new Map<string, readonly (() => void)[]>();
  readonly #settingsSoon: Later;
  readonly #storeSoon: Later;
  /** Decisions by flag; asked once, since `auto` starts a process. */
  readonly #where = new Map<string, Promise<WhereNodesRun>>();

  /** Throws `Failure` for an invalid `reprod.json`. */
  constructor(root: AbsolutePath, watch: FolderWatch, events: ProjectEvents) {
    this.root = root;
    this.#project = readProject(root);
    this.#store = new RememberingStore(openStores(this.#project, { readOnly: true }));
    this.#watch = watch;
    this.#events = events;
    this.#settingsSoon = new Later(() => this.#reread(), 50);
    this.#hadStore = whatIsAt(this.#project.folders.store) === "folder";
    this.#storeSoon = new Later(() => {
      this.#store.forget();
      events.resultsChanged(this);
    }, 200);
    this.#stops.push(
      watch.watch(root, (name) => {
        if (name === undefined || name === PROJECT_FILE) this.#settingsSoon.ask();
      }),
      watch.watch(this.#project.folders.reprod, (name) => {
        if (name === undefined || name === "local.json" || name === "tools.json") this.#settingsSoon.ask();
      }),
    );
    this.#runs = this.#trackRuns();
  }

  #trackRuns(): RunTracker {
    return new RunTracker(this.#project, this.#watch, (runs) => {
      // What it made is there now, and what it says of nodes counts.
      this.#hadStore ||= whatIsAt(this.#project.folders.store) === "folder";
      this.#store.forgetAbsent();
      this.#events.runsChanged(this, runs);
      this.#events.resultsChanged(this);
    });
  }

  get project(): Project {
    return this.#project;
  }

  get runs(): RunTracker {
    return this.#runs;
  }

  get store(): RememberingStore {
    return this.#store;
  }

  /** Sees to it that results which other checkouts or terminals make for this pipeline are noticed. */
  watchPipeline(pipeline: string): void {
    if (this.#watchedPipelines.has(pipeline)) return;
    const { folders, id } = this.#project;
    this.#watchedPipelines.set(
      pipeline,
      foldersToWatch(folders.store, id, pipeline).map((folder) =>
        this.#watch.watch(folder, () => this.#storeSoon.ask()),
      ),
    );
  }

  /** Everything that was read of the store may be old: somebody comes back to the window. */
  refresh(): void {
    this.#storeSoon.ask(0);
  }

  /**
   * Which way nodes with an image run (rule 28). Without `decide`, in an untrusted workspace, nothing is started to
   * find out and nothing is written: what is not decided counts as "in images", which is what the text asks for.
   */
  where(flag: ContainerPolicy | undefined, graph: Graph, decide: boolean): Promise<WhereNodesRun> {
    if (!graph.nodes.some((node) => node.transform.image !== undefined))
      return whereNodesRun(this.#project, flag, graph);
    const known = knownContainer(this.#project, flag);
    if (known === undefined && !decide)
      return Promise.resolve({
        useImages: true,
        engine: undefined,
        because: "not decided in an untrusted workspace",
      });
    let where = this.#where.get(flag ?? "");
    if (where === undefined) {
      where = whereNodesRun(this.#project, flag, graph);
      this.#where.set(flag ?? "", where);
      where.catch(() => this.#where.delete(flag ?? ""));
    }
    return where;
  }

  /** It was there and is no more, so that all results look as if they had never been made. */
  get storeIsGone(): boolean {
    const there = whatIsAt(this.#project.folders.store);
    this.#hadStore ||= there === "folder";
    return there === "other" || (there === "nothing" && this.#hadStore);
  }

  /** Why parts of its stores cannot be read. */
  get unread(): readonly Failure[] {
    return this.#store.unread;
  }

  close(): void {
    this.#settingsSoon.close();
    this.#storeSoon.close();
    for (const stop of this.#stops) stop();
    this.#forgetPipelines();
    this.#runs.close();
  }

  #forgetPipelines(): void {
    for (const stop of [...this.#watchedPipelines.values()].flat()) stop();
    this.#watchedPipelines.clear();
  }

  #reread(): void {
    let project: Project;
    try {
      project = readProject(this.root);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Half-typed settings: the last good ones stay in force, and the file itself shows what is wrong with it.
      this.#events.settingsBroken(this.root, error);
      return;
    }
    this.#events.settingsBroken(this.root, undefined);
    const before = this.#project;
    this.#project = project;
    const isElsewhere = project.folders.store !== before.folders.store;
    // Results stand under the project's id; those who need them say so again.
    if (isElsewhere || project.id !== before.id) this.#forgetPipelines();
    if (isElsewhere || JSON.stringify(project.settings.stores) !== JSON.stringify(before.settings.stores))
      this.#store = new RememberingStore(openStores(project, { readOnly: true }));
    if (isElsewhere) {
      this.#hadStore = whatIsAt(project.folders.store) === "folder";
      // Leases of runs lie in the store.
      this.#runs.close();
      this.#runs = this.#trackRuns();
    }
    this.#where.clear();
    this.#events.settingsChanged(this);
  }
}

function whatIsAt(place: string): "folder" | "nothing" | "other" {
  try {
    const stat = fs.statSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return "nothing";
    return stat.isDirectory() ? "folder" : "other";
  } catch {
    // It may not be looked at, or a link leads in a circle: nothing is read from it either.
    return "other";
  }
}
