import type { IAM, Role } from "@aws-sdk/client-iam";
import { isNotThere } from "../failures.js";
import { policyText, type RoleSpec } from "../policies/policy.js";
import { allRoles } from "../policies/roles.js";
import type { Difference, Found, Group, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, tagList, tagsOf, tagsToMend } from "../reconcile/scope.js";
import { adoptionDifference, releaseTag } from "./support/adoption.js";
import { consolePage } from "./support/console.js";
import { unlessGone } from "./support/gone.js";
import { instanceProfile } from "./support/instance-profile.js";
import { lastOf, policyScope } from "./support/policy-scope.js";
import { policyWords } from "./support/policy-words.js";
import { tagDifference } from "./support/tags.js";

/**
 * IAM knows no regions, so the same project has roles in each of its regions, told apart by their names and tags.
 *
 * Service-linked roles of ECS, Batch and Spot are none of these. AWS makes them itself when a cluster or a compute
 * environment is created, as long as the caller may (`iam:CreateServiceLinkedRole`, with those groups' permissions);
 * they belong to the account and not to a project, cannot carry its name, and must stay when the project goes.
 */
export const roles: Group = {
  name: "roles",
  title: "Roles",
  purpose: "What tasks, functions and machines of the project may do.",
  needs: [],
  settingsFile: "environment-settings.json",
  resources: (scope) => [
    ...allRoles(policyScope(scope)).map((spec) => role(scope, spec)),
    instanceProfile(scope),
  ],
  settings: (of, scope) => ({
    roles: Object.fromEntries(
      allRoles(policyScope(scope)).map(({ part }) => [part.replaceAll("-", "_"), of(part).arn]),
    ),
    instance_profile: of("instance-profile").arn,
  }),
};

/** One hour: what IAM gives a role that says nothing. None of ours is taken for longer, since services renew. */
const SESSION_SECONDS = 3600;

function role(scope: Scope, spec: RoleSpec): Resource {
  const { account } = scope;
  const { part } = spec;
  const name = scope.name(part);
  const tags = scope.tags("roles", part);

  const lookFor = async (name: string, adopted: boolean): Promise<Found<Role> | undefined> => {
    const iam = await account.aws.iam();
    try {
      const { Role } = await iam.getRole({ RoleName: name });
      return Role === undefined ? undefined : found(scope, Role, adopted);
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw error;
    }
  };

  return resource<Role>({
    part,
    kind: "IAM role",
    name,
    detail:
      scope.settings.adopt?.[`roles/${part}`] === undefined
        ? spec.may.join("; ")
        : `what it may do stays as it is; it has to be allowed to ${spec.may.join("; ")}`,
    cost: { atRest: 0 },
    adoptable: true,
    // A role's name is its id, and ours never changes: there is nothing else to look for.
    find: ({ id, adopted }) => lookFor(adopted && id !== undefined ? lastOf(id) : name, adopted),
    create: async () => {
      const iam = await account.aws.iam();
      try {
        const { Role } = await iam.createRole({
          RoleName: name,
          Description: `${spec.title} (Reprod, project ${scope.projectId})`,
          AssumeRolePolicyDocument: policyText(spec.trust),
          MaxSessionDuration: SESSION_SECONDS,
          Tags: tagList(tags),
        });
        return found(scope, Role ?? { RoleName: name }, false);
      } catch (error) {
        // The answer to an earlier try was lost: it carries our tags since the moment it was made.
        const there = await lookFor(name, false);
        if (there?.owner === "ours") return there;
        throw error;
      }
    },
    compare: async ({ id, owner, live }): Promise<readonly Difference[]> => {
      const iam = await account.aws.iam();
      const is = tagsOf(live.Tags);
      const tag = (wrong: { readonly [key: string]: string }) =>
        iam.tagRole({ RoleName: id, Tags: tagList(wrong) });
      if (owner === "adopted") return adoptionDifference(scope, is, tag);
      return [
        ...trust(iam, live, spec),
        ...session(iam, live),
        ...(await inline(iam, id, spec)),
        ...(await managed(iam, id, spec)),
        ...tagDifference(is, tagsToMend(is, tags), async (wrong) => {
          await tag(wrong);
        }),
      ];
    },
    remove: async ({ id }) => {
      const iam = await account.aws.iam();
      for (const PolicyName of await inlineNames(iam, id)) {
        await unlessGone(iam.deleteRolePolicy({ RoleName: id, PolicyName }));
      }
      for (const PolicyArn of await attachedArns(iam, id)) {
        await unlessGone(iam.detachRolePolicy({ RoleName: id, PolicyArn }));
      }
      // A profile of somebody else with our role in it is not ours to change: IAM then says that the role is in use.
      const InstanceProfileName = scope.name("instance");
      if (part === "instance") {
        await unlessGone(iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: id }));
      }
      await iam.deleteRole({ RoleName: id });
    },
    release: async ({ id }) => {
      const iam = await account.aws.iam();
      // Another project may have begun to use it since it was looked at.
      const { Role } = await iam.getRole({ RoleName: id });
      await releaseTag(scope, tagsOf(Role?.Tags), {
        tag: (value) => iam.tagRole({ RoleName: id, Tags: tagList(value) }),
        untag: (TagKeys) => iam.untagRole({ RoleName: id, TagKeys }),
      });
    },
    console: ({ id }) => consolePage(account, `iam/home#/roles/details/${encodeURIComponent(id)}`),
  });
}

function found(scope: Scope, live: Role | { readonly RoleName: string }, adopted: boolean): Found<Role> {
  const full: Role = { Path: "/", RoleId: undefined, Arn: undefined, CreateDate: undefined, ...live };
  const { partition, accountId } = scope.account;
  const id = full.RoleName ?? "";
  return {
    id,
    arn: full.Arn ?? `arn:${partition}:iam::${accountId}:role/${id}`,
    owner: scope.owner(tagsOf(full.Tags), adopted),
    live: full,
  };
}

function trust(iam: IAM, live: Role, { trust: declared }: RoleSpec): readonly Difference[] {
  const words = policyWords(live.AssumeRolePolicyDocument, declared);
  if (words === undefined) return [];
  return [
    {
      what: "trust policy",
      ...words,
      mend: async () => {
        await iam.updateAssumeRolePolicy({
          RoleName: live.RoleName,
          PolicyDocument: policyText(declared),
        });
      },
    },
  ];
}

function session(iam: IAM, { RoleName, MaxSessionDuration }: Role): readonly Difference[] {
  if (MaxSessionDuration === undefined || MaxSessionDuration === SESSION_SECONDS) return [];
  return [
    {
      what: "maximum session",
      is: `${MaxSessionDuration} s`,
      shouldBe: `${SESSION_SECONDS} s`,
      mend: async () => {
        await iam.updateRole({ RoleName, MaxSessionDuration: SESSION_SECONDS });
      },
    },
  ];
}

/** The role is ours, so whatever else it was allowed by hand is more than it should be. */
async function inline(iam: IAM, RoleName: string, spec: RoleSpec): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  const there = new Set(await inlineNames(iam, RoleName));
  for (const [PolicyName, declared] of Object.entries(spec.inline)) {
    const is = there.has(PolicyName)
      ? (await iam.getRolePolicy({ RoleName, PolicyName })).PolicyDocument
      : undefined;
    const words = policyWords(is, declared);
    if (words === undefined) continue;
    differences.push({
      what: `inline policy ${PolicyName}`,
      ...words,
      mend: async () => {
        await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: policyText(declared) });
      },
    });
  }
  for (const PolicyName of there) {
    if (spec.inline[PolicyName] !== undefined) continue;
    differences.push({
      what: `inline policy ${PolicyName}`,
      is: "there",
      shouldBe: "none",
      mend: async () => {
        await unlessGone(iam.deleteRolePolicy({ RoleName, PolicyName }));
      },
    });
  }
  return differences;
}

async function managed(iam: IAM, RoleName: string, spec: RoleSpec): Promise<readonly Difference[]> {
  const there = await attachedArns(iam, RoleName);
  const missing = spec.managed.filter((arn) => !there.includes(arn));
  const extra = there.filter((arn) => !spec.managed.includes(arn));
  return [
    ...missing.map((PolicyArn) => ({
      what: `managed policy ${lastOf(PolicyArn)}`,
      is: "not attached",
      shouldBe: "attached",
      mend: async () => {
        await iam.attachRolePolicy({ RoleName, PolicyArn });
      },
    })),
    ...extra.map((PolicyArn) => ({
      what: `managed policy ${lastOf(PolicyArn)}`,
      is: "attached",
      shouldBe: "not attached",
      mend: async () => {
        await unlessGone(iam.detachRolePolicy({ RoleName, PolicyArn }));
      },
    })),
  ];
}

async function inlineNames(iam: IAM, RoleName: string): Promise<readonly string[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listRolePolicies({ RoleName, Marker });
    names.push(...(page.PolicyNames ?? []));
    Marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (Marker !== undefined);
  return names;
}

async function attachedArns(iam: IAM, RoleName: string): Promise<readonly string[]> {
  const arns: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listAttachedRolePolicies({ RoleName, Marker });
    for (const { PolicyArn } of page.AttachedPolicies ?? [])
      if (PolicyArn !== undefined) arns.push(PolicyArn);
    Marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (Marker !== undefined);
  return arns;
}
