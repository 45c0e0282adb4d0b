/** Longer than anything here takes on a busy machine. */
const PATIENCE_MILLISECONDS = 20_000;

/** What was told, one after the other, for tests that wait for something and never sleep. */
export class Heard<T> {
  /** Told since the last that was waited for. */
  readonly told: T[] = [];
  #wake = (): void => {};

  readonly hear = (told: T): void => {
    this.told.push(told);
    this.#wake();
  };

  /** The next that passes the test; it and what was told before it count no more. */
  async next(test: (told: T) => boolean): Promise<T> {
    for (;;) {
      const at = this.told.findIndex(test);
      const [found] = at < 0 ? [] : this.told.splice(0, at + 1).slice(-1);
      if (at >= 0) return found as T;
      await new Promise<void>((resolve, reject) => {
        // It also keeps the process alive, which watchers do not.
        const patience = setTimeout(
          () => reject(new Error(`not told; but ${JSON.stringify(this.told)}`)),
          PATIENCE_MILLISECONDS,
        );
        this.#wake = () => {
          clearTimeout(patience);
          resolve();
        };
      });
    }
  }
}
