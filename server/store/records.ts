import * as fs from "node:fs";
import type { ContentId, RecipeId, Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import type { RecordedFile } from "../graph/model.js";
import { parseTree, type TreeEntry, treeDigest } from "../graph/tree.js";
import { isAbsent, linkNew, listIfThere, readTextIfThere, temporaryName, unlinkIfThere } from "./files.js";
import type { Layout } from "./layout.js";
import type { Objects } from "./local.js";
import type { ResultRecord } from "./record.js";
import {
  type ReadRecord,
  readRecordOfContent,
  readRecordText,
  recordedFiles,
  sameOuts,
  storedResult,
} from "./record-format.js";
import type { CommitOutcome, Lookup, StoredResult } from "./store.js";

export type FoundRecord = { readonly kind: "absent" } | ReadRecord;

/** `results/` and `content/`: who is there first stays (A3), and what is broken is replaced (A1). */
export class RecordFolder {
  readonly #layout: Layout;
  readonly #objects: Objects;

  constructor(layout: Layout, objects: Objects) {
    this.#layout = layout;
    this.#objects = objects;
  }

  read(recipe: RecipeId): FoundRecord {
    const text = readTextIfThere(this.#layout.result(recipe));
    return text === undefined ? { kind: "absent" } : readRecordText(text, recipe, this.#layout.folder);
  }

  lookup(recipe: RecipeId, objects: boolean): Lookup {
    const found = this.read(recipe);
    if (found.kind === "absent") return found;
    if (found.kind === "broken") return { ...found, result: undefined };
    return this.judge(storedResult(found.record), objects);
  }

  /** Whether the objects of a result are there, when that is asked. */
  judge(result: StoredResult, objects: boolean): Lookup {
    const reason = objects ? this.missingObject(result.outs) : undefined;
    return reason === undefined ? { kind: "usable", result } : { kind: "broken", reason, result };
  }

  /** What is missing of the objects of these outs, in words; undefined when all are there with their sizes. */
  missingObject(outs: StoredResult["outs"]): string | undefined {
    for (const file of recordedFiles(outs)) {
      const whole = file.kind === "file" ? this.#objects.has(file.sha256, file.size) : this.#hasDir(file);
      if (!whole) return `the store has lost what this out is made of: "${file.path}"`;
    }
    return undefined;
  }

  /** A Dir's manifest is small and decides over many files, so it is read and checked each time. */
  #hasDir(dir: RecordedFile): boolean {
    const entries = readManifest(this.#objects, dir.sha256);
    return (
      entries?.every((entry) => entry.kind !== "file" || this.#objects.has(entry.sha256, entry.size)) ?? false
    );
  }

  /**
   * Gives a whole, synced file its place under the recipe's id. The first one there wins (A3); one that is broken is
   * taken away to `broken/` and the file put in its stead (A1).
   */
  publish(temporary: string, record: ResultRecord): CommitOutcome {
    const file = this.#layout.result(record.recipeId);
    // Each turn meets what another process has just put or taken away; no process can do that for ever.
    for (let turn = 0; turn < 100; turn++) {
      if (this.#layout.inFolder(file, () => linkNew(temporary, file))) {
        fs.unlinkSync(temporary);
        return { kind: "created" };
      }
      const there = fs.statSync(file, { throwIfNoEntry: false, bigint: true });
      if (there === undefined) continue;
      const found = this.lookup(record.recipeId, true);
      if (found.kind === "usable") {
        unlinkIfThere(temporary);
        return { kind: "lost", winner: found.result, sameBytes: sameOuts(found.result.outs, record.outs) };
      }
      if (found.kind === "broken") this.takeAway(record.recipeId, there.ino);
    }
    throw new Failure("store-busy", `a record is replaced again and again: "${file}"`, {
      why: "Another program writes the same result without an end.",
      fix: "See which programs use the store, stop all but one, and run again.",
    });
  }

  /**
   * Moves the record with this inode to `broken/`. Two processes may do so at once, and the later one must not take
   * what the first has just put in the place; so what was moved is looked at again, and put back when it is another.
   */
  takeAway(recipe: RecipeId, ino: bigint): void {
    const file = this.#layout.result(recipe);
    const aside = `${this.#layout.broken}/record-${recipe}-${temporaryName()}`;
    try {
      fs.renameSync(file, aside);
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    if (fs.statSync(aside, { bigint: true }).ino !== ino && linkNew(aside, file)) fs.unlinkSync(aside);
  }

  /**
   * Takes the record of a recipe out of the way when it is not of the content id `keep`: where broken records go, so
   * nothing is lost.
   */
  supersede(recipe: RecipeId, keep: ContentId | undefined): "absent" | "kept" | "superseded" {
    const there = fs.statSync(this.#layout.result(recipe), { throwIfNoEntry: false, bigint: true });
    const found = this.read(recipe);
    if (there === undefined || found.kind !== "whole") return "absent";
    if (found.record.contentId === keep) return "kept";
    this.takeAway(recipe, there.ino);
    return "superseded";
  }

  /** Recipes of which a record was ever taken away: what older names files say of them may be of that record. */
  replaced(): ReadonlySet<string> {
    const recipes = new Set<string>();
    for (const name of listIfThere(this.#layout.broken)) {
      const recipe = /^record-([0-9a-f]{64})-/.exec(name)?.[1];
      if (recipe !== undefined) recipes.add(recipe);
    }
    return recipes;
  }

  /**
   * The content entry is a second name of the record's file: no inode more, no block more, and whole whenever the
   * record is. Never over one that leads to a usable record (A3).
   */
  enterContent(content: ContentId, recipe: RecipeId): void {
    const file = this.#layout.contentEntry(content);
    const result = this.#layout.result(recipe);
    if (this.#layout.inFolder(file, () => linkNew(result, file))) return;
    if (this.adoptable(content) !== undefined) return;
    // A1: an entry whose record is gone or broken is replaced.
    const temporary = `${this.#layout.temporary}/${temporaryName()}`;
    linkNew(result, temporary);
    fs.renameSync(temporary, file);
    // Renaming one name of a file to another of the same file leaves both.
    unlinkIfThere(temporary);
  }

  /** What the entry says; the record under that recipe decides (`adoptable`). */
  recipeOfContent(content: ContentId): RecipeId | undefined {
    const text = readTextIfThere(this.#layout.contentEntry(content));
    const found = text === undefined ? undefined : readRecordOfContent(text, content, this.#layout.folder);
    return found?.recipeId;
  }

  /** The record that a content id leads to, if it is of this content and its objects are there (A4). */
  adoptable(content: ContentId): ResultRecord | undefined {
    const recipe = this.recipeOfContent(content);
    const found = recipe === undefined ? undefined : this.read(recipe);
    if (found?.kind !== "whole" || found.record.contentId !== content) return undefined;
    return this.missingObject(found.record.outs) === undefined ? found.record : undefined;
  }
}

/** The entries of a Dir's manifest, or undefined when it is not there or not what its digest says. */
export function readManifest(objects: Objects, digest: Sha256): readonly TreeEntry[] | undefined {
  const text = objects.read(digest)?.toString("utf8");
  if (text === undefined || treeDigest(text) !== digest) return undefined;
  try {
    return parseTree(text);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
