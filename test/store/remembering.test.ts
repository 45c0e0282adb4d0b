import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { RecipeId } from "../../server/base/brand.js";
import type { LocalStore } from "../../server/store/local.js";
import { openLocalStore } from "../../server/store/local-store.js";
import type { ResultRecord } from "../../server/store/record.js";
import { RememberingStore } from "../../server/store/remembering.js";
import type { Lookup, LookupOptions } from "../../server/store/store.js";
import { namesLineOf, runId, storedRecord, temporaryFolder } from "../support/store.js";

/** A real store whose answers a test can hold back or make fail, and which counts what it is asked. */
class AskedStore extends RememberingStore {
  readonly asked: string[] = [];
  held: Promise<void> = Promise.resolve();
  fails = false;

  async #answer<T>(what: string, answer: () => Promise<T>): Promise<T> {
    this.asked.push(what);
    const { held, fails } = this;
    const found = await answer();
    await held;
    if (fails) throw new Error("the disk is gone");
    return found;
  }

  constructor(private readonly real: LocalStore) {
    super(real);
  }

  override lookup(recipes: readonly RecipeId[], options: LookupOptions): Promise<readonly Lookup[]> {
    return this.#answer(`lookup ${recipes.length}`, () => this.real.lookup(recipes, options));
  }
  override readRecord(recipe: RecipeId): Promise<ResultRecord | undefined> {
    return this.#answer("record", () => this.real.readRecord(recipe));
  }
  override nameFiles(...of: Parameters<LocalStore["nameFiles"]>): ReturnType<LocalStore["nameFiles"]> {
    return this.#answer("name files", () => this.real.nameFiles(...of));
  }
  override readNames(...of: Parameters<LocalStore["readNames"]>): ReturnType<LocalStore["readNames"]> {
    return this.#answer("names", () => this.real.readNames(...of));
  }
}

interface Stores {
  readonly real: LocalStore;
  readonly asked: AskedStore;
  readonly store: RememberingStore;
  /** What a look-up says of these. */
  readonly kinds: (...records: readonly ResultRecord[]) => Promise<readonly string[]>;
}

function stores(t: TestContext): Stores {
  const real = openLocalStore(temporaryFolder(t));
  t.after(() => real.close());
  const asked = new AskedStore(real);
  const store = new RememberingStore(asked);
  const options: LookupOptions = { objects: true, names: { projectId: "abcdefghijkl", pipeline: "test" } };
  return {
    real,
    asked,
    store,
    kinds: async (...records) => {
      const found = await store.lookup(
        records.map(({ recipeId }) => recipeId),
        options,
      );
      return found.map(({ kind }) => kind);
    },
  };
}

test("what was answered is not asked again, and what is new is asked alone", async (t) => {
  const { real, asked, kinds } = stores(t);
  const one = storedRecord(real, "one", "1");
  const two = storedRecord(real, "two", "2");
  await real.commit(one);
  assert.deepEqual(await kinds(one), ["usable"]);
  assert.deepEqual(await kinds(two, one), ["absent", "usable"]);
  assert.deepEqual(await kinds(one, two), ["usable", "absent"]);
  assert.deepEqual(asked.asked, ["lookup 1", "lookup 1"]);
});

test("after a run what was absent is asked again; after anything all is", async (t) => {
  const { real, asked, store, kinds } = stores(t);
  const one = storedRecord(real, "one", "1");
  const two = storedRecord(real, "two", "2");
  await real.commit(one);
  await kinds(one, two);
  await real.commit(two);
  assert.deepEqual(await kinds(one, two), ["usable", "absent"], "nobody has said that it changed");
  store.forgetAbsent();
  assert.deepEqual(await kinds(one, two), ["usable", "usable"]);
  store.forget();
  assert.deepEqual(await kinds(one, two), ["usable", "usable"]);
  assert.deepEqual(asked.asked, ["lookup 2", "lookup 1", "lookup 2"]);
});

for (const how of ["forgetAbsent", "forget"] as const) {
  test(`an answer that is under way at ${how} is given, and not kept`, async (t) => {
    const { real, asked, store, kinds } = stores(t);
    const one = storedRecord(real, "one", "1");
    await real.flush();
    let release = (): void => {};
    asked.held = new Promise((resolve) => {
      release = resolve;
    });
    const lookup = kinds(one);
    const record = store.readRecord(one.recipeId);
    const files = store.nameFiles("abcdefghijkl", "test", 8);
    // The answers have been found out, and are held back on their way.
    await new Promise(setImmediate);
    await real.commit(one);
    await real.writeNames("abcdefghijkl", "test", runId(1), [namesLineOf(one)]);
    store[how]();
    release();
    assert.deepEqual(await lookup, ["absent"]);
    assert.equal(await record, undefined);
    assert.deepEqual(await files, []);
    assert.deepEqual(await kinds(one), ["usable"]);
    assert.equal((await store.readRecord(one.recipeId))?.recipeId, one.recipeId);
    assert.deepEqual(await store.nameFiles("abcdefghijkl", "test", 8), [runId(1)]);
    assert.equal((await store.readNames("abcdefghijkl", "test", runId(1))).length, 1);
  });
}

test("a look-up that was under way tells what it knew, though it is forgotten meanwhile", async (t) => {
  const { real, asked, store, kinds } = stores(t);
  const one = storedRecord(real, "one", "1");
  const two = storedRecord(real, "two", "2");
  await real.commit(one);
  await kinds(one);
  let release = (): void => {};
  asked.held = new Promise((resolve) => {
    release = resolve;
  });
  const both = kinds(one, two);
  store.forget();
  release();
  assert.deepEqual(await both, ["usable", "absent"]);
});

test("a reading that fails is told to those who wait, and tried again by the next", async (t) => {
  const { real, asked, store, kinds } = stores(t);
  const one = storedRecord(real, "one", "1");
  await real.commit(one);
  asked.fails = true;
  const both = [store.readRecord(one.recipeId), store.readRecord(one.recipeId)];
  for (const reading of both) await assert.rejects(reading, /the disk is gone/);
  await assert.rejects(kinds(one), /the disk is gone/);
  asked.fails = false;
  assert.equal((await store.readRecord(one.recipeId))?.recipeId, one.recipeId);
  assert.deepEqual(await kinds(one), ["usable"]);
  assert.deepEqual(asked.asked, ["record", "lookup 1", "record", "lookup 1"]);
});

test("answers about recipes of texts that are gone do not pile up", async (t) => {
  const { real, asked, store } = stores(t);
  const one = storedRecord(real, "one", "1");
  await real.commit(one);
  const options: LookupOptions = { objects: true, names: { projectId: "abcdefghijkl", pipeline: "test" } };
  asked.lookup = async (recipes) => {
    asked.asked.push("lookup");
    return recipes.map(() => ({ kind: "absent" }));
  };
  await store.lookup([one.recipeId], options);
  const { length } = asked.asked;
  await store.lookup([one.recipeId], options);
  assert.equal(asked.asked.length, length);
  for (let key = 0; key < 30; key++)
    await store.lookup(
      Array.from({ length: 5_000 }, (_, i) => `${key} ${i}` as RecipeId),
      options,
    );
  asked.asked.length = 0;
  await store.lookup([one.recipeId], options);
  assert.deepEqual(asked.asked, ["lookup"], "it was forgotten with the rest");
});
