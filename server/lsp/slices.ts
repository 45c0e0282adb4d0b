/** Longer nothing runs in one go, so that a key is answered in between (engine-rules.md B4). */
const SLICE_MILLISECONDS = 10;

/** Long work in slices: between its parts it asks for a pause, and gets one when it has gone on for long enough. */
export class Slices {
  #began = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.#began < SLICE_MILLISECONDS) return;
    await new Promise(setImmediate);
    this.#began = performance.now();
  }
}
