import * as vscode from "vscode";
import { chooseProfile } from "../choose-profile.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

/** Chooses by name which AWS profile is meant, for a folder of the workspace. No key is read here. */
export const run: Run = async ({ server }, argument) => {
  requireTrust();
  const folder = await folderOf(argument);
  if (folder !== "none") await chooseProfile(server, folder);
};

/** `none` when the person gave up. */
async function folderOf(argument: unknown): Promise<vscode.Uri | undefined | "none"> {
  if (argument instanceof vscode.Uri) return argument;
  const [first, ...more] = vscode.workspace.workspaceFolders ?? [];
  if (first === undefined || more.length === 0) return first?.uri;
  const chosen = await vscode.window.showWorkspaceFolderPick({
    placeHolder: t("The folder to choose a profile for"),
  });
  return chosen?.uri ?? "none";
}
