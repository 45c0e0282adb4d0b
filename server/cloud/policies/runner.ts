import { launchNodes, readLogs, useStore } from "./launch.js";
import { type PolicyScope, policy, type RoleSpec, trust } from "./policy.js";

/**
 * The role of the in-cloud runner (engine-rules.md D9). It launches what the project may launch, hands on the two roles
 * of tasks and not its own, has nothing of IAM beyond that, and cannot write the code that it is started from.
 */
export function runnerRole(scope: PolicyScope): RoleSpec {
  return {
    part: "runner",
    title: "Role of the in-cloud runner",
    may: [
      "start, watch and stop the project's tasks and jobs",
      "read and write the project's results, and delete none",
    ],
    trust: trust(scope, "ecs-tasks", "account and ARN"),
    managed: [],
    inline: {
      launch: policy(...launchNodes(scope)),
      store: policy(...useStore(scope), ...readLogs(scope)),
    },
  };
}
