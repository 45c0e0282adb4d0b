import type { PlanView } from "../server/protocol.js";
import { dollars, estimated, grouped, nodesText } from "./format.js";
import type { Translate } from "./translate.js";

/** `Run 5 Nodes`: what the button does. */
export function runTitle({ toRun }: PlanView, t: Translate): string {
  return toRun === 1 ? t("Run 1 Node") : t("Run {0} Nodes", grouped(toRun));
}

/** `5 of 14 nodes to run, about 12 min, $0.31`. */
export function planSentence(plan: PlanView, t: Translate): string {
  const parts = [t("{0} of {1} to run", grouped(plan.toRun), nodesText(plan.nodes, t))];
  if (plan.estimate !== undefined) {
    parts.push(estimated(plan.estimate.lowMilliseconds, plan.estimate.highMilliseconds, t));
  }
  if (plan.cost !== undefined) parts.push(dollars(plan.cost.low, plan.cost.high, t));
  return parts.join(", ");
}
