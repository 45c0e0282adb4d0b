import type { ContentId, RecipeId, RunId } from "../base/brand.js";
import type { Contents, LocalStore, Objects } from "./local.js";
import type { NamesLine, ResultRecord } from "./record.js";
import type { CommitOutcome, Lookup, LookupOptions } from "./store.js";

/** Records that are kept: enough for what the screen shows, little beside what the pipeline itself takes. */
const RECORDS_KEPT = 2048;
/** Answers that are kept for recipes that nobody may ask for again: each key in a text makes new ones. */
const LOOKUPS_KEPT = 65_536;

/**
 * A store that is asked the same questions again and again, as an editor does at each key: what it has answered is
 * remembered, so that a key costs no IO (engine-rules.md B4). Somebody else says when answers may have changed:
 * `forgetAbsent` after a run has made something, `forget` when anything may be different.
 *
 * What is remembered is only shown. A run opens the store itself, and checks what it uses.
 */
export class RememberingStore implements LocalStore {
  readonly folder: string;
  readonly location: string;
  readonly readOnly: boolean;
  readonly objects: Objects;
  readonly #store: LocalStore;
  #lookups = new Map<RecipeId, Lookup>();
  #records = new Map<RecipeId, Promise<ResultRecord | undefined>>();
  #names = new Map<string, Promise<readonly NamesLine[]>>();
  #nameFiles = new Map<string, Promise<readonly RunId[]>>();
  #contents: Contents | undefined;

  constructor(store: LocalStore) {
    this.#store = store;
    this.folder = store.folder;
    this.location = store.location;
    this.readOnly = store.readOnly;
    this.objects = store.objects;
  }

  // An answer that is under way when it is forgotten goes into a map that nobody looks into any more.

  /** Results may have come: what was not there, or not whole, is looked for again. */
  forgetAbsent(): void {
    this.#forget([...this.#lookups].filter(([, { kind }]) => kind === "usable"));
  }

  /** Anything may be different: another process collected garbage, or the store was moved away. */
  forget(): void {
    this.#forget([]);
  }

  #forget(kept: Iterable<[RecipeId, Lookup]>): void {
    this.#lookups = new Map(kept);
    this.#records = new Map();
    this.#names = new Map();
    this.#nameFiles = new Map();
    this.#contents = undefined;
  }

  async lookup(recipes: readonly RecipeId[], options: LookupOptions): Promise<readonly Lookup[]> {
    if (this.#lookups.size > Math.max(LOOKUPS_KEPT, 4 * recipes.length)) {
      this.#lookups = new Map();
      this.#contents = undefined;
    }
    const known = this.#lookups;
    const open = recipes.filter((recipe) => !known.has(recipe));
    if (open.length > 0) {
      const found = await this.#store.lookup(open, options);
      for (const [at, recipe] of open.entries()) known.set(recipe, found[at] ?? ABSENT);
    }
    return recipes.map((recipe) => known.get(recipe) ?? ABSENT);
  }

  contents(): Contents {
    this.#contents ??= this.#store.contents();
    return this.#contents;
  }

  readRecord(recipe: RecipeId): Promise<ResultRecord | undefined> {
    if (this.#records.size >= RECORDS_KEPT) this.#records = new Map();
    return kept(this.#records, recipe, () => this.#store.readRecord(recipe));
  }

  nameFiles(projectId: string, pipeline: string, limit: number): Promise<readonly RunId[]> {
    return kept(this.#nameFiles, `${projectId}\0${limit}\0${pipeline}`, () =>
      this.#store.nameFiles(projectId, pipeline, limit),
    );
  }

  readNames(projectId: string, pipeline: string, run: RunId): Promise<readonly NamesLine[]> {
    return kept(this.#names, `${run}\0${projectId}\0${pipeline}`, () =>
      this.#store.readNames(projectId, pipeline, run),
    );
  }

  // ------------------------------------------------------------ asked seldom, so passed on

  recipeOfContent(content: ContentId): Promise<RecipeId | undefined> {
    return this.#store.recipeOfContent(content);
  }
  commit(record: ResultRecord): Promise<CommitOutcome> {
    return this.#store.commit(record);
  }
  hasObject(...of: Parameters<LocalStore["hasObject"]>): Promise<boolean> {
    return this.#store.hasObject(...of);
  }
  writeNames(...names: Parameters<LocalStore["writeNames"]>): Promise<void> {
    return this.#store.writeNames(...names);
  }
  adoptable(content: ContentId): Promise<ResultRecord | undefined> {
    return this.#store.adoptable(content);
  }
  supersede(...which: Parameters<LocalStore["supersede"]>): ReturnType<LocalStore["supersede"]> {
    return this.#store.supersede(...which);
  }
  get unread(): LocalStore["unread"] {
    return this.#store.unread;
  }
  bring(recipe: RecipeId): Promise<boolean> {
    return this.#store.bring(recipe);
  }
  holding(recipe: RecipeId): Promise<LocalStore> {
    return this.#store.holding(recipe);
  }
  recipes(start?: string): Iterable<RecipeId> {
    return this.#store.recipes(start);
  }
  recordBytes(recipe: RecipeId): Buffer | undefined {
    return this.#store.recordBytes(recipe);
  }
  pipelines(projectId: string): readonly string[] {
    return this.#store.pipelines(projectId);
  }
  flush(): Promise<void> {
    return this.#store.flush();
  }
  close(): Promise<void> {
    return this.#store.close();
  }
}

const ABSENT: Lookup = { kind: "absent" };

/** The promise is kept, so that two who ask at once read once; one that failed is not. */
function kept<K, T>(map: Map<K, Promise<T>>, key: K, read: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const reading = read();
  map.set(key, reading);
  reading.catch(() => map.delete(key));
  return reading;
}
