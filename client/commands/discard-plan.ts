import * as vscode from "vscode";
import { activePage, closePage } from "../pages.js";
import type { Run } from "./command.js";

/** The other button of a plan's page: nothing is run. */
export const run: Run = async ({ pages }, argument) => {
  const uri = argument instanceof vscode.Uri ? argument : activePage();
  if (uri === undefined) return;
  pages.takePlanned(uri);
  await closePage(uri);
};
