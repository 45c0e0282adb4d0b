import * as vscode from "vscode";
import { explainRequest } from "../../server/protocol.js";
import { chooseNode } from "../choose.js";
import type { Run } from "./command.js";

export const run: Run = async (services, argument) => {
  const title = vscode.l10n.t("Explain State");
  const of = await chooseNode(services, argument, { title, families: false });
  if (of === undefined) return;
  await services.pages.show({ kind: "explain", of }, await services.server.request(explainRequest, of));
};
