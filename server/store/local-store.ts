import * as path from "node:path";
import type { ContentId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import { CommitGroup, type CommitStep } from "./commit-group.js";
import { ContentFinder } from "./contents.js";
import { readBytesIfThere, readOnlyFailure, storeFailure } from "./files.js";
import { listRecords } from "./inventory.js";
import { Layout } from "./layout.js";
import type { Contents, LocalStore } from "./local.js";
import { lookupMany } from "./lookup.js";
import { NamesFolder } from "./names.js";
import { ObjectFolder } from "./objects.js";
import type { NamesLine, ResultRecord } from "./record.js";
import { RecordFolder } from "./records.js";
import type { CommitOutcome, Lookup, LookupOptions } from "./store.js";

export interface LocalStoreOptions {
  /** Reads only, and makes nothing: a store that is not there is an empty one. */
  readonly readOnly?: boolean;
  /** Called as a batch goes forward. Only tests use it, to end the process between two steps. */
  readonly onCommitStep?: (step: CommitStep) => void;
}

/**
 * Opens the store in `folder` (absolute), making it when there is none. Any number of processes may have the same
 * store open. Throws `store-read-only`, `disk-full`, `store-damaged`, `store-newer`.
 */
export function openLocalStore(folder: string, options: LocalStoreOptions = {}): LocalStore {
  return new LocalFolderStore(path.resolve(folder), options);
}

class LocalFolderStore implements LocalStore {
  readonly folder: string;
  readonly location: string;
  readonly readOnly: boolean;
  readonly objects: ObjectFolder;
  /** It reads from no other. */
  readonly unread = [];
  readonly #layout: Layout;
  readonly #records: RecordFolder;
  readonly #names: NamesFolder;
  readonly #commits: CommitGroup;

  constructor(folder: string, options: LocalStoreOptions) {
    this.folder = folder;
    this.location = folder;
    this.readOnly = options.readOnly ?? false;
    this.#layout = new Layout(folder);
    try {
      if (!this.#layout.isThere() && !this.readOnly) this.#layout.make();
    } catch (error) {
      throw storeFailure(error, folder);
    }
    this.objects = new ObjectFolder(this.#layout, this.readOnly);
    this.#records = new RecordFolder(this.#layout, this.objects);
    this.#names = new NamesFolder(this.#layout);
    this.#commits = new CommitGroup(
      this.#layout,
      this.objects,
      this.#records,
      options.onCommitStep ?? (() => {}),
    );
  }

  lookup(recipes: readonly RecipeId[], options: LookupOptions): Promise<readonly Lookup[]> {
    return this.#reading(() => lookupMany(this.#layout, this.#records, this.#names, recipes, options));
  }

  recipeOfContent(content: ContentId): Promise<RecipeId | undefined> {
    return this.#reading(() => this.#records.recipeOfContent(content));
  }

  readRecord(recipe: RecipeId): Promise<ResultRecord | undefined> {
    return this.#reading(() => {
      const found = this.#records.read(recipe);
      return found.kind === "whole" ? found.record : undefined;
    });
  }

  adoptable(content: ContentId): Promise<ResultRecord | undefined> {
    return this.#reading(() => this.#records.adoptable(content));
  }

  async supersede(recipe: RecipeId, keep: ContentId | undefined): Promise<"absent" | "kept" | "superseded"> {
    this.#refuseReadOnly();
    return this.#writing(() => this.#records.supersede(recipe, keep));
  }

  contents(accepts: (record: ResultRecord) => boolean = () => true): Contents {
    return new ContentFinder(this.#layout, this.#records, accepts);
  }

  async bring(): Promise<boolean> {
    return true;
  }

  async holding(): Promise<LocalStore> {
    return this;
  }

  recipes(start = ""): Iterable<RecipeId> {
    return listRecords(this.#layout, start);
  }

  recordBytes(recipe: RecipeId): Buffer | undefined {
    return readBytesIfThere(this.#layout.result(recipe));
  }

  pipelines(projectId: string): readonly string[] {
    return this.#names.pipelines(projectId);
  }

  async commit(record: ResultRecord): Promise<CommitOutcome> {
    this.#refuseReadOnly();
    return this.#commits.commit(record);
  }

  async hasObject(sha256: Sha256, size: number): Promise<boolean> {
    return this.#reading(() => this.objects.has(sha256, size));
  }

  async nameFiles(projectId: string, pipeline: string, limit: number): Promise<readonly RunId[]> {
    return this.#reading(() => this.#names.runs(projectId, pipeline).slice(0, limit));
  }

  async readNames(projectId: string, pipeline: string, run: RunId): Promise<readonly NamesLine[]> {
    return this.#reading(() => this.#names.read(projectId, pipeline, run));
  }

  async writeNames(
    projectId: string,
    pipeline: string,
    run: RunId,
    lines: readonly NamesLine[],
  ): Promise<void> {
    this.#refuseReadOnly();
    // The index rests on this: a line is never there before its record (lookup.ts).
    await this.#commits.flush();
    await this.#writing(() => this.#names.write(projectId, pipeline, run, lines));
  }

  flush(): Promise<void> {
    return this.#commits.flush();
  }

  close(): Promise<void> {
    return this.#commits.flush();
  }

  #refuseReadOnly(): void {
    if (this.readOnly) throw readOnlyFailure(this.folder);
  }

  async #writing<T>(write: () => T | Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      throw storeFailure(error, this.folder);
    }
  }

  async #reading<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw storeFailure(error, this.folder, "reading");
    }
  }
}
