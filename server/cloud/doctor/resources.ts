import type { Failure } from "../../base/failure.js";
import { groupStateWords } from "../plan-words.js";
import { groupPlan } from "../reconcile/plan.js";
import type { Readings } from "../reconcile/reading.js";
import type { GroupName } from "../reconcile/resource.js";
import { type Check, type CheckContext, type CheckResult, resultOf } from "./check.js";

/** Without these nothing runs; the others are for who wants them. */
export const neededToRun: ReadonlySet<GroupName> = new Set(["roles", "storage", "network", "cluster"]);

export const resources: Check = {
  id: "resources",
  title: "Resources",
  run: async (context) => {
    try {
      const readings = await context.readings();
      const plans = readings.groups.map(({ name }) => groupPlan(name, readings));
      const ready = plans.filter(({ state }) => state === "ready").map(({ name }) => name);
      const results: CheckResult[] =
        ready.length === 0 ? [] : [{ outcome: "ok", what: `ready: ${ready.join(", ")}` }];
      for (const { key, found, resource } of readings.byKey.values()) {
        const remark = found === undefined ? undefined : resource.remark?.(found);
        if (remark !== undefined) results.push({ outcome: "ok", what: `${key}: ${remark}` });
      }
      results.push(...unseen(readings, context));
      for (const { name, state } of plans) {
        if (state === "ready" || state === "unknown" || (state === "not-set-up" && !neededToRun.has(name)))
          continue;
        results.push({
          outcome: "warning",
          what: `this group is ${groupStateWords[state]}: "${name}"`,
          ...(neededToRun.has(name) && { why: "Nothing can run in the account without it." }),
          fix:
            state === "removing"
              ? `Go on with \`reprod teardown ${name}\`, or make it anew: \`reprod setup ${name}\`.`
              : `Look at \`reprod setup ${name} --plan\`, then say \`reprod setup ${name}\`.`,
        });
      }
      const others = plans.filter(({ name, state }) => state === "not-set-up" && !neededToRun.has(name));
      if (others.length > 0) {
        const names = others.map(({ name }) => name).join(", ");
        results.push({ outcome: "ok", what: `not set up, and not needed by every run: ${names}` });
      }
      return results;
    } catch (error) {
      return [resultOf(error, "look at what is set up", context)];
    }
  },
};

/** Groups and parts of which nothing can be told, each with the reason. */
function unseen({ unreadable, byKey }: Readings, context: CheckContext): readonly CheckResult[] {
  const results = [...unreadable].map(([name, failure]) =>
    resultOf(failure, `look at the group "${name}"`, context),
  );
  const alike = new Map<string, { readonly first: string; readonly trouble: Failure; more: number }>();
  for (const { key, trouble } of byKey.values()) {
    if (trouble === undefined) continue;
    const known = alike.get(trouble.message);
    if (known === undefined) alike.set(trouble.message, { first: key, trouble, more: 0 });
    else known.more++;
  }
  for (const { first, trouble, more } of alike.values()) {
    results.push(resultOf(trouble, `look at ${first}${more > 0 ? ` and ${more} more` : ""}`, context));
  }
  return results;
}
