import * as vscode from "vscode";
import type { ShownState } from "../server/protocol.js";
import { stateColor } from "./state-text.js";

export type Icon = vscode.ThemeIcon | { readonly light: vscode.Uri; readonly dark: vscode.Uri };

/** The sign of a state in trees and lists, the same as in the gutter; only here what runs can turn. */
export function stateIcon({ extensionUri }: vscode.ExtensionContext, state: ShownState | undefined): Icon {
  if (state === undefined) return new vscode.ThemeIcon("circle-outline");
  if (state === "running") return new vscode.ThemeIcon("sync~spin", new vscode.ThemeColor(stateColor(state)));
  return stateFiles(extensionUri, state);
}

/** The drawings of a sign, which `media/draw.mjs` makes. */
export function stateFiles(
  extensionUri: vscode.Uri,
  state: ShownState,
): { readonly light: vscode.Uri; readonly dark: vscode.Uri } {
  const file = (theme: string): vscode.Uri =>
    vscode.Uri.joinPath(extensionUri, "media", "states", `${state}-${theme}.svg`);
  return { light: file("light"), dark: file("dark") };
}
