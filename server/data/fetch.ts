import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { isSha256, type Sha256 } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import { withoutCredentials } from "../graph/data-references.js";
import { systemReason } from "./files.js";
import { get, networkError, type RetryOptions, retryAfter, Transient, withRetries } from "./http.js";

/** Takes a finished file over: it may rename it. What is still there afterwards is deleted. */
export type FileSink = (temporary: string, sha256: Sha256, size: number) => Promise<void>;

export interface FetchOptions extends RetryOptions {
  /** Folder for the temporary file, best on the file system that `sink` moves it to; made when it is not there. */
  readonly folder: string;
  readonly sink: FileSink;
  /** `md5:<hex>`, `sha1:…`, `sha256:…` or `sha512:…`, as the text gives it (language.md rule 26). */
  readonly verify?: string | undefined;
  /** Digest of the lock: other bytes are a failure, since results rest on it. */
  readonly expected?: Sha256 | undefined;
  /** Called with the bytes so far, and the size when the server tells it. */
  readonly onBytes?: (bytes: number, total: number | undefined) => void;
  readonly limitBytes?: number;
  readonly idleMilliseconds?: number;
}

export interface FetchedFile {
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
  readonly etag: string | undefined;
}

/**
 * Downloads a file by digest: streamed to a temporary file, checked, handed to `sink`. Rejects with a `Failure`
 * (`url-credentials`, `url-not-found`, `url-refused`, `url-unreachable`, `digest-mismatch`, `url-changed`,
 * `disk-full`, …) whose texts hold no credentials (engine-rules.md A15), or with the signal's reason.
 */
export async function fetchFile(url: string, options: FetchOptions): Promise<FetchedFile> {
  const shown = withoutCredentials(url);
  if (!URL.canParse(url) || new URL(url).href !== withoutCredentials(new URL(url).href)) {
    throw new Failure(
      "url-credentials",
      `an address is malformed, or holds a password or signature: "${shown}"`,
      {
        why: "Addresses are written into records and logs that others read.",
        fix: "Use a public address, or fetch the file beforehand.",
      },
    );
  }
  const verify = options.verify === undefined ? undefined : parseVerify(options.verify, shown);
  return await withRetries(shown, options, () => attempt(url, shown, verify, options));
}

interface Verify {
  readonly kind: string;
  readonly hex: string;
}

const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ["md5", 32],
  ["sha1", 40],
  ["sha256", 64],
  ["sha512", 128],
]);

function parseVerify(text: string, shown: string): Verify {
  const [, kind = "", hex = ""] = /^([a-z0-9]+):([0-9a-f]+)$/i.exec(text) ?? [];
  if (HEX_DIGITS.get(kind.toLowerCase()) === hex.length)
    return { kind: kind.toLowerCase(), hex: hex.toLowerCase() };
  throw new Failure("digest-malformed", `the digest given for "${shown}" is none: "${text}"`, {
    why: `Known are ${[...HEX_DIGITS].map(([name, digits]) => `${name} with ${digits} hex digits`).join(", ")}.`,
    fix: "Correct the digest.",
  });
}

async function attempt(
  url: string,
  shown: string,
  verify: Verify | undefined,
  options: FetchOptions,
): Promise<FetchedFile> {
  const answer = await get(url, { signal: options.signal, ...idle(options) });
  try {
    judgeStatus(answer.status, answer.headers, shown);
    const declared = Number(answer.headers["content-length"] ?? Number.NaN);
    const total = Number.isSafeInteger(declared) ? declared : undefined;
    const { etag } = answer.headers;
    fs.mkdirSync(options.folder, { recursive: true });
    const temporary = path.join(options.folder, `fetch-${process.pid}-${randomBytes(8).toString("hex")}`);
    const file = await fs.promises.open(temporary, "wx", 0o600);
    try {
      const identity = createHash("sha256");
      const other = verify && createHash(verify.kind);
      let size = 0;
      for await (const chunk of answer.body) {
        if (!(chunk instanceof Buffer)) throw new Error("a body without encoding comes as bytes");
        size += chunk.length;
        if (size > (options.limitBytes ?? Number.POSITIVE_INFINITY)) throw tooBig(shown, options.limitBytes);
        identity.update(chunk);
        other?.update(chunk);
        for (let written = 0; written < chunk.length; ) {
          written += (await file.write(chunk, written)).bytesWritten;
        }
        options.onBytes?.(size, total);
      }
      await file.close();
      if (total !== undefined && size !== total) throw new Transient(`${size} of ${total} bytes came`);
      const sha256 = identity.digest("hex");
      if (!isSha256(sha256)) throw new Error("a SHA-256 has 64 hex characters");
      judgeDigests(shown, sha256, verify, other?.digest("hex"), options.expected);
      await options.sink(temporary, sha256, size);
      return { sha256, size, etag };
    } finally {
      await file.close();
      fs.rmSync(temporary, { force: true });
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw localError(error, options.folder) ?? networkError(error, shown);
  } finally {
    answer.body.destroy();
  }
}

function idle(options: FetchOptions): { idleMilliseconds?: number } {
  return options.idleMilliseconds === undefined ? {} : { idleMilliseconds: options.idleMilliseconds };
}

export function judgeStatus(
  status: number,
  headers: { readonly "retry-after"?: string | undefined },
  shown: string,
): void {
  if (status === 200) return;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new Transient(`the server is busy or broken (status ${status})`, retryAfter(headers));
  }
  if (status === 404 || status === 410) {
    throw new Failure("url-not-found", `there is nothing at this address: "${shown}"`, {
      why: `The server answers with status ${status}.`,
      fix: "Correct the address.",
    });
  }
  throw new Failure("url-refused", `the server does not give this file: "${shown}"`, {
    why: `It answers with status ${status}${status === 401 || status === 403 ? ": not without a login, or not at all" : ""}.`,
    fix: "Use an address that is open to everybody, or fetch the file beforehand and name it by its path.",
  });
}

function judgeDigests(
  shown: string,
  sha256: Sha256,
  verify: Verify | undefined,
  verified: string | undefined,
  expected: Sha256 | undefined,
): void {
  if (verify !== undefined && verify.hex !== verified) {
    throw new Failure(
      "digest-mismatch",
      `a fetched file has another ${verify.kind} than the text says: "${shown}"`,
      {
        why: `The text says ${verify.hex}, the file has ${verified}.`,
        fix: "Find out which is right: the file may have changed, or the digest may be of another file.",
      },
    );
  }
  if (expected !== undefined && expected !== sha256) {
    throw new Failure("url-changed", `a fetched file is not the one that was locked: "${shown}"`, {
      why: `reprod.lock says ${expected}, the file has ${sha256}.`,
      fix: "If the new file is wanted, run `reprod pin --update`; what rests on the old one is then made again.",
    });
  }
}

function tooBig(shown: string, limit: number | undefined): Failure {
  return new Failure("url-too-big", `a file has more than ${limit} bytes: "${shown}"`, {
    why: "More was not allowed to be fetched.",
    fix: "Check the address.",
  });
}

/** What the disk did, as opposed to the network. */
function localError(error: unknown, folder: string): Failure | undefined {
  const code = systemCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Failure("disk-full", `there is no room left to fetch a file to: "${folder}"`, {
      why: `The system says: ${systemReason(error)}.`,
      fix: "Free some space, and try again: what was fetched before is kept.",
      cause: error,
    });
  }
  if (code !== undefined && ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "EEXIST"].includes(code)) {
    return new Failure("project-read-only", `a file cannot be fetched to this folder: "${folder}"`, {
      why: `The system says: ${systemReason(error)}.`,
      fix: "Make the folder writable.",
      cause: error,
    });
  }
  return undefined;
}
