import { isNotThere } from "../../failures.js";

/**
 * A bucket as calls name it. Names of buckets are shared by all accounts: with the owner said, S3 refuses what would
 * otherwise be done to the bucket of a stranger.
 */
export interface BucketAt {
  readonly Bucket: string;
  readonly ExpectedBucketOwner: string;
}

/** A setting of a bucket, which S3 calls an error while nobody has made it. That of a bucket that is gone is none. */
export async function setting<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isNotThere(error) && !isNoBucket(error)) return undefined;
    throw error;
  }
}

export function isNoBucket(error: unknown): boolean {
  return error instanceof Error && (error.name === "NoSuchBucket" || error.name === "NotFound");
}
