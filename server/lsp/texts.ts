import { Failure } from "../base/failure.js";
import { DiskText, type Overlay } from "../data/text.js";
import type { TextSource } from "../language/program.js";

/**
 * Texts of files as the editor has them: open buffers first, then the disk. What was read from the disk is kept until
 * somebody says that it may have changed, so that a key costs no IO (engine-rules.md B4).
 */
export class Texts implements TextSource {
  readonly #open = new Map<string, string>();
  readonly #read = new Map<string, string | Failure | undefined>();
  readonly #disk = new DiskText();

  /** The open buffers alone, for whoever reads the disk himself. */
  readonly overlay: Overlay = { read: (file) => this.#open.get(file) };

  read(path: string): string | undefined {
    const open = this.#open.get(path);
    if (open !== undefined) return open;
    if (!this.#read.has(path)) this.#read.set(path, this.#readDisk(path));
    const found = this.#read.get(path);
    if (found instanceof Failure) throw found;
    return found;
  }

  resolve(from: string, reference: string): string {
    return this.#disk.resolve(from, reference);
  }

  set(path: string, text: string): void {
    this.#open.set(path, text);
  }

  close(path: string): void {
    this.#open.delete(path);
    this.#read.delete(path);
  }

  /** The file may have changed on the disk. True when it has, as far as that can be seen: no buffer lies over it. */
  reread(path: string): boolean {
    if (!this.#read.has(path)) return false;
    if (this.#open.has(path)) {
      this.#read.delete(path);
      return false;
    }
    const before = this.#read.get(path);
    const now = this.#readDisk(path);
    this.#read.set(path, now);
    return now instanceof Failure || now !== before;
  }

  #readDisk(path: string): string | Failure | undefined {
    try {
      return this.#disk.read(path);
    } catch (error) {
      // Remembered like a text: asking a broken disk at each key would be no better.
      if (error instanceof Failure) return error;
      throw error;
    }
  }
}
