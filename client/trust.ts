import * as vscode from "vscode";
import { Refusal } from "./failures.js";

/** Whoever runs scripts or uses the network asks here first; menus that hide a command are no guard. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new Refusal(
    vscode.l10n.t(
      "This workspace is not trusted: Reprod checks its pipelines, but runs nothing and changes nothing.",
    ),
    { title: vscode.l10n.t("Manage Trust"), command: "workbench.trust.manage" },
  );
}
