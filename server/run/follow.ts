import { setTimeout as delay } from "node:timers/promises";
import type { JournalLine } from "./events.js";
import { JournalReader, journalFiles } from "./journal.js";

const POLL_MILLISECONDS = 100;

export interface FollowOptions {
  /** Whether the run still has a live runner: a journal without one ends where it ends. */
  readonly alive: () => boolean;
  readonly signal?: AbortSignal;
}

/**
 * The journal of a run from its first line on, then each new line as it is written, until the run has ended, its
 * runner is gone, or `signal` says stop. Costs one read each 100 ms while nothing happens.
 */
export async function* followRun(
  folder: string,
  options: FollowOptions,
): AsyncGenerator<JournalLine, void, void> {
  const readers = new Map<string, JournalReader>();
  const readNew = (): JournalLine[] => {
    const lines: JournalLine[] = [];
    for (const { file } of journalFiles(folder)) {
      const reader = readers.get(file) ?? new JournalReader(file);
      readers.set(file, reader);
      lines.push(...reader.read());
    }
    return lines;
  };
  try {
    while (options.signal?.aborted !== true) {
      // Asked before reading: what a runner writes before it is gone is then always read.
      const alive = options.alive();
      for (const line of readNew()) {
        yield line;
        if (line.event === "run-ended") return;
      }
      if (!alive) return;
      try {
        await delay(
          POLL_MILLISECONDS,
          undefined,
          options.signal === undefined ? {} : { signal: options.signal },
        );
      } catch (error) {
        if (!(error instanceof Error && error.name === "AbortError")) throw error;
      }
    }
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}
