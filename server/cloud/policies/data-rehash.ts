import { functionRole } from "./function-role.js";
import { allow, bucketArn, buildKeys, type PolicyScope, type RoleSpec } from "./policy.js";

/** The role of the function that reads objects again and compares their digests: it changes nothing. */
export function dataRehashRole(scope: PolicyScope): RoleSpec {
  return functionRole(
    scope,
    "data-rehash",
    "Role of the function that checks digests",
    ["list and read objects"],
    [
      allow("Read", ["s3:GetObject"], buildKeys(scope, "objects/")),
      allow("List", ["s3:ListBucket"], [bucketArn(scope, "build")]),
    ],
  );
}
