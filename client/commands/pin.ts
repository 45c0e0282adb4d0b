import * as vscode from "vscode";
import { pinRequest } from "../../server/protocol.js";
import { choosePipeline } from "../choose.js";
import { grouped } from "../format.js";
import { withPatience } from "../patience.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

/** Looks up what tags and addresses mean today and writes it down. It uses the network, so it never runs by itself. */
export const run: Run = async (services, argument) => {
  requireTrust();
  const { server, log } = services;
  const uri = await choosePipeline(services, argument);
  if (uri === undefined) return;
  const references = referencesOf(argument);
  const { locked, failed } = await withPatience(t("Pinning images and urls"), "reprod.pipelines", (token) =>
    server.request(pinRequest, { uri, ...(references === undefined ? {} : { references }) }, token),
  );
  for (const { what, why } of failed) log.error(`Pinning ${what} failed: ${why}`);
  const [first] = failed;
  if (first !== undefined) {
    const details = t("Show Details");
    const chosen = await vscode.window.showErrorMessage(
      failed.length === 1
        ? t("{0} could not be pinned: {1}", first.what, first.why)
        : t("{0} could not be pinned: {1} (and {2} more)", first.what, first.why, grouped(failed.length - 1)),
      details,
    );
    if (chosen === details) log.show();
    return;
  }
  vscode.window.showInformationMessage(
    locked.length === 0
      ? t("Everything was pinned already.")
      : t("Pinned in reprod.lock: {0}", locked.join(", ")),
  );
};

/** A quick fix pins one thing: `{ uri, references }`. */
function referencesOf(argument: unknown): readonly string[] | undefined {
  if (typeof argument !== "object" || argument === null || !("references" in argument)) return undefined;
  const { references } = argument;
  if (!Array.isArray(references)) return undefined;
  return references.filter((reference): reference is string => typeof reference === "string");
}
