import * as vscode from "vscode";
import { commands } from "../../server/protocol.js";
import { isNodeArguments } from "../arguments.js";
import { choosePipeline } from "../choose.js";
import type { Services } from "../services.js";
import { isPageState } from "./messages.js";
import { GraphPanel, panelType } from "./panel.js";

/**
 * The command "Show Graph", and graphs that were open when the window was closed. Panels are not closed with the
 * extension: a window that is reloaded would not open them again.
 */
export function registerGraph(context: vscode.ExtensionContext, services: Services): vscode.Disposable {
  const panels = new Map<string, GraphPanel>();

  const add = (uri: vscode.Uri, panel: vscode.WebviewPanel): GraphPanel => {
    const key = uri.toString();
    const added = new GraphPanel(uri, panel, context.extensionUri, services, () => panels.delete(key));
    panels.set(key, added);
    return added;
  };

  const show = async (given: unknown): Promise<void> => {
    const uri = await choosePipeline(services, given);
    const node = isNodeArguments(given) ? given.node : undefined;
    if (uri === undefined) return;
    const file = vscode.Uri.parse(uri);
    const shown = panels.get(file.toString());
    const panel =
      shown ?? add(file, vscode.window.createWebviewPanel(panelType, "", vscode.ViewColumn.Beside));
    panel.reveal(node);
  };

  return vscode.Disposable.from(
    vscode.commands.registerCommand(commands.graph, (given: unknown) => show(given).catch(services.report)),
    vscode.window.registerWebviewPanelSerializer(panelType, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const uri = isPageState(state) ? vscode.Uri.parse(state.uri) : undefined;
        // Without a state, or beside another graph of the pipeline, there is nothing to come back to.
        if (uri === undefined || panels.has(uri.toString())) panel.dispose();
        else add(uri, panel);
      },
    }),
  );
}
