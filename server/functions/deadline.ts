import type { Context } from "./entry.js";

/**
 * The end of the time that Lambda gives, brought forward by what tidying up takes: whoever works under `signal` is
 * told in time, and Lambda never has to kill it.
 */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #context: Context;
  readonly #reason: () => Error;
  readonly #timer: NodeJS.Timeout;

  /** `reason` is what `signal` is aborted with. */
  constructor(context: Context, reserveMilliseconds: number, reason: () => Error) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#context = context;
    this.#reason = reason;
    const left = Math.max(0, context.getRemainingTimeInMillis() - reserveMilliseconds);
    this.#timer = setTimeout(() => controller.abort(reason()), left);
  }

  /** Throws the reason when less than this is left. */
  check(milliseconds: number): void {
    this.signal.throwIfAborted();
    if (this.#context.getRemainingTimeInMillis() < milliseconds) throw this.#reason();
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
