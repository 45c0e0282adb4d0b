import * as vscode from "vscode";
import { isPlainCommand } from "../resources-model.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

/** What the rows of the Resources view do with the one thing that they stand for. */

interface Command {
  readonly run: Run;
}

export const openInConsole: Command = {
  run: async (_services, argument) => {
    const page = textOf(argument, "console");
    if (page !== undefined) await vscode.env.openExternal(vscode.Uri.parse(page, true));
  },
};

export const copyId: Command = {
  run: async (_services, argument) => {
    const id = textOf(argument, "id");
    if (id === undefined) return;
    await vscode.env.clipboard.writeText(id);
    vscode.window.setStatusBarMessage(`$(copy) ${t("Copied: {0}", id.replaceAll("$(", "$ ("))}`, 4000);
  },
};

export const openSettingsFile: Command = {
  run: async (_services, argument) => {
    const file = textOf(argument, "settingsFile");
    if (file !== undefined) await vscode.window.showTextDocument(vscode.Uri.parse(file, true));
  },
};

/** Runs what the failure of the account says would mend it, where a person sees it and answers what it asks. */
export const signIn: Command = {
  run: async ({ resources }, argument) => {
    const command = commandOf(argument) ?? firstCommand(resources);
    if (command === undefined) return;
    const terminal = vscode.window.createTerminal({ name: t("Sign In to AWS") });
    terminal.show();
    // A profile may have any name; what a shell could take for more than words is typed, and started by the person.
    terminal.sendText(command, isPlainCommand(command));
  },
};

export const copySignIn: Command = {
  run: async ({ resources }, argument) => {
    const command = commandOf(argument) ?? firstCommand(resources);
    if (command === undefined) return;
    await vscode.env.clipboard.writeText(command);
    vscode.window.setStatusBarMessage(`$(copy) ${t("Copied: {0}", command.replaceAll("$(", "$ ("))}`, 4000);
  },
};

/** Of the row that stands for a sign-in. */
function commandOf(argument: unknown): string | undefined {
  if (typeof argument !== "object" || argument === null || !("command" in argument)) return undefined;
  return typeof argument.command === "string" ? argument.command : undefined;
}

function firstCommand({ projects = [] }: Parameters<Run>[0]["resources"]): string | undefined {
  return projects.map(({ account }) => account.command).find((command) => command !== undefined);
}

/** Of the view of a row. */
function textOf(argument: unknown, name: string): string | undefined {
  if (typeof argument !== "object" || argument === null || !("view" in argument)) return undefined;
  const { view } = argument;
  const found: unknown = typeof view === "object" && view !== null ? Reflect.get(view, name) : undefined;
  return typeof found === "string" ? found : undefined;
}
