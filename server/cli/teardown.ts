import { goesOn, planSummary } from "../cloud/plan-words.js";
import { lossesOf } from "../cloud/reconcile/teardown.js";
import { applyRemoval, inUse, planRemoval, type Request, tidyUp } from "../cloud/setup.js";
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
  removalText,
  renderAgainst,
  renderPlan,
  StepProgress,
  stepJson,
} from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes, interruptCode } from "./exit.js";
import { currentProject } from "./open.js";
import { capital } from "./setup.js";
import { printable, writeJson } from "./text.js";

/** `reprod teardown GROUP…`: shows what would go, asks (twice where data is lost), and removes it. */
export async function run(
  { terminal }: CommandContext,
  names: readonly string[],
  options: ConsentOptions,
): Promise<number> {
  const { out, notes } = terminal;
  const groups = groupsOf(names);
  terminal.handleInterrupts();
  const account = await accountOf(terminal, options);
  const project = currentProject();
  const request: Request = {
    project,
    account,
    groups,
    signal: terminal.interrupted,
    onRemark: (text) => notes.write(`note: ${printable(text)}\n`),
  };
  const progress = new StepProgress(terminal, options.json === true, "removal");
  try {
    const { plan, against } = await planRemoval(request);
    if (!options.json) out.write(renderPlan(plan, { account, project }, out) + renderAgainst(against, out));
    if (options.plan !== true && plan.steps.length === 0) await tidyUp(request, plan);
    if (options.plan === true || plan.steps.length === 0) {
      if (options.json)
        writeJson(out, {
          account: accountJson(account),
          project: projectJson(project),
          plan: planJson(plan),
          against: against.map(({ why }) => why),
          removed: null,
        });
      return exitCodes.done;
    }
    if (against.length > 0 && options.force !== true) throw inUse(against);
    const go =
      (await consents(terminal, options, `${capital(planSummary(plan))}?`)) &&
      (await consentsToLoss(terminal, options, lossesOf(plan, against)));
    if (!go) return exitCodes.problems;
    const removed = await applyRemoval(
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
        removed: {
          outcome: removed.outcome,
          done: removed.done.map(stepJson),
          left: removed.left.map(({ step, why }) => ({ step: stepJson(step), why })),
        },
      });
    } else {
      for (const { step, why } of removed.left) {
        notes.write(`left: ${printable(`${step.kind} ${step.id ?? step.name}: ${why}`)}\n`);
      }
      const { done, left } = removed;
      if (removed.outcome === "done") out.write(`${removalText(done)}\n`);
      else notes.write(`cancelled: ${goesOn(done.length, done.length + left.length, true)}\n`);
    }
    if (removed.outcome === "cancelled") return interruptCode(terminal.interrupted);
    return removed.left.length > 0 ? exitCodes.problems : exitCodes.done;
  } catch (error) {
    progress.broken();
    throw interrupted(terminal, error);
  } finally {
    account.aws.destroy();
  }
}
