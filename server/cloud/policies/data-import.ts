import { functionRole } from "./function-role.js";
import { allow, buildKeys, createOnly, type PolicyScope, type RoleSpec, temporaryKeys } from "./policy.js";

/**
 * The role of the function that brings a URL into the build bucket. Bytes come from anywhere, so it may create objects
 * and replace none. While a digest is not known, the download lies under `imports/` of the temporary bucket.
 */
export function dataImportRole(scope: PolicyScope): RoleSpec {
  return functionRole(
    scope,
    "data-import",
    "Role of the function that imports data",
    ["create, but never overwrite or delete, objects", "keep unfinished downloads in the temporary bucket"],
    [
      allow("Read", ["s3:GetObject"], [...buildKeys(scope, "objects/"), ...temporaryKeys(scope, "imports/")]),
      ...createOnly("Create", buildKeys(scope, "objects/")),
      allow(
        "Download",
        ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        temporaryKeys(scope, "imports/"),
      ),
    ],
  );
}
