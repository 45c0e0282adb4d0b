import * as vscode from "vscode";
import { chooseNode } from "../choose.js";
import { planAndRun } from "../plan-before-run.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

/** Makes a node or family again although the store has it; what it is made of is taken from the store as ever. */
export const run: Run = async (services, argument) => {
  requireTrust();
  const title = vscode.l10n.t("Run Without Cache");
  const chosen = await chooseNode(services, argument, { title, families: true });
  if (chosen === undefined) return;
  const { uri, node } = chosen;
  await planAndRun(services, { uri, targets: [node], noCache: [node] });
};
