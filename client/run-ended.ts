import * as vscode from "vscode";
import { type RunNodeView, type RunView, runNodesRequest } from "../server/protocol.js";
import { duration, grouped } from "./format.js";
import { firstLine, runName } from "./runs-model.js";
import type { Services } from "./services.js";

const { t } = vscode.l10n;

/** A run that was over sooner was waited for. */
const worthTelling = 30_000;

/**
 * Tells the end of a run that failed or took long, when the Runs view does not show it already. Only of runs that this
 * window has seen running: what ended before is history.
 */
export function registerRunEnded(services: Services): vscode.Disposable {
  return services.runs.onDidChange(({ runs, before }) => {
    const running = new Set(before.filter(({ state }) => state === "running").map(({ run }) => run));
    for (const run of runs) {
      if (running.has(run.run) && run.state !== "running" && !services.runs.watched) {
        tell(services, run).catch(services.report);
      }
    }
  });
}

async function tell(services: Services, run: RunView): Promise<void> {
  switch (run.state) {
    case "failed":
      return tellFailed(services, run);
    case "interrupted":
      return tellInterrupted(services, run);
    case "done":
      return tellDone(run);
    case "cancelled":
    case "running":
      return;
  }
}

async function tellFailed({ server }: Services, run: RunView): Promise<void> {
  const { project, run: id, uri } = run;
  const nodes = await server.request(runNodesRequest, { project, run: id });
  const failed = nodes.filter(({ state }) => state === "failed");
  const [first] = failed;
  const openLogs = t("Open Logs");
  const explain = t("Explain");
  const showRuns = t("Show Runs");
  const withLogs = first !== undefined && first.attempts.length > 0;
  const chosen = await vscode.window.showErrorMessage(
    failedText(run, failed),
    ...(withLogs ? [openLogs] : []),
    ...(first === undefined ? [] : [explain]),
    showRuns,
  );
  if (first !== undefined && chosen === openLogs) {
    await vscode.commands.executeCommand("reprod.openLogs", { project, run: id, node: first.node });
  }
  if (first !== undefined && chosen === explain) {
    await vscode.commands.executeCommand("reprod.explainState", { uri, node: first.node });
  }
  if (chosen === showRuns) await showRunsView();
}

function failedText(run: RunView, failed: readonly RunNodeView[]): string {
  const [first] = failed;
  if (first === undefined) return t("The run of {0} failed.", runName(run));
  const why = firstLine(first.message ?? t("no reason was told"));
  return failed.length === 1
    ? t("The run of {0} failed: {1}: {2}", runName(run), first.node, why)
    : t(
        "The run of {0} failed: {1}: {2} (and {3} more)",
        runName(run),
        first.node,
        why,
        grouped(failed.length - 1),
      );
}

async function tellInterrupted(_services: Services, run: RunView): Promise<void> {
  const [again, showRuns] = [t("Run Again"), t("Show Runs")];
  const chosen = await vscode.window.showWarningMessage(
    t(
      "The runner of {0} is gone. What was finished is kept; running again takes over what still runs.",
      runName(run),
    ),
    again,
    showRuns,
  );
  if (chosen === again) {
    await vscode.commands.executeCommand("reprod.retryFailed", { project: run.project, run: run.run });
  }
  if (chosen === showRuns) await showRunsView();
}

async function tellDone(run: RunView): Promise<void> {
  const took = Date.parse(run.endedAt ?? "") - Date.parse(run.startedAt);
  if (!(took > worthTelling)) return;
  const showRuns = t("Show Runs");
  const chosen = await vscode.window.showInformationMessage(
    t("{0} is done: {1} made in {2}.", runName(run), grouped(run.made), duration(took, t)),
    showRuns,
  );
  if (chosen === showRuns) await showRunsView();
}

async function showRunsView(): Promise<void> {
  await vscode.commands.executeCommand("reprod.runs.focus");
}
