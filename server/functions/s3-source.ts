import { Readable } from "node:stream";
import type { S3 } from "@aws-sdk/client-s3";
import { Failure } from "../base/failure.js";
import { Transient } from "../data/http.js";
import { nameOf, statusOf } from "./aws-errors.js";
import type { Opened, Source } from "./source.js";

/** An object of another bucket, as `s3://<bucket>/<key>`. */
export function s3Source(s3: S3, url: string): Source {
  const [, Bucket, Key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/s.exec(url) ?? [];
  if (Bucket === undefined || Key === undefined) {
    throw new Failure("url-not-found", `this is no address of an object: "${url}"`, {
      why: "It has to be s3://, the name of a bucket, a slash and a key.",
      fix: "Correct the address.",
    });
  }
  return {
    shown: url,
    async open(from, etag, signal): Promise<Opened> {
      try {
        const answer = await s3.getObject(
          {
            Bucket,
            Key,
            ...(from > 0 && { Range: `bytes=${from}-` }),
            ...(from > 0 && etag !== undefined && { IfMatch: etag }),
          },
          { abortSignal: signal },
        );
        if (!(answer.Body instanceof Readable)) throw new Error("Node's client gives streams");
        const { ContentLength } = answer;
        return {
          from,
          total: ContentLength === undefined ? undefined : from + ContentLength,
          etag: answer.ETag,
          lastModified: answer.LastModified?.toUTCString(),
          version: answer.VersionId === "null" ? undefined : answer.VersionId,
          resumable: answer.ETag !== undefined,
          body: answer.Body,
        };
      } catch (error) {
        signal.throwIfAborted();
        throw sourceFailure(error, url);
      }
    },
  };
}

function sourceFailure(error: unknown, url: string): unknown {
  const status = statusOf(error);
  if (status === 404) {
    return new Failure("url-not-found", `there is nothing at this address: "${url}"`, {
      why: nameOf(error) === "NoSuchBucket" ? "There is no such bucket." : "The bucket has no such object.",
      fix: "Correct the address.",
      cause: error,
    });
  }
  if (status === 403) {
    const archived = nameOf(error) === "InvalidObjectState";
    return new Failure("url-refused", `the bucket does not give this object: "${url}"`, {
      why: archived
        ? "It is archived, and has to be restored before it can be read."
        : "The function's role may not read it.",
      fix: archived
        ? "Restore it, and try again."
        : "Let the role of the functions read it, by the bucket's policy.",
      cause: error,
    });
  }
  // With `IfMatch`: another object has its key now.
  if (status === 412) return new Transient("the object changed while it was read", undefined, error);
  return error;
}
