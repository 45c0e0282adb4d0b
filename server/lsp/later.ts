/** Does a thing once, some time after it was first asked for: many causes, one piece of work. */
export class Later {
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #closed = false;

  constructor(
    private readonly action: () => void,
    private readonly milliseconds: number,
  ) {}

  /** `milliseconds`: another delay for this time. Asked again before it came to it, the sooner of the two counts. */
  ask(milliseconds = this.milliseconds): void {
    const due = performance.now() + milliseconds;
    if (this.#closed || (this.#timer !== undefined && this.#due <= due)) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.action();
    }, milliseconds);
  }

  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
