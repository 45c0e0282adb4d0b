import * as vscode from "vscode";
import { type ResourceGroupName, type ResourcesArguments, resourceGroups } from "../../server/protocol.js";
import { chooseProject, planAndApply, previewResources } from "../apply-resources.js";
import type { Services } from "../services.js";
import type { Run } from "./command.js";

interface Command {
  readonly run: Run;
}

/** One of the groups, or all of them, from the palette; the view's rows say which one they are. */
type Which = ResourceGroupName | "all" | "row";

export const setUp = (which: Which): Command =>
  about(which, (services, asked) => planAndApply(services, asked));

export const preview = (which: Which): Command =>
  about(which, (services, asked) => previewResources(services, asked));

export const remove = (which: Which): Command =>
  about(which, (services, asked) => planAndApply(services, { ...asked, teardown: true }));

function about(which: Which, act: (services: Services, asked: ResourcesArguments) => Promise<void>): Command {
  return {
    run: async (services, argument) => {
      const groups = which === "all" ? resourceGroups : which === "row" ? groupOf(argument) : [which];
      if (groups.length === 0) return;
      const project = await chooseProject(services, argument);
      if (project !== undefined) await act(services, { project, groups });
    },
  };
}

function groupOf(argument: unknown): readonly ResourceGroupName[] {
  if (typeof argument !== "object" || argument === null || !("group" in argument)) return [];
  return resourceGroups.filter((name) => name === argument.group);
}

/** Shows the view and asks AWS anew. */
export const status: Command = {
  run: async (services, argument) => {
    if ((await chooseProject(services, argument)) === undefined) return;
    await vscode.commands.executeCommand("reprod.resources.focus");
    await services.resources.refresh();
  },
};

export const refresh: Command = {
  run: async ({ resources }) => {
    await vscode.window.withProgress({ location: { viewId: "reprod.resources" } }, () => resources.refresh());
  },
};
