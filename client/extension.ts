import * as vscode from "vscode";
import { trustGranted } from "../server/protocol.js";
import { registerCommands } from "./commands/index.js";
import { registerDecorations } from "./decorations.js";
import { reporter } from "./failures.js";
import { registerGraph } from "./graph/index.js";
import { registerLanguageStatus } from "./language-status.js";
import { registerLogs } from "./logs.js";
import { registerMfa } from "./mfa.js";
import { registerOutputs } from "./outputs.js";
import { Pages } from "./pages.js";
import { Resources } from "./resources.js";
import { registerRunEnded } from "./run-ended.js";
import { Runs } from "./runs.js";
import { Server } from "./server.js";
import type { Services } from "./services.js";
import { registerStatusBar } from "./status-bar.js";
import { registerPipelinesView } from "./views/pipelines.js";
import { registerResourcesView } from "./views/resources.js";
import { registerRunsView } from "./views/runs.js";

let server: Server | undefined;

/**
 * Registers what the manifest promises and starts the language server in the background. Nothing here waits, reads
 * files, uses the network or shows a message.
 */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Reprod", { log: true });
  const report = reporter(context, log);
  server = new Server(context, log);
  const connection = server;
  const runs = new Runs(connection, report);
  const resources = new Resources(connection, report);
  const pages = new Pages(connection, report);
  const marks = registerDecorations(context, connection);
  const services: Services = { context, log, server: connection, runs, resources, pages, marks, report };

  context.subscriptions.push(
    log,
    connection,
    runs,
    resources,
    pages,
    marks,
    registerCommands(services),
    registerPipelinesView(services),
    registerRunsView(services),
    registerResourcesView(services),
    registerStatusBar(services),
    registerMfa(services),
    registerLanguageStatus(services),
    registerRunEnded(services),
    registerLogs(services),
    registerOutputs(),
    registerGraph(context, services),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      connection.notify(trustGranted, {}).catch(report);
    }),
  );
  // Menus of files that may be results show in windows where pipelines are, and nowhere else.
  vscode.commands.executeCommand("setContext", "reprod.active", true).then(undefined, report);
  connection.start();
}

/** Runs are processes of their own: they go on. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}
