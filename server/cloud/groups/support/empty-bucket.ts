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
  const {
    Versions = [],
    DeleteMarkers = [],
    IsTruncated,
  } = await s3.listObjectVersions({
    ...bucket,
    EncodingType,
  });
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
    const page = await s3.listObjectVersions({ ...bucket, EncodingType });
    const objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
      ({ Key = "", VersionId }): ObjectIdentifier => ({ Key: keyIn(page, Key), VersionId }),
    );
    if (objects.length === 0) break;
    await deleteAll(s3, bucket, objects);
  }
  for (;;) {
    signal?.throwIfAborted();
    const page = await s3.listMultipartUploads({ ...bucket, EncodingType });
    const uploads = (page.Uploads ?? []).map(({ Key = "", UploadId }) => ({
      Key: keyIn(page, Key),
      UploadId,
    }));
    if (uploads.length === 0) return;
    await someAtOnce(uploads, (upload) => unlessGone(s3.abortMultipartUpload({ ...bucket, ...upload })));
  }
}

async function deleteAll(s3: S3, bucket: BucketAt, objects: readonly ObjectIdentifier[]): Promise<void> {
  const named = objects.filter(({ Key = "" }) => !NOT_IN_XML.test(Key));
  if (named.length > 0) {
    const { Errors = [] } = await s3.deleteObjects({ ...bucket, Delete: { Objects: named, Quiet: true } });
    const [first] = Errors;
    if (first !== undefined) throw deleteError(first, Errors.length);
  }
  // The list of what is to be deleted is XML too: one such key in it, and S3 understands nothing of the whole.
  const others = objects.filter(({ Key = "" }) => NOT_IN_XML.test(Key));
  await someAtOnce(others, ({ Key, VersionId }) => s3.deleteObject({ ...bucket, Key, VersionId }));
}

async function someAtOnce<Item>(
  items: readonly Item[],
  each: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    await Promise.all(items.slice(at, at + AT_ONCE).map(each));
  }
}

const AT_ONCE = 8;

/** A key may have any characters, an answer of S3 only those of XML 1.0: so keys are asked for as in addresses. */
const EncodingType = "url";

/** Characters that XML 1.0 has no way to write. */
const NOT_IN_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Services that speak S3 may pass over the wish, and say so. S3 writes a space as `+`, and a plus as `%2B`. */
function keyIn({ EncodingType: is }: { readonly EncodingType?: string | undefined }, key: string): string {
  return is === EncodingType ? decodeURIComponent(key.replaceAll("+", " ")) : key;
}

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
