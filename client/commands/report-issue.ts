import * as os from "node:os";
import * as vscode from "vscode";
import type { Run } from "./command.js";

/** Opens a report with what a maintainer asks first. Nothing of a pipeline stands in it, and nothing is sent by itself. */
export const run: Run = async ({ context, server }) => {
  const { id, packageJSON } = context.extension;
  const body = [
    vscode.l10n.t("What did you do, what did you expect, and what happened instead?"),
    "",
    "",
    "---",
    `Reprod ${String(packageJSON.version)}, VS Code ${vscode.version} (${vscode.env.appName})`,
    `${os.platform()} ${os.release()} ${os.arch()}, Node ${process.versions.node}`,
    `Remote: ${vscode.env.remoteName ?? "none"}, trusted: ${vscode.workspace.isTrusted}`,
    `Language server: ${server.state}`,
  ].join("\n");
  const commands = await vscode.commands.getCommands(true);
  if (packageJSON.bugs !== undefined && commands.includes("workbench.action.openIssueReporter")) {
    await vscode.commands.executeCommand("workbench.action.openIssueReporter", {
      extensionId: id,
      issueBody: body,
    });
    return;
  }
  // Without an address to send it to, the report is a text to copy.
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content: body });
  await vscode.window.showTextDocument(document);
};
