import * as vscode from "vscode";
import { cancelRequest } from "../../server/protocol.js";
import { isRunKey } from "../arguments.js";
import { chooseRun } from "../choose.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

export const run: Run = async ({ server, runs }, argument) => {
  const running = (runs.all ?? []).filter(({ state }) => state === "running");
  // A run that lost its runner may have left scripts behind: it is meant only when nothing runs.
  const lost = (runs.all ?? []).filter(({ state }) => state === "interrupted");
  const cancellable = running.length > 0 ? running : lost;
  const chosen = isRunKey(argument)
    ? argument
    : await chooseRun(cancellable, t("Cancel Run"), t("Nothing is running."));
  if (chosen === undefined) return;
  const { outcome } = await server.request(cancelRequest, { project: chosen.project, run: chosen.run });
  switch (outcome) {
    case "requested":
      vscode.window.setStatusBarMessage(
        `$(circle-slash) ${t("Cancelling. What is finished stays in the store; the next run goes on from there.")}`,
        8000,
      );
      return;
    case "cleaned":
      vscode.window.showInformationMessage(
        t("The runner was gone already. What it had left running was ended; what was finished is kept."),
      );
      return;
    case "already-ended":
      vscode.window.showInformationMessage(t("This run has ended already."));
      return;
  }
};
