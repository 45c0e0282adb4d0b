import { Failure } from "../../base/failure.js";
import type { CloudSettings } from "../../data/project-settings.js";
import type { Account } from "../account.js";
import { regionCode } from "../regions.js";
import type { GroupName, Owner } from "./resource.js";

/** Tags as most APIs take them. */
export type Tags = { readonly [key: string]: string };

export const tagKeys = {
  project: "reprod:project",
  group: "reprod:group",
  part: "reprod:part",
  region: "reprod:region",
  version: "reprod:version",
  /** Project ids, separated by spaces, of those who use a thing that none of them made. */
  adopted: "reprod:adopted",
} as const;

/** Whose resources are meant and where: given to each group when it declares them. */
export interface Scope {
  readonly projectId: string;
  /** For people. */
  readonly projectName: string;
  /** Folder of the settings files. */
  readonly folder: string;
  readonly account: Account;
  /** `cloud` of `reprod.json`. */
  readonly settings: CloudSettings;
  /** What a group remembers of earlier calls (named compute environments); null for nothing. */
  declared(group: GroupName): unknown;
  /** `reprod-<project id>-<region code>-<part>` (engine-rules.md F1). */
  name(part: string): string;
  tags(group: GroupName, part: string): Tags;
  /** By the tags of a thing whose owner they tell. `adopted`: it was chosen by its id. */
  owner(tags: Tags, adopted: boolean): Owner;
}

export function makeScope(given: {
  readonly projectId: string;
  readonly projectName: string;
  readonly folder: string;
  readonly account: Account;
  readonly settings: CloudSettings;
  readonly version: string;
  readonly declared: ReadonlyMap<GroupName, unknown>;
}): Scope {
  const { projectId, account, version, declared, ...rest } = given;
  const prefix = `reprod-${projectId}-${regionCode(account.region)}`;
  return {
    ...rest,
    projectId,
    account,
    declared: (group) => declared.get(group) ?? null,
    name: (part) => {
      const name = `${prefix}-${part}`;
      if (name.length > LONGEST_NAME) throw tooLong(name, account.region);
      return name;
    },
    tags: (group, part) => ({
      [tagKeys.project]: projectId,
      [tagKeys.group]: group,
      [tagKeys.part]: part,
      [tagKeys.region]: account.region,
      [tagKeys.version]: version,
    }),
    owner: (tags, adopted) => {
      const project = tags[tagKeys.project];
      if (project === projectId && (tags[tagKeys.region] ?? account.region) === account.region) return "ours";
      if (adopted) return "adopted";
      return project === undefined && tags[tagKeys.adopted] === undefined ? "unmarked" : "others";
    },
  };
}

/** A bucket's name, the shortest of all that AWS allows. */
export const LONGEST_NAME = 63;

/** What people name is checked before. The rest is too long only after a region whose name no rule shortens. */
function tooLong(name: string, region: string): Failure {
  return new Failure("region-unknown", `a name in this region is too long for AWS: "${region}"`, {
    why: `Resources have the region in their names, and "${name}" is longer than ${LONGEST_NAME} characters.`,
    fix: "Choose another region; for this one, a newer version of Reprod may have a shorter name.",
  });
}

/** `[{ Key, Value }]`, as EC2, IAM, S3 and SSM write tags. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** `[{ key, value }]`, as ECS writes tags. */
export function lowerTagList(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** Tags out of either kind of list. */
export function tagsOf(
  list:
    | readonly {
        readonly Key?: string | undefined;
        readonly Value?: string | undefined;
        readonly key?: string | undefined;
        readonly value?: string | undefined;
      }[]
    | undefined,
): Tags {
  const tags: { [key: string]: string } = {};
  for (const tag of list ?? []) {
    const key = tag.Key ?? tag.key;
    if (key !== undefined) tags[key] = tag.Value ?? tag.value ?? "";
  }
  return tags;
}

/** The tags that are missing or different among those that there are. The version counts only where something else does. */
export function tagsToMend(is: Tags, shouldBe: Tags): Tags {
  const wrong = Object.entries(shouldBe).filter(
    ([key, value]) => key !== tagKeys.version && is[key] !== value,
  );
  return wrong.length === 0 ? {} : shouldBe;
}

/** The value of the adoption tag with a project's id in it, or without; empty when nobody is left. */
export function adoptionTag(now: string | undefined, projectId: string, uses: boolean): string {
  const ids = new Set((now ?? "").split(" ").filter((id) => id !== "" && id !== projectId));
  if (uses) ids.add(projectId);
  return [...ids].sort().join(" ");
}
