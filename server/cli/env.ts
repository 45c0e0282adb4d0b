import { Failure } from "../base/failure.js";
import { GROUP, kinds } from "../cloud/groups/compute-environment/common.js";
import {
  type Declared,
  type EnvironmentSpec,
  LEFT,
  parseDeclared,
  withEnvironment,
  withoutEnvironment,
} from "../cloud/groups/support/environment-specs.js";
import { groupStateWords } from "../cloud/plan-words.js";
import type { GroupState } from "../cloud/reconcile/plan.js";
import type { Readings } from "../cloud/reconcile/reading.js";
import { declaredOf, readResources } from "../cloud/setup.js";
import { type AccountOptions, accountOf, type ConsentOptions, interrupted } from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject } from "./open.js";
import { setUp } from "./setup.js";
import { printable, table, writeJson } from "./text.js";

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
  // What cannot be is said before AWS is asked; what is declared when it is done counts. Which there are to be deleted,
  // only AWS knows.
  if (action === "create") change(declaredOf(currentProject(), GROUP));
  return setUp(context.terminal, options, [GROUP], new Map([[GROUP, change]]));
}

/** What was asked for and what is in the account: either may know of one that the other does not. */
async function list({ terminal }: CommandContext, options: AccountOptions): Promise<number> {
  const { out } = terminal;
  terminal.handleInterrupts();
  const account = await accountOf(terminal, options);
  try {
    const readings = await readResources({
      project: currentProject(),
      account,
      groups: [GROUP],
      signal: terminal.interrupted,
      onRemark: (text) => terminal.notes.write(`note: ${printable(text)}\n`),
    });
    const trouble = readings.unreadable.get(GROUP);
    if (trouble !== undefined) throw trouble;
    const environments = Object.entries(parseDeclared(readings.scope.declared(GROUP))).map(
      ([name, value]) => ({
        name,
        spec: value === null || value === LEFT ? undefined : value,
        state: stateOf(name, value, readings),
      }),
    );
    if (options.json) {
      writeJson(
        out,
        Object.fromEntries(environments.map(({ name, spec, state }) => [name, { ...spec, state }])),
      );
      return exitCodes.done;
    }
    const rows = environments.map(({ name, spec, state }) => [
      name,
      spec?.type ?? "",
      spec === undefined ? "" : `up to ${spec.maxVcpus} vCPUs`,
      spec?.diskGiB === undefined ? "" : `${spec.diskGiB} GiB`,
      (spec?.instanceTypes ?? []).join(", "),
      groupStateWords[state],
    ]);
    out.write(rows.length === 0 ? "no environments; `reprod env create NAME` makes one\n" : table(rows));
    return exitCodes.done;
  } catch (error) {
    throw interrupted(terminal, error);
  } finally {
    account.aws.destroy();
  }
}

function stateOf(name: string, value: Declared[string], { byKey }: Readings): GroupState {
  const parts = kinds.flatMap((kind) => byKey.get(`${GROUP}/${name}-${kind}`) ?? []);
  const there = parts.filter(({ found }) => found !== undefined).length;
  if (parts.some(({ trouble }) => trouble !== undefined)) return "unknown";
  if (value === null) return "removing";
  if (there === 0) return "not-set-up";
  if (value === LEFT || there < parts.length) return "partly";
  return parts.some(({ differences }) => differences.length > 0) ? "drifted" : "ready";
}
