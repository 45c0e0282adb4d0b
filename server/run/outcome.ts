import * as os from "node:os";
import type { AttemptEnd } from "../executors/executor.js";
import type { FailureKind, Retry } from "../graph/model.js";
import { timeText } from "../language/units.js";

/** An attempt without result, in one of the words that `retry.on` knows. */
export interface AttemptFailure {
  readonly kind: FailureKind;
  readonly message: string;
}

/**
 * Why an attempt failed by the way it ended; undefined when the script ended well and its outs decide. The timeout is
 * that which the attempt was started with, undefined where that is not known.
 */
export function failureOf(end: AttemptEnd, timeoutMilliseconds?: number): AttemptFailure | undefined {
  switch (end.kind) {
    case "exited":
      if (end.code === 0) return undefined;
      return {
        kind: "ScriptFailed",
        message: `the script ended with exit code ${end.code}${signalIn(end.code)}`,
      };
    case "signalled":
      return { kind: "ScriptFailed", message: `the script was ended by ${end.signal}` };
    case "timed-out":
      return {
        kind: "Timeout",
        message: `the script ran longer than its timeout${timeoutMilliseconds === undefined ? "" : ` of ${timeText(timeoutMilliseconds)}`}`,
      };
    case "cancelled":
      return { kind: "Cancelled", message: "the run was cancelled" };
    case "out-of-memory":
      return { kind: "OutOfMemory", message: "the system ended the script, as it had no more memory for it" };
    case "input-changed":
      return { kind: "InputChanged", message: end.message };
    case "input-modified":
      return { kind: "InputModified", message: end.message };
    case "disk-full":
      return { kind: "DiskFull", message: end.message };
    case "stage-failed":
      return { kind: "StageFailed", message: end.message };
    case "start-failed":
      return { kind: "StartFailed", message: end.message };
    case "lost":
      return { kind: "Lost", message: end.message };
  }
}

/** A shell gives 128 and the number of the signal that ended its program: 137 where memory ran out, 141 before `head`. */
function signalIn(code: number): string {
  const name = Object.entries(os.constants.signals).find(([, number]) => number === code - 128)?.[0];
  return name === undefined ? "" : `, as when ${name} ends a program of it`;
}

export function exitCodeOf(end: AttemptEnd): number | undefined {
  return end.kind === "exited" ? end.code : undefined;
}

export function signalOf(end: AttemptEnd): string | undefined {
  return end.kind === "signalled" ? end.signal : undefined;
}

/** What the machinery did, not the script: tried again without counting against the author's attempts. */
const INFRASTRUCTURE: ReadonlySet<FailureKind> = new Set(["SpotInterruption", "NoCapacity", "Lost"]);
const INFRASTRUCTURE_RETRIES = 3;

/** What another attempt cannot change: the same again, or somebody's wish. */
const FINAL: ReadonlySet<FailureKind> = new Set([
  "Cancelled",
  "DiskFull",
  "InputChanged",
  "InputModified",
  "ImageNotFound",
  "PermissionDenied",
]);

/** How often a node has been tried, and whether it is tried again (rule 22). */
export class Tries {
  #counted = 0;
  #infrastructure = 0;
  readonly #retry: Retry;

  constructor(retry: Retry) {
    this.#retry = retry;
  }

  /** Of what the node asks for, for the next attempt: grows with each that failed for the script's own reasons. */
  get memoryFactor(): number {
    return this.#retry.memoryFactor ** this.#counted;
  }

  /** Counts a failed attempt. True when there is another. */
  again(failure: FailureKind): boolean {
    if (INFRASTRUCTURE.has(failure)) return ++this.#infrastructure <= INFRASTRUCTURE_RETRIES;
    this.#counted++;
    if (FINAL.has(failure)) return false;
    if (this.#retry.on.length > 0 && !this.#retry.on.includes(failure)) return false;
    return this.#counted < this.#retry.attempts;
  }
}
