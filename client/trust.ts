import * as vscode from "vscode";
import { untrusted } from "./failures.js";

/** Whoever runs scripts or uses the network asks here first; menus that hide a command are no guard. */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) throw untrusted();
}
