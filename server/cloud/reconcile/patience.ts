import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../base/failure.js";
import { isNotReadyYet, isStillUsed, isTransient } from "../failures.js";

/** Time as the reconciler sees it: tests bring one of their own. */
export interface Clock {
  /** Milliseconds, from anywhere; never goes back. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
};

export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** From then on nothing is waited for any more, by the clock. */
  readonly until?: number | undefined;
  /** What else is worth waiting for. */
  readonly worthIt?: (error: unknown) => boolean;
  /** Told when it waits: `cannot be assumed yet`. */
  readonly onWait?: ((error: unknown) => void) | undefined;
}

/**
 * AWS works on it and will be done, which takes some services minutes (AWS Batch): waited for as long as it says, while
 * making and while removing. What takes longer is told, and the same said again goes on.
 */
export class StillGoingOn extends Failure {
  constructor(
    what: string,
    readonly milliseconds: number,
  ) {
    super("aws-still-busy", `AWS is still busy with this: "${what}"`, {
      why: `It took longer than ${Math.round(milliseconds / 60_000)} minutes, and goes on by itself.`,
      fix: "Say the same again in a few minutes: it goes on from what is there.",
      cause: Object.assign(new Error(what), { name: "ResourceInUse" }),
    });
  }
}

/** As long as a fresh role may be unknown to other services (engine-rules.md F3), and AWS's own hiccups last. */
const FOR_MAKING = 60_000;
/** What was just detached may be in use for a while. Network interfaces of Lambda last longer, and are told (F5). */
const FOR_REMOVING = 60_000;

/**
 * Does it again while AWS says that it is not ready yet, throttles or fails: for 60 seconds, waiting longer each time.
 * What is done has to look first whether it has happened already: an answer may have been lost.
 */
export async function untilReady<Result>(work: () => Promise<Result>, patience: Patience): Promise<Result> {
  return again(work, patience, FOR_MAKING, (error) => isNotReadyYet(error) || isTransient(error));
}

/** The same for removing, which waits too while something uses the thing still, or AWS is changing it. */
export async function untilUnused<Result>(work: () => Promise<Result>, patience: Patience): Promise<Result> {
  return again(
    work,
    patience,
    FOR_REMOVING,
    (error) => isStillUsed(error) || isNotReadyYet(error) || isTransient(error),
  );
}

async function again<Result>(
  work: () => Promise<Result>,
  { clock, signal, until = Number.POSITIVE_INFINITY, worthIt, onWait }: Patience,
  milliseconds: number,
  mayPass: (error: unknown) => boolean,
): Promise<Result> {
  const begun = clock.now();
  for (let wait = 500; ; wait = Math.min(wait * 2, 8_000)) {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const goesOn = error instanceof StillGoingOn;
      if (!(goesOn || mayPass(error) || worthIt?.(error) === true)) throw error;
      if (clock.now() + wait > Math.min(begun + (goesOn ? error.milliseconds : milliseconds), until)) {
        throw error;
      }
      onWait?.(error);
      await clock.sleep(wait, signal);
    }
  }
}
