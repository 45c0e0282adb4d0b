import * as vscode from "vscode";
import { activePipeline, nodeAtCursor } from "../choose.js";
import { Refusal } from "../failures.js";
import { planAndRun } from "../plan-before-run.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

export const run: Run = async (services) => {
  requireTrust();
  const uri = activePipeline();
  const node = uri === undefined ? undefined : nodeAtCursor(services, uri);
  if (uri === undefined || node === undefined) {
    throw new Refusal(vscode.l10n.t("Put the cursor into a node of a pipeline first."), {
      title: vscode.l10n.t("Choose a Node"),
      command: "reprod.runNode",
    });
  }
  await planAndRun(services, { uri, targets: [node] });
};
