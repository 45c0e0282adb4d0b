import * as vscode from "vscode";
import { activePage, closePage } from "../pages.js";
import { planIsOver } from "../plan-before-run.js";
import type { Run } from "./command.js";

/** The button of a plan's page. */
export const run: Run = async ({ pages }, argument) => {
  const uri = argument instanceof vscode.Uri ? argument : activePage();
  const planned = uri === undefined ? undefined : pages.takePlanned(uri);
  if (uri === undefined || planned === undefined) throw planIsOver();
  if (planned.asks !== true) await closePage(uri);
  await planned.start();
};
