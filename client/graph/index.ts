import * as vscode from "vscode";
import { commands, pipelinesRequest } from "../../server/protocol.js";
import { isNodeArguments, uriOf } from "../arguments.js";
import { Refusal } from "../failures.js";
import { isPageState } from "./messages.js";
import { GraphPanel, type GraphServices, panelType } from "./panel.js";

const { t } = vscode.l10n;

/**
 * The command "Show Graph", and graphs that were open when the window was closed. Panels are not closed with the
 * extension: a window that is reloaded would not open them again.
 */
export function registerGraph(context: vscode.ExtensionContext, services: GraphServices): vscode.Disposable {
  const panels = new Map<string, GraphPanel>();

  const add = (uri: vscode.Uri, panel: vscode.WebviewPanel): GraphPanel => {
    const key = uri.toString();
    const added = new GraphPanel(uri, panel, context.extensionUri, services, () => panels.delete(key));
    panels.set(key, added);
    return added;
  };

  const show = async (given: unknown): Promise<void> => {
    const uri = uriOf(given) ?? (await chosenPipeline(services));
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

/** The pipeline that is being edited, else one that is chosen. */
async function chosenPipeline({ server }: GraphServices): Promise<string | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === "reprod") return document.uri.toString();
  const pipelines = await server.request(pipelinesRequest, {});
  const [only] = pipelines;
  if (only === undefined) throw new Refusal(t("There is no pipeline in this workspace."));
  if (pipelines.length === 1) return only.uri;
  const items = pipelines.map(({ name, path, uri }) => ({ label: name, description: path, uri }));
  const picked = await vscode.window.showQuickPick(items, {
    title: t("Show Graph"),
    placeHolder: t("Of which pipeline?"),
  });
  return picked?.uri;
}
