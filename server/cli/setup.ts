import { Failure } from "../base/failure.js";
import { GOES_ON, planSummary } from "../cloud/plan-words.js";
import { doesNothing } from "../cloud/reconcile/plan.js";
import type { GroupName } from "../cloud/reconcile/resource.js";
import { applySetup, planSetup, type Request } from "../cloud/setup.js";
import {
  accountJson,
  accountOf,
  type ConsentOptions,
  consents,
  consentsToLoss,
  groupsOf,
  planJson,
  renderPlan,
  StepProgress,
  stepJson,
} from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject } from "./open.js";
import type { Terminal } from "./terminal.js";
import { count, writeJson } from "./text.js";

interface SetupOptions extends ConsentOptions {
  readonly force?: true;
}

/** `reprod setup GROUP…`: shows what would be made, asks, and makes it. */
export async function run(
  { terminal }: CommandContext,
  names: readonly string[],
  options: SetupOptions,
): Promise<number> {
  return setUp(terminal, options, groupsOf(names), new Map());
}

/** Plans, shows, asks, applies: what `setup` and `env` have in common. */
export async function setUp(
  terminal: Terminal,
  options: SetupOptions,
  groups: readonly GroupName[],
  declare: ReadonlyMap<GroupName, unknown>,
): Promise<number> {
  const { out, notes } = terminal;
  terminal.handleInterrupts();
  const account = await accountOf(terminal, options);
  const request: Request = {
    project: currentProject(),
    account,
    groups,
    declare,
    signal: terminal.interrupted,
  };
  const progress = new StepProgress(terminal, options.json === true);
  try {
    const { plan } = await planSetup(request);
    if (!options.json) out.write(renderPlan(plan, account, out));
    const nothing = doesNothing(plan) && declare.size === 0;
    if (options.plan === true || nothing) {
      if (options.json)
        writeJson(out, { account: accountJson(account), plan: planJson(plan), applied: null });
      return exitCodes.done;
    }
    const doomed = plan.steps.filter(({ losesData }) => losesData).map(({ name }) => name);
    const go =
      doesNothing(plan) ||
      ((await consents(terminal, options, `${capital(planSummary(plan))}?`)) &&
        (await consentsToLoss(terminal, options, doomed)));
    if (!go) return exitCodes.done;
    const applied = await applySetup({ ...request, onProgress: progress.tell }, plan);
    progress.clear();
    if (options.json) {
      writeJson(out, {
        account: accountJson(account),
        plan: planJson(plan),
        applied: {
          outcome: applied.outcome,
          done: applied.done.map(stepJson),
          left: applied.left.map(stepJson),
        },
      });
    } else if (applied.outcome === "done") {
      if (!doesNothing(plan)) out.write(`done: ${plan.groups.map(({ title }) => title).join(", ")}\n`);
    } else {
      notes.write(
        `cancelled: ${applied.done.length} of ${count(applied.done.length + applied.left.length, "step")} done. ${GOES_ON}\n`,
      );
    }
    return applied.outcome === "done" ? exitCodes.done : exitCodes.interrupted;
  } catch (error) {
    progress.clear();
    throw interrupted(terminal, error);
  } finally {
    account.aws.destroy();
  }
}

/** An interrupt while something was read or asked is no defect. */
export function interrupted(terminal: Terminal, error: unknown): unknown {
  if (!terminal.interrupted.aborted || error instanceof Failure) return error;
  return new Failure("interrupted", "it was interrupted before anything was changed");
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
