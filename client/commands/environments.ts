import * as vscode from "vscode";
import { type EnvironmentArguments, environmentsRequest } from "../../server/protocol.js";
import { chooseProject, noEnvironment, planAndApply } from "../apply-resources.js";
import { grouped } from "../format.js";
import { withPatience } from "../patience.js";
import type { Services } from "../services.js";
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
    const environments = await environmentsOf(services, project);
    const taken = new Set(environments.map(({ name }) => name));
    const name = await vscode.window.showInputBox({
      title: stepTitle(1, undefined),
      prompt: t("A name: lower-case letters, digits and hyphens"),
      placeHolder: "large",
      ignoreFocusOut: true,
      validateInput: (value) => nameProblem(value, taken),
    });
    if (name === undefined) return;
    const chosen = await vscode.window.showQuickPick(types(), {
      title: stepTitle(2, undefined),
      placeHolder: t("What its machines are"),
      ignoreFocusOut: true,
    });
    if (chosen === undefined) return;
    const { type } = chosen;
    const size = await vscode.window.showInputBox({
      title: stepTitle(3, type),
      prompt: t("How many vCPUs at most, all machines together"),
      value: "64",
      ignoreFocusOut: true,
      validateInput: (value) =>
        /^[1-9]\d{0,4}$/.test(value.trim()) ? undefined : t("A whole number from 1 to 99999."),
    });
    if (size === undefined) return;
    const machines = hasMachines(type) ? await askMachines(type) : {};
    if (machines === undefined) return;
    await planAndApply(services, {
      project,
      groups: ["compute-environment"],
      createEnvironment: { name, type, maxVcpus: Number(size), ...machines },
    });
  },
};

type Type = NonNullable<EnvironmentArguments["type"]>;

/** Fargate has no machines that one could choose. */
function hasMachines(type: Type): boolean {
  return type === "spot" || type === "on-demand";
}

/** How many steps there are is known with the type. */
function stepTitle(step: number, type: Type | undefined): string {
  const title = t("Create Compute Environment");
  if (type === undefined) return `${title} (${step})`;
  return `${title} (${step}/${hasMachines(type) ? 5 : 3})`;
}

/** Disk and instance types; what is left empty is as by default. Undefined when the person gave up. */
async function askMachines(
  type: Type,
): Promise<Pick<EnvironmentArguments, "diskGiB" | "instanceTypes"> | undefined> {
  const disk = await vscode.window.showInputBox({
    title: stepTitle(4, type),
    prompt: t("Scratch disk of each machine in GiB; empty for 100"),
    placeHolder: "100",
    ignoreFocusOut: true,
    validateInput: (value) => (isDisk(value.trim()) ? undefined : t("A whole number from 30 to 16384.")),
  });
  if (disk === undefined) return undefined;
  const kinds = await vscode.window.showInputBox({
    title: stepTitle(5, type),
    prompt: t("Instance types or families, with commas between them; empty for what fits"),
    placeHolder: "m7i, c7i.4xlarge",
    ignoreFocusOut: true,
    validateInput: (value) =>
      namesIn(value).every((one) => /^[a-z][a-z0-9_-]*(?:\.[a-z0-9-]+)?$/.test(one))
        ? undefined
        : t("Types such as m7i.large, or families such as c7g, with commas between them."),
  });
  if (kinds === undefined) return undefined;
  return {
    ...(disk.trim() === "" ? {} : { diskGiB: Number(disk) }),
    ...(namesIn(kinds).length === 0 ? {} : { instanceTypes: namesIn(kinds) }),
  };
}

function isDisk(text: string): boolean {
  return text === "" || (/^[1-9]\d{0,4}$/.test(text) && Number(text) >= 30 && Number(text) <= 16_384);
}

/** Asked of the account: a settings file may be lost, or another checkout have made one. */
async function environmentsOf({ server }: Services, project: string) {
  const { environments } = await withPatience(t("Reading the account"), "reprod.resources", (token) =>
    server.request(environmentsRequest, { project }, token),
  );
  return environments;
}

function namesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((part) => part !== "");
}

export const remove: Command = {
  run: async (services, argument) => {
    const project = await chooseProject(services, argument);
    if (project === undefined) return;
    const environments = await environmentsOf(services, project);
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
  readonly type: Type;
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
