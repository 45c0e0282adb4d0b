import type { ObjectIdentifier, S3 } from "@aws-sdk/client-s3";
import type { BucketAt } from "./bucket.js";
import { unlessGone } from "./gone.js";

/** What the versions of a page are, of those that S3 lists and deletes at once: 1,000. */
export interface Contents {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
}

/** How much a bucket holds, old versions and delete markers too. One call, whatever it holds. */
export async function contentsOf(s3: S3, bucket: BucketAt): Promise<Contents> {
  const { Versions = [], DeleteMarkers = [], IsTruncated } = await s3.listObjectVersions(bucket);
  return { count: Versions.length + DeleteMarkers.length, more: IsTruncated === true };
}

/**
 * Removes every version, delete marker and open upload. Calls grow with the number of versions: two a thousand. What is
 * written in the meantime goes as well, up to the moment when nothing was found.
 */
export async function emptyBucket(s3: S3, bucket: BucketAt, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    // Always the first page: what stood there is gone, or has thrown.
    const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions(bucket);
    const objects = [...Versions, ...DeleteMarkers].map(
      ({ Key, VersionId }): ObjectIdentifier => ({ Key, VersionId }),
    );
    if (objects.length === 0) break;
    const { Errors = [] } = await s3.deleteObjects({ ...bucket, Delete: { Objects: objects, Quiet: true } });
    const [first] = Errors;
    if (first !== undefined) throw deleteError(first, Errors.length);
  }
  for (;;) {
    signal?.throwIfAborted();
    const { Uploads = [] } = await s3.listMultipartUploads(bucket);
    if (Uploads.length === 0) return;
    for (let at = 0; at < Uploads.length; at += UPLOADS_AT_ONCE) {
      await Promise.all(
        Uploads.slice(at, at + UPLOADS_AT_ONCE).map(({ Key, UploadId }) =>
          unlessGone(s3.abortMultipartUpload({ ...bucket, Key, UploadId })),
        ),
      );
    }
  }
}

const UPLOADS_AT_ONCE = 8;

/**
 * S3 answers 200 to a batch of which it has deleted nothing, with the reasons inside. As an error of the SDK: some pass
 * (SlowDown), others are told as any refusal.
 */
function deleteError(
  {
    Key,
    Code,
    Message,
  }: {
    readonly Key?: string | undefined;
    readonly Code?: string | undefined;
    readonly Message?: string | undefined;
  },
  count: number,
): Error {
  const others = count === 1 ? "" : ` and ${count - 1} more`;
  const error = new Error(`${Message ?? Code ?? "it was not deleted"} ("${Key ?? ""}"${others})`);
  error.name = Code ?? "Error";
  return Object.assign(error, { $metadata: {} });
}
