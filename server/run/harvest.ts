import * as fs from "node:fs";
import * as path from "node:path";
import { systemCode } from "../base/failure.js";
import type { AttemptResult } from "../executors/executor.js";
import type { MadeOuts } from "../graph/recipe.js";
import type { HashFile, LocalStore } from "../store/local.js";
import type { RecordedFile, RecordedOut } from "../store/record.js";

const FILE = "ingested.json";

/** What an attempt has brought in, between the move of its outs into the store and its record. */
export interface Harvest {
  readonly outs: MadeOuts;
  readonly result: AttemptResult;
}

/**
 * Notes in the attempt's folder what became of its outs. They have been moved out of it, and the record comes up to a
 * tenth of a second later with its group (C10): a runner killed in between would have to do the work again (C4).
 */
export function keepHarvest(folder: string, harvest: Harvest): void {
  fs.writeFileSync(path.join(folder, FILE), JSON.stringify({ v: 1, ...harvest }));
}

/**
 * The note of a killed runner, if the store really has what it says: each object is hashed again, since nothing was
 * synced when it was written and the machine may have lost power. Undefined for anything doubtful.
 */
export async function readHarvest(
  folder: string,
  store: LocalStore,
  hash: HashFile,
): Promise<Harvest | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(path.join(folder, FILE), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  if (!isHarvest(value)) return undefined;
  for (const out of Object.values(value.outs)) {
    for (const file of filesOf(out)) {
      // A Dir's own object is its manifest, whose size is not the Dir's; a folder is cheap to make again by the script.
      if (file.kind === "dir" || !store.objects.has(file.sha256, file.size)) return undefined;
      if ((await hash(store.objects.pathOf(file.sha256))) !== file.sha256) return undefined;
    }
  }
  return value;
}

function filesOf(out: RecordedOut): readonly RecordedFile[] {
  if (out === null) return [];
  return isList(out) ? out : [out];
}

function isList(out: RecordedFile | readonly RecordedFile[]): out is readonly RecordedFile[] {
  return Array.isArray(out);
}

function isHarvest(value: unknown): value is Harvest {
  return (
    typeof value === "object" &&
    value !== null &&
    "v" in value &&
    value.v === 1 &&
    "outs" in value &&
    typeof value.outs === "object" &&
    value.outs !== null &&
    "result" in value &&
    typeof value.result === "object" &&
    value.result !== null
  );
}
