import * as vscode from "vscode";
import { type RunKey, type RunView, runsChanged, runsRequest } from "../server/protocol.js";
import { mergedRuns } from "./runs-model.js";
import type { Server } from "./server.js";
import { setting } from "./settings.js";

/** What has changed, with how the runs were before. */
export interface RunsChange {
  readonly runs: readonly RunView[];
  readonly before: readonly RunView[];
}

/**
 * The runs of the workspace, for the view, the status bar and the message at the end of a run. They are asked for once
 * when the server is there and after that told by it: nothing is polled.
 */
export class Runs implements vscode.Disposable {
  readonly #server: Server;
  readonly #report: (error: unknown) => void;
  readonly #changed = new vscode.EventEmitter<RunsChange>();
  readonly #started = new vscode.EventEmitter<RunKey>();
  readonly #disposables: vscode.Disposable[] = [];
  #runs: readonly RunView[] | undefined;

  readonly onDidChange = this.#changed.event;
  /** This window has started a run; the server tells of it soon. */
  readonly onDidStart = this.#started.event;

  constructor(server: Server, report: (error: unknown) => void) {
    this.#server = server;
    this.#report = report;
    this.#disposables.push(
      this.#changed,
      this.#started,
      server.onNotification(runsChanged, ({ runs }) => this.#take(runs)),
      server.onDidChangeState((state) => {
        if (state === "running") this.refresh();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("reprod.runs.show")) this.refresh();
      }),
    );
  }

  /** Whether somebody sees the Runs view: what it shows need not be told in a message too. */
  watched = false;

  /** Undefined before the server has told. */
  get all(): readonly RunView[] | undefined {
    return this.#runs;
  }

  started(run: RunKey): void {
    this.#started.fire(run);
  }

  refresh(): void {
    if (this.#server.state !== "running") return;
    this.#server.request(runsRequest, { limit: shown() }).then(
      (runs) => this.#replace(runs),
      (error: unknown) => this.#report(error),
    );
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #take(changed: readonly RunView[]): void {
    this.#replace(mergedRuns(this.#runs ?? [], changed, shown()));
  }

  #replace(runs: readonly RunView[]): void {
    const before = this.#runs ?? [];
    this.#runs = runs;
    this.#changed.fire({ runs, before });
  }
}

function shown(): number {
  const value = setting("runs.show");
  return Number.isFinite(value) ? Math.min(1000, Math.max(1, Math.floor(value))) : 50;
}
