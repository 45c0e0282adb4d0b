import * as path from "node:path";
import { version } from "../../../package.json";
import type { Project } from "../../data/project.js";
import type { Account } from "../account.js";
import { makeScope, type Scope } from "../reconcile/scope.js";

/** Whose resources are looked at. */
export function scopeOf(account: Account, project: Project): Scope {
  return makeScope({
    projectId: project.id,
    projectName: project.name,
    folder: path.resolve(project.root, project.settings.cloud?.folder ?? "."),
    account,
    settings: project.settings.cloud ?? {},
    version,
    declared: new Map(),
  });
}
