import * as vscode from "vscode";
import type { PlanView, SetValue } from "../server/protocol.js";
import { choicesOf, problemWith } from "./param-input.js";
import type { Services } from "./services.js";

const { t } = vscode.l10n;

type MissingParam = PlanView["missingParams"][number];

/**
 * Asks for the params that have no default, one after the other. What was given last for the same file is offered
 * again. Undefined when the person gave up.
 */
export async function askParams(
  { context }: Services,
  uri: string,
  missing: readonly MissingParam[],
): Promise<readonly SetValue[] | undefined> {
  const key = `params:${uri}`;
  const remembered = context.workspaceState.get<{ readonly [name: string]: string }>(key, {});
  const values: SetValue[] = [];
  for (const [at, param] of missing.entries()) {
    const title =
      missing.length === 1
        ? t("Param {0}: {1}", param.name, param.type)
        : t("Param {0}: {1} ({2} of {3})", param.name, param.type, at + 1, missing.length);
    const text = await askParam(param, title, remembered[param.name]);
    if (text === undefined) return undefined;
    values.push({ name: param.name, text });
  }
  await context.workspaceState.update(key, {
    ...remembered,
    ...Object.fromEntries(values.map(({ name, text }) => [name, text])),
  });
  return values;
}

async function askParam(
  { doc, type }: MissingParam,
  title: string,
  last: string | undefined,
): Promise<string | undefined> {
  const choices = choicesOf(type);
  const placeHolder = doc ?? t("This param has no default: a run must set it");
  if (choices === undefined) {
    return vscode.window.showInputBox({
      title,
      prompt: placeHolder,
      value: last ?? "",
      ignoreFocusOut: true,
      validateInput: (text) => problemWith(text, type, t),
    });
  }
  // The one that was given last is the first, so that Enter gives it again.
  const sorted = [...choices].sort((a, b) => Number(b === last) - Number(a === last));
  return vscode.window.showQuickPick(sorted, { title, placeHolder, ignoreFocusOut: true });
}
