import * as vscode from "vscode";
import { nodeLogRequest, runNodesRequest } from "../../server/protocol.js";
import { isRunNodeArguments, type RunNodeArguments } from "../arguments.js";
import { chooseNode } from "../choose.js";
import { Refusal } from "../failures.js";
import { openLog } from "../logs.js";
import type { Services } from "../services.js";
import type { LogPlace } from "../uris.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

export const run: Run = async (services, argument) => {
  const place = isRunNodeArguments(argument)
    ? await newestAttempt(services, argument)
    : await newestRun(services, argument);
  if (place !== undefined) await openLog(place);
};

/** Of a node of a run: the attempt that is meant, or the newest. */
async function newestAttempt(
  { server }: Services,
  { project, run: id, node, attempt }: RunNodeArguments,
): Promise<LogPlace> {
  if (attempt !== undefined) return { project, run: id, node, attempt };
  const nodes = await server.request(runNodesRequest, { project, run: id });
  const newest = nodes.find((view) => view.node === node)?.attempts.at(-1);
  if (newest === undefined)
    throw new Refusal(t("{0} has not been started in this run: it has no log.", node));
  return { project, run: id, node, attempt: newest.number };
}

/** Of a node of a pipeline: its newest attempt in whichever run. */
async function newestRun(services: Services, argument: unknown): Promise<LogPlace | undefined> {
  const chosen = await chooseNode(services, argument, { title: t("Open Logs"), families: false });
  if (chosen === undefined) return undefined;
  const found = await services.server.request(nodeLogRequest, chosen);
  if (found === null) {
    throw new Refusal(t("No run that is kept has started {0}: there is no log of it.", chosen.node));
  }
  return { project: found.project, run: found.run, node: chosen.node, attempt: found.attempt };
}
