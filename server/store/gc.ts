import * as fs from "node:fs";
import type { RecipeId, RunId, Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { readOnlyFailure, storeFailure, unlinkIfThere, yieldToOthers } from "./files.js";
import { type LooseFile, listObjects, listRecords, looseFilesBefore } from "./inventory.js";
import { Layout } from "./layout.js";
import type { Claims, LocalStore, Pins } from "./local.js";
import { NamesFolder, readNamesFile } from "./names.js";
import { OBJECT_TIME } from "./objects.js";
import type { RecordedInput, ResultRecord } from "./record.js";
import { recordedFiles } from "./record-format.js";
import { RecordFolder, readManifest } from "./records.js";

/** Names files that stay whatever their age, for each pipeline; the index reads as many (lookup.ts). */
const NEWEST_RUNS = 3;
const DAY = 24 * 60 * 60 * 1000;

export interface CollectionRules {
  /** What was made, or named by a run, within this time stays. `--keep 30d`. */
  readonly keepMilliseconds: number;
  /** An object goes when nothing has named or used it for this long; 24 h where nothing else is said (E1). */
  readonly graceMilliseconds?: number;
  readonly pins?: Pins;
  /** Milliseconds since 1970; now, where nothing else is said. */
  readonly now?: number;
}

/** What collection would delete: shown to a person before it is done. */
export interface CollectionPlan {
  readonly records: readonly {
    readonly recipe: RecipeId;
    readonly node: string;
    readonly pipeline: string;
  }[];
  readonly objects: readonly { readonly sha256: Sha256; readonly size: number }[];
  /** Objects that nothing needs any more, but that were used within the grace: a later collection takes them. */
  readonly later: { readonly objects: number; readonly bytes: number };
  /** Old names files, left temporary files, and broken things that were put aside. */
  readonly files: readonly LooseFile[];
  /** Runs whose names files stay. */
  readonly named: ReadonlySet<RunId>;
  /** What `objects` and `files` take. */
  readonly bytes: number;
  readonly kept: { readonly records: number; readonly objects: number; readonly bytes: number };
}

export interface Collected {
  readonly records: number;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * What may go (engine-rules.md E2): every record that none of the newest runs of any project names, that is not pinned
 * and not young; and every object that no record names. Reads every record: some 60 µs each.
 *
 * Throws `gc-stopped` when a names file or record cannot be read, `store-newer` when one is of a later format: what
 * it needs is not known, so nothing may go.
 */
export async function planCollection(store: LocalStore, rules: CollectionRules): Promise<CollectionPlan> {
  try {
    return await new Collection(store, rules).plan();
  } catch (error) {
    throw storeFailure(error, store.folder, "reading");
  }
}

/**
 * Deletes what `shown` lists, as far as it may still go now. No run may use the store meanwhile: throws `store-busy`
 * otherwise, besides what planning throws. Content entry, then record, then object, so that "there is a record"
 * always means "its objects are there" (E1); the objects of a record that goes now begin their grace now.
 */
export async function collect(
  store: LocalStore,
  claims: Claims,
  rules: CollectionRules,
  shown: CollectionPlan,
): Promise<Collected> {
  if (store.readOnly) throw readOnlyFailure(store.folder);
  const lock = claims.lockExclusive();
  if (lock.kind === "busy") throw busy(store.folder, lock.by.length);
  try {
    const collection = new Collection(store, rules);
    const collected = await collection.remove(await collection.plan(), shown);
    claims.removeDead();
    return collected;
  } catch (error) {
    throw storeFailure(error, store.folder);
  } finally {
    lock.release();
  }
}

class Collection {
  readonly #store: LocalStore;
  readonly #layout: Layout;
  readonly #records: RecordFolder;
  readonly #names: NamesFolder;
  readonly #pins: Pins;
  readonly #keepSince: number;
  readonly #graceSince: number;
  readonly #hasGrace: boolean;

  constructor(store: LocalStore, rules: CollectionRules) {
    this.#store = store;
    this.#layout = new Layout(store.folder);
    this.#records = new RecordFolder(this.#layout, store.objects);
    this.#names = new NamesFolder(this.#layout);
    this.#pins = rules.pins ?? { recipes: [], objects: [] };
    const now = rules.now ?? Date.now();
    const grace = rules.graceMilliseconds ?? DAY;
    this.#hasGrace = grace > 0;
    this.#graceSince = now - grace;
    this.#keepSince = now - Math.max(rules.keepMilliseconds, grace);
  }

  async plan(): Promise<CollectionPlan> {
    const files: LooseFile[] = [...this.#looseFiles()];
    const named = new Set<RunId>();
    const live = this.#liveRecipes(files, named);
    const records: { recipe: RecipeId; node: string; pipeline: string }[] = [];
    /** Named by a record that stays, and named by one that goes. */
    const needed = new Set<Sha256>(this.#pins.objects);
    const released = new Set<Sha256>();
    let keptRecords = 0;
    for (const recipe of listRecords(this.#layout)) {
      const record = this.#read(recipe);
      if (record === undefined) continue;
      const stays = live.has(recipe) || this.#isYoung(recipe);
      if (stays) keptRecords++;
      else records.push({ recipe, node: record.made.node, pipeline: record.made.pipeline });
      for (const sha256 of this.#objectsOf(record)) (stays ? needed : released).add(sha256);
      if ((keptRecords + records.length) % 256 === 0) await yieldToOthers();
    }
    const objects: { sha256: Sha256; size: number }[] = [];
    const later = { objects: 0, bytes: 0 };
    const kept = { records: keptRecords, objects: 0, bytes: 0 };
    for (const sha256 of listObjects(this.#layout)) {
      const stats = fs.statSync(this.#layout.object(sha256), { throwIfNoEntry: false });
      if (stats === undefined) continue;
      const { size } = stats;
      if (needed.has(sha256)) {
        kept.objects++;
        kept.bytes += size;
      } else if (stats.ctimeMs >= this.#graceSince || (this.#hasGrace && released.has(sha256))) {
        later.objects++;
        later.bytes += size;
      } else {
        objects.push({ sha256, size });
      }
    }
    const bytes = [...objects, ...files].reduce((sum, { size }) => sum + size, 0);
    return { records, objects, later, files, named, bytes, kept };
  }

  async remove(plan: CollectionPlan, shown: CollectionPlan): Promise<Collected> {
    const shownRecords = new Set(shown.records.map(({ recipe }) => recipe));
    const shownObjects = new Set(shown.objects.map(({ sha256 }) => sha256));
    const shownFiles = new Set(shown.files.map(({ file }) => file));
    const collected = { records: 0, objects: 0, bytes: 0 };
    /** A record that goes now, but was not shown, stays; so its objects must. */
    const stillNeeded = new Set<Sha256>();
    for (const { recipe } of plan.records) {
      const record = this.#read(recipe);
      if (record === undefined) continue;
      if (!shownRecords.has(recipe)) {
        for (const sha256 of this.#objectsOf(record)) stillNeeded.add(sha256);
        continue;
      }
      this.#removeRecord(record);
      collected.records++;
      if (collected.records % 256 === 0) await yieldToOthers();
    }
    for (const { sha256, size } of plan.objects) {
      if (!shownObjects.has(sha256) || stillNeeded.has(sha256)) continue;
      unlinkIfThere(this.#layout.object(sha256));
      collected.objects++;
      collected.bytes += size;
    }
    for (const { file, size } of plan.files) {
      if (!shownFiles.has(file)) continue;
      unlinkIfThere(file);
      collected.bytes += size;
    }
    return collected;
  }

  #removeRecord(record: ResultRecord): void {
    for (const sha256 of this.#objectsOf(record)) {
      try {
        fs.utimesSync(this.#layout.object(sha256), OBJECT_TIME, OBJECT_TIME);
      } catch (error) {
        // A broken record: it may go without what it has lost.
        if (fs.existsSync(this.#layout.object(sha256))) throw error;
      }
    }
    if (this.#records.recipeOfContent(record.contentId) === record.recipeId) {
      unlinkIfThere(this.#layout.contentEntry(record.contentId));
    }
    unlinkIfThere(this.#layout.result(record.recipeId));
  }

  /** What the kept names files and the pins name. Names files that are not kept are added to `old`, the others' runs to `named`. */
  #liveRecipes(old: LooseFile[], named: Set<RunId>): ReadonlySet<RecipeId> {
    const live = new Set<RecipeId>(this.#pins.recipes);
    for (const runs of this.#names.all()) {
      for (const [position, { run, file }] of runs.entries()) {
        if (position >= NEWEST_RUNS && timeOfRun(run) < this.#keepSince) {
          old.push({ file, size: fs.statSync(file).size });
          continue;
        }
        named.add(run);
        for (const line of this.#readNames(file)) live.add(line.recipe);
      }
    }
    return live;
  }

  #readNames(file: string) {
    try {
      return readNamesFile(file) ?? [];
    } catch (error) {
      if (error instanceof Failure && error.code === "store-damaged") throw stopped(file, error);
      throw error;
    }
  }

  /** Undefined when it has gone since it was listed. */
  #read(recipe: RecipeId): ResultRecord | undefined {
    const found = this.#records.read(recipe);
    if (found.kind === "broken") throw stopped(this.#layout.result(recipe), new Error(found.reason));
    return found.kind === "whole" ? found.record : undefined;
  }

  /** A run that was killed has named nothing yet. */
  #isYoung(recipe: RecipeId): boolean {
    const stats = fs.statSync(this.#layout.result(recipe), { throwIfNoEntry: false });
    return stats === undefined || stats.mtimeMs >= this.#keepSince;
  }

  /**
   * Outs with the files of Dirs; and inputs that no node makes, since a url may not give the same bytes again. The
   * outs of other nodes that it read are theirs to keep.
   */
  *#objectsOf(record: ResultRecord): Generator<Sha256> {
    for (const file of recordedFiles(record.outs)) {
      yield file.sha256;
      if (file.kind === "dir") yield* this.#filesOfDir(file.sha256);
    }
    for (const name in record.inputs) {
      for (const file of inputFiles(record.inputs[name] ?? null)) {
        if (file.recipe !== undefined) continue;
        yield file.sha256;
        if (file.kind === "dir") yield* this.#filesOfDir(file.sha256);
      }
    }
  }

  *#filesOfDir(manifest: Sha256): Generator<Sha256> {
    for (const entry of readManifest(this.#store.objects, manifest) ?? []) {
      if (entry.kind === "file") yield entry.sha256;
    }
  }

  *#looseFiles(): Generator<LooseFile> {
    yield* looseFilesBefore(this.#layout.temporary, this.#graceSince);
    yield* looseFilesBefore(this.#layout.broken, this.#keepSince);
  }
}

function inputFiles(input: RecordedInput) {
  if (input === null) return [];
  return Array.isArray(input) ? input : [input];
}

/** The first ten characters of a ULID are its time in milliseconds, in Crockford's base 32. */
function timeOfRun(run: string): number {
  let time = 0;
  for (const character of run.slice(0, 10)) time = time * 32 + CROCKFORD.indexOf(character);
  return time;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

function stopped(file: string, cause: Error): Failure {
  return new Failure("gc-stopped", `nothing was deleted, since this file cannot be read: "${file}"`, {
    why: `What it needs is not known: ${cause.message}.`,
    fix: "Run `reprod verify`, which puts aside what is broken; then run `reprod gc` again.",
    cause,
  });
}

function busy(folder: string, holders: number): Failure {
  return new Failure("store-busy", `nothing was deleted, since the store is in use: "${folder}"`, {
    why: `${holders} running ${holders === 1 ? "process works" : "processes work"} with it, and may need what nothing names yet.`,
    fix: "Wait until the runs have ended (`reprod runs` shows them), or cancel them, then try again.",
  });
}
