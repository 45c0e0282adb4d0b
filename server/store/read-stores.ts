import * as fs from "node:fs";
import type { ContentId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { storeFailure } from "./files.js";
import { Layout } from "./layout.js";
import type { Contents, HashFile, LocalStore, Objects } from "./local.js";
import { openLocalStore } from "./local-store.js";
import type { NamesLine, ResultRecord } from "./record.js";
import { recordedFiles } from "./record-format.js";
import { readManifest } from "./records.js";
import type { CommitOutcome, Lookup, LookupOptions, StoredResult } from "./store.js";

/**
 * A store that takes results from further ones: what it has not itself is looked for there, in the order given; the
 * first that has a usable record wins (engine-rules.md A3). Those are never written to. What is used is brought over
 * first, each object hashed on the way, so that nothing rests on another folder's staying there.
 *
 * `places`: absolute folders, or `s3://` addresses. What cannot be read is passed over, and told in `unread`.
 */
export function readingFrom(own: LocalStore, places: readonly string[], hash: HashFile): LocalStore {
  return new ReadingStore(own, places, hash);
}

class ReadingStore implements LocalStore {
  readonly folder: string;
  readonly location: string;
  readonly readOnly: boolean;
  readonly objects: Objects;
  readonly unread: Failure[] = [];
  readonly #own: LocalStore;
  readonly #hash: HashFile;
  #others: readonly LocalStore[];
  /** Recipes whose results turned out to be damaged or gone, by store. */
  readonly #refused = new Map<LocalStore, Set<RecipeId>>();

  constructor(own: LocalStore, places: readonly string[], hash: HashFile) {
    this.#own = own;
    this.#hash = hash;
    this.folder = own.folder;
    this.location = own.location;
    this.readOnly = own.readOnly;
    this.objects = own.objects;
    this.#others = places.flatMap((place) => {
      try {
        return [openOther(place)];
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.unread.push(error);
        return [];
      }
    });
  }

  // ------------------------------------------------------------ here, then there

  async lookup(recipes: readonly RecipeId[], options: LookupOptions): Promise<readonly Lookup[]> {
    const answers = [...(await this.#own.lookup(recipes, options))];
    for (const other of this.#others) {
      const open = [...answers.keys()].filter((at) => answers[at]?.kind !== "usable");
      const asked = open.flatMap((at) => recipes[at] ?? []);
      const found = await this.#ask(other, () => other.lookup(asked, { ...options, objects: true }));
      for (const [at, position] of open.entries()) {
        const lookup = found?.[at];
        if (lookup?.kind !== "usable") continue;
        const record = await this.#ask(other, () => other.readRecord(lookup.result.recipe));
        if (record !== undefined && this.#counts(other, record)) answers[position] = lookup;
      }
    }
    return answers;
  }

  async readRecord(recipe: RecipeId): Promise<ResultRecord | undefined> {
    return (await this.#own.readRecord(recipe)) ?? (await this.#recordElsewhere(recipe))?.record;
  }

  contents(): Contents {
    const own = this.#own.contents();
    const others = this.#others.map((other) => other.contents((record) => this.#counts(other, record)));
    const find = (content: ContentId): StoredResult | undefined => {
      for (const contents of [own, ...others]) {
        const found = contents.find(content);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return { find };
  }

  async adoptable(content: ContentId): Promise<ResultRecord | undefined> {
    const own = await this.#own.adoptable(content);
    if (own !== undefined) return own;
    for (const other of this.#others) {
      const record = await this.#ask(other, () => other.adoptable(content));
      if (record === undefined || !this.#counts(other, record)) continue;
      if (this.readOnly) return record;
      if (await this.#copy(other, record)) return this.#own.adoptable(content);
    }
    return undefined;
  }

  async recipeOfContent(content: ContentId): Promise<RecipeId | undefined> {
    return (await this.#own.recipeOfContent(content)) ?? (await this.adoptable(content))?.recipeId;
  }

  // ------------------------------------------------------------ bringing over

  async bring(recipe: RecipeId): Promise<boolean> {
    if (await hasWhole(this.#own, recipe)) return true;
    const found = await this.#recordElsewhere(recipe);
    if (found !== undefined) return this.#copy(found.store, found.record);
    // It has gone since it was looked up; should it come and go, it must not be found again and again.
    for (const other of this.#others) this.#refuse(other, recipe);
    return false;
  }

  async holding(recipe: RecipeId): Promise<LocalStore> {
    if (await hasWhole(this.#own, recipe)) return this.#own;
    return (await this.#recordElsewhere(recipe))?.store ?? this.#own;
  }

  async #recordElsewhere(
    recipe: RecipeId,
  ): Promise<{ readonly store: LocalStore; readonly record: ResultRecord } | undefined> {
    for (const store of this.#others) {
      if ((await this.#ask(store, () => hasWhole(store, recipe))) !== true) continue;
      const record = await this.#ask(store, () => store.readRecord(recipe));
      if (record !== undefined && this.#counts(store, record)) return { store, record };
    }
    return undefined;
  }

  /** A tag may mean another image elsewhere, so what was made with one stays where it was made (A10). */
  #counts(store: LocalStore, record: ResultRecord): boolean {
    const { where } = record.recipe;
    const refused = this.#refused.get(store)?.has(record.recipeId) === true;
    return !refused && !(where.kind === "image" && where.unpinned);
  }

  #refuse(store: LocalStore, recipe: RecipeId): void {
    this.#refused.set(store, (this.#refused.get(store) ?? new Set()).add(recipe));
  }

  /** Objects first, then the record. False when the other store's bytes are not what its record says. */
  async #copy(from: LocalStore, record: ResultRecord): Promise<boolean> {
    for (const file of recordedFiles(record.outs)) {
      const whole =
        file.kind === "file"
          ? await this.#copyObject(from, file.sha256, file.size)
          : await this.#copyDir(from, file.sha256);
      if (whole) continue;
      this.#refuse(from, record.recipeId);
      this.unread.push(damaged(from.folder, record.made.node));
      return false;
    }
    // Somebody else may have made it here meanwhile; then theirs stays, and is as good (A3).
    await this.#own.commit(record);
    return true;
  }

  async #copyDir(from: LocalStore, manifest: Sha256): Promise<boolean> {
    const entries = readManifest(from.objects, manifest);
    const text = from.objects.read(manifest);
    if (entries === undefined || text === undefined) return false;
    for (const entry of entries) {
      if (entry.kind === "file" && !(await this.#copyObject(from, entry.sha256, entry.size))) return false;
    }
    return this.objects.putText(text.toString("utf8")) === manifest;
  }

  async #copyObject(from: LocalStore, sha256: Sha256, size: number): Promise<boolean> {
    const file = from.objects.pathOf(sha256);
    try {
      fs.accessSync(file, fs.constants.R_OK);
    } catch {
      // Gone or closed since the record was judged: the same to us as damaged.
      return false;
    }
    try {
      await this.objects.putCopy(file, sha256, size, this.#hash);
      return true;
    } catch (error) {
      if (error instanceof Failure && error.code === "store-copy-differs") return false;
      throw error;
    }
  }

  /** Asks another store; one that cannot be read any more is not asked again. */
  async #ask<T>(other: LocalStore, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#others = this.#others.filter((each) => each !== other);
      this.unread.push(unreadable(other.folder, error));
      return undefined;
    }
  }

  // ------------------------------------------------------------ here only

  supersede(recipe: RecipeId, keep: ContentId | undefined) {
    return this.#own.supersede(recipe, keep);
  }
  recipes(start?: string): Iterable<RecipeId> {
    return this.#own.recipes(start);
  }
  recordBytes(recipe: RecipeId): Buffer | undefined {
    return this.#own.recordBytes(recipe);
  }
  pipelines(projectId: string): readonly string[] {
    return this.#own.pipelines(projectId);
  }
  commit(record: ResultRecord): Promise<CommitOutcome> {
    return this.#own.commit(record);
  }
  hasObject(sha256: Sha256, size: number): Promise<boolean> {
    return this.#own.hasObject(sha256, size);
  }
  nameFiles(projectId: string, pipeline: string, limit: number): Promise<readonly RunId[]> {
    return this.#own.nameFiles(projectId, pipeline, limit);
  }
  readNames(projectId: string, pipeline: string, run: RunId): Promise<readonly NamesLine[]> {
    return this.#own.readNames(projectId, pipeline, run);
  }
  writeNames(projectId: string, pipeline: string, run: RunId, lines: readonly NamesLine[]): Promise<void> {
    return this.#own.writeNames(projectId, pipeline, run, lines);
  }
  flush(): Promise<void> {
    return this.#own.flush();
  }
  close(): Promise<void> {
    return this.#own.close();
  }
}

async function hasWhole(store: LocalStore, recipe: RecipeId): Promise<boolean> {
  const [found] = await store.lookup([recipe], { objects: true });
  return found?.kind === "usable";
}

/** Throws a `Failure` that says why nothing can be read there. */
function openOther(place: string): LocalStore {
  if (place.startsWith("s3://")) {
    throw new Failure("read-store-cloud", `this store is not read yet, being in S3: "${place}"`, {
      why: "Stores in S3 come with the cloud part of Reprod; this version reads folders.",
      fix: 'Leave it in "stores" of reprod.json for later, or take it out to silence this.',
    });
  }
  try {
    const layout = new Layout(place);
    if (!layout.isThere()) {
      throw new Failure("read-store-unreadable", `there is no store to read results from: "${place}"`, {
        why: '"stores" in reprod.json names it. Without it, what it has is made here.',
        fix: "Mount or copy it there, or correct the path.",
      });
    }
    fs.readdirSync(layout.results);
    fs.readdirSync(layout.content);
    return openLocalStore(place, { readOnly: true });
  } catch (error) {
    const failure = storeFailure(error, place, "reading");
    if (failure instanceof Failure) throw unreadable(place, failure);
    throw failure;
  }
}

function unreadable(folder: string, cause: Failure): Failure {
  if (cause.code === "read-store-unreadable") return cause;
  return new Failure("read-store-unreadable", `a store to read results from cannot be read: "${folder}"`, {
    why: `${cause.message}. What it has is made here instead.`,
    fix: cause.fix ?? 'Correct "stores" in reprod.json.',
    cause,
  });
}

function damaged(folder: string, node: string): Failure {
  return new Failure(
    "read-store-damaged",
    `a store to read results from has lost bytes of a result: "${node}"`,
    {
      why: `The record in "${folder}" names bytes that are not there or have another digest, so it is made here.`,
      fix: "Whoever keeps that store runs `reprod verify` there.",
    },
  );
}
