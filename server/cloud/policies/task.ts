import {
  allow,
  buildKeys,
  createOnly,
  type PolicyScope,
  policy,
  type RoleSpec,
  temporaryKeys,
  trust,
} from "./policy.js";

/**
 * The role of a node's containers (engine-rules.md D1). A user's script can do all that this role can, so it may do no
 * more than what a lie of the script could not turn into a result: what it creates is named by digests that readers
 * verify, or lies behind the attempt's own nonce.
 *
 * - No `s3:ListBucket`, though S3 answers 403 in place of 404 to who may not list: D1 takes either for "no result", so
 *   nothing needs the difference, and a list would tell the nonces of others. A missing permission therefore costs a
 *   repeated computation, never a wrong result; `reprod doctor` is what tells it.
 * - No read of `attempts/`: nobody else knows the nonce, so a 412 there says that the first try got through.
 * - ECS Exec needs four `ssmmessages` actions, and gets them from nobody: a session would be code under this role.
 */
export function taskRole(scope: PolicyScope): RoleSpec {
  return {
    part: "task",
    title: "Role of a node's containers",
    may: [
      "read inputs, objects and results",
      "create, but never overwrite or delete, objects and what its own attempt leaves",
    ],
    trust: trust(scope, "ecs-tasks", "account and ARN"),
    managed: [],
    inline: {
      work: policy(
        allow(
          "Read",
          ["s3:GetObject"],
          [
            ...buildKeys(scope, "objects/", "results/", "runner/"),
            ...temporaryKeys(scope, "inputs/", "runs/*/specs/"),
          ],
        ),
        ...createOnly("Create", buildKeys(scope, "objects/", "attempts/")),
      ),
    },
  };
}
