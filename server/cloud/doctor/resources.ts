import { groupStateWords } from "../plan-words.js";
import { groupPlan } from "../reconcile/plan.js";
import type { GroupName } from "../reconcile/resource.js";
import { type Check, type CheckResult, resultOf } from "./check.js";

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
      for (const { name, state } of plans) {
        if (state === "ready" || (state === "not-set-up" && !neededToRun.has(name))) continue;
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
