import * as vscode from "vscode";
import type { Run } from "./command.js";

export const run: Run = async ({ context }) => {
  await vscode.commands.executeCommand(
    "workbench.action.openWalkthrough",
    `${context.extension.id}#reprod.welcome`,
    false,
  );
};
