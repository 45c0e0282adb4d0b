/** Does a thing once, some time after it was last or first asked for: many causes, one piece of work. */
export class Later {
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly action: () => void,
    private readonly milliseconds: number,
  ) {}

  /** `milliseconds`: another delay for this time. Asked again before it came to it, nothing is put off. */
  ask(milliseconds = this.milliseconds): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.action();
    }, milliseconds);
  }

  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Does it now, if it was asked for. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.action();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
