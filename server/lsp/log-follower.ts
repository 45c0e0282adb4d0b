import { readLog } from "../executors/logs.js";
import { within } from "./within.js";

/** UTF-16 units in one answer; a log may have 100 MiB, and a message of that size would stop everything else. */
const PIECE = 256 * 1024;
/** How long an answer waits for a first line. */
const WAIT_MILLISECONDS = 5_000;
/** A moment in which further lines may come along with the first. */
const MORE_MILLISECONDS = 30;
/** A follower that nobody asks any more ends by itself. */
const IDLE_MILLISECONDS = 30_000;

export interface LogPiece {
  readonly text: string;
  readonly lines: number;
  readonly ended: boolean;
}

/** Reads the log of one attempt line by line for one reader, as it grows; asks the disk only while somebody waits. */
export class LogFollower {
  readonly #abort = new AbortController();
  readonly #iterator: AsyncIterator<{ readonly text: string }>;
  #next: Promise<IteratorResult<{ readonly text: string }>> | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Lines that were given so far. */
  lines = 0;
  ended = false;

  constructor(
    folder: string,
    private readonly onIdle: () => void,
  ) {
    this.#iterator = readLog(folder, { follow: true, signal: this.#abort.signal })[Symbol.asyncIterator]();
    this.#rest();
  }

  /** Passes over lines that a reader has from before. */
  async skip(lines: number, signal: AbortSignal): Promise<void> {
    while (this.lines < lines && !this.ended && !signal.aborted)
      await this.#take(signal, PIECE, lines - this.lines);
  }

  async take(signal: AbortSignal): Promise<LogPiece> {
    const texts = await this.#take(signal, PIECE, Number.POSITIVE_INFINITY);
    return { text: texts.map((text) => `${text}\n`).join(""), lines: this.lines, ended: this.ended };
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#abort.abort();
    // Between two lines it holds the file open.
    this.#iterator.return?.().catch(() => {});
  }

  async #take(signal: AbortSignal, size: number, count: number): Promise<readonly string[]> {
    clearTimeout(this.#idle);
    const texts: string[] = [];
    let isOver = signal.aborted;
    let begun = (): void => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const read = async (): Promise<void> => {
      for (let length = 0; !isOver && !this.ended && length < size && texts.length < count; begun()) {
        this.#next ??= this.#iterator.next();
        const result = await this.#next;
        // Too late for this answer: it stays for the next one.
        if (isOver) return;
        this.#next = undefined;
        if (result.done === true) this.ended = true;
        else {
          // Colours are for terminals; the rest has been made safe to show by `readLog`.
          const text = result.value.text.replace(/\x1b\[[0-9;:]*m/g, "");
          texts.push(text);
          length += text.length;
          this.lines++;
        }
      }
    };
    try {
      const all = read();
      await within(Promise.race([all, first]), WAIT_MILLISECONDS, signal);
      if (texts.length > 0) await within(all, MORE_MILLISECONDS, signal);
    } finally {
      isOver = true;
      this.#rest();
    }
    return texts;
  }

  #rest(): void {
    this.#idle = setTimeout(() => {
      this.close();
      this.onIdle();
    }, IDLE_MILLISECONDS);
    this.#idle.unref();
  }
}
