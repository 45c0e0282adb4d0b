import * as vscode from "vscode";
import type { FailureData } from "../server/protocol.js";
import { type FilePlace, failureDetails, failureMessage, filePlace } from "./failure-text.js";

/** An expected failure that the server answered with. */
export class RequestFailure extends Error {
  readonly data: FailureData;

  constructor(data: FailureData) {
    super(data.message);
    this.name = "RequestFailure";
    this.data = data;
  }
}

/** There is no server to ask. */
export class ServerUnavailable extends Error {
  constructor(cause?: unknown) {
    super("the language server is not running", cause === undefined ? undefined : { cause });
    this.name = "ServerUnavailable";
  }
}

/** A guard said no; `actions` lead on. It is told as a warning and not logged. */
export class Refusal extends Error {
  readonly actions: readonly { readonly title: string; readonly command: string }[];

  constructor(message: string, ...actions: Refusal["actions"]) {
    super(message);
    this.name = "Refusal";
    this.actions = actions;
  }
}

/** Whoever runs scripts, or asks programs of the machine, needs a person who has trusted the workspace. */
export function untrusted(): Refusal {
  return new Refusal(
    vscode.l10n.t(
      "This workspace is not trusted: Reprod checks its pipelines, but runs nothing and changes nothing.",
    ),
    { title: vscode.l10n.t("Manage Trust"), command: "workbench.trust.manage" },
  );
}

export function reporter(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): (error: unknown) => void {
  return (error) => {
    tell(error).catch((problem: unknown) => log.error(`Telling a failure failed: ${String(problem)}`));
  };

  async function tell(error: unknown): Promise<void> {
    if (error instanceof vscode.CancellationError) return;
    if (error instanceof Refusal) return refuse(error);
    if (error instanceof ServerUnavailable) return tellUnavailable(error);
    if (error instanceof RequestFailure) {
      // The server refuses what a guard here has let through, because trust was asked for only there.
      return error.data.code === "untrusted-workspace" ? refuse(untrusted()) : tellFailure(error.data);
    }
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const [showLog, reportIssue] = [vscode.l10n.t("Show Log"), vscode.l10n.t("Report Issue")];
    const chosen = await vscode.window.showErrorMessage(
      vscode.l10n.t(
        "This is a defect of Reprod: {0}",
        error instanceof Error ? error.message : String(error),
      ),
      showLog,
      reportIssue,
    );
    if (chosen === showLog) log.show();
    if (chosen === reportIssue) await vscode.commands.executeCommand("reprod.reportIssue");
  }

  async function refuse({ message, actions }: Refusal): Promise<void> {
    const chosen = await vscode.window.showWarningMessage(message, ...actions.map(({ title }) => title));
    const action = actions.find(({ title }) => title === chosen);
    if (action !== undefined) await vscode.commands.executeCommand(action.command);
  }

  async function tellUnavailable(error: ServerUnavailable): Promise<void> {
    if (error.cause !== undefined) log.error(String(error.cause));
    const [restart, showLog] = [vscode.l10n.t("Restart"), vscode.l10n.t("Show Log")];
    const chosen = await vscode.window.showErrorMessage(
      vscode.l10n.t("The language server of Reprod is not running. Runs that were started go on."),
      restart,
      showLog,
    );
    if (chosen === restart) await vscode.commands.executeCommand("reprod.restartServer");
    if (chosen === showLog) log.show();
  }

  async function tellFailure(data: FailureData): Promise<void> {
    log.error(failureDetails(data));
    const place = filePlace(data.place);
    const showDetails = vscode.l10n.t("Show Details");
    const explain = vscode.l10n.t("Open Documentation");
    const goTo = vscode.l10n.t("Go to File");
    const chosen = await vscode.window.showErrorMessage(
      failureMessage(data, vscode.l10n.t),
      ...(place === undefined ? [] : [goTo]),
      showDetails,
      explain,
    );
    if (chosen === showDetails) log.show();
    if (chosen === explain) await openDocumentation(data.code);
    if (chosen === goTo && place !== undefined) await openPlace(place);
  }

  async function openDocumentation(code: string): Promise<void> {
    const page = vscode.Uri.joinPath(context.extensionUri, "docs", "failures.md").with({ fragment: code });
    await vscode.commands.executeCommand("markdown.showPreview", page);
  }
}

async function openPlace({ path, line, character }: FilePlace): Promise<void> {
  const selection = new vscode.Range(line, character, line, character);
  await vscode.window.showTextDocument(vscode.Uri.file(path), { selection });
}
