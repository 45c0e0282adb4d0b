import * as fs from "node:fs";
import * as path from "node:path";
import type { RecipeId, Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { eachAtOnce, isAbsent, storeFailure, temporaryName, yieldToOthers } from "./files.js";
import { listObjects, listRecords } from "./inventory.js";
import { Layout } from "./layout.js";
import type { HashFile, LocalStore } from "./local.js";
import { NamesFolder, readNamesFile } from "./names.js";
import { digestOf } from "./objects.js";
import { RecordFolder } from "./records.js";

/** Objects that are read at once: as many as keep a disk and two cores busy. */
const READ_AT_ONCE = 4;

export type StoreProblem =
  /** Its bytes are not what its name says; it was put aside. */
  | { readonly kind: "object-damaged"; readonly sha256: Sha256 }
  /** It cannot be believed; it was put aside. */
  | { readonly kind: "record-broken"; readonly recipe: RecipeId; readonly reason: string }
  /** The record is right, but something that it names is gone: the node is made again when it is needed. */
  | {
      readonly kind: "result-incomplete";
      readonly recipe: RecipeId;
      readonly node: string;
      readonly reason: string;
    }
  | { readonly kind: "names-damaged"; readonly file: string };

export interface VerifyProgress {
  readonly objects: number;
  readonly bytes: number;
  readonly records: number;
}

export interface Verification extends VerifyProgress {
  readonly problems: readonly StoreProblem[];
}

export interface VerifyOptions {
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads the whole store: hashes each object, checks each record by its checksum, recipe id and content id, and that
 * what it names is there. What is found broken is put aside in `broken/`, so that it counts as absent and is made
 * again (A1); in a read-only store it is only told. Limited by the disk or by hashing; memory does not grow with the
 * store. May run while others use the store.
 */
export async function verifyStore(
  store: LocalStore,
  hash: HashFile,
  options: VerifyOptions = {},
): Promise<Verification> {
  try {
    return await new StoreCheck(store, hash, options).run();
  } catch (error) {
    throw storeFailure(error, store.folder, store.readOnly ? "reading" : "writing");
  }
}

class StoreCheck {
  readonly #problems: StoreProblem[] = [];
  #objects = 0;
  #bytes = 0;
  #records = 0;
  readonly #store: LocalStore;
  readonly #hash: HashFile;
  readonly #options: VerifyOptions;
  readonly #layout: Layout;
  readonly #recordFolder: RecordFolder;

  constructor(store: LocalStore, hash: HashFile, options: VerifyOptions) {
    this.#store = store;
    this.#hash = hash;
    this.#options = options;
    this.#layout = new Layout(store.folder);
    this.#recordFolder = new RecordFolder(this.#layout, store.objects);
  }

  async run(): Promise<Verification> {
    // Objects first: one that is put aside makes the records that name it incomplete, which the second pass tells.
    await eachAtOnce([...listObjects(this.#layout)], READ_AT_ONCE, (sha256) => this.#checkObject(sha256));
    for (const recipe of listRecords(this.#layout)) {
      this.#options.signal?.throwIfAborted();
      this.#checkRecord(recipe);
      this.#records++;
      if (this.#records % 256 === 0) await this.#pause();
    }
    for (const runs of new NamesFolder(this.#layout).all()) {
      for (const { file } of runs) this.#checkNames(file);
    }
    this.#options.onProgress?.(this.#progress());
    return { ...this.#progress(), problems: this.#problems };
  }

  async #checkObject(sha256: Sha256): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const file = this.#store.objects.pathOf(sha256);
    try {
      const stats = fs.statSync(file);
      const { size } = stats;
      const whole = stats.isFile() && (await digestOf(file, size, this.#hash)) === sha256;
      this.#objects++;
      this.#bytes += size;
      if (!whole) {
        this.#problems.push({ kind: "object-damaged", sha256 });
        if (!this.#store.readOnly) this.#store.objects.quarantine(sha256);
      }
    } catch (error) {
      // Collected, or put aside by somebody else, since it was listed.
      if (!isAbsent(error)) throw error;
    }
    if (this.#objects % 64 === 0) await this.#pause();
  }

  #checkRecord(recipe: RecipeId): void {
    const file = this.#layout.result(recipe);
    const ino = fs.statSync(file, { throwIfNoEntry: false, bigint: true })?.ino;
    const found = this.#recordFolder.read(recipe);
    if (ino === undefined || found.kind === "absent") return;
    if (found.kind === "broken") {
      this.#problems.push({ kind: "record-broken", recipe, reason: found.reason });
      if (!this.#store.readOnly) this.#recordFolder.takeAway(recipe, ino);
      return;
    }
    const reason = this.#recordFolder.missingObject(found.record.outs);
    if (reason === undefined) return;
    this.#problems.push({ kind: "result-incomplete", recipe, node: found.record.made.node, reason });
  }

  #checkNames(file: string): void {
    try {
      readNamesFile(file);
    } catch (error) {
      if (!(error instanceof Failure && error.code === "store-damaged")) throw error;
      this.#problems.push({ kind: "names-damaged", file });
      if (this.#store.readOnly) return;
      // It is an index and a root of collection: damaged it is neither, and would stop every collection.
      fs.renameSync(file, `${this.#layout.broken}/names-${path.basename(file)}-${temporaryName()}`);
    }
  }

  async #pause(): Promise<void> {
    this.#options.onProgress?.(this.#progress());
    await yieldToOthers();
  }

  #progress(): VerifyProgress {
    return { objects: this.#objects, bytes: this.#bytes, records: this.#records };
  }
}
