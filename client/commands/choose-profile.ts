import { type FileHandle, open } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { profileName } from "../aws-profiles.js";
import { setting } from "../settings.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

interface Choice extends vscode.QuickPickItem {
  readonly profile: string;
}

/** Chooses by name which AWS profile is meant. No key is read: of both files only the headers are kept. */
export const run: Run = async () => {
  const profiles = await profileNames();
  const current = setting("profile");
  const pick = vscode.window.createQuickPick<Choice>();
  const here: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("root-folder"),
    tooltip: t("Use in This Workspace Only"),
  };
  const inWorkspace = vscode.workspace.workspaceFolders === undefined ? [] : [here];
  pick.title = t("Choose Profile");
  pick.placeholder =
    profiles.length === 0
      ? t("No profile was found in ~/.aws/config or ~/.aws/credentials")
      : t("An AWS profile, by its name. Nothing is sent and no key is read");
  pick.items = [
    ...profiles.map((profile) => ({
      label: `$(account) ${profile}`,
      ...(profile === current ? { description: t("chosen") } : {}),
      profile,
      buttons: inWorkspace,
    })),
    { label: `$(circle-slash) ${t("No profile")}`, profile: "", buttons: inWorkspace, alwaysShow: true },
  ];
  pick.activeItems = pick.items.filter(({ profile }) => profile === current);
  const chosen = await new Promise<{ profile: string; workspace: boolean } | undefined>((resolve) => {
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      resolve(item === undefined ? undefined : { profile: item.profile, workspace: isSetInWorkspace() });
      pick.hide();
    });
    pick.onDidTriggerItemButton(({ item }) => {
      resolve({ profile: item.profile, workspace: true });
      pick.hide();
    });
    pick.onDidHide(() => resolve(undefined));
    pick.show();
  });
  pick.dispose();
  if (chosen === undefined) return;
  await vscode.workspace
    .getConfiguration("reprod")
    .update(
      "profile",
      chosen.profile === "" && !chosen.workspace ? undefined : chosen.profile,
      chosen.workspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
    );
};

/** A choice is written where the one before it was, else to the user's settings: it is personal. */
function isSetInWorkspace(): boolean {
  const values = vscode.workspace.getConfiguration("reprod").inspect<string>("profile");
  return values?.workspaceValue !== undefined;
}

async function profileNames(): Promise<readonly string[]> {
  const folder = path.join(os.homedir(), ".aws");
  const files = [
    [process.env.AWS_CONFIG_FILE ?? path.join(folder, "config"), "config"],
    [process.env.AWS_SHARED_CREDENTIALS_FILE ?? path.join(folder, "credentials"), "credentials"],
  ] as const;
  const names = new Set<string>();
  for (const [file, kind] of files) {
    for await (const line of linesOf(file)) {
      const name = profileName(line, kind);
      if (name !== undefined) names.add(name);
    }
  }
  return [...names].sort((a, b) => (a === "default" ? -1 : b === "default" ? 1 : a < b ? -1 : 1));
}

/** Line by line, so that no more than one is in memory; nothing for a file that is not there. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  yield* handle.readLines({ encoding: "utf8" });
}
