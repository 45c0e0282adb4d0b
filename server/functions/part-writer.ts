import { createHash, type Hash } from "node:crypto";
import type { CompletedPart, S3 } from "@aws-sdk/client-s3";

const SMALLEST_PART = 16 * 1024 * 1024;
/** Part sizes leave room below S3's limit of 10,000 (engine-rules.md D13). */
const MOST_PARTS = 9_000;

export function partSize(size: number): number {
  return Math.max(SMALLEST_PART, Math.ceil(size / MOST_PARTS));
}

/** So many parts are on their way while the next one is filled: memory is bounded by one more. */
const IN_FLIGHT = 2;

export interface Place {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Writes bytes to a bucket without knowing how many come. What fits into one part is held back and can be taken
 * `whole`; only more than that becomes an upload in parts.
 */
export class PartWriter {
  size = 0;
  readonly #s3: S3;
  readonly #place: Place;
  readonly #partSize: number;
  readonly #signal: AbortSignal;
  readonly #sha256: Hash = createHash("sha256");
  readonly #parts: CompletedPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #buffer: Buffer | undefined;
  #filled = 0;
  #number = 0;
  #upload: string | undefined;
  #trouble: { readonly error: unknown } | undefined;

  constructor(s3: S3, place: Place, partSize: number, signal: AbortSignal) {
    this.#s3 = s3;
    this.#place = place;
    this.#partSize = partSize;
    this.#signal = signal;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#sha256.update(chunk);
    this.size += chunk.length;
    for (let from = 0; from < chunk.length; ) {
      // Sent only when more comes, so that exactly one part is a whole too.
      if (this.#filled === this.#partSize) await this.#send();
      this.#buffer ??= Buffer.allocUnsafe(this.#partSize);
      const copied = chunk.copy(this.#buffer, this.#filled, from);
      this.#filled += copied;
      from += copied;
    }
  }

  /** Hex digits. Once. */
  digest(): string {
    return this.#sha256.digest("hex");
  }

  /** Everything, when it fits into one part. */
  whole(): Buffer | undefined {
    if (this.#upload !== undefined) return undefined;
    return this.#buffer?.subarray(0, this.#filled) ?? Buffer.alloc(0);
  }

  /** The ETag of the object, which has its name now. */
  async finish(): Promise<string> {
    await this.#send();
    await Promise.all(this.#sending);
    this.#throwTrouble();
    const { ETag } = await this.#s3.completeMultipartUpload(
      {
        Bucket: this.#place.bucket,
        Key: this.#place.key,
        UploadId: this.#upload,
        MultipartUpload: { Parts: this.#parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0)) },
      },
      { abortSignal: this.#signal },
    );
    this.#upload = undefined;
    if (ETag === undefined) throw new Error("S3 gives each object an ETag");
    return ETag;
  }

  /**
   * Leaves nothing behind of an upload that is not finished. Never rejects: the reason to abort is worth more. What is
   * on its way is awaited, since a part that arrives later would stay; the signal ends it when there is no time.
   */
  async abort(): Promise<void> {
    await Promise.all(this.#sending);
    if (this.#upload === undefined) return;
    const { bucket, key } = this.#place;
    try {
      await this.#s3.abortMultipartUpload({ Bucket: bucket, Key: key, UploadId: this.#upload });
    } catch {
      // The bucket's lifecycle ends it in a few days.
    }
    this.#upload = undefined;
  }

  async #send(): Promise<void> {
    const body = this.#buffer?.subarray(0, this.#filled);
    this.#buffer = undefined;
    this.#filled = 0;
    if (body === undefined) return;
    this.#upload ??= await this.#begin();
    while (this.#sending.size >= IN_FLIGHT) await Promise.race(this.#sending);
    this.#throwTrouble();
    const sending: Promise<void> = this.#sendPart(body, ++this.#number).then(
      () => {
        this.#sending.delete(sending);
      },
      (error: unknown) => {
        this.#sending.delete(sending);
        this.#trouble ??= { error };
      },
    );
    this.#sending.add(sending);
  }

  async #begin(): Promise<string> {
    const { UploadId } = await this.#s3.createMultipartUpload(
      // Guards each part on its way. What identifies the object is computed here and, in the end, by S3's copy.
      { Bucket: this.#place.bucket, Key: this.#place.key, ChecksumAlgorithm: "CRC32" },
      { abortSignal: this.#signal },
    );
    if (UploadId === undefined) throw new Error("S3 gives each upload an id");
    return UploadId;
  }

  async #sendPart(body: Buffer, number: number): Promise<void> {
    const { ETag, ChecksumCRC32 } = await this.#s3.uploadPart(
      {
        Bucket: this.#place.bucket,
        Key: this.#place.key,
        UploadId: this.#upload,
        PartNumber: number,
        Body: body,
        ChecksumAlgorithm: "CRC32",
      },
      { abortSignal: this.#signal },
    );
    this.#parts.push({ PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) });
  }

  #throwTrouble(): void {
    if (this.#trouble !== undefined) throw this.#trouble.error;
  }
}
