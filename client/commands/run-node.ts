import * as vscode from "vscode";
import { chooseNode } from "../choose.js";
import { planAndRun } from "../plan-before-run.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

export const run: Run = async (services, argument) => {
  requireTrust();
  const chosen = await chooseNode(services, argument, { title: vscode.l10n.t("Run Node"), families: true });
  if (chosen !== undefined) await planAndRun(services, { uri: chosen.uri, targets: [chosen.node] });
};
