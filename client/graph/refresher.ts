/**
 * Asks again when something has changed: some time after the first of many changes, one question at a time, and
 * nothing while nobody looks. An answer that a newer question has overtaken is never given to anyone.
 */
export class Refresher {
  readonly #ask: (signal: AbortSignal) => Promise<void>;
  readonly #delay: number;
  #timer: NodeJS.Timeout | undefined;
  #asking: AbortController | undefined;
  /** Something has changed that the question on its way does not know of. */
  #again = false;
  #watched = false;
  #closed = false;

  /** `ask` must not act on an answer once the signal has fired, and tells its failures itself. */
  constructor(ask: (signal: AbortSignal) => Promise<void>, delay: number) {
    this.#ask = ask;
    this.#delay = delay;
  }

  /** Something has changed. */
  soon(): void {
    if (this.#closed) return;
    if (!this.#watched || this.#asking !== undefined) this.#again = true;
    else this.#timer ??= setTimeout(() => this.#start(), this.#delay);
  }

  /** Somebody waits for it: what is on its way is given up. */
  now(): void {
    if (this.#closed) return;
    if (this.#watched) this.#start();
    else this.#again = true;
  }

  /** While nobody looks, changes are remembered. */
  set watched(watched: boolean) {
    this.#watched = watched;
    if (watched && this.#again && this.#asking === undefined) this.now();
    if (!watched && this.#timer !== undefined) {
      this.#stop();
      this.#again = true;
    }
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking?.abort();
    this.#asking = undefined;
  }

  #start(): void {
    this.#stop();
    this.#again = false;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#ask(asking.signal).finally(() => {
      if (this.#asking !== asking) return;
      this.#asking = undefined;
      if (this.#again && this.#watched) {
        this.#again = false;
        this.soon();
      }
    });
  }
}
