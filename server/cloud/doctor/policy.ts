import { Failure } from "../../base/failure.js";
import { keepProjectId, type Project } from "../../data/project.js";
import type { Account } from "../account.js";
import { groupsByName } from "../groups/index.js";
import { policyScope } from "../groups/support/policy-scope.js";
import { type ReadyPolicy, readyPolicies } from "../policies/ready.js";
import type { ReadyPolicyName } from "../policies/ready-names.js";
import { scopeOf } from "../project-scope.js";
import { openFiles } from "../reconcile/reading.js";

/**
 * The ready policies for a project in an account. They name the project's id, which is kept in `reprod.json` with that.
 * Asks AWS nothing. Throws `needs-group` where the API is not there that a policy would name.
 */
export function policiesFor(
  which: ReadyPolicyName,
  account: Account,
  given: Project,
): ReadonlyMap<string, ReadyPolicy> {
  const scope = scopeOf(account, keepProjectId(given));
  return readyPolicies(which, policyScope(scope), () => {
    const files = openFiles([groupsByName.endpoints], scope.folder, scope);
    const id = files.get("endpoints")?.entry("api")?.ref?.id;
    if (id !== undefined) return id;
    throw new Failure(
      "needs-group",
      `this policy names the API of the endpoints, and there is none: "${which}"`,
      {
        why: `${groupsByName.endpoints.settingsFile} has no id of it.`,
        fix: "Say `reprod setup endpoints` first.",
      },
    );
  });
}
