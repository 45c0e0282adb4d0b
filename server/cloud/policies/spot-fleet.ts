import { managedPolicyArn, type PolicyScope, type RoleSpec, trust } from "./policy.js";

/** The role of Spot Fleet. Only compute environments that choose by best fit ask for it. */
export function spotFleetRole(scope: PolicyScope): RoleSpec {
  return {
    part: "spot-fleet",
    title: "Role of Spot Fleet",
    may: ["request, tag and end Spot instances"],
    trust: trust(scope, "spotfleet", "nothing"),
    managed: [managedPolicyArn(scope, "service-role/AmazonEC2SpotFleetTaggingRole")],
    inline: {},
  };
}
