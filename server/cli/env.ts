import { Failure } from "../base/failure.js";
import {
  type EnvironmentSpec,
  parseEnvironmentSpecs,
  withEnvironment,
  withoutEnvironment,
} from "../cloud/groups/support/environment-specs.js";
import { declaredOf } from "../cloud/setup.js";
import type { ConsentOptions } from "./cloud-options.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject } from "./open.js";
import { setUp } from "./setup.js";
import { table, writeJson } from "./text.js";

interface CreateOptions extends ConsentOptions {
  readonly type?: EnvironmentSpec["type"];
  readonly maxVcpus?: number;
  readonly disk?: number;
  readonly instanceType: readonly string[];
}

/** `reprod env create|list|delete [NAME]`: named environments of AWS Batch. */
export async function run(
  context: CommandContext,
  action: "create" | "list" | "delete",
  name: string | undefined,
  options: CreateOptions,
): Promise<number> {
  if (action === "list") return list(context, options);
  if (name === undefined) {
    throw new Failure("name-missing", `an environment has a name: "env ${action}"`, {
      fix: `Say \`reprod env ${action} NAME\`; \`reprod env list\` lists those that there are.`,
    });
  }
  const spec: Partial<EnvironmentSpec> = {
    ...(options.type !== undefined && { type: options.type }),
    ...(options.maxVcpus !== undefined && { maxVcpus: options.maxVcpus }),
    ...(options.disk !== undefined && { diskGiB: options.disk }),
    ...(options.instanceType.length > 0 && { instanceTypes: options.instanceType }),
  };
  const change = (declared: unknown): unknown =>
    action === "create" ? withEnvironment(declared, name, spec) : withoutEnvironment(declared, name);
  // What cannot be is said before AWS is asked; what is declared when it is done counts.
  change(declaredOf(currentProject(), "compute-environment"));
  return setUp(
    context.terminal,
    options,
    ["compute-environment"],
    new Map([["compute-environment", change]]),
  );
}

/** What was asked for; `reprod resources` says how it is in the account. */
async function list({ terminal: { out } }: CommandContext, options: JsonOption): Promise<number> {
  const specs = parseEnvironmentSpecs(declaredOf(currentProject(), "compute-environment"));
  if (options.json) {
    writeJson(out, specs);
    return exitCodes.done;
  }
  const rows = Object.entries(specs).map(([name, { type, maxVcpus, diskGiB, instanceTypes }]) => [
    name,
    type,
    `up to ${maxVcpus} vCPUs`,
    diskGiB === undefined ? "" : `${diskGiB} GiB`,
    (instanceTypes ?? []).join(", "),
  ]);
  out.write(rows.length === 0 ? "no environments; `reprod env create NAME` makes one\n" : table(rows));
  return exitCodes.done;
}
