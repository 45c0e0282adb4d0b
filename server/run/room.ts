/**
 * The room on the machine that an attempt waits for while it is made ready. It is given once, or refused when the run
 * stops.
 */
export class Room {
  readonly given: Promise<boolean>;
  #answer: boolean | undefined;
  #settle: (given: boolean) => void = () => undefined;
  #whenGiven: (() => void) | undefined;

  constructor() {
    this.given = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get refused(): boolean {
    return this.#answer === false;
  }

  get isGiven(): boolean {
    return this.#answer === true;
  }

  answer(given: boolean): void {
    if (this.#answer !== undefined) return;
    this.#answer = given;
    if (given) this.#whenGiven?.();
    this.#settle(given);
  }

  /** Calls once there is room, before anything starts in it; at once when there is. */
  whenGiven(call: () => void): void {
    if (this.#answer === true) call();
    else this.#whenGiven = call;
  }
}
