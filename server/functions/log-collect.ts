import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { S3 } from "@aws-sdk/client-s3";
import { taskEndKey, taskLogKey } from "../store/keys.js";
import { statusOf } from "./aws-errors.js";
import { containerLog } from "./container-log.js";
import { Deadline } from "./deadline.js";
import { consuming, type Handler } from "./entry.js";
import { asFields } from "./event.js";
import { makeS3 } from "./s3-client.js";
import { readSettings, type Settings } from "./settings.js";
import { type TaskEnd, taskEnd } from "./task-end.js";

export interface CollectParts {
  readonly s3: S3;
  readonly logs: CloudWatchLogs;
  readonly settings: Settings<"project" | "buildBucket" | "cluster" | "logGroup">;
  /** Bytes of a log that are kept. */
  readonly limit?: number;
  readonly page?: number;
  /** Waits between two readings of logs. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Collected {
  /** Why nothing was done. */
  readonly ignored?: string;
  readonly id?: string;
  /** `older`: a newer end is there already, and stays. */
  readonly end?: "written" | "there" | "older";
  readonly logs?: readonly { readonly key: string; readonly bytes: number; readonly cut: boolean }[];
}

interface Kept {
  readonly digest: string;
  readonly bytes: number;
  readonly cut: boolean;
}

const RESERVE = 10_000;
const CONFLICTS = 5;

/** CloudWatch may tell of the last lines some seconds after it took them: a log is read again until it says no more. */
const MORE_READINGS = 3;
const BETWEEN_READINGS = 2_000;

export const handler = consuming(() =>
  logCollect({
    s3: makeS3({}),
    logs: new CloudWatchLogs({}),
    settings: readSettings(["project", "buildBucket", "cluster", "logGroup"]),
  }),
);

/**
 * Keeps how a task or job ended, and what its containers wrote. Events come more than once and in any order: an end
 * is created once and replaced only by one of a newer version; a log that is read again says the same or more.
 * The end comes first: a committer waits for it. Both are in the build bucket (engine-rules.md E3): records name
 * logs, and would outlive the temporary bucket's `runs/`. A task's own role may not write there (D1), so what is
 * said here is said by AWS.
 */
export function logCollect({
  s3,
  logs,
  settings,
  limit,
  page,
  sleep = (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
}: CollectParts): Handler<Collected> {
  const Bucket = settings.buildBucket;
  return async (event, context) => {
    const end = taskEnd(event, settings);
    if ("ignored" in end) return end;
    const deadline = new Deadline(context, RESERVE, () => new Error("the time is up: the event comes again"));
    try {
      const written = await writeEnd(end, deadline.signal);
      const kept = new Map<string, Kept>();
      await keepLogs(end, kept, deadline.signal);
      for (let more = 0; more < MORE_READINGS; more++) {
        await sleep(BETWEEN_READINGS, deadline.signal);
        if (!(await keepLogs(end, kept, deadline.signal))) break;
      }
      return {
        id: end.id,
        end: written,
        logs: end.containers.flatMap(({ name }) => {
          const { bytes, cut } = kept.get(name) ?? {};
          return bytes === undefined || cut === undefined
            ? []
            : [{ key: taskLogKey(end.id, name), bytes, cut }];
        }),
      };
    } finally {
      deadline.dispose();
    }
  };

  /** Writes what the logs say by now, where that is not kept yet. Whether there was any such. One log is held at a time. */
  async function keepLogs(end: TaskEnd, kept: Map<string, Kept>, signal: AbortSignal): Promise<boolean> {
    let news = false;
    for (const { name, logStream } of end.containers) {
      if (logStream === undefined) continue;
      const log = await containerLog(logs, settings.logGroup, logStream, {
        signal,
        ...(limit !== undefined && { limit }),
        ...(page !== undefined && { page }),
      });
      if (log === undefined) continue;
      // Not by the size: of a log that is cut only the end is another.
      const digest = createHash("sha256").update(log.bytes).digest("hex");
      if (kept.get(name)?.digest === digest) continue;
      await s3.putObject(
        {
          Bucket,
          Key: taskLogKey(end.id, name),
          Body: log.bytes,
          ContentType: "text/plain; charset=utf-8",
        },
        { abortSignal: signal },
      );
      kept.set(name, { digest, bytes: log.bytes.length, cut: log.cut });
      news = true;
    }
    return news;
  }

  async function writeEnd(end: TaskEnd, signal: AbortSignal): Promise<"written" | "there" | "older"> {
    const Key = taskEndKey(end.id);
    for (let conflicts = 1; ; conflicts++) {
      const there = await readEnd(Key, signal);
      if (there !== undefined && there.version >= end.version)
        return there.version === end.version ? "there" : "older";
      try {
        await s3.putObject(
          {
            Bucket,
            Key,
            Body: `${JSON.stringify(end, null, 2)}\n`,
            ContentType: "application/json",
            ...(there === undefined ? { IfNoneMatch: "*" } : { IfMatch: there.etag }),
          },
          { abortSignal: signal },
        );
        return "written";
      } catch (error) {
        // Another event of the same task was faster: which of them is newer has to be asked again.
        const status = statusOf(error);
        if ((status !== 409 && status !== 412 && status !== 404) || conflicts === CONFLICTS) throw error;
      }
    }
  }

  async function readEnd(
    Key: string,
    signal: AbortSignal,
  ): Promise<{ readonly version: number; readonly etag: string | undefined } | undefined> {
    try {
      const { Body, ETag } = await s3.getObject({ Bucket, Key }, { abortSignal: signal });
      return { version: versionOf((await Body?.transformToString()) ?? ""), etag: ETag };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }
}

/** Of a text that is no end any is newer. */
function versionOf(text: string): number {
  try {
    const { version } = asFields(JSON.parse(text));
    return typeof version === "number" ? version : -1;
  } catch {
    return -1;
  }
}
