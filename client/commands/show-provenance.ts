import * as vscode from "vscode";
import { type NodeArguments, provenanceRequest } from "../../server/protocol.js";
import { chooseNode } from "../choose.js";
import { objectOf } from "../outputs.js";
import { withPatience } from "../patience.js";
import type { Services } from "../services.js";
import { type FileOfPage, outPlace, outScheme } from "../uris.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

/** Of a node, of a file of the workspace, or of a result that is open. */
export const run: Run = async (services, argument) => {
  const of = fileOf(argument ?? (await activeFile())) ?? (await nodeOf(services, argument));
  if (of === undefined) return;
  const page = await withPatience(t("Reading provenance"), "reprod.pipelines", (token) =>
    services.server.request(provenanceRequest, of, token),
  );
  await services.pages.show({ kind: "provenance", of }, page);
};

/** From the palette: what is in the editor, when it is no pipeline and a person means it. */
async function activeFile(): Promise<vscode.Uri | undefined> {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri =
    input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  if (uri?.scheme === outScheme) return uri;
  if (uri?.scheme !== "file" || uri.path.endsWith(".reprod")) return undefined;
  const file = { label: vscode.workspace.asRelativePath(uri), description: t("the file in the editor"), uri };
  const node = { label: t("A node of a pipeline"), uri: undefined };
  const chosen = await vscode.window.showQuickPick([file, node], { title: t("Show Provenance") });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen.uri;
}

function fileOf(argument: unknown): FileOfPage | undefined {
  if (!(argument instanceof vscode.Uri)) return undefined;
  if (argument.scheme === "file") return { file: argument.fsPath };
  if (argument.scheme !== outScheme) return undefined;
  const place = outPlace(argument);
  return place === undefined ? undefined : { file: objectOf(argument).fsPath, name: place.name };
}

function nodeOf(services: Services, argument: unknown): Promise<NodeArguments | undefined> {
  return chooseNode(services, argument, { title: t("Show Provenance"), families: false });
}
