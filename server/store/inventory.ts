import * as fs from "node:fs";
import { isSha256, type RecipeId, type Sha256 } from "../base/brand.js";
import { listIfThere } from "./files.js";
import { type Layout, PREFIXES } from "./layout.js";
import { isRecipeId } from "./record-format.js";

/** Every object there is, by folder listing; what has no object's name is passed over. */
export function* listObjects(layout: Layout): Generator<Sha256> {
  for (const prefix of PREFIXES) {
    for (const name of listIfThere(`${layout.objects}/${prefix}`)) {
      const sha256 = prefix + name;
      if (isSha256(sha256)) yield sha256;
    }
  }
}

/** Every recipe with a record whose id starts like this. */
export function* listRecords(layout: Layout, start = ""): Generator<RecipeId> {
  const wanted = start.slice(0, 2);
  for (const prefix of PREFIXES.filter((each) => each.startsWith(wanted))) {
    for (const name of listIfThere(`${layout.results}/${prefix}`)) {
      const recipe = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
      if (recipe.startsWith(prefix) && recipe.startsWith(start) && isRecipeId(recipe)) yield recipe;
    }
  }
}

export interface LooseFile {
  readonly file: string;
  readonly size: number;
}

/** Files directly in a folder whose status changed before `before` (milliseconds since 1970). */
export function* looseFilesBefore(folder: string, before: number): Generator<LooseFile> {
  for (const name of listIfThere(folder)) {
    const file = `${folder}/${name}`;
    const stats = fs.lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() === true && stats.ctimeMs < before) yield { file, size: stats.size };
  }
}
