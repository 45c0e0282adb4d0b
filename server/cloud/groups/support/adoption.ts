import { Failure } from "../../../base/failure.js";
import type { Difference } from "../../reconcile/resource.js";
import { adoptionTag, type Scope, type Tags, tagKeys } from "../../reconcile/scope.js";
import { tagDifference } from "./tags.js";

/** Characters of a tag's value, everywhere in AWS but at S3, which counts as many. */
const TAG_LENGTH = 256;

/** What an adopted thing lacks of its tag, as long as it does not name this project among those who use it. */
export function adoptionDifference(
  scope: Scope,
  tags: Tags,
  tag: (tags: Tags) => Promise<unknown>,
): readonly Difference[] {
  const value = adoptionTag(tags[tagKeys.adopted], scope.projectId, true);
  if (value.length > TAG_LENGTH) {
    throw new Failure("adopted-by-many", "too many projects use a thing already that reprod.json adopts", {
      why: `Its tag ${tagKeys.adopted} names each of them, and has no place for ${scope.projectId} after these: ${tags[tagKeys.adopted]}.`,
      fix: "Remove projects that are not needed any more (reprod teardown), or adopt another thing.",
    });
  }
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
