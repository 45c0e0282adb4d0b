import { setTimeout as after } from "node:timers/promises";

/** How long tests wait for what should happen at once: generous, since a busy machine is slow and a pass never waits. */
export const patience = Number(process.env.REPROD_HOST_PATIENCE ?? 20_000);

/**
 * Asks again and again until the answer is neither undefined nor false. `what` ends the sentence "waited for …"; `seen`
 * tells what was there instead.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly timeout?: number; readonly seen?: () => unknown } = {},
): Promise<T> {
  const timeout = options.timeout ?? patience;
  const end = performance.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) {
      const seen = options.seen === undefined ? "" : `; seen: ${JSON.stringify(await options.seen())}`;
      throw new Error(`waited ${timeout / 1000} s for ${what}${seen}`);
    }
    await after(40);
  }
}
