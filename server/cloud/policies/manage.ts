import { functionRole } from "./function-role.js";
import { describeWork, RUNNER_FAMILY, readLogs, runTasks } from "./launch.js";
import {
  allow,
  bucketArn,
  buildKeys,
  type PolicyScope,
  passRole,
  type RoleSpec,
  temporaryKeys,
} from "./policy.js";

/**
 * The role of the function behind the endpoints (engine-rules.md D10). It starts the runner's task definition and no
 * other, and hands on the runner's two roles: its own, and the one by which ECS starts it. It reads of the store what
 * it shows, and writes only what belongs to a run: what was asked for, requests, counts of restarts (D9).
 */
export function manageRole(scope: PolicyScope): RoleSpec {
  return functionRole(
    scope,
    "manage",
    "Role of the function behind the endpoints",
    ["start, watch and stop the in-cloud runner", "read records, runs and logs", "write requests to runs"],
    [
      ...runTasks(scope, scope.name(RUNNER_FAMILY)),
      ...describeWork(scope),
      passRole(scope, "HandOnRunnerRoles", ["runner", "execution"], "ecs-tasks"),
      allow(
        "Read",
        ["s3:GetObject"],
        [
          ...buildKeys(
            scope,
            "objects/",
            "results/",
            "content/",
            `names/${scope.projectId}/`,
            "tasks/",
            "runner/",
          ),
          ...temporaryKeys(scope, "runs/"),
        ],
      ),
      allow("ListRuns", ["s3:ListBucket"], [bucketArn(scope, "build"), bucketArn(scope, "temporary")]),
      allow("WriteRuns", ["s3:PutObject"], temporaryKeys(scope, "runs/")),
      ...readLogs(scope),
    ],
  );
}
