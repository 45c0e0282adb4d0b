import * as vscode from "vscode";
import type { Run } from "./command.js";

export const run: Run = async ({ server }) => {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Restarting the language server") },
    () => server.restart(),
  );
};
