import * as vscode from "vscode";
import {
  CloseAction,
  ConnectionError,
  ErrorAction,
  ErrorCodes,
  LanguageClient,
  type LanguageClientOptions,
  LSPErrorCodes,
  ResponseError,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import { commands, FAILURE_CODE, type FailureData, type InitializationOptions } from "../server/protocol.js";
import { isFailureData } from "./failure-text.js";
import { RestartPolicy } from "./restart-policy.js";
import type { ServerState } from "./server.js";

/**
 * The only file that knows `vscode-languageclient`, which takes longer to load than everything else here together. It is
 * a bundle of its own (scripts/build.mjs), read when the server is started, after the extension has been activated.
 */
export function createLanguageClient(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  became: (state: ServerState) => void,
): LanguageClient {
  const module = context.asAbsolutePath("dist/main.js");
  const policy = new RestartPolicy();
  const options: LanguageClientOptions = {
    documentSelector: [
      { language: "reprod", scheme: "file" },
      { language: "reprod", scheme: "untitled" },
    ],
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    diagnosticCollectionName: "reprod",
    // Asked for at each start: trust may have been granted since.
    initializationOptions: (): InitializationOptions => ({
      clientCommands: true,
      trusted: vscode.workspace.isTrusted,
      ...(vscode.l10n.bundle === undefined ? {} : { l10n: vscode.l10n.bundle }),
    }),
    // Hovers may link to these commands and to no others: what stands in them comes out of files.
    markdown: { isTrusted: { enabledCommands: Object.values(commands) }, supportThemeIcons: true },
    initializationFailedHandler: (error) => {
      log.error(`The language server refused to start: ${String(error)}`);
      return false;
    },
    errorHandler: {
      error: (_error, _message, count) => ({
        action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown,
        handled: true,
      }),
      closed: () => {
        const next = policy.crashed(Date.now());
        log.warn(`The language server ended without being asked to: ${next}`);
        if (next === "give-up") {
          tellThatItIsDown(log);
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        if (next === "restart-and-tell") tellThatItIsBack(log);
        return { action: CloseAction.Restart, handled: true };
      },
    },
  };
  const client = new LanguageClient(
    "reprod",
    "Reprod",
    {
      run: { module, transport: TransportKind.ipc },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: ["--nolazy", "--inspect=6012"] } },
    },
    options,
  );
  client.onDidChangeState(({ newState }) => {
    switch (newState) {
      case State.Running:
        return became("running");
      case State.Starting:
        return became("starting");
      case State.Stopped:
      case State.StartFailed:
        return became("stopped");
    }
  });
  return client;
}

/** What a request was rejected with; as data, since this file is a bundle of its own with classes of its own. */
export type Rejection =
  | { readonly kind: "failure"; readonly data: FailureData }
  | { readonly kind: "cancelled" }
  /** The connection broke under the request, or there was none. */
  | { readonly kind: "gone" }
  | { readonly kind: "other" };

export function rejectionOf(error: unknown, cancelled: boolean): Rejection {
  if (error instanceof ConnectionError) return { kind: "gone" };
  if (!(error instanceof ResponseError)) return { kind: cancelled ? "cancelled" : "other" };
  const data: unknown = error.data;
  if (error.code === FAILURE_CODE && isFailureData(data)) return { kind: "failure", data };
  switch (error.code) {
    case LSPErrorCodes.RequestCancelled:
    case LSPErrorCodes.ServerCancelled:
      return { kind: "cancelled" };
    case ErrorCodes.PendingResponseRejected:
    case ErrorCodes.ConnectionInactive:
      return { kind: "gone" };
    default:
      return { kind: "other" };
  }
}

function tellThatItIsBack(log: vscode.LogOutputChannel): void {
  const [showLog, reportIssue] = [vscode.l10n.t("Show Log"), vscode.l10n.t("Report Issue")];
  vscode.window
    .showWarningMessage(
      vscode.l10n.t(
        "The language server of Reprod ended unexpectedly and was started again. Nothing is lost, and runs go on.",
      ),
      showLog,
      reportIssue,
    )
    .then((chosen) => {
      if (chosen === showLog) log.show();
      if (chosen === reportIssue) return vscode.commands.executeCommand("reprod.reportIssue");
      return undefined;
    })
    .then(undefined, (error: unknown) => log.error(String(error)));
}

function tellThatItIsDown(log: vscode.LogOutputChannel): void {
  const [restart, showLog] = [vscode.l10n.t("Restart"), vscode.l10n.t("Show Log")];
  vscode.window
    .showErrorMessage(
      vscode.l10n.t(
        "The language server of Reprod keeps ending and was not started again. Runs that were started go on.",
      ),
      restart,
      showLog,
    )
    .then((chosen) => {
      if (chosen === showLog) log.show();
      if (chosen === restart) return vscode.commands.executeCommand("reprod.restartServer");
      return undefined;
    })
    .then(undefined, (error: unknown) => log.error(String(error)));
}
