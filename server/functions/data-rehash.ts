import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { S3 } from "@aws-sdk/client-s3";
import { OBJECTS, sha256OfKey } from "../store/keys.js";
import { nameOf, statusOf } from "./aws-errors.js";
import { Deadline } from "./deadline.js";
import { answering, type Handler } from "./entry.js";
import { fieldsOf, malformed, optionalText } from "./event.js";
import { makeS3 } from "./s3-client.js";
import { readSettings, type Settings } from "./settings.js";

/**
 * `{ keys }`, or `{ prefix, continuation? }` for everything below a prefix, or both: the keys come first. What is
 * answered as `next` is the event to go on with.
 */
export interface RehashEvent {
  readonly keys?: readonly string[];
  readonly prefix?: string;
  /** The last key that has been listed. */
  readonly continuation?: string;
}

export interface Unwell {
  readonly key: string;
  readonly reason: string;
}

export interface Rehashed {
  /** Objects that were read to the end. */
  readonly checked: number;
  /** Objects that are not what their keys say: `absent`, `digest`, or `key` for no key of an object. */
  readonly broken: readonly Unwell[];
  /** Objects of which nothing can be said: `archived`, or `too-big` to be read in the time that a function has. */
  readonly skipped: readonly Unwell[];
  readonly next?: RehashEvent;
}

export interface RehashParts {
  readonly s3: S3;
  readonly settings: Settings<"buildBucket">;
  /** How many keys of a listing are looked at together. */
  readonly page?: number;
  /** How many objects that are not well an answer tells, or some more of the same page. */
  readonly most?: number;
}

const RESERVE = 10_000;
const MOST_KEYS = 10_000;
const AT_ONCE = 8;
const READS = 3;

export const handler = answering(() =>
  dataRehash({
    // The SHA-256 of the whole is compared here: the client's own checksums would cost the same time again.
    s3: makeS3({ responseChecksumValidation: "WHEN_REQUIRED" }),
    settings: readSettings(["buildBucket"]),
  }),
);

/**
 * Reads objects and compares the SHA-256 of their bytes with their keys. It reports, and changes nothing. Memory is
 * bounded by a few chunks; time by what Lambda leaves: the rest is told as `next`.
 */
export function dataRehash({ s3, settings, page = 500, most = MOST_KEYS }: RehashParts): Handler<Rehashed> {
  const Bucket = settings.buildBucket;
  return async (given, context) => {
    const { keys, prefix, continuation } = rehashEvent(given);
    const deadline = new Deadline(context, RESERVE, () => new Error("the time is up"));
    const { signal } = deadline;
    const broken: Unwell[] = [];
    const skipped: Unwell[] = [];
    let checked = 0;
    const report = (next?: RehashEvent): Rehashed => ({
      checked,
      broken,
      skipped,
      ...(next !== undefined && { next }),
    });
    /** False when time was up before the end of it. */
    const check = async (key: string): Promise<boolean> => {
      const verdict = await judge(key, signal);
      if (verdict === "late") return false;
      if (verdict === "well" || verdict === "digest") checked++;
      if (verdict === "archived") skipped.push({ key, reason: verdict });
      else if (verdict !== "well") broken.push({ key, reason: verdict });
      return true;
    };
    try {
      // One after the other: so the first has all the time, and is known to be too big when that is not enough.
      for (const [at, key] of keys.entries()) {
        if (await check(key)) continue;
        const rest = keys.slice(at === 0 ? 1 : at);
        if (at === 0) skipped.push({ key, reason: "too-big" });
        if (rest.length === 0 && prefix === undefined) return report();
        return report(goOn(rest, prefix, continuation));
      }
      if (prefix === undefined) return report();
      for (let last = continuation; ; ) {
        if (signal.aborted) return report(goOn([], prefix, last));
        const listed = await list(prefix, last, signal);
        if (listed === "late") return report(goOn([], prefix, last));
        const late = await each(listed.keys, check);
        last = listed.keys.at(-1) ?? last;
        const more = listed.more ? prefix : undefined;
        if (late.length > 0) return report(goOn(late, more, last));
        if (more === undefined) return report();
        // An answer of Lambda's has 6 MiB at most.
        if (broken.length + skipped.length >= most) return report(goOn([], more, last));
      }
    } finally {
      deadline.dispose();
    }
  };

  async function judge(
    key: string,
    signal: AbortSignal,
  ): Promise<"well" | "late" | "absent" | "digest" | "key" | "archived"> {
    const sha256 = sha256OfKey(key);
    if (sha256 === undefined) return "key";
    let wrong = 0;
    for (let reads = 1; ; reads++) {
      if (signal.aborted) return "late";
      try {
        if ((await digestOf(key, signal)) === sha256) return "well";
        // Twice the same verdict: what broke on the way is no reason to call an object broken.
        if (++wrong === 2) return "digest";
      } catch (error) {
        if (signal.aborted) return "late";
        if (statusOf(error) === 404) return "absent";
        if (nameOf(error) === "InvalidObjectState") return "archived";
        if (statusOf(error) === 403 || reads >= READS) throw error;
      }
    }
  }

  async function digestOf(key: string, signal: AbortSignal): Promise<string> {
    const { Body, ContentLength } = await s3.getObject({ Bucket, Key: key }, { abortSignal: signal });
    if (!(Body instanceof Readable)) throw new Error("Node's client gives streams");
    const hash = createHash("sha256");
    const stop = () => Body.destroy(new Error("the time is up"));
    signal.addEventListener("abort", stop, { once: true });
    let size = 0;
    try {
      for await (const chunk of Body) {
        hash.update(chunk);
        size += chunk.length;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      Body.destroy();
    }
    if (ContentLength !== undefined && size !== ContentLength)
      throw new Error(`${size} of ${ContentLength} bytes came`);
    return hash.digest("hex");
  }

  async function list(
    prefix: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<"late" | { readonly keys: readonly string[]; readonly more: boolean }> {
    try {
      const { Contents, IsTruncated } = await s3.listObjectsV2(
        { Bucket, Prefix: prefix, MaxKeys: page, ...(after !== undefined && { StartAfter: after }) },
        { abortSignal: signal },
      );
      const keys = (Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
      return { keys, more: IsTruncated === true && keys.length > 0 };
    } catch (error) {
      if (signal.aborted) return "late";
      throw error;
    }
  }
}

/** Some at once, in order. Gives back those that time was too short for. */
async function each(
  keys: readonly string[],
  check: (key: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const late: string[] = [];
  const rest = keys.values();
  const worker = async () => {
    for (const key of rest) if (!(await check(key))) late.push(key);
  };
  // All are awaited, so that nothing goes on in a process that Lambda has put to sleep.
  for (const worked of await Promise.allSettled(Array.from({ length: AT_ONCE }, worker))) {
    if (worked.status === "rejected") throw worked.reason;
  }
  return late.sort();
}

function goOn(
  keys: readonly string[],
  prefix: string | undefined,
  continuation: string | undefined,
): RehashEvent {
  return {
    ...(keys.length > 0 && { keys }),
    ...(prefix !== undefined && { prefix }),
    ...(prefix !== undefined && continuation !== undefined && { continuation }),
  };
}

function rehashEvent(given: unknown): {
  readonly keys: readonly string[];
  readonly prefix: string | undefined;
  readonly continuation: string | undefined;
} {
  const event = fieldsOf(given);
  const keys: string[] = [];
  if (event.keys !== undefined) {
    if (!Array.isArray(event.keys) || event.keys.length > MOST_KEYS)
      throw malformed(`\`keys\` is no list of at most ${MOST_KEYS} keys`);
    for (const key of event.keys) {
      if (typeof key !== "string" || key.length > 1024)
        throw malformed("`keys` has something that is no key");
      keys.push(key);
    }
  }
  const prefix = optionalText(event, "prefix", /^.{0,1024}$/s);
  // Only objects have a digest in their keys: anything else in the bucket is not for this function to read.
  if (prefix !== undefined && !prefix.startsWith(`${OBJECTS}/`))
    throw malformed(`\`prefix\` does not begin with ${OBJECTS}/`);
  if (event.keys === undefined && prefix === undefined) throw malformed("it lacks `keys` or `prefix`");
  return { keys, prefix, continuation: optionalText(event, "continuation", /^.{1,1024}$/s) };
}
