import { batchServiceRole } from "./batch-service.js";
import { dataImportRole } from "./data-import.js";
import { dataRehashRole } from "./data-rehash.js";
import { executionRole } from "./execution.js";
import { instanceRole } from "./instance-profile.js";
import { logCollectRole } from "./log-collect.js";
import { manageRole } from "./manage.js";
import type { PolicyScope, RolePart, RoleSpec } from "./policy.js";
import { runnerRole } from "./runner.js";
import { spotFleetRole } from "./spot-fleet.js";
import { taskRole } from "./task.js";

/** Every role, by its part. */
export const roleSpecs: { readonly [part in RolePart]: (scope: PolicyScope) => RoleSpec } = {
  task: taskRole,
  execution: executionRole,
  runner: runnerRole,
  "data-import": dataImportRole,
  "data-rehash": dataRehashRole,
  "log-collect": logCollectRole,
  manage: manageRole,
  "batch-service": batchServiceRole,
  instance: instanceRole,
  "spot-fleet": spotFleetRole,
};

export function allRoles(scope: PolicyScope): readonly RoleSpec[] {
  return Object.values(roleSpecs).map((spec) => spec(scope));
}
