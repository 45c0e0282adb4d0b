import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { LINE_LIMIT_BYTES, LOG_LIMIT_BYTES, printable } from "../executors/logs.js";
import { nameOf } from "./aws-errors.js";

export interface ContainerLog {
  readonly bytes: Buffer;
  /** The middle was left out. */
  readonly cut: boolean;
}

export interface LogOptions {
  /** Bytes that are kept: half of them of the beginning, half of the end. */
  readonly limit?: number;
  /** So many events a call: for tests. */
  readonly page?: number;
  readonly signal: AbortSignal;
}

/**
 * A log stream as text, a line an event, escaped as logs on this machine are (engine-rules.md D12). Memory and calls
 * are bounded, whatever was written: the beginning is read forwards, and of what is too long the end backwards.
 * Undefined when there is no such stream: the container wrote nothing, or never ran.
 */
export async function containerLog(
  logs: CloudWatchLogs,
  logGroupName: string,
  logStreamName: string,
  { limit = LOG_LIMIT_BYTES, page, signal }: LogOptions,
): Promise<ContainerLog | undefined> {
  const read = async (token: string | undefined, startFromHead: boolean) =>
    logs.getLogEvents(
      {
        logGroupName,
        logStreamName,
        startFromHead,
        ...(token !== undefined && { nextToken: token }),
        ...(page !== undefined && { limit: page }),
      },
      { abortSignal: signal },
    );
  const head: Buffer[] = [];
  let size = 0;
  try {
    for (let token: string | undefined; ; ) {
      const { events, nextForwardToken } = await read(token, true);
      for (const { message } of events ?? []) size += keep(head, message);
      if (size > limit) break;
      // Only the token says that it is the end: a page without events may come before it.
      if (nextForwardToken === undefined || nextForwardToken === token)
        return { bytes: Buffer.concat(head), cut: false };
      token = nextForwardToken;
    }
  } catch (error) {
    if (nameOf(error) === "ResourceNotFoundException") return undefined;
    throw error;
  }
  // There is more than both halves, so they do not meet.
  const half = Math.floor(limit / 2);
  const tail: Buffer[] = [];
  let tailSize = 0;
  for (let token: string | undefined; tailSize < half; ) {
    const { events, nextBackwardToken } = await read(token, false);
    const lines: Buffer[] = [];
    for (const { message } of events ?? []) tailSize += keep(lines, message);
    tail.unshift(...lines);
    if (nextBackwardToken === undefined || nextBackwardToken === token) break;
    token = nextBackwardToken;
  }
  return {
    bytes: Buffer.concat([
      ...firstLines(head, half),
      Buffer.from("[reprod: the middle of this log is left out here]\n"),
      ...firstLines(tail.reverse(), half).reverse(),
    ]),
    cut: true,
  };
}

function keep(lines: Buffer[], message: string | undefined): number {
  const line = Buffer.from(`${lineOf(message ?? "")}\n`);
  lines.push(line);
  return line.length;
}

/** An event is a line; what is in it of line breaks is data. */
function lineOf(message: string): string {
  const text = message.replace(/[\r\n]+$/, "");
  const left = text.length - LINE_LIMIT_BYTES;
  if (left <= 0) return printable(text);
  return `${printable(text.slice(0, LINE_LIMIT_BYTES))} [reprod: ${left} more characters in this line]`;
}

/** Whole lines within so many bytes. */
function firstLines(lines: readonly Buffer[], limit: number): Buffer[] {
  const kept: Buffer[] = [];
  let size = 0;
  for (const line of lines) {
    size += line.length;
    if (size > limit) break;
    kept.push(line);
  }
  return kept;
}
