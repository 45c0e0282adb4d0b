import { functionRole } from "./function-role.js";
import { describeWork, readLogs } from "./launch.js";
import {
  allow,
  bucketArn,
  buildKeys,
  createOnly,
  type PolicyScope,
  type RoleSpec,
  temporaryKeys,
} from "./policy.js";

/**
 * The role of the function that hears of a task's end. It is a committer (D1): no user's code runs under it, so it may
 * write results, create-only. It knows 404 from 403, since "no such object" and "not allowed" must not be one to it.
 */
export function logCollectRole(scope: PolicyScope): RoleSpec {
  return functionRole(
    scope,
    "log-collect",
    "Role of the function that keeps results and logs",
    [
      "look at tasks and jobs, and read their logs",
      "read what an attempt left, and create, but never overwrite or delete, its result",
    ],
    [
      allow(
        "Read",
        ["s3:GetObject"],
        [
          ...buildKeys(scope, "objects/", "results/", "content/", "attempts/"),
          ...temporaryKeys(scope, "runs/"),
        ],
      ),
      allow("Absent", ["s3:ListBucket"], [bucketArn(scope, "build"), bucketArn(scope, "temporary")]),
      ...createOnly("Commit", buildKeys(scope, "objects/", "results/", "content/")),
      ...describeWork(scope),
      ...readLogs(scope),
    ],
  );
}
