import type * as vscode from "vscode";
import type { StateMarks } from "./decorations.js";
import type { Pages } from "./pages.js";
import type { Resources } from "./resources.js";
import type { Runs } from "./runs.js";
import type { Server } from "./server.js";

/** What every feature gets. A feature takes what it needs and knows no other feature. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  /** The output channel "Reprod". What is logged is English. */
  readonly log: vscode.LogOutputChannel;
  readonly server: Server;
  /** The runs of the workspace, kept up to date by the server. */
  readonly runs: Runs;
  /** What is set up in AWS, once somebody has looked. */
  readonly resources: Resources;
  /** Plans, explanations and provenance as documents. */
  readonly pages: Pages;
  /** The node statements of open documents. */
  readonly marks: StateMarks;
  /** Logs what went wrong and tells it with what to do about it. What was cancelled is no failure. */
  readonly report: (error: unknown) => void;
}
