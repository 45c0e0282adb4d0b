import { goesOn, planSummary } from "../cloud/plan-words.js";
import { doesNothing } from "../cloud/reconcile/plan.js";
import type { GroupName } from "../cloud/reconcile/resource.js";
import { lossesOf } from "../cloud/reconcile/teardown.js";
import { applySetup, inUse, planSetup, type Request } from "../cloud/setup.js";
import {
  accountJson,
  accountOf,
  type ConsentOptions,
  consents,
  consentsToLoss,
  groupsOf,
  interrupted,
  planJson,
  projectJson,
  renderAgainst,
  renderPlan,
  StepProgress,
  stepJson,
} from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes, interruptCode } from "./exit.js";
import { currentProject } from "./open.js";
import type { Terminal } from "./terminal.js";
import { printable, writeJson } from "./text.js";

/** `reprod setup GROUP…`: shows what would be made, asks, and makes it. */
export async function run(
  { terminal }: CommandContext,
  names: readonly string[],
  options: ConsentOptions,
): Promise<number> {
  return setUp(terminal, options, groupsOf(names), new Map());
}

/** Plans, shows, asks, applies: what `setup` and `env` have in common. */
export async function setUp(
  terminal: Terminal,
  options: ConsentOptions,
  groups: readonly GroupName[],
  declare: NonNullable<Request["declare"]>,
): Promise<number> {
  const { out, notes } = terminal;
  terminal.handleInterrupts();
  const account = await accountOf(terminal, options);
  const project = currentProject();
  const request: Request = {
    project,
    account,
    groups,
    declare,
    signal: terminal.interrupted,
    onRemark: (text) => notes.write(`note: ${printable(text)}\n`),
  };
  const progress = new StepProgress(terminal, options.json === true);
  try {
    const { plan, against } = await planSetup(request);
    if (!options.json) out.write(renderPlan(plan, { account, project }, out) + renderAgainst(against, out));
    const nothing = doesNothing(plan) && declare.size === 0;
    if (options.plan === true || nothing) {
      if (options.json)
        writeJson(out, {
          account: accountJson(account),
          project: projectJson(project),
          plan: planJson(plan),
          against: against.map(({ why }) => why),
          applied: null,
        });
      return exitCodes.done;
    }
    if (against.length > 0 && options.force !== true) throw inUse(against);
    const go =
      doesNothing(plan) ||
      ((await consents(terminal, options, `${capital(planSummary(plan))}?`)) &&
        (await consentsToLoss(terminal, options, lossesOf(plan, against))));
    if (!go) return exitCodes.problems;
    const applied = await applySetup(
      { ...request, force: options.force === true, onProgress: progress.tell },
      plan,
    );
    progress.clear();
    if (options.json) {
      writeJson(out, {
        account: accountJson(account),
        project: projectJson(project),
        plan: planJson(plan),
        against: against.map(({ why }) => why),
        applied: {
          outcome: applied.outcome,
          done: applied.done.map(stepJson),
          left: applied.left.map(stepJson),
        },
      });
    } else if (applied.outcome === "done") {
      if (!doesNothing(plan)) out.write(`done: ${plan.groups.map(({ title }) => title).join(", ")}\n`);
    } else {
      const { done, left } = applied;
      notes.write(`cancelled: ${goesOn(done.length, done.length + left.length)}\n`);
    }
    return applied.outcome === "done" ? exitCodes.done : interruptCode(terminal.interrupted);
  } catch (error) {
    progress.broken();
    throw interrupted(terminal, error);
  } finally {
    account.aws.destroy();
  }
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
