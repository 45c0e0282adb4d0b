import * as vscode from "vscode";
import type { Services } from "../services.js";
import { setting } from "../settings.js";

/** Cloud resources. Until they can be set up from here, the view says what works without them. */
export function registerResourcesView({ report }: Services): vscode.Disposable {
  const provider: vscode.TreeDataProvider<never> = {
    getChildren: () => [],
    getTreeItem: (entry) => entry,
  };
  const say = (): void => {
    const profile = setting("profile");
    vscode.commands
      .executeCommand("setContext", "reprod.resourcesView", profile === "" ? "noProfile" : "profile")
      .then(undefined, report);
  };
  say();
  return vscode.Disposable.from(
    vscode.window.registerTreeDataProvider("reprod.resources", provider),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("reprod.profile")) say();
    }),
  );
}
