import * as vscode from "vscode";
import { type Health, healthNotification } from "../server/protocol.js";
import type { Services } from "./services.js";

const { t } = vscode.l10n;

/** How the language server does: behind the braces in the status bar of a pipeline file. */
export function registerLanguageStatus({ server }: Services): vscode.Disposable {
  const item = vscode.languages.createLanguageStatusItem("reprod.server", { language: "reprod" });
  item.name = t("Reprod Language Server");
  let health: Health | undefined;

  const show = (): void => {
    const state = server.state === "running" ? (health?.state ?? "ready") : server.state;
    item.busy = state === "starting" || state === "busy";
    item.severity =
      state === "stopped"
        ? vscode.LanguageStatusSeverity.Error
        : state === "limited"
          ? vscode.LanguageStatusSeverity.Warning
          : vscode.LanguageStatusSeverity.Information;
    item.text = textOf(state);
    item.detail = server.state === "running" ? (health?.details ?? []).join(" · ") : "";
    item.command =
      state === "stopped"
        ? { command: "reprod.restartServer", title: t("Restart") }
        : { command: "reprod.showLog", title: t("Show Log") };
    item.accessibilityInformation = { label: `${item.name}: ${item.text} ${item.detail}`.trim() };
  };

  show();
  return vscode.Disposable.from(
    item,
    server.onDidChangeState((state) => {
      // What a server said that is gone says nothing of its successor.
      if (state !== "running") health = undefined;
      show();
    }),
    server.onNotification(healthNotification, (next) => {
      health = next;
      show();
    }),
  );
}

function textOf(state: Health["state"] | "starting" | "stopped"): string {
  switch (state) {
    case "ready":
      return t("Reprod is ready");
    case "busy":
      return t("Reprod is looking up states");
    case "limited":
      return t("Reprod does not know everything");
    case "starting":
      return t("Reprod is starting");
    case "stopped":
      return t("Reprod has stopped");
  }
}
