import { functionRole } from "./function-role.js";
import { allow, bucketArn, buildKeys, logStreamArns, type PolicyScope, type RoleSpec } from "./policy.js";

/**
 * The role of the function that hears of a task's end. It keeps what AWS says of it under `tasks/`, where no task can
 * write, so that a committer can rest on the exit codes (D1); a later event may replace an earlier one. Records are
 * not its business.
 */
export function logCollectRole(scope: PolicyScope): RoleSpec {
  return functionRole(
    scope,
    "log-collect",
    "Role of the function that keeps logs",
    ["read the logs of tasks", "keep the logs and ends of tasks in the build bucket"],
    [
      allow("Keep", ["s3:GetObject", "s3:PutObject"], buildKeys(scope, "tasks/")),
      // A first event (404) is not to be taken for one that may not be read.
      allow("Absent", ["s3:ListBucket"], [bucketArn(scope, "build")]),
      allow("ReadLogs", ["logs:GetLogEvents"], [logStreamArns(scope, scope.names.logGroup)]),
    ],
  );
}
