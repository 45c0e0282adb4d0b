import { groupNames } from "../reconcile/resource.js";

/** The policies to give to people, by what they let do: set up a group or all, launch runs, call the endpoints. */
export const readyPolicyNames = [...groupNames, "all", "runs", "endpoints-read", "endpoints-write"] as const;

export type ReadyPolicyName = (typeof readyPolicyNames)[number];
