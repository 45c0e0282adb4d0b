import * as vscode from "vscode";
import type { ShownState } from "../server/protocol.js";
import { stateLooks } from "./state-text.js";

/** The icon of a state in trees and lists; of what has no nodes an empty circle. */
export function stateIcon(state: ShownState | undefined): vscode.ThemeIcon {
  if (state === undefined) return new vscode.ThemeIcon("circle-outline");
  const { icon, color } = stateLooks[state];
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}
