import { count } from "../base/format.js";
import type { Account } from "./account.js";
import { PRICES_AS_OF } from "./prices.js";
import type { Action, GroupState, Plan, Step } from "./reconcile/plan.js";
import type { Reading } from "./reconcile/reading.js";

/** The sign before a step, and what is done with its resource: in terminals and on pages. */
export const actionWords: { readonly [action in Action]: { readonly sign: string; readonly verb: string } } =
  {
    create: { sign: "+", verb: "create" },
    adopt: { sign: "&", verb: "adopt" },
    change: { sign: "~", verb: "change" },
    replace: { sign: "!", verb: "replace" },
    remove: { sign: "-", verb: "remove" },
    release: { sign: "<", verb: "let go of" },
    keep: { sign: "=", verb: "keep" },
  };

/** The editor says the same, by its translations. */
export const groupStateWords: { readonly [state in GroupState]: string } = {
  "not-set-up": "not set up",
  ready: "ready",
  drifted: "drifted",
  partly: "partly set up",
  removing: "removing",
  unknown: "unknown",
};

/** `create 11, change 1 and remove 2 resources`; "no change" when there is nothing to do. */
export function planSummary({ steps, groups }: Plan): string {
  const parts = Object.entries(actionWords).flatMap(([action, { verb }]) => {
    const number = steps.filter((step) => step.action === action).length;
    return number === 0 || action === "keep" ? [] : [{ verb, number }];
  });
  const [only] = parts;
  if (only === undefined) {
    const files = groups.filter(({ writesFile }) => writesFile).length;
    return files === 0 ? "no change" : `write ${count(files, "settings file")}`;
  }
  if (parts.length === 1) return `${only.verb} ${count(only.number, "resource")}`;
  const texts = parts.map(({ verb, number }) => `${verb} ${number}`);
  return `${texts.slice(0, -1).join(", ")} and ${texts.at(-1) ?? ""} resources`;
}

/** What it costs to have it, and that use costs: with the first amount, of where and when the prices are. */
export function moneyText(plan: Plan): string {
  const prices = ` (list prices of us-east-1, ${PRICES_AS_OF})`;
  const free = plan.atRest === 0;
  const rest = free ? "free at rest" : `about $${plan.atRest.toFixed(2)} a month at rest${prices}`;
  if (!plan.steps.some(costsMoney)) return rest;
  return `${rest}; $ marks what costs money when it is used${free ? prices : ""}`;
}

/** Whether a step brings something that costs money, by being there or by being used. */
export function costsMoney({ action, cost }: Step): boolean {
  if (action === "remove" || action === "release" || action === "keep" || cost === undefined) return false;
  return cost.atRest > 0 || cost.use !== undefined;
}

/** `account 123456789012, us-west-2, as profile "reprod"` */
export function accountText({ accountId, region, profile, callerArn }: Account): string {
  const who = profile === undefined ? callerArn : `profile "${profile}"`;
  return `account ${accountId}, ${region}, as ${who}`;
}

/** What a step is about, without its sign: `security group reprod-…-tasks (sg-0ab…)`. */
export function stepSubject({ kind, name, id }: Step): string {
  const known = id === undefined || id === name ? "" : ` (${id})`;
  return `${kind} ${name}${known}`;
}

export type ResourceState = "ready" | "adopted" | "drifted" | "missing" | "stray" | "not-set-up" | "unknown";

export const resourceStateWords: { readonly [state in ResourceState]: string } = {
  ready: "ready",
  adopted: "adopted",
  drifted: "drifted",
  missing: "gone",
  stray: "not declared any more",
  "not-set-up": "not set up",
  unknown: "unknown",
};

/** How a resource stands. What may not be seen is not gone. */
export function resourceState({
  found,
  differences,
  stray,
  trouble,
  file,
  resource,
}: Pick<Reading, "found" | "differences" | "stray" | "trouble" | "file" | "resource">): ResourceState {
  if (trouble !== undefined) return "unknown";
  if (stray) return "stray";
  // One that is declared since, or whose making was begun only, was never there.
  if (found === undefined) return file.entry(resource.part)?.ref === undefined ? "not-set-up" : "missing";
  if (differences.length > 0) return "drifted";
  return found.owner === "adopted" ? "adopted" : "ready";
}

/**
 * `3 of 11 steps done. What was made stays …`: said of what ended in the midst of it, so that whoever stopped it learns
 * what that means. Of a removal it is the other way round.
 */
export function goesOn(done: number, total: number, removal = false): string {
  return `${done} of ${count(total, "step")} done. ${removal ? REMOVAL_GOES_ON : GOES_ON}`;
}

const GOES_ON =
  "What was made stays and is noted in the settings file; say the same again to go on from there, or tear it down.";
const REMOVAL_GOES_ON =
  "What is gone stays gone, and what is left is noted in the settings file; say the same again to remove the rest, or set it up again.";
