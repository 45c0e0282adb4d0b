import type { CompletedPart, S3 } from "@aws-sdk/client-s3";
import type { Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { objectKey } from "../store/keys.js";
import { statusOf } from "./aws-errors.js";
import type { Place } from "./part-writer.js";

/** More is no single PUT or copy. */
export const SINGLE_LIMIT = 5 * 1024 ** 3;
const COPIED_PART = 512 * 1024 ** 2;
const COPIES_AT_ONCE = 8;
const CONFLICTS = 5;

/** Whether this call made the object, or somebody before it. */
export type Stored = "created" | "there";

export interface Waiting {
  readonly signal: AbortSignal;
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * The objects of the build bucket. Each is created once and never overwritten: `If-None-Match` sees to it. The HEAD
 * before saves the work, and looks too where a stand-in for S3 ignores that header of a copy.
 */
export class BuildObjects {
  readonly #s3: S3;
  readonly bucket: string;
  readonly #singleLimit: number;

  constructor(s3: S3, bucket: string, singleLimit = SINGLE_LIMIT) {
    this.#s3 = s3;
    this.bucket = bucket;
    this.#singleLimit = singleLimit;
  }

  /** Bytes; undefined when it is not there. */
  async sizeOf(sha256: Sha256, signal: AbortSignal): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#s3.headObject(
        { Bucket: this.bucket, Key: objectKey(sha256) },
        { abortSignal: signal },
      );
      return ContentLength ?? 0;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async put(bytes: Uint8Array, sha256: Sha256, waiting: Waiting): Promise<Stored> {
    return this.#create(sha256, bytes.length, waiting, async () => {
      await this.#s3.putObject(
        {
          Bucket: this.bucket,
          Key: objectKey(sha256),
          Body: bytes,
          IfNoneMatch: "*",
          // S3 compares, and keeps it: whoever asks for the object's SHA-256 later need not read it (A11).
          ChecksumAlgorithm: "SHA256",
          ChecksumSHA256: base64(sha256),
        },
        { abortSignal: waiting.signal },
      );
    });
  }

  /** Of an object that was put elsewhere; `etag` is of what was put there. */
  async copy(
    from: Place & { readonly etag: string; readonly size: number },
    sha256: Sha256,
    waiting: Waiting,
  ) {
    return this.#create(sha256, from.size, waiting, () =>
      from.size <= this.#singleLimit
        ? this.#copyAtOnce(from, sha256, waiting.signal)
        : this.#copyInParts(from, sha256, waiting.signal),
    );
  }

  async #create(
    sha256: Sha256,
    size: number,
    { signal, wait }: Waiting,
    create: () => Promise<void>,
  ): Promise<Stored> {
    for (let conflicts = 1; ; conflicts++) {
      const there = await this.sizeOf(sha256, signal);
      if (there !== undefined) {
        if (there === size) return "there";
        throw new Failure("object-differs", `an object of the build bucket is broken: "${sha256}"`, {
          why: `It has ${there} bytes, and the file with this digest has ${size}.`,
          fix: "Nothing is overwritten here. Look at the object's versions, and remove the broken one.",
        });
      }
      try {
        await create();
        return "created";
      } catch (error) {
        // 412: somebody was faster, or an answer was lost and the SDK asked again: the next look says which size it
        // has. 409: somebody is at it right now.
        const status = statusOf(error);
        if ((status !== 409 && status !== 412) || conflicts === CONFLICTS) throw error;
        if (status === 409) await wait(200 * 2 ** conflicts, signal);
      }
    }
  }

  async #copyAtOnce(
    from: Place & { readonly etag: string },
    sha256: Sha256,
    signal: AbortSignal,
  ): Promise<void> {
    const { CopyObjectResult } = await this.#s3.copyObject(
      {
        Bucket: this.bucket,
        Key: objectKey(sha256),
        CopySource: `${from.bucket}/${from.key}`,
        CopySourceIfMatch: from.etag,
        IfNoneMatch: "*",
        // S3 reads all of it and computes the SHA-256 of the whole, which an upload in parts has not.
        ChecksumAlgorithm: "SHA256",
      },
      { abortSignal: signal },
    );
    const { ChecksumSHA256, ChecksumType } = CopyObjectResult ?? {};
    if (ChecksumType === "FULL_OBJECT" && ChecksumSHA256 !== undefined && ChecksumSHA256 !== base64(sha256))
      throw new Error(`S3 says that ${objectKey(sha256)} has another digest than its key`);
  }

  async #copyInParts(
    from: Place & { readonly etag: string; readonly size: number },
    sha256: Sha256,
    signal: AbortSignal,
  ): Promise<void> {
    const target = { Bucket: this.bucket, Key: objectKey(sha256) };
    const { UploadId } = await this.#s3.createMultipartUpload(target, { abortSignal: signal });
    try {
      const step = Math.min(COPIED_PART, this.#singleLimit);
      const parts: CompletedPart[] = [];
      for (let first = 0; first < from.size; first += step * COPIES_AT_ONCE) {
        const starts = Array.from({ length: COPIES_AT_ONCE }, (_, at) => first + at * step);
        const copied = starts
          .filter((start) => start < from.size)
          .map(async (start): Promise<CompletedPart> => {
            const PartNumber = start / step + 1;
            const { CopyPartResult } = await this.#s3.uploadPartCopy(
              {
                ...target,
                UploadId,
                PartNumber,
                CopySource: `${from.bucket}/${from.key}`,
                CopySourceIfMatch: from.etag,
                CopySourceRange: `bytes=${start}-${Math.min(start + step, from.size) - 1}`,
              },
              { abortSignal: signal },
            );
            return { PartNumber, ETag: CopyPartResult?.ETag };
          });
        parts.push(...(await Promise.all(copied)));
      }
      await this.#s3.completeMultipartUpload(
        { ...target, UploadId, MultipartUpload: { Parts: parts }, IfNoneMatch: "*" },
        { abortSignal: signal },
      );
    } catch (error) {
      // By then the signal may be what ended it. What cannot be aborted is, by the bucket's lifecycle.
      await this.#s3.abortMultipartUpload({ ...target, UploadId }).catch(() => undefined);
      throw error;
    }
  }
}

function base64(sha256: Sha256): string {
  return Buffer.from(sha256, "hex").toString("base64");
}
