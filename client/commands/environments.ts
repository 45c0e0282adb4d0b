import * as vscode from "vscode";
import { type EnvironmentArguments, environmentsRequest } from "../../server/protocol.js";
import { chooseProject, noEnvironment, planAndApply } from "../apply-resources.js";
import { grouped } from "../format.js";
import type { Run } from "./command.js";

const { t } = vscode.l10n;

interface Command {
  readonly run: Run;
}

/** Asks for name, kind of machines and size, then goes the way of every set-up. */
export const create: Command = {
  run: async (services, argument) => {
    const project = await chooseProject(services, argument);
    if (project === undefined) return;
    const { environments } = await services.server.request(environmentsRequest, { project });
    const taken = new Set(environments.map(({ name }) => name));
    const title = t("Create Compute Environment");
    const name = await vscode.window.showInputBox({
      title: `${title} (1/3)`,
      prompt: t("A name: lower-case letters, digits and hyphens"),
      placeHolder: "large",
      ignoreFocusOut: true,
      validateInput: (value) => nameProblem(value, taken),
    });
    if (name === undefined) return;
    const type = await vscode.window.showQuickPick(types(), {
      title: `${title} (2/3)`,
      placeHolder: t("What its machines are"),
      ignoreFocusOut: true,
    });
    if (type === undefined) return;
    const size = await vscode.window.showInputBox({
      title: `${title} (3/3)`,
      prompt: t("How many vCPUs at most, all machines together"),
      value: "64",
      ignoreFocusOut: true,
      validateInput: (value) =>
        /^[1-9]\d{0,4}$/.test(value.trim()) ? undefined : t("A whole number from 1 to 99999."),
    });
    if (size === undefined) return;
    await planAndApply(services, {
      project,
      groups: ["compute-environment"],
      createEnvironment: { name, type: type.type, maxVcpus: Number(size) },
    });
  },
};

export const remove: Command = {
  run: async (services, argument) => {
    const project = await chooseProject(services, argument);
    if (project === undefined) return;
    const { environments } = await services.server.request(environmentsRequest, { project });
    if (environments.length === 0) throw noEnvironment();
    const chosen = await vscode.window.showQuickPick(
      environments.map(({ name, type, maxVcpus }) => ({
        label: name,
        description: `${type} · ${t("up to {0} vCPUs", grouped(maxVcpus))}`,
      })),
      { title: t("Delete Compute Environment"), matchOnDescription: true },
    );
    if (chosen === undefined) return;
    await planAndApply(services, {
      project,
      groups: ["compute-environment"],
      deleteEnvironment: chosen.label,
    });
  },
};

function nameProblem(value: string, taken: ReadonlySet<string>): string | undefined {
  if (taken.has(value)) return t("There is one of this name already.");
  return /^[a-z][a-z0-9-]{0,19}$/.test(value)
    ? undefined
    : t("Lower-case letters, digits and hyphens, 20 at most, beginning with a letter.");
}

function types(): readonly (vscode.QuickPickItem & {
  readonly type: NonNullable<EnvironmentArguments["type"]>;
})[] {
  return [
    {
      type: "spot",
      label: t("EC2 Spot"),
      description: t("the cheapest; a machine may be taken away, and its node runs again"),
    },
    {
      type: "on-demand",
      label: t("EC2 on demand"),
      description: t("stays; for disks over 200 GiB and GPUs"),
    },
    { type: "fargate", label: t("Fargate"), description: t("no machines to start; up to 16 vCPUs a node") },
    {
      type: "fargate-spot",
      label: t("Fargate Spot"),
      description: t("as Fargate, cheaper, and may be taken away"),
    },
  ];
}
