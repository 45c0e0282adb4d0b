import * as fs from "node:fs";
import type { RecipeId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { listIfThere, yieldToOthers } from "./files.js";
import type { Layout } from "./layout.js";
import type { NamesFolder } from "./names.js";
import type { RecordFolder } from "./records.js";
import type { Lookup, LookupOptions } from "./store.js";

/** Up to this many recipes are looked up one by one: less work than listing folders. */
const FEW = 64;
/** A listing is read as long as it is not this many times longer than what is looked for in it. */
const LISTING_FACTOR = 50;
/** Newest names files that are asked (B5). */
const NAMES_FILES = 3;
/** Between two turns of others, about 10 ms of work (B4). */
const SLICE = 1000;

/**
 * Looks many recipes up (engine-rules.md B5). Which records there are is read from the 256 folder listings, what they
 * hold from the newest names files; only what these do not answer is opened. Grows linearly with the recipes, and
 * with the store only as far as listing goes: some 5 µs a recipe, and a stat for each object when these are asked for.
 */
export async function lookupMany(
  layout: Layout,
  records: RecordFolder,
  names: NamesFolder,
  recipes: readonly RecipeId[],
  options: LookupOptions,
): Promise<readonly Lookup[]> {
  if (recipes.length <= FEW) {
    return recipes.map((recipe) => records.lookup(recipe, options.objects));
  }
  const asked = new Asked(recipes);
  await findRecords(layout, asked);
  if (options.names !== undefined) {
    await answerFromNames(records, names, asked, options.names, options.objects);
  }
  let done = 0;
  for (const [position, recipe] of asked.open()) {
    asked.answers[position] = records.lookup(recipe, options.objects);
    if (++done % SLICE === 0) await yieldToOthers();
  }
  // A recipe that was asked for twice was answered at its last place.
  return recipes.map((recipe, position) => {
    const at = asked.hasTwice ? (asked.position(recipe) ?? position) : position;
    return asked.answers[at] ?? ABSENT;
  });
}

const ABSENT: Lookup = { kind: "absent" };

/** One table from id to place, and arrays besides: three sets of 100,000 ids would cost more than the parsing. */
class Asked {
  readonly answers: (Lookup | undefined)[];
  readonly #recipes: readonly RecipeId[];
  readonly #positions = new Map<string, number>();
  /** 1 where there is a record, whole or not. */
  readonly #there: Uint8Array;

  constructor(recipes: readonly RecipeId[]) {
    this.#recipes = recipes;
    this.answers = new Array<undefined>(recipes.length).fill(undefined);
    this.#there = new Uint8Array(recipes.length);
    for (const [position, recipe] of recipes.entries()) this.#positions.set(recipe, position);
  }

  position(recipe: string): number | undefined {
    return this.#positions.get(recipe);
  }

  get hasTwice(): boolean {
    return this.#positions.size < this.#recipes.length;
  }

  foundRecord(position: number): void {
    this.#there[position] = 1;
  }

  /** Whether there is a record that nothing has told the contents of. */
  isOpen(position: number): boolean {
    return this.#there[position] === 1 && this.answers[position] === undefined;
  }

  *open(): Generator<readonly [number, RecipeId]> {
    for (const [position, recipe] of this.#recipes.entries())
      if (this.isOpen(position)) yield [position, recipe];
  }

  byPrefix(): ReadonlyMap<string, readonly RecipeId[]> {
    const groups = new Map<string, RecipeId[]>();
    for (const recipe of this.#recipes) {
      const prefix = recipe.slice(0, 2);
      const group = groups.get(prefix);
      if (group === undefined) groups.set(prefix, [recipe]);
      else group.push(recipe);
    }
    return groups;
  }
}

async function findRecords(layout: Layout, asked: Asked): Promise<void> {
  let listingsHelp = true;
  let done = 0;
  for (const [prefix, group] of asked.byPrefix()) {
    if (listingsHelp) {
      const listed = listIfThere(`${layout.results}/${prefix}`);
      for (const name of listed) {
        const position = name.endsWith(".json") ? asked.position(name.slice(0, -".json".length)) : undefined;
        if (position !== undefined) asked.foundRecord(position);
      }
      // Hashes are spread evenly: one folder tells how big the store is beside what is asked.
      listingsHelp = listed.length <= LISTING_FACTOR * group.length;
      done += listed.length;
    } else {
      for (const recipe of group) {
        const position = asked.position(recipe);
        const there = fs.statSync(layout.result(recipe), { throwIfNoEntry: false }) !== undefined;
        if (there && position !== undefined) asked.foundRecord(position);
      }
      done += group.length;
    }
    if (done < SLICE) continue;
    done = 0;
    await yieldToOthers();
  }
}

/**
 * A names line is written after its record, and a record never changes, so the line says what the record says; except
 * where a record was taken away as broken and made again. Those few are opened, as is whatever is not well.
 */
async function answerFromNames(
  records: RecordFolder,
  names: NamesFolder,
  asked: Asked,
  from: { readonly projectId: string; readonly pipeline: string },
  objects: boolean,
): Promise<void> {
  const replaced = records.replaced();
  const openPosition = (recipe: string) => {
    const position = asked.position(recipe);
    return position !== undefined && asked.isOpen(position) && !replaced.has(recipe) ? position : undefined;
  };
  let done = 0;
  try {
    for (const { line, wanted } of names.newest(from, NAMES_FILES, openPosition)) {
      const { recipe, content, outs } = line;
      const lookup = records.judge({ recipe, content, outs }, objects);
      if (lookup.kind === "usable") asked.answers[wanted] = lookup;
      if (++done % SLICE === 0) await yieldToOthers();
    }
  } catch (error) {
    // An index that cannot be read is no index: the records answer.
    if (!(error instanceof Failure && error.code === "store-damaged")) throw error;
  }
}
