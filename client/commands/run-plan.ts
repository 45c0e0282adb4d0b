import * as vscode from "vscode";
import { Refusal } from "../failures.js";
import { activePage, closePage } from "../pages.js";
import type { Run } from "./command.js";

/** The button of a plan's page. */
export const run: Run = async ({ pages }, argument) => {
  const uri = argument instanceof vscode.Uri ? argument : activePage();
  const planned = uri === undefined ? undefined : pages.takePlanned(uri);
  if (uri === undefined || planned === undefined) {
    throw new Refusal(vscode.l10n.t("This plan was run or given up already."), {
      title: vscode.l10n.t("Plan Again"),
      command: "reprod.plan",
    });
  }
  await closePage(uri);
  await planned.start();
};
