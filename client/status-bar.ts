import * as vscode from "vscode";
import type { AccountView } from "../server/protocol.js";
import { failureMessage } from "./failure-text.js";
import { grouped } from "./format.js";
import { progressOf } from "./runs-model.js";
import type { Services } from "./services.js";
import { setting } from "./settings.js";

const { t } = vscode.l10n;

/** Two items: what runs, only while something runs; and the chosen profile, only when one is chosen. */
export function registerStatusBar({ runs, resources, report }: Services): vscode.Disposable {
  const running = vscode.window.createStatusBarItem("reprod.running", vscode.StatusBarAlignment.Left, 10);
  running.name = t("Reprod Runs");
  running.command = { command: "reprod.runs.focus", title: t("Show Runs") };

  const profile = vscode.window.createStatusBarItem("reprod.profile", vscode.StatusBarAlignment.Left, 9);
  profile.name = t("Reprod Profile");

  let wasRunning = false;
  const showRunning = (): void => {
    const progress = progressOf(runs.all ?? []);
    if ((progress !== undefined) !== wasRunning) {
      wasRunning = progress !== undefined;
      vscode.commands.executeCommand("setContext", "reprod.running", wasRunning).then(undefined, report);
    }
    if (progress === undefined) {
      running.hide();
      return;
    }
    const { runs: count, done, total } = progress;
    const what = count === 1 ? t("1 run") : t("{0} runs", count);
    running.text = `$(sync~spin) ${what} · ${t("{0} of {1}", grouped(done), grouped(total))}`;
    running.tooltip = t("Show the runs");
    running.accessibilityInformation = {
      label: t("Reprod: {0}, {1} of {2} nodes done", what, grouped(done), grouped(total)),
      role: "button",
    };
    running.show();
  };

  const showProfile = (): void => {
    const folder = currentFolder();
    const account = resources.accountOf(folder);
    profile.command = {
      title: t("Choose Profile"),
      command: "reprod.chooseProfile",
      ...(folder === undefined ? {} : { arguments: [folder] }),
    };
    const chosen = setting("profile", folder) || (account?.profile ?? "");
    if (chosen === "" && account?.accountId === undefined) {
      profile.hide();
      return;
    }
    const isOld = account !== undefined && account.profile !== undefined && account.profile !== chosen;
    const known = isOld ? undefined : account;
    const region = setting("region", folder) || (known?.region ?? "");
    const name = chosen === "" ? (known?.accountId ?? "") : chosen;
    const text = [name, region].filter((part) => part !== "").join(" · ");
    profile.text = `${known?.failure === undefined ? "$(cloud)" : "$(warning)"} ${text.replaceAll("$(", "$ (")}`;
    profile.backgroundColor =
      known?.failure === undefined ? undefined : new vscode.ThemeColor("statusBarItem.warningBackground");
    profile.tooltip = profileTooltip(known);
    profile.accessibilityInformation = {
      label: [t("AWS profile of Reprod: {0}", text), known?.failure?.message]
        .filter((part) => part !== undefined)
        .join(". "),
      role: "button",
    };
    profile.show();
  };

  showProfile();
  return vscode.Disposable.from(
    running,
    profile,
    runs.onDidChange(showRunning),
    resources.onDidChange(showProfile),
    vscode.workspace.onDidChangeWorkspaceFolders(showProfile),
    vscode.window.onDidChangeActiveTextEditor(showProfile),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("reprod.profile") || change.affectsConfiguration("reprod.region")) {
        showProfile();
      }
    }),
  );
}

/** Each folder may have a profile of its own: the one of the file in front is shown, else the first. */
function currentFolder(): vscode.Uri | undefined {
  const file = vscode.window.activeTextEditor?.document.uri;
  const own = file === undefined ? undefined : vscode.workspace.getWorkspaceFolder(file);
  return (own ?? vscode.workspace.workspaceFolders?.[0])?.uri;
}

function profileTooltip(account: AccountView | undefined): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const lines =
    account?.failure === undefined
      ? [
          account?.accountId === undefined ? undefined : t("Account {0}", account.accountId),
          account?.caller,
          t("AWS profile of Reprod. Choose another one"),
        ]
      : [failureMessage(account.failure, t), t("AWS profile of Reprod. Choose another one")];
  for (const [at, line] of lines.filter((one) => one !== undefined).entries()) {
    if (at > 0) text.appendMarkdown("\n\n");
    text.appendText(line);
  }
  return text;
}
