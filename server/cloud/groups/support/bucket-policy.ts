import type { S3 } from "@aws-sdk/client-s3";
import { parsedPolicy, type Statement } from "../../policies/policy.js";
import type { Difference } from "../../reconcile/resource.js";
import { type BucketAt, setting } from "./bucket.js";
import { sidOf, statementsOf, statementWords } from "./policy-words.js";

/**
 * What a bucket's policy lacks of our statements, or has of ours too much. Every put replaces the whole policy, so the
 * statements of others are put back as they were, whoever made the bucket (engine-rules.md F2).
 */
export async function policyDifference(
  s3: S3,
  bucket: BucketAt,
  prefix: string,
  shouldBe: readonly Statement[],
): Promise<readonly Difference[]> {
  const ours = statementsOf(parsedPolicy((await policyOf(s3, bucket)) ?? "")).filter((statement) =>
    isOurs(statement, prefix),
  );
  const words = statementWords(ours, shouldBe).map((word) => word.replaceAll(prefix, ""));
  if (words.length === 0) return [];
  return [
    {
      what: "bucket policy",
      is: words.join(", "),
      shouldBe: shouldBe.map(({ Sid }) => Sid.replace(prefix, "")).join(", ") || "none of ours",
      mend: () => putStatements(s3, bucket, prefix, shouldBe),
    },
  ];
}

/** Puts our statements in place of those of ours that are there; without any, and without others, no policy is left. */
export async function putStatements(
  s3: S3,
  bucket: BucketAt,
  prefix: string,
  statements: readonly Statement[],
): Promise<void> {
  // Read again: what others wrote in the meantime is theirs to keep.
  const now = await policyOf(s3, bucket);
  const merged = mergedPolicy(now, prefix, statements);
  if (merged !== undefined) await s3.putBucketPolicy({ ...bucket, Policy: merged });
  else if (now !== undefined) await s3.deleteBucketPolicy(bucket);
}

/** The text of a policy with our statements; undefined when it would have none at all. */
export function mergedPolicy(
  text: string | undefined,
  prefix: string,
  statements: readonly Statement[],
): string | undefined {
  const document = parsedPolicy(text ?? "");
  const others = statementsOf(document).filter((statement) => !isOurs(statement, prefix));
  const Statement = [...others, ...statements];
  if (Statement.length === 0) return undefined;
  // One of others keeps its version, even an old one: it decides how their variables are read, and ours have none.
  return JSON.stringify({ ...(document ?? { Version: "2012-10-17" }), Statement });
}

function isOurs(statement: unknown, prefix: string): boolean {
  return sidOf(statement)?.startsWith(prefix) === true;
}

async function policyOf(s3: S3, bucket: BucketAt): Promise<string | undefined> {
  return (await setting(s3.getBucketPolicy(bucket)))?.Policy;
}
