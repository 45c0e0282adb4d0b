import { managedPolicyArn, type PolicyScope, type RoleSpec, trust } from "./policy.js";

/**
 * The role of the instances of a compute environment, through an instance profile of the same name. Scripts can reach
 * it over host networking whatever is blocked (engine-rules.md D2), so it has what the ECS agent needs and nothing else.
 */
export function instanceRole(scope: PolicyScope): RoleSpec {
  return {
    part: "instance",
    title: "Role of the instances of compute environments",
    may: ["join the cluster of a compute environment and report to it"],
    trust: trust(scope, "ec2", "nothing"),
    managed: [managedPolicyArn(scope, "service-role/AmazonEC2ContainerServiceforEC2Role")],
    inline: {},
  };
}
