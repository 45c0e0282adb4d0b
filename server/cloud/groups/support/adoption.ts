import type { Difference } from "../../reconcile/resource.js";
import { adoptionTag, type Scope, type Tags, tagKeys } from "../../reconcile/scope.js";
import { tagDifference } from "./tags.js";

/** What an adopted thing lacks of its tag, as long as it does not name this project among those who use it. */
export function adoptionDifference(
  scope: Scope,
  tags: Tags,
  tag: (tags: Tags) => Promise<unknown>,
): readonly Difference[] {
  const value = adoptionTag(tags[tagKeys.adopted], scope.projectId, true);
  return tagDifference(tags, { [tagKeys.adopted]: value }, async (wrong) => {
    await tag(wrong);
  });
}

/** Takes this project out of the tag of an adopted thing, and the tag away when nobody is left in it. */
export async function releaseTag(
  scope: Scope,
  tags: Tags,
  set: { tag(tags: Tags): Promise<unknown>; untag(keys: string[]): Promise<unknown> },
): Promise<void> {
  const value = adoptionTag(tags[tagKeys.adopted], scope.projectId, false);
  if (value === tags[tagKeys.adopted]) return;
  if (value !== "") await set.tag({ [tagKeys.adopted]: value });
  else if (tags[tagKeys.adopted] !== undefined) await set.untag([tagKeys.adopted]);
}
