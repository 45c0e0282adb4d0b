import * as path from "node:path";
import { version } from "../../package.json";
import type { Project } from "../data/project.js";
import type { Account } from "./account.js";
import type { GroupName } from "./reconcile/resource.js";
import { makeScope, type Scope } from "./reconcile/scope.js";

/** Whose resources are looked at or set up. `declared`: what groups were asked for by name; read when they declare. */
export function scopeOf(
  account: Account,
  project: Project,
  declared: ReadonlyMap<GroupName, unknown> = new Map(),
): Scope {
  return makeScope({
    projectId: project.id,
    projectName: project.name,
    folder: settingsFolderOf(project),
    account,
    settings: project.settings.cloud ?? {},
    version,
    declared,
  });
}

/** Where the settings files of the groups lie. */
export function settingsFolderOf({ root, settings }: Project): string {
  return path.resolve(root, settings.cloud?.folder ?? ".");
}
