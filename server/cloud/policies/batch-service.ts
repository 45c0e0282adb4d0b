import { managedPolicyArn, type PolicyScope, type RoleSpec, trust } from "./policy.js";

/** The role of AWS Batch itself. What it needs changes with Batch, so AWS's own policy is the right one. */
export function batchServiceRole(scope: PolicyScope): RoleSpec {
  return {
    part: "batch-service",
    title: "Role of AWS Batch",
    may: ["start and end the instances of compute environments"],
    trust: trust(scope, "batch", "nothing"),
    managed: [managedPolicyArn(scope, "service-role/AWSBatchServiceRole")],
    inline: {},
  };
}
