import type { GetBucketLifecycleConfigurationOutput, LifecycleRule, S3 } from "@aws-sdk/client-s3";
import { canonicalText } from "../../../graph/canonical.js";
import type { BuildPrefix, TemporaryPrefix } from "../../policies/policy.js";
import type { Difference } from "../../reconcile/resource.js";
import { type BucketAt, setting } from "./bucket.js";

/** A rule with what it does in words. */
export interface Rule {
  readonly words: string;
  readonly rule: LifecycleRule & { readonly ID: string };
}

/** The ids of our rules begin so: several projects may share an adopted bucket (F2). */
export function rulePrefix(projectId: string): string {
  return `reprod-${projectId}-`;
}

/** An upload that was cut off can be taken up again within this time (engine-rules.md D13). */
const UPLOAD_DAYS = 7;
/** As long as a mistake can be undone in the build bucket (E2). */
const OLD_VERSION_DAYS = 30;
/**
 * Journals, specs and pushed inputs: a run that lasts 60 days refuses to go on quietly, so nothing that it needs goes
 * before it ends (E3).
 */
const RUN_DAYS = 90;
/** Downloads whose digest is not known: whoever waits for one has given up long before. Of two rules the shorter holds. */
const IMPORT_DAYS = 7;

const expiring: readonly { readonly prefix: TemporaryPrefix; readonly days: number }[] = [
  { prefix: "runs/", days: RUN_DAYS },
  { prefix: "inputs/", days: RUN_DAYS },
  { prefix: "runs/import/", days: IMPORT_DAYS },
];

/** Where big things are uploaded in parts. */
const uploadedTo: readonly BuildPrefix[] = ["objects/", "attempts/", "runner/"];

/**
 * The rules of a bucket. In one that was adopted they reach no further than what Reprod writes: the other objects'
 * uploads and old versions are the user's, and to expire them would lose data that nobody gave us.
 */
export function lifecycleRules(projectId: string, part: "build" | "tmp", adopted: boolean): readonly Rule[] {
  const rule = (name: string, words: string, rest: Omit<LifecycleRule, "ID" | "Status">): Rule => ({
    words,
    rule: { ID: `${rulePrefix(projectId)}${name}`, Status: "Enabled", ...rest },
  });
  const uploads = (prefix: string, name: string): Rule =>
    rule(name, `unfinished uploads${prefix === "" ? "" : ` to ${prefix}`} end after ${UPLOAD_DAYS} days`, {
      Filter: { Prefix: prefix },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
    });
  const uploadsOf = (prefixes: readonly string[]): readonly Rule[] =>
    adopted ? prefixes.map((prefix) => uploads(prefix, `uploads-${idOf(prefix)}`)) : [uploads("", "uploads")];
  if (part === "tmp") {
    return [
      ...expiring.map(({ prefix, days }) =>
        rule(idOf(prefix), `${prefix} expires after ${days} days`, {
          Filter: { Prefix: prefix },
          Expiration: { Days: days },
        }),
      ),
      ...uploadsOf(expiring.map(({ prefix }) => prefix)),
    ];
  }
  return [
    ...(adopted
      ? []
      : [
          rule("old-versions", `old versions expire after ${OLD_VERSION_DAYS} days`, {
            Filter: { Prefix: "" },
            NoncurrentVersionExpiration: { NoncurrentDays: OLD_VERSION_DAYS },
            // What says that an object was deleted goes when its last old version has gone; nothing else removes it.
            Expiration: { ExpiredObjectDeleteMarker: true },
          }),
        ]),
    ...uploadsOf(uploadedTo),
  ];
}

/** `runs/import/` → `runs-import` */
function idOf(prefix: string): string {
  return prefix.slice(0, -1).replaceAll("/", "-");
}

/** What a bucket lacks of our rules, or has of ours too much; those of others stay (engine-rules.md F2). */
export async function lifecycleDifference(
  s3: S3,
  bucket: BucketAt,
  prefix: string,
  shouldBe: readonly Rule[],
): Promise<readonly Difference[]> {
  const ours = ((await configurationOf(s3, bucket))?.Rules ?? []).filter(({ ID }) => ID?.startsWith(prefix));
  const wrong: string[] = [];
  for (const { words, rule } of shouldBe) {
    const found = ours.find(({ ID }) => ID === rule.ID);
    if (found === undefined) wrong.push(`not: ${words}`);
    else if (normal(found) !== normal(rule)) wrong.push(`otherwise: ${words}`);
  }
  const declared = new Set(shouldBe.map(({ rule }) => rule.ID));
  for (const { ID = "" } of ours) if (!declared.has(ID)) wrong.push(`${ID.slice(prefix.length)} as well`);
  if (wrong.length === 0) return [];
  return [
    {
      what: "lifecycle rules",
      is: wrong.join("; "),
      shouldBe: shouldBe.map(({ words }) => words).join("; "),
      mend: () => putRules(s3, bucket, prefix, shouldBe),
    },
  ];
}

/** Puts our rules in place of those of ours that are there; without any, and without others, no configuration is left. */
export async function putRules(
  s3: S3,
  bucket: BucketAt,
  prefix: string,
  rules: readonly Rule[],
): Promise<void> {
  // Read again: what others wrote in the meantime is theirs to keep.
  const now = await configurationOf(s3, bucket);
  const others = (now?.Rules ?? []).filter(({ ID }) => ID?.startsWith(prefix) !== true);
  const Rules = [...others, ...rules.map(({ rule }) => rule)];
  if (Rules.length === 0) {
    if (now !== undefined) await s3.deleteBucketLifecycle(bucket);
    return;
  }
  const size = now?.TransitionDefaultMinimumObjectSize;
  await s3.putBucketLifecycleConfiguration({
    ...bucket,
    // It holds for all rules, and is reset by who does not say it again.
    ...(size !== undefined && { TransitionDefaultMinimumObjectSize: size }),
    LifecycleConfiguration: { Rules },
  });
}

async function configurationOf(
  s3: S3,
  bucket: BucketAt,
): Promise<GetBucketLifecycleConfigurationOutput | undefined> {
  return setting(s3.getBucketLifecycleConfiguration(bucket));
}

/** One text for rules that do the same: S3 gives a prefix back in the old place or the new one, and empty ones or none. */
function normal(rule: LifecycleRule): string {
  const { ID, Filter, Prefix, ...rest } = rule;
  const { Prefix: filtered, ...others } = Filter ?? {};
  return canonicalText(JSON.parse(JSON.stringify({ ...rest, others, prefix: filtered ?? Prefix ?? "" })));
}
