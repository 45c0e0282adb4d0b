import type { ContextEntry, EvaluationResult, IAM } from "@aws-sdk/client-iam";
import { canonicalText } from "../../graph/canonical.js";
import type { Account } from "../account.js";
import { policyScope } from "../groups/support/policy-scope.js";
import type { Statement } from "../policies/policy.js";
import { engineUser, statementsOfSetup } from "../policies/user.js";
import { inOrder } from "../reconcile/dag.js";
import { groupPlan } from "../reconcile/plan.js";
import { type GroupName, groupNames } from "../reconcile/resource.js";
import { type Check, type CheckContext, type CheckResult, failureOf } from "./check.js";

/** As many questions at once as IAM answers without throttling. */
const PARALLEL = 4;

/** What somebody may want to do: set up a group, or run pipelines in what was set up. */
type Purpose = GroupName | "runs";
const purposes: readonly Purpose[] = [...groupNames, "runs"];

/** Whether the caller may set the groups up and run nodes there: IAM is asked what it would say, a question a statement. */
export const permissions: Check = {
  id: "permissions",
  title: "Permissions",
  run: async (context) => {
    const { account, signal } = context;
    if (account.callerArn.endsWith(":root")) {
      return [{ outcome: "ok", what: "the root user may do everything" }];
    }
    let source: string | undefined;
    let denied: ReadonlyMap<Purpose, readonly Denial[]>;
    try {
      source = await sourceOf(account);
      if (source === undefined) {
        return [
          {
            outcome: "unknown",
            what: `IAM tells only of users and roles what they may do, not of "${account.callerArn}"`,
          },
        ];
      }
      denied = await denials(await account.aws.iam(), source, context);
    } catch (error) {
      signal?.throwIfAborted();
      return [unknown(error, account)];
    }
    const ready = await readyGroups(context);
    return purposes.map((purpose) =>
      resultFor(purpose, denied.get(purpose) ?? [], purpose !== "runs" && ready.has(purpose), account),
    );
  },
};

/** Whatever is the matter with asking, it says nothing about the other permissions. */
function unknown(error: unknown, account: Account): CheckResult {
  const { why, message } = failureOf(error, "iam:SimulatePrincipalPolicy", account);
  return {
    outcome: "unknown",
    what: 'what you may do could not be asked: "iam:SimulatePrincipalPolicy"',
    why: why ?? message,
    fix: 'Ask who administers the account to allow "iam:SimulatePrincipalPolicy", or try: what is refused is named then.',
  };
}

function resultFor(
  purpose: Purpose,
  denied: readonly Denial[],
  isReady: boolean,
  { accountId, callerArn }: Account,
): CheckResult {
  const what = purpose === "runs" ? "run nodes in the cloud" : `set up ${purpose}`;
  if (denied.length === 0) return { outcome: "ok", what: `may ${what}` };
  const actions = [...new Set(denied.map(({ action }) => action))].sort();
  const forbidden = [...new Set(denied.filter(({ explicit }) => explicit).map(({ action }) => action))];
  const byOrganization = denied.some(({ organization }) => organization);
  const why = [
    ...(forbidden.length > 0
      ? [`A policy forbids ${forbidden.join(", ")} explicitly: allowing it elsewhere does not help.`]
      : []),
    ...(byOrganization ? ["The organization that the account belongs to does not allow it."] : []),
    ...(isReady ? ["The group is set up already, so this is needed only to change or remove it."] : []),
  ];
  return {
    // Who only uses what others have set up needs none of it.
    outcome: isReady ? "warning" : "failed",
    what: `may not ${what}: ${actions.join(", ")}`,
    ...(why.length > 0 && { why: why.join(" ") }),
    fix: `Ask who administers account ${accountId} to allow these to "${callerArn}"${purpose === "runs" ? "" : ", or to set the group up"}. \`reprod doctor --policy ${purpose}\` prints the policy for it.`,
  };
}

interface Denial {
  readonly action: string;
  readonly explicit: boolean;
  readonly organization: boolean;
}

/** The user or role behind the caller. A role's ARN has a path, which the session's ARN leaves out. */
async function sourceOf({ aws, callerArn, partition, accountId }: Account): Promise<string | undefined> {
  if (/^arn:[\w-]+:iam::\d+:(?:user|role)\//.test(callerArn)) return callerArn;
  const role = /^arn:[\w-]+:sts::\d+:assumed-role\/([^/]+)\//.exec(callerArn)?.[1];
  if (role === undefined) return undefined;
  const iam = await aws.iam();
  try {
    const { Role } = await iam.getRole({ RoleName: role });
    if (Role?.Arn !== undefined) return Role.Arn;
  } catch {
    // Not to be allowed to look is common, and most roles have no path; a wrong guess is told by the next call.
  }
  return `arn:${partition}:iam::${accountId}:role/${role}`;
}

async function denials(
  iam: IAM,
  source: string,
  { scope, signal }: CheckContext,
): Promise<ReadonlyMap<Purpose, readonly Denial[]>> {
  const policies = policyScope(scope);
  const questions = new Map<string, { readonly statement: Statement; readonly groups: Purpose[] }>();
  const { launch, store } = engineUser(policies);
  for (const group of purposes) {
    const statements =
      group === "runs" ? [...launch.Statement, ...store.Statement] : statementsOfSetup(policies, group);
    for (const { Sid: _, ...rest } of statements) {
      // The lock is needed by every group, and asked about once.
      const key = canonicalText(rest);
      const known = questions.get(key);
      if (known === undefined) questions.set(key, { statement: { Sid: "", ...rest }, groups: [group] });
      else known.groups.push(group);
    }
  }
  const denied = new Map<Purpose, Denial[]>();
  await inOrder({
    items: [...questions].map(([key, question]) => ({ key, after: [], question })),
    parallel: PARALLEL,
    stopped: () => signal?.aborted === true,
    run: async ({ question: { statement, groups } }) => {
      const found = (await simulate(iam, source, statement)).filter(
        ({ EvalDecision }) => EvalDecision !== "allowed",
      );
      for (const group of groups) {
        denied.set(group, [...(denied.get(group) ?? []), ...found.map(denialOf)]);
      }
    },
  });
  signal?.throwIfAborted();
  return denied;
}

function denialOf({
  EvalActionName = "",
  EvalDecision,
  OrganizationsDecisionDetail,
}: EvaluationResult): Denial {
  return {
    action: EvalActionName,
    explicit: EvalDecision === "explicitDeny",
    organization: OrganizationsDecisionDetail?.AllowedByOrganizations === false,
  };
}

async function simulate(
  iam: IAM,
  source: string,
  { Action, Resource, Condition }: Statement,
): Promise<readonly EvaluationResult[]> {
  const results: EvaluationResult[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.simulatePrincipalPolicy({
      PolicySourceArn: source,
      ActionNames: [...Action],
      ...(Resource !== undefined && { ResourceArns: [...Resource] }),
      ContextEntries: contextOf(Condition),
      Marker,
    });
    results.push(...(page.EvaluationResults ?? []));
    Marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (Marker !== undefined);
  return results;
}

/** What our calls bring along, which policies may ask for: the first of the values that would do, of a list all. */
function contextOf(condition: Statement["Condition"]): ContextEntry[] {
  return Object.entries(condition ?? {}).flatMap(([operator, keys]) => {
    // Only that a key is there, which another operator gives a value.
    if (operator === "Null") return [];
    const list = operator.startsWith("ForAllValues:");
    return Object.entries(keys).map(([ContextKeyName, values]) => ({
      ContextKeyName,
      ContextKeyValues: list ? [...values] : values.slice(0, 1),
      ContextKeyType: list ? ("stringList" as const) : ("string" as const),
    }));
  });
}

/** Why they cannot be read is told by the check of resources. */
async function readyGroups(context: CheckContext): Promise<ReadonlySet<GroupName>> {
  try {
    const readings = await context.readings();
    const ready = readings.groups.filter(({ name }) => groupPlan(name, readings).state === "ready");
    return new Set(ready.map(({ name }) => name));
  } catch {
    return new Set();
  }
}
