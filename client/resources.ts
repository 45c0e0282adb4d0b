import * as vscode from "vscode";
import {
  type AccountView,
  type ProjectResources,
  type ResourcesProgress,
  resourcesChanged,
  resourcesProgress,
  resourcesRequest,
} from "../server/protocol.js";
import type { Server } from "./server.js";

/**
 * What is set up in AWS, for the view, the status bar and the commands. It is asked for when somebody looks: when the
 * view is first seen, on request, and while it is seen also when the server says that something may have changed.
 */
export class Resources implements vscode.Disposable {
  readonly #server: Server;
  readonly #report: (error: unknown) => void;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #progressed = new vscode.EventEmitter<ResourcesProgress>();
  readonly #disposables: vscode.Disposable[] = [];
  readonly #progress = new Map<string, ResourcesProgress>();
  #projects: readonly ProjectResources[] | undefined;
  #reading: Promise<void> | undefined;
  #isOld = false;
  #isSeen = false;

  readonly onDidChange = this.#changed.event;
  readonly onDidProgress = this.#progressed.event;

  constructor(server: Server, report: (error: unknown) => void) {
    this.#server = server;
    this.#report = report;
    this.#disposables.push(
      this.#changed,
      this.#progressed,
      server.onNotification(resourcesChanged, () => this.#mayHaveChanged()),
      server.onNotification(resourcesProgress, (progress) => this.#progressedTo(progress)),
      server.onDidChangeState((state) => {
        if (state === "stopped") this.#progress.clear();
        if (state === "running" && this.#isSeen) this.#mayHaveChanged();
      }),
    );
  }

  /** Undefined before somebody has looked. */
  get projects(): readonly ProjectResources[] | undefined {
    return this.#projects;
  }

  /** By project: what is being done at this moment. */
  get progress(): ReadonlyMap<string, ResourcesProgress> {
    return this.#progress;
  }

  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** The account of a folder as it was last seen; of the first one, when the folder has none. */
  accountOf(folder: vscode.Uri | undefined): AccountView | undefined {
    const [first] = this.#projects ?? [];
    const found = this.#projects?.find((project) => project.folder === folder?.toString());
    return (found ?? first)?.account;
  }

  /** Somebody sees the view, or sees it no longer. */
  set seen(seen: boolean) {
    this.#isSeen = seen;
    if (seen && (this.#isOld || this.#projects === undefined)) this.#look(false);
  }

  /** Asks AWS; callers at the same time share one asking. */
  async refresh(again = true): Promise<void> {
    this.#reading ??= this.#read(again).finally(() => {
      this.#reading = undefined;
      this.#changed.fire();
    });
    // Rows say that something goes on.
    this.#changed.fire();
    await this.#reading;
  }

  ended(project: string): void {
    if (this.#progress.delete(project)) this.#changed.fire();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #read(again: boolean): Promise<void> {
    this.#isOld = false;
    const { projects } = await this.#server.request(resourcesRequest, { again });
    this.#projects = projects;
  }

  #mayHaveChanged(): void {
    this.#isOld = true;
    if (this.#isSeen) this.#look(false);
    else this.#changed.fire();
  }

  #look(again: boolean): void {
    if (!vscode.workspace.isTrusted || (vscode.workspace.workspaceFolders ?? []).length === 0) return;
    if (this.#server.state === "stopped") return;
    // What changes while it is read is read once more behind it.
    const after = this.#reading ?? Promise.resolve();
    after
      .then(() => (this.#isOld || this.#projects === undefined ? this.refresh(again) : undefined))
      .catch(this.#report);
  }

  #progressedTo(progress: ResourcesProgress): void {
    const before = this.#progress.get(progress.project);
    this.#progress.set(progress.project, progress);
    this.#progressed.fire(progress);
    // Two rows at most are drawn anew: the one that goes on and the one before it.
    if (before === undefined || before.group !== progress.group) this.#changed.fire();
  }
}
