import { hash } from "node:crypto";
import * as fs from "node:fs";
import { isSha256, type Sha256 } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import {
  isAbsent,
  readBytesIfThere,
  readOnlyFailure,
  storeFailure,
  temporaryName,
  unlinkIfThere,
} from "./files.js";
import type { Layout } from "./layout.js";
import type { HashFile, Objects } from "./local.js";

/** Files up to this are read and hashed at once: a worker's answer would take longer than the hashing (about 0.1 ms). */
export const SMALL_FILE = 128 * 1024;

/**
 * Every object, and so every staged input that is a link to one, is dated 2000-01-01T00:00:00Z (A7). A fixed date
 * also lets `utimes` refresh an object's ctime (E1) without a staged link looking changed (C7).
 */
export const OBJECT_TIME = 946_684_800;

export function sha256Of(bytes: string | Uint8Array): Sha256 {
  const digest = hash("sha256", bytes);
  if (!isSha256(digest)) throw new Error("a SHA-256 has 64 hex characters");
  return digest;
}

/** The digest of a small file, or undefined for one that is to be hashed by a worker thread. */
export function smallDigest(file: string, size: number): Sha256 | undefined {
  return size <= SMALL_FILE ? sha256Of(fs.readFileSync(file)) : undefined;
}

export async function digestOf(file: string, size: number, hashFile: HashFile): Promise<Sha256> {
  return smallDigest(file, size) ?? hashFile(file);
}

export class ObjectFolder implements Objects {
  /** What this process put or used again and has not seen synced: the next batch of records syncs it (C10). */
  readonly #unsynced = new Set<Sha256>();
  readonly #layout: Layout;
  readonly #readOnly: boolean;

  constructor(layout: Layout, readOnly: boolean) {
    this.#layout = layout;
    this.#readOnly = readOnly;
  }

  pathOf(sha256: Sha256): string {
    return this.#layout.object(sha256);
  }

  has(sha256: Sha256, size: number): boolean {
    const stats = fs.statSync(this.pathOf(sha256), { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === size;
  }

  async put(file: string, sha256: Sha256, size: number): Promise<void> {
    if (!this.#moveIn(file, sha256, size)) {
      // C11: another file system. The copy is renamed when it is whole, so no reader meets a part of it.
      const temporary = this.#temporary();
      try {
        await copyOnPool(file, temporary);
      } catch (error) {
        unlinkIfThere(temporary);
        throw storeFailure(error, this.#layout.folder);
      }
      this.#moveIn(temporary, sha256, size);
      unlinkIfThere(file);
    }
  }

  async putCopy(file: string, sha256: Sha256, size: number, hashFile: HashFile): Promise<void> {
    if (this.#useAgain(sha256, size)) return;
    this.#refuseReadOnly();
    const temporary = this.#temporary();
    try {
      await copyOnPool(file, temporary);
      fs.chmodSync(temporary, 0o600);
      const stats = fs.statSync(temporary);
      if (stats.size !== size || (await digestOf(temporary, stats.size, hashFile)) !== sha256) {
        throw new Failure(
          "store-copy-differs",
          `a file changed while it was copied to the store: "${file}"`,
          {
            why: "Its digest was taken before, and the bytes that arrived have another one.",
            fix: "Run again when nothing writes to the file any more.",
          },
        );
      }
      this.#moveIn(temporary, sha256, size);
    } catch (error) {
      unlinkIfThere(temporary);
      throw storeFailure(error, this.#layout.folder);
    }
  }

  putText(text: string): Sha256 {
    const bytes = Buffer.from(text, "utf8");
    const sha256 = sha256Of(bytes);
    if (this.#useAgain(sha256, bytes.length)) return sha256;
    this.#refuseReadOnly();
    const temporary = this.#temporary();
    try {
      fs.writeFileSync(temporary, bytes, { flag: "wx" });
    } catch (error) {
      unlinkIfThere(temporary);
      throw storeFailure(error, this.#layout.folder);
    }
    this.#moveIn(temporary, sha256, bytes.length);
    return sha256;
  }

  read(sha256: Sha256): Buffer | undefined {
    return readBytesIfThere(this.pathOf(sha256));
  }

  quarantine(sha256: Sha256): void {
    this.#refuseReadOnly();
    try {
      fs.renameSync(this.pathOf(sha256), `${this.#layout.broken}/object-${sha256}-${temporaryName()}`);
    } catch (error) {
      // Somebody else has moved it away already.
      if (!isAbsent(error)) throw storeFailure(error, this.#layout.folder);
    }
  }

  /** Takes the objects that still have to be synced; what could not be is given back by `syncLater`. */
  takeUnsynced(): readonly Sha256[] {
    const taken = [...this.#unsynced];
    this.#unsynced.clear();
    return taken;
  }

  syncLater(objects: readonly Sha256[]): void {
    for (const sha256 of objects) this.#unsynced.add(sha256);
  }

  /**
   * By rename; false when `file` is on another file system. An object of the right size is used again, any other is
   * overwritten (A1).
   */
  #moveIn(file: string, sha256: Sha256, size: number): boolean {
    this.#refuseReadOnly();
    try {
      if (this.#useAgain(sha256, size)) {
        fs.unlinkSync(file);
        return true;
      }
      fs.chmodSync(file, 0o444);
      fs.utimesSync(file, OBJECT_TIME, OBJECT_TIME);
      const object = this.pathOf(sha256);
      this.#layout.inFolder(object, () => this.#renameOver(file, object, sha256));
      this.#unsynced.add(sha256);
      return true;
    } catch (error) {
      if (systemCode(error) === "EXDEV") return false;
      throw storeFailure(error, this.#layout.folder);
    }
  }

  #renameOver(file: string, object: string, sha256: Sha256): void {
    try {
      fs.renameSync(file, object);
    } catch (error) {
      // Somebody put a folder there, which no rename replaces.
      if (systemCode(error) !== "EISDIR") throw error;
      this.quarantine(sha256);
      fs.renameSync(file, object);
    }
  }

  /** E1: what is used again gets a new ctime, so that garbage collection knows that somebody counts on it. */
  #useAgain(sha256: Sha256, size: number): boolean {
    if (!this.has(sha256, size)) return false;
    try {
      fs.utimesSync(this.pathOf(sha256), OBJECT_TIME, OBJECT_TIME);
    } catch (error) {
      // Collected just now, or another user's, whose dates are not ours to set: then it has to be put anew.
      if (isAbsent(error) || systemCode(error) === "EPERM") return false;
      throw storeFailure(error, this.#layout.folder);
    }
    // Whoever put it may not have synced it yet, and our record is to last.
    this.#unsynced.add(sha256);
    return true;
  }

  #temporary(): string {
    return `${this.#layout.temporary}/${temporaryName()}`;
  }

  #refuseReadOnly(): void {
    if (this.#readOnly) throw readOnlyFailure(this.#layout.folder);
  }
}

/** A reflink where the file system can, else a copy; on the thread pool, never over what is there. */
export function copyOnPool(from: string, to: string): Promise<void> {
  const { COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants;
  return fs.promises.copyFile(from, to, COPYFILE_EXCL | COPYFILE_FICLONE);
}
