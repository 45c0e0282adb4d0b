/** What to do when the server's process has ended without being asked to. */
export type AfterCrash = "restart-and-tell" | "restart" | "give-up";

const crashesInARow = 5;
const withinMilliseconds = 3 * 60_000;

/**
 * A crash is told once and repaired at once: runs are processes of their own and the server keeps nothing that it
 * cannot read again. A server that keeps crashing would only burn the machine, so the fifth crash within three
 * minutes is the last.
 */
export class RestartPolicy {
  #crashes: readonly number[] = [];
  #told = false;

  /** `now` in milliseconds. */
  crashed(now: number): AfterCrash {
    this.#crashes = [...this.#crashes.filter((time) => now - time < withinMilliseconds), now];
    if (this.#crashes.length >= crashesInARow) {
      this.#crashes = [];
      return "give-up";
    }
    if (this.#told) return "restart";
    this.#told = true;
    return "restart-and-tell";
  }
}
