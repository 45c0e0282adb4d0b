import type { Step } from "../../../server/cloud/reconcile/plan.js";

/** A step of a plan, which creates a VPC unless it is said otherwise. */
export function stepOf(more: Partial<Step> = {}): Step {
  return {
    key: "network/x",
    group: "network",
    kind: "VPC",
    name: "reprod-x-vpc",
    action: "create",
    differences: [],
    losesData: false,
    ...more,
  };
}
