import * as vscode from "vscode";
import { type ProfilesView, type ProfileView, profilesRequest } from "../server/protocol.js";
import type { Server } from "./server.js";
import { setting } from "./settings.js";

const { t } = vscode.l10n;

interface Choice extends vscode.QuickPickItem {
  readonly profile?: string;
  readonly region?: true;
}

/**
 * Chooses the AWS profile of a workspace folder by its name; undefined: of the user. The server lists them, and asks
 * AWS for nothing. False when the person gave up.
 */
export async function chooseProfile(server: Server, folder: vscode.Uri | undefined): Promise<boolean> {
  const view = await server.request(
    profilesRequest,
    folder === undefined ? {} : { folder: folder.toString() },
  );
  const current = setting("profile", folder);
  const pick = vscode.window.createQuickPick<Choice>();
  const everywhere: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("globe"),
    tooltip: t("Use in All Folders"),
  };
  const buttons = folder === undefined ? [] : [everywhere];
  pick.title = t("Choose Profile");
  pick.placeholder =
    view.profiles.length === 0
      ? t("No profile was found in {0}", view.files.join(", "))
      : t("An AWS profile, by its name. Nothing is asked of AWS yet");
  pick.matchOnDescription = true;
  pick.items = [
    ...view.profiles.map((profile) => ({ ...profileItem(profile, view, current), buttons })),
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    { label: `$(circle-slash) ${t("No profile")}`, profile: "", buttons, alwaysShow: true },
    {
      label: `$(location) ${t("Choose Region…")}`,
      description: regionNow(view, folder),
      region: true,
      alwaysShow: true,
    },
    ...view.warnings.map(({ message, fix }) => ({
      label: `$(warning) ${plain(message)}`,
      detail: plain(fix),
      alwaysShow: true,
    })),
  ];
  pick.activeItems = pick.items.filter(({ profile }) => profile === current && profile !== "");
  const chosen = await new Promise<{ item: Choice; everywhere: boolean } | undefined>((resolve) => {
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      // A warning is there to be read.
      if (item === undefined || (item.profile === undefined && item.region === undefined)) return;
      resolve({ item, everywhere: false });
      pick.hide();
    });
    pick.onDidTriggerItemButton(({ item }) => {
      resolve({ item, everywhere: true });
      pick.hide();
    });
    pick.onDidHide(() => resolve(undefined));
    pick.show();
  });
  pick.dispose();
  if (chosen === undefined) return false;
  if (chosen.item.region === true) {
    await chooseRegion(view, folder);
    return chooseProfile(server, folder);
  }
  await write("profile", chosen.item.profile ?? "", chosen.everywhere ? undefined : folder);
  return chosen.item.profile !== "";
}

function profileItem(profile: ProfileView, { chosen }: ProfilesView, current: string): Choice {
  const { name, region, mfa, warnings } = profile;
  const isDefault = current === "" && chosen.profile === name && chosen.by !== "machine";
  const parts = [
    region,
    kindText(profile),
    mfa ? t("MFA") : undefined,
    name === current ? t("chosen") : isDefault ? t("used when none is chosen") : undefined,
  ].filter((part) => part !== undefined);
  return {
    label: `$(account) ${plain(name)}`,
    description: parts.join(" · "),
    ...(warnings.length === 0
      ? {}
      : {
          detail: warnings
            .map(({ message, fix }) => `$(warning) ${plain(message)} — ${plain(fix)}`)
            .join("  "),
        }),
    profile: name,
  };
}

function kindText({ kind }: ProfileView): string | undefined {
  switch (kind) {
    case "keys":
      return t("access keys");
    case "sso":
      return t("single sign-on");
    case "login":
      return t("console sign-in");
    case "assume-role":
      return t("assumes a role");
    case "web-identity":
      return t("web identity");
    case "process":
      return t("a program");
    case "unknown":
      return undefined;
  }
}

function regionNow({ chosen }: ProfilesView, folder: vscode.Uri | undefined): string {
  const own = setting("region", folder);
  if (own !== "") return t("now {0}, in place of the profile's", own);
  return chosen.region === undefined
    ? t("none is named yet")
    : t("now {0}, as the profile says", chosen.region);
}

async function chooseRegion({ regions }: ProfilesView, folder: vscode.Uri | undefined): Promise<void> {
  const current = setting("region", folder);
  const chosen = await vscode.window.showQuickPick(
    [
      { label: t("As the profile says"), region: "" },
      ...regions.map(({ name, fargate }) => ({
        label: name,
        description: [
          name === current ? t("chosen") : undefined,
          fargate ? undefined : t("without Fargate: compute environments on EC2 only"),
        ]
          .filter((part) => part !== undefined)
          .join(" · "),
        region: name,
      })),
    ],
    { title: t("Choose Region"), placeHolder: t("The region of AWS that everything is set up in") },
  );
  if (chosen !== undefined) await write("region", chosen.region, folder);
}

/**
 * To the folder; without one to the user's settings, and then no folder says otherwise. An empty value is removed, unless
 * something wider would count then.
 */
async function write(
  name: "profile" | "region",
  value: string,
  folder: vscode.Uri | undefined,
): Promise<void> {
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
  if (folder === undefined) {
    for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
      const own = vscode.workspace.getConfiguration("reprod", uri).inspect<string>(name);
      if (own?.workspaceFolderValue !== undefined)
        await vscode.workspace.getConfiguration("reprod", uri).update(name, undefined, WorkspaceFolder);
    }
    const all = vscode.workspace.getConfiguration("reprod");
    if (all.inspect<string>(name)?.workspaceValue !== undefined) await all.update(name, undefined, Workspace);
    await all.update(name, value === "" ? undefined : value, Global);
    return;
  }
  const configuration = vscode.workspace.getConfiguration("reprod", folder);
  const { globalValue = "", workspaceValue = "" } = configuration.inspect<string>(name) ?? {};
  // In a window with one folder both are one file.
  const isOnly = vscode.workspace.workspaceFile === undefined;
  const wider = isOnly ? globalValue : workspaceValue || globalValue;
  await configuration.update(
    name,
    value === "" && wider === "" ? undefined : value,
    isOnly ? Workspace : WorkspaceFolder,
  );
}

/** Names and messages come out of files: they make no icons. */
function plain(text: string): string {
  return text.replaceAll("$(", "$ (");
}
