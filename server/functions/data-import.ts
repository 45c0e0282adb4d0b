import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { S3 } from "@aws-sdk/client-s3";
import { isSha256, type Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { withRetries } from "../data/http.js";
import { objectKey } from "../store/keys.js";
import { isPublicAddress, type MayConnect, type Resolve, resolveHost } from "./addresses.js";
import { BuildObjects, SINGLE_LIMIT, type Stored } from "./build-objects.js";
import { Deadline } from "./deadline.js";
import { answering, type Context, type Handler } from "./entry.js";
import { fieldsOf, optionalText, requiredText } from "./event.js";
import { httpSource } from "./http-source.js";
import { PartWriter, partSize } from "./part-writer.js";
import { makeS3 } from "./s3-client.js";
import { s3Source } from "./s3-source.js";
import { readSettings, type Settings } from "./settings.js";
import { type Opened, readWhole, type Source } from "./source.js";
import { STAGING_PREFIX } from "./table.js";

/** `{ url, sha256?, md5?, etag? }`: an address, and what is known of the file. */
export interface ImportEvent {
  /** http, https or s3. */
  readonly url: string;
  /** Of the lock: other bytes are refused, and a file that is there already is not fetched. */
  readonly sha256: Sha256 | undefined;
  /** Hex digits. It verifies, and never identifies (engine-rules.md A10). */
  readonly md5: string | undefined;
  /** Of the file that was planned with (engine-rules.md A11). */
  readonly etag: string | undefined;
}

export interface Imported {
  /** Without credentials (engine-rules.md A15). */
  readonly url: string;
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
  readonly bucket: string;
  readonly key: string;
  readonly stored: Stored;
  /** Of the source; absent when it was not asked, or has none. */
  readonly etag?: string;
  readonly lastModified?: string;
  readonly version?: string;
}

export interface ImportParts {
  readonly s3: S3;
  readonly settings: Settings<"buildBucket" | "tmpBucket">;
  /** For tests, whose servers are on this machine. */
  readonly mayConnect?: MayConnect;
  readonly resolve?: Resolve;
  readonly wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Bytes. */
  readonly limit?: number;
  readonly partBytes?: number;
  readonly singleLimit?: number;
  readonly idleMilliseconds?: number;
}

/** More does not come in a quarter of an hour, which is as long as a function may take. */
const LIMIT = 128 * 1024 ** 3;
/** What it takes to abort an upload, with AWS slow to answer. */
const RESERVE = 15_000;
/** Bytes that S3 copies in a millisecond, at the least: about 100 MB/s. */
const COPY_RATE = 100_000;

export const handler = answering(() =>
  dataImport({
    // A source may be in a bucket of another region. Bytes are hashed here, so nothing else has to check them.
    s3: makeS3({ followRegionRedirects: true, responseChecksumValidation: "WHEN_REQUIRED" }),
    settings: readSettings(["buildBucket", "tmpBucket"]),
  }),
);

/**
 * Brings the file behind an address into the build bucket, under its digest. Memory is bounded by a few parts,
 * whatever the size. Until the digest is known and right nothing lies under `objects/`: bytes wait in the temporary
 * bucket, and S3 copies them. So a large file ends up with a SHA-256 of the whole that S3 itself has computed.
 */
export function dataImport(parts: ImportParts): Handler<Imported> {
  const wait = parts.wait ?? sleep;
  const build = new BuildObjects(parts.s3, parts.settings.buildBucket, parts.singleLimit ?? SINGLE_LIMIT);
  return async (given, context) => {
    const event = importEvent(given);
    const source = sourceOf(event.url, parts);
    let bytes = 0;
    const deadline = new Deadline(context, RESERVE, () => tooSlow(source.shown, bytes));
    try {
      const { signal } = deadline;
      // Somebody who gives an MD5 too wants it checked, which takes the bytes.
      if (event.sha256 !== undefined && event.md5 === undefined) {
        const size = await build.sizeOf(event.sha256, signal);
        if (size !== undefined) return imported(source.shown, event.sha256, size, "there");
      }
      return await withRetries(source.shown, { signal, wait }, () =>
        attempt(source, event, context, deadline, (size) => {
          bytes = size;
        }),
      );
    } catch (error) {
      // Whatever broke because time was up: that is why.
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      deadline.dispose();
    }
  };

  async function attempt(
    source: Source,
    event: ImportEvent,
    context: Context,
    deadline: Deadline,
    onSize: (size: number) => void,
  ): Promise<Imported> {
    const { signal } = deadline;
    const limit = parts.limit ?? LIMIT;
    const first = await source.open(0, undefined, signal);
    const staging = { bucket: parts.settings.tmpBucket, key: `${STAGING_PREFIX}${stagingName(context)}` };
    const writer = new PartWriter(
      parts.s3,
      staging,
      parts.partBytes ?? partSize(first.total ?? limit),
      signal,
    );
    let staged = false;
    try {
      judgeEtag(source.shown, first, event.etag);
      if (first.total !== undefined && first.total > limit) throw tooBig(source.shown, limit);
      const md5 = event.md5 === undefined ? undefined : createHash("md5");
      for await (const chunk of readWhole(source, first, { signal, wait })) {
        // Time for the copy has to be left too.
        deadline.check(RESERVE + (writer.size + chunk.length) / COPY_RATE);
        if (writer.size + chunk.length > limit) throw tooBig(source.shown, limit);
        md5?.update(chunk);
        await writer.write(chunk);
        onSize(writer.size);
      }
      const sha256 = writer.digest();
      if (!isSha256(sha256)) throw new Error("a SHA-256 has 64 hex characters");
      judgeDigests(source.shown, event, sha256, md5?.digest("hex"));
      const whole = writer.whole();
      const waiting = { signal, wait };
      let stored: Stored;
      if (whole !== undefined) stored = await build.put(whole, sha256, waiting);
      else {
        const etag = await writer.finish();
        staged = true;
        stored = await build.copy({ ...staging, etag, size: writer.size }, sha256, waiting);
      }
      return imported(source.shown, sha256, writer.size, stored, first);
    } finally {
      first.body.destroy();
      await writer.abort();
      if (staged) {
        // What cannot be deleted expires.
        await parts.s3.deleteObject({ Bucket: staging.bucket, Key: staging.key }).catch(() => undefined);
      }
    }
  }

  function imported(url: string, sha256: Sha256, size: number, stored: Stored, from?: Opened): Imported {
    return {
      url,
      sha256,
      size,
      bucket: build.bucket,
      key: objectKey(sha256),
      stored,
      ...(from?.etag !== undefined && { etag: from.etag }),
      ...(from?.lastModified !== undefined && { lastModified: from.lastModified }),
      ...(from?.version !== undefined && { version: from.version }),
    };
  }
}

function importEvent(given: unknown): ImportEvent {
  const event = fieldsOf(given);
  const sha256 = optionalText(event, "sha256", /^[0-9a-f]{64}$/);
  const md5 = optionalText(event, "md5", /^[0-9a-f]{32}$/i)?.toLowerCase();
  return {
    url: requiredText(event, "url", /^(?:https?|s3):\/\/.{1,4096}$/s),
    sha256: sha256 !== undefined && isSha256(sha256) ? sha256 : undefined,
    md5,
    etag: optionalText(event, "etag", /^[\x21-\x7e]{1,256}$/),
  };
}

function sourceOf(url: string, parts: ImportParts): Source {
  if (url.startsWith("s3://")) return s3Source(parts.s3, url);
  return httpSource(url, {
    mayConnect: parts.mayConnect ?? isPublicAddress,
    resolve: parts.resolve ?? resolveHost,
    idleMilliseconds: parts.idleMilliseconds ?? 60_000,
  });
}

/** Never guessed by anybody, and never used twice. */
function stagingName({ awsRequestId }: Context): string {
  return `${awsRequestId.replace(/[^A-Za-z0-9-]/g, "").slice(0, 64)}-${randomBytes(16).toString("hex")}`;
}

function judgeEtag(shown: string, { etag }: Opened, planned: string | undefined): void {
  if (planned === undefined || etag === planned) return;
  throw new Failure("url-changed", `a fetched file is not the one that was planned with: "${shown}"`, {
    why: `Its ETag was ${planned}, and is ${etag ?? "absent"} now.`,
    fix: "If the new file is wanted, run `reprod pin --update`; what rests on the old one is then made again.",
  });
}

function judgeDigests(shown: string, event: ImportEvent, sha256: Sha256, md5: string | undefined): void {
  if (event.md5 !== undefined && event.md5 !== md5) {
    throw new Failure("digest-mismatch", `a fetched file has another md5 than the text says: "${shown}"`, {
      why: `The text says ${event.md5}, the file has ${md5}. Nothing was stored.`,
      fix: "Find out which is right: the file may have changed, or the digest may be of another file.",
    });
  }
  if (event.sha256 !== undefined && event.sha256 !== sha256) {
    throw new Failure("url-changed", `a fetched file is not the one that was locked: "${shown}"`, {
      why: `reprod.lock says ${event.sha256}, the file has ${sha256}. Nothing was stored.`,
      fix: "If the new file is wanted, run `reprod pin --update`; what rests on the old one is then made again.",
    });
  }
}

function tooBig(shown: string, limit: number): Failure {
  return new Failure("url-too-big", `a file has more than ${limit} bytes: "${shown}"`, {
    why: "More does not come in the time that a function has.",
    fix: "Upload the file yourself.",
  });
}

function tooSlow(shown: string, bytes: number): Failure {
  return new Failure("too-slow", `a file does not come in the time that there is: "${shown}"`, {
    why: `${bytes} bytes had come when there was just enough time left to tidy up. Nothing was stored.`,
    fix: "Try again when the server is faster, or upload the file yourself.",
  });
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}
