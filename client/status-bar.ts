import * as vscode from "vscode";
import { grouped } from "./format.js";
import { progressOf } from "./runs-model.js";
import type { Services } from "./services.js";
import { setting } from "./settings.js";

const { t } = vscode.l10n;

/** Two items: what runs, only while something runs; and the chosen profile, only when one is chosen. */
export function registerStatusBar({ runs, report }: Services): vscode.Disposable {
  const running = vscode.window.createStatusBarItem("reprod.running", vscode.StatusBarAlignment.Left, 10);
  running.name = t("Reprod Runs");
  running.command = { command: "reprod.runs.focus", title: t("Show Runs") };

  const profile = vscode.window.createStatusBarItem("reprod.profile", vscode.StatusBarAlignment.Left, 9);
  profile.name = t("Reprod Profile");
  profile.command = "reprod.chooseProfile";

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
    const chosen = setting("profile");
    if (chosen === "") {
      profile.hide();
      return;
    }
    profile.text = `$(cloud) ${chosen.replaceAll("$(", "$ (")}`;
    profile.tooltip = t("AWS profile of Reprod. Choose another one");
    profile.accessibilityInformation = { label: t("AWS profile of Reprod: {0}", chosen), role: "button" };
    profile.show();
  };

  showProfile();
  return vscode.Disposable.from(
    running,
    profile,
    runs.onDidChange(showRunning),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("reprod.profile")) showProfile();
    }),
  );
}
