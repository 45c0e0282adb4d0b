import * as fs from "node:fs";
import type { RecipeId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { listIfThere, yieldToOthers } from "./files.js";
import type { Layout } from "./layout.js";
import type { NamesFolder } from "./names.js";
import type { NamesLine } from "./record.js";
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
 * with the store only as far as listing goes: 10,000 in about 60 ms, 100,000 in about 700 ms, objects included.
 */
export async function lookupMany(
  layout: Layout,
  records: RecordFolder,
  names: NamesFolder,
  recipes: readonly RecipeId[],
  options: LookupOptions,
): Promise<readonly Lookup[]> {
  const answers = new Map<RecipeId, Lookup>();
  if (recipes.length <= FEW) {
    return recipes.map((recipe) => records.lookup(recipe, options.objects));
  }
  const there = await recipesThere(layout, recipes);
  if (options.names !== undefined && there.size > 0) {
    await answerFromNames(records, names, there, options.names, options.objects, answers);
  }
  let done = 0;
  for (const recipe of there) {
    if (answers.has(recipe)) continue;
    answers.set(recipe, records.lookup(recipe, options.objects));
    if (++done % SLICE === 0) await yieldToOthers();
  }
  return recipes.map((recipe) => answers.get(recipe) ?? ABSENT);
}

const ABSENT: Lookup = { kind: "absent" };

/** Those of the recipes that have a record, whole or not. */
async function recipesThere(layout: Layout, recipes: readonly RecipeId[]): Promise<ReadonlySet<RecipeId>> {
  const byPrefix = new Map<string, RecipeId[]>();
  for (const recipe of recipes) {
    const prefix = recipe.slice(0, 2);
    const group = byPrefix.get(prefix);
    if (group === undefined) byPrefix.set(prefix, [recipe]);
    else group.push(recipe);
  }
  const there = new Set<RecipeId>();
  let listingsHelp = true;
  let done = 0;
  for (const [prefix, group] of byPrefix) {
    if (listingsHelp) {
      const listed = listIfThere(`${layout.results}/${prefix}`);
      const present = new Set(listed);
      for (const recipe of group) if (present.has(`${recipe}.json`)) there.add(recipe);
      // Hashes are spread evenly: one folder tells how big the store is beside what is asked.
      listingsHelp = listed.length <= LISTING_FACTOR * group.length;
    } else {
      for (const recipe of group) {
        if (fs.statSync(layout.result(recipe), { throwIfNoEntry: false }) !== undefined) there.add(recipe);
      }
    }
    done += group.length;
    if (done >= SLICE) {
      done = 0;
      await yieldToOthers();
    }
  }
  return there;
}

/**
 * A names line is written after its record, and a record never changes, so the line says what the record says; except
 * where a record was taken away as broken and made again. Those few are opened.
 */
async function answerFromNames(
  records: RecordFolder,
  names: NamesFolder,
  there: ReadonlySet<RecipeId>,
  from: { readonly projectId: string; readonly pipeline: string },
  objects: boolean,
  answers: Map<RecipeId, Lookup>,
): Promise<void> {
  const replaced = records.replaced();
  const open = new Set<string>(there);
  for (const recipe of replaced) open.delete(recipe);
  const answer = (line: NamesLine) => {
    const { recipe, content, outs } = line;
    const lookup = records.judge({ recipe, content, outs }, objects);
    // Whatever is not well is told by the record itself.
    if (lookup.kind !== "usable") return;
    open.delete(recipe);
    answers.set(recipe, lookup);
  };
  let done = 0;
  try {
    for (const line of names.newest(from, NAMES_FILES, (recipe) => open.has(recipe))) {
      answer(line);
      if (open.size === 0) return;
      if (++done % SLICE === 0) await yieldToOthers();
    }
  } catch (error) {
    // An index that cannot be read is no index: the records answer.
    if (!(error instanceof Failure && error.code === "store-damaged")) throw error;
  }
}
