import { functionRole } from "./function-role.js";
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
 * The role of the function that brings a URL into the build bucket. Bytes come from anywhere, so it may create objects
 * and replace none. It lists, since it has to tell an object that is not there (404) from one that it may not see.
 * A download lies under `runs/import/` of the temporary bucket until its digest is known: the one place of which anything
 * of ours may delete. Of other buckets it reads those that the project names, else whoever may call it could read
 * every bucket of the account.
 */
export function dataImportRole(scope: PolicyScope): RoleSpec {
  const others = (scope.importBuckets ?? []).map((bucket) => `arn:${scope.partition}:s3:::${bucket}`);
  return functionRole(
    scope,
    "data-import",
    "Role of the function that imports data",
    ["create, but never overwrite or delete, objects", "keep unfinished downloads in the temporary bucket"],
    [
      allow(
        "Read",
        ["s3:GetObject"],
        [
          ...buildKeys(scope, "objects/"),
          ...temporaryKeys(scope, "runs/import/"),
          ...others.map((bucket) => `${bucket}/*`),
        ],
      ),
      allow("Absent", ["s3:ListBucket"], [bucketArn(scope, "build"), ...others]),
      ...createOnly("Create", buildKeys(scope, "objects/")),
      allow(
        "Download",
        ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        temporaryKeys(scope, "runs/import/"),
      ),
    ],
  );
}
