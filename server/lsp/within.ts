import { setTimeout as delay } from "node:timers/promises";

/** What a promise gives, or undefined when it takes too long or nobody waits any more. */
export async function within<T>(
  promise: Promise<T>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  if (signal?.aborted === true) return undefined;
  const timer = new AbortController();
  const stop = (): void => timer.abort();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const late = delay(milliseconds, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
    return await Promise.race([promise, late]);
  } finally {
    signal?.removeEventListener("abort", stop);
    timer.abort();
  }
}
