import { setTimeout as delay } from "node:timers/promises";
import type { AttemptSpec, Executor } from "../executors/executor.js";
import type { Claims } from "../store/local.js";
import type { LeftAttempt, LeftAttempts } from "./attempts.js";
import { failureOf } from "./outcome.js";
import type { Remains } from "./remains.js";

/** So long a finished attempt is given to say so before it counts as running. */
const ENDED_MILLISECONDS = 100;

/**
 * Ends what killed runs have left and this one had no use for (C4): running groups are ended, working folders given
 * up, except those of scripts that had failed, which are kept for looking. Returns how many were still running.
 */
export async function discardLeft(
  left: LeftAttempts,
  claims: Claims,
  executor: Executor,
  remains: Remains,
  engine: "docker" | "podman" | undefined,
): Promise<number> {
  let ended = 0;
  for (const attempt of left.takeRest()) {
    // Another run may have just taken it over: whoever has the claim has the attempt.
    const claim = claims.tryAcquire({ kind: "content", id: attempt.content });
    if (claim.kind === "taken") continue;
    try {
      if (await endAttempt(attempt, executor, remains, engine)) ended++;
      left.settled(attempt);
    } finally {
      claims.release(claim.claim);
    }
  }
  return ended;
}

async function endAttempt(
  attempt: LeftAttempt,
  executor: Executor,
  remains: Remains,
  engine: "docker" | "podman" | undefined,
): Promise<boolean> {
  const handle = await executor.adopt(forgottenSpec(attempt, engine));
  if (handle === undefined) {
    remains.discard(attempt.folder);
    return false;
  }
  const finished = await Promise.race([handle.ended, delay(ENDED_MILLISECONDS, undefined)]);
  if (finished === undefined) handle.cancel();
  const result = finished ?? (await handle.ended);
  const failure = failureOf(result.end);
  if (failure === undefined || failure.kind === "Cancelled") remains.discard(attempt.folder);
  return finished === undefined;
}

/**
 * Enough to find and end an attempt whose node nobody knows any more. With an engine it counts as one in a container,
 * which is then looked for by the attempt's name and, on a host, not found.
 */
function forgottenSpec(attempt: LeftAttempt, engine: "docker" | "podman" | undefined): AttemptSpec {
  return {
    id: attempt.id,
    node: "",
    attempt: attempt.number,
    folder: attempt.folder,
    interpreter: { kind: "sh", command: ["sh"] },
    script: "",
    values: {},
    env: {},
    secrets: {},
    inputs: [],
    folders: [],
    where:
      engine === undefined
        ? { kind: "host", path: [] }
        : { kind: "image", image: "", engine, platform: "", asImageUser: false },
    network: false,
    cpus: 0,
    memoryBytes: 0,
    timeoutMilliseconds: undefined,
  };
}
