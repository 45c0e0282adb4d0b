import * as vscode from "vscode";
import { findToolsRequest } from "../../server/protocol.js";
import { choosePipeline } from "../choose.js";
import { grouped } from "../format.js";
import { withPatience } from "../patience.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

export const run: Run = async (services, argument) => {
  requireTrust();
  const { server, log } = services;
  const uri = await choosePipeline(services, argument);
  if (uri === undefined) return;
  const { found, missing } = await withPatience(t("Finding tools"), "reprod.pipelines", (token) =>
    server.request(findToolsRequest, { uri }, token),
  );
  for (const { tool, path } of found) log.info(`${tool} is ${path}`);
  const details = t("Show Details");
  const chosen =
    missing.length > 0
      ? await vscode.window.showWarningMessage(t("Not found in PATH: {0}", missing.join(", ")), details)
      : await vscode.window.showInformationMessage(
          found.length === 1 ? t("1 tool was found.") : t("{0} tools were found.", grouped(found.length)),
          details,
        );
  if (chosen === details) log.show();
};
