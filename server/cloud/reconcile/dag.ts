/** What depends on what, by keys. Visits and orders cost one step a resource and dependency. */
export interface Dependent {
  readonly key: string;
  /** Keys that come before it; those that are not there are passed over. */
  readonly after: readonly string[];
}

export interface Work<Item extends Dependent> {
  readonly items: readonly Item[];
  /** How many at once. */
  readonly parallel: number;
  /** Nothing new is started once this is so. */
  readonly stopped: () => boolean;
  run(item: Item): Promise<void>;
}

/**
 * Runs each item after those that it comes after, some at once. After the first rejection nothing new is started, what
 * runs is awaited, and the rejection is the result: so whoever catches it knows that nothing goes on behind its back.
 */
export async function inOrder<Item extends Dependent>({
  items,
  parallel,
  stopped,
  run,
}: Work<Item>): Promise<void> {
  const known = new Set(items.map(({ key }) => key));
  const missing = new Map(
    items.map((item) => [item.key, new Set(item.after.filter((key) => known.has(key)))]),
  );
  const waiting = new Map(items.map((item) => [item.key, item]));
  const running = new Map<string, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const done = (key: string): void => {
    running.delete(key);
    for (const before of missing.values()) before.delete(key);
  };
  for (;;) {
    if (failure === undefined && !stopped()) {
      for (const [key, item] of waiting) {
        if (running.size >= parallel) break;
        if ((missing.get(key)?.size ?? 0) > 0) continue;
        waiting.delete(key);
        running.set(
          key,
          run(item).then(
            () => done(key),
            (error: unknown) => {
              running.delete(key);
              failure ??= { error };
            },
          ),
        );
      }
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (failure !== undefined) throw failure.error;
  if (waiting.size > 0 && !stopped()) {
    throw new Error(`these wait for each other: ${[...waiting.keys()].join(", ")}`);
  }
}
