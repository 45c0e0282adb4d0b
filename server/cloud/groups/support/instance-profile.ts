import type { InstanceProfile } from "@aws-sdk/client-iam";
import { isNotThere } from "../../failures.js";
import type { Difference, Found, Resource } from "../../reconcile/resource.js";
import { resource } from "../../reconcile/resource.js";
import { type Scope, tagList, tagsOf, tagsToMend } from "../../reconcile/scope.js";
import { adoptionDifference, releaseTag } from "./adoption.js";
import { consolePage } from "./console.js";
import { unlessGone } from "./gone.js";
import { lastOf } from "./policy-scope.js";
import { tagDifference } from "./tags.js";

/** How EC2 is given the role of instances: a profile of the same name, with that role in it. */
export function instanceProfile(scope: Scope): Resource {
  const { account } = scope;
  const part = "instance-profile";
  const name = scope.name("instance");
  const tags = scope.tags("roles", part);

  const read = async (InstanceProfileName: string): Promise<InstanceProfile | undefined> => {
    const iam = await account.aws.iam();
    try {
      return (await iam.getInstanceProfile({ InstanceProfileName })).InstanceProfile;
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw error;
    }
  };
  const lookFor = async (name: string, adopted: boolean): Promise<Found<InstanceProfile> | undefined> => {
    const live = await read(name);
    return live === undefined ? undefined : found(live, adopted);
  };
  const found = (live: InstanceProfile, adopted: boolean): Found<InstanceProfile> => ({
    id: live.InstanceProfileName ?? name,
    arn: live.Arn ?? `arn:${account.partition}:iam::${account.accountId}:instance-profile/${name}`,
    owner: scope.owner(tagsOf(live.Tags), adopted),
    live,
  });

  return resource<InstanceProfile>({
    part,
    kind: "instance profile",
    name,
    detail: "hands the role of instances to EC2",
    needs: ["instance"],
    cost: { atRest: 0 },
    adoptable: true,
    find: ({ id, adopted }) => lookFor(adopted && id !== undefined ? lastOf(id) : name, adopted),
    create: async () => {
      const iam = await account.aws.iam();
      try {
        const { InstanceProfile } = await iam.createInstanceProfile({
          InstanceProfileName: name,
          Tags: tagList(tags),
        });
        if (InstanceProfile === undefined)
          throw new Error("IAM made an instance profile and tells nothing of it");
        return found(InstanceProfile, false);
      } catch (error) {
        // The answer to an earlier try was lost: it carries our tags since the moment it was made.
        const there = await lookFor(name, false);
        if (there?.owner === "ours") return there;
        throw error;
      }
    },
    compare: async ({ id, owner, live }, at): Promise<readonly Difference[]> => {
      const iam = await account.aws.iam();
      const is = tagsOf(live.Tags);
      const tag = (wrong: { readonly [key: string]: string }) =>
        iam.tagInstanceProfile({ InstanceProfileName: id, Tags: tagList(wrong) });
      if (owner === "adopted") return adoptionDifference(scope, is, tag);
      const differences: Difference[] = [];
      const roleOf = (profile: InstanceProfile | undefined) => profile?.Roles?.[0]?.RoleName;
      // IAM lets no role go that is in a profile, so one that was removed by hand was taken out of it before.
      const wanted = at.ref("instance")?.id ?? scope.name("instance");
      const now = roleOf(live);
      if (now !== wanted) {
        differences.push({
          what: "role",
          is: now ?? "none",
          shouldBe: wanted,
          mend: async () => {
            // A profile holds one role, and refuses to be given the same one again.
            const there = roleOf(await read(id));
            if (there === wanted) return;
            if (there !== undefined) {
              await unlessGone(
                iam.removeRoleFromInstanceProfile({ InstanceProfileName: id, RoleName: there }),
              );
            }
            try {
              await iam.addRoleToInstanceProfile({ InstanceProfileName: id, RoleName: wanted });
            } catch (error) {
              // The answer to an earlier try was lost, and a profile that has its role is full.
              if (roleOf(await read(id)) !== wanted) throw error;
            }
          },
        });
      }
      differences.push(
        ...tagDifference(is, tagsToMend(is, tags), async (wrong) => {
          await tag(wrong);
        }),
      );
      return differences;
    },
    remove: async ({ id }) => {
      const iam = await account.aws.iam();
      for (const { RoleName } of (await read(id))?.Roles ?? []) {
        await unlessGone(iam.removeRoleFromInstanceProfile({ InstanceProfileName: id, RoleName }));
      }
      await iam.deleteInstanceProfile({ InstanceProfileName: id });
    },
    release: async ({ id }) => {
      const iam = await account.aws.iam();
      // Another project may have begun to use it since it was looked at.
      await releaseTag(scope, tagsOf((await read(id))?.Tags), {
        tag: (value) => iam.tagInstanceProfile({ InstanceProfileName: id, Tags: tagList(value) }),
        untag: (TagKeys) => iam.untagInstanceProfile({ InstanceProfileName: id, TagKeys }),
      });
    },
    // The console shows a profile with its role only.
    console: ({ id }) => consolePage(account, `iam/home#/roles/details/${encodeURIComponent(id)}`),
  });
}
