import type { GraphNode } from "../graph/model.js";
import type { Plan } from "./plan.js";

export function briefWhy(plan: Plan, node: GraphNode): readonly string[] {
  const state = plan.states.of(node);
  return [state.state];
}
export async function whyOf(plan: Plan, node: GraphNode): Promise<readonly string[]> {
  return briefWhy(plan, node);
}
