import type { PolicyScope, RolePart } from "../../policies/policy.js";
import { roleSpecs } from "../../policies/roles.js";
import type { Scope } from "../../reconcile/scope.js";
import { taskLogGroup } from "../cluster.js";

/** What the documents of policies name, out of what is set up here: our names, or those of what was adopted. */
export function policyScope(scope: Scope): PolicyScope {
  const { projectId, account, settings } = scope;
  const { partition, accountId, region } = account;
  const chosen = (key: string): string | undefined => settings.adopt?.[key];
  const roleArns: { [part in RolePart]?: string } = {};
  for (const part of Object.keys(roleSpecs) as RolePart[]) {
    const role = chosen(`roles/${part}`);
    // A role may be chosen by its name, which tells no path: one with a path has to be chosen by its ARN.
    if (role !== undefined) {
      roleArns[part] = role.startsWith("arn:") ? role : `arn:${partition}:iam::${accountId}:role/${role}`;
    }
  }
  return {
    partition,
    accountId,
    region,
    projectId,
    name: scope.name,
    names: {
      buildBucket: chosen("storage/build") ?? scope.name("build"),
      temporaryBucket: chosen("storage/tmp") ?? scope.name("tmp"),
      cluster: lastOf(chosen("cluster/cluster") ?? scope.name("cluster")),
      logGroup: taskLogGroup(scope),
    },
    roleArns,
    imageRepositories: settings.images ?? [],
    importBuckets: settings.importFrom ?? [],
  };
}

/** The name in what a person may give as a name or as an ARN. */
export function lastOf(nameOrArn: string): string {
  return nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1);
}
