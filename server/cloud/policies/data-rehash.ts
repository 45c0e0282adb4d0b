import { functionRole } from "./function-role.js";
import { allow, buildKeys, type PolicyScope, type RoleSpec, temporaryKeys } from "./policy.js";

/** The role of the function that reads bytes again and tells their digest: it changes nothing. */
export function dataRehashRole(scope: PolicyScope): RoleSpec {
  return functionRole(
    scope,
    "data-rehash",
    "Role of the function that checks digests",
    ["read objects and inputs"],
    [
      allow(
        "Read",
        ["s3:GetObject"],
        [...buildKeys(scope, "objects/"), ...temporaryKeys(scope, "inputs/", "imports/")],
      ),
    ],
  );
}
