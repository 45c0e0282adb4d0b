import * as vscode from "vscode";
import { retryRequest } from "../../server/protocol.js";
import { isRunKey } from "../arguments.js";
import { chooseRun } from "../choose.js";
import { planAndRun } from "../plan-before-run.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

export const run: Run = async (services, argument) => {
  requireTrust();
  const { server, runs } = services;
  const unfinished = (runs.all ?? []).filter(
    ({ state }) => state === "failed" || state === "interrupted" || state === "cancelled",
  );
  const chosen = isRunKey(argument)
    ? argument
    : await chooseRun(unfinished, t("Retry Failed"), t("No run has failed."));
  if (chosen === undefined) return;
  const wanted = await server.request(retryRequest, { project: chosen.project, run: chosen.run });
  await planAndRun(services, wanted);
};
