import * as vscode from "vscode";
import { type NodeArguments, provenanceRequest } from "../../server/protocol.js";
import { chooseNode } from "../choose.js";
import { objectOf } from "../outputs.js";
import { withPatience } from "../patience.js";
import type { Services } from "../services.js";
import { type FileOfPage, outPlace, outScheme } from "../uris.js";
import type { Run } from "./command.js";

/** Of a node, of a file of the workspace, or of a result that is open. */
export const run: Run = async (services, argument) => {
  const of = fileOf(argument) ?? (await nodeOf(services, argument));
  if (of === undefined) return;
  const page = await withPatience(vscode.l10n.t("Reading provenance"), "reprod.pipelines", (token) =>
    services.server.request(provenanceRequest, of, token),
  );
  await services.pages.show({ kind: "provenance", of }, page);
};

function fileOf(argument: unknown): FileOfPage | undefined {
  if (!(argument instanceof vscode.Uri)) return undefined;
  if (argument.scheme === "file") return { file: argument.fsPath };
  if (argument.scheme !== outScheme) return undefined;
  const place = outPlace(argument);
  return place === undefined ? undefined : { file: objectOf(argument).fsPath, name: place.name };
}

function nodeOf(services: Services, argument: unknown): Promise<NodeArguments | undefined> {
  return chooseNode(services, argument, { title: vscode.l10n.t("Show Provenance"), families: false });
}
