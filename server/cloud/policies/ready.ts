import { canonicalText } from "../../graph/canonical.js";
import { groupNames } from "../reconcile/resource.js";
import { type Policy, type PolicyScope, policy, type Statement } from "./policy.js";
import type { ReadyPolicyName } from "./ready-names.js";
import { endpointReader, endpointWriter, engineUser, setupPolicy } from "./user.js";

/** Characters that IAM takes of a managed policy, white space not counted. */
export const POLICY_SIZE = 6144;

/** A document as IAM takes it: what a statement is called is for people and may be left out. */
export type ReadyPolicy = Omit<Policy, "Statement"> & {
  readonly Statement: readonly Omit<Statement, "Sid">[];
};

/**
 * The documents by their names: one, or several where one would be too big for IAM. `apiId` is asked only for what
 * names the API.
 */
export function readyPolicies(
  which: ReadyPolicyName,
  scope: PolicyScope,
  apiId: () => string,
): ReadonlyMap<string, ReadyPolicy> {
  switch (which) {
    case "all":
      return inOne(which, new Map(groupNames.map((group) => [group, setupPolicy(scope, group)])));
    case "runs":
      return inOne(which, new Map(Object.entries(engineUser(scope))));
    case "endpoints-read":
      return new Map([[which, endpointReader(scope, apiId())]]);
    case "endpoints-write":
      return new Map([[which, endpointWriter(scope, apiId())]]);
    default:
      return new Map([[which, setupPolicy(scope, which)]]);
  }
}

/** All in one document, where it fits in, if need be without the names of its statements. */
function inOne(name: string, parts: ReadonlyMap<string, Policy>): ReadonlyMap<string, ReadyPolicy> {
  const statements = new Map<string, Statement>();
  for (const statement of [...parts.values()].flatMap((part) => part.Statement)) {
    // What several parts need, they need under different names.
    const { Sid: _, ...what } = statement;
    const key = canonicalText(what);
    if (!statements.has(key)) statements.set(key, statement);
  }
  const whole = policy(...statements.values());
  const nameless: ReadyPolicy = { ...whole, Statement: whole.Statement.map(({ Sid: _, ...what }) => what) };
  const fitting = [whole, nameless].find((document) => policySize(document) <= POLICY_SIZE);
  return fitting === undefined ? parts : new Map([[name, fitting]]);
}

/** What IAM counts of a document. None of ours has white space in its texts. */
export function policySize(document: ReadyPolicy): number {
  return canonicalText(document).length;
}
