import * as fs from "node:fs";
import * as path from "node:path";
import { systemCode } from "../base/failure.js";
import type { AttemptResult } from "../executors/executor.js";
import type { MadeOuts } from "../graph/recipe.js";
import type { HashFile, LocalStore } from "../store/local.js";
import type { RecordedFile, RecordedOut } from "../store/record.js";

const FILE = "ingested.ndjson";

/** What an attempt has brought in, between the move of its outs into the store and its record. */
export interface Harvest {
  readonly outs: MadeOuts;
  readonly result: AttemptResult;
}

/**
 * Notes what became of the outs of a run's attempts: one file beside them, a line an attempt. The outs have been moved
 * out of the attempt's folder, and the record comes up to a tenth of a second later with its group (C10): a runner
 * killed in between would have to do the work again (C4).
 */
export class HarvestNotes {
  /** By folder of attempts: this run's own, and those of killed runs whose attempts were taken over. */
  readonly #files = new Map<string, number>();

  keep(attemptFolder: string, harvest: Harvest): void {
    const folder = path.dirname(attemptFolder);
    let file = this.#files.get(folder);
    if (file === undefined) {
      file = fs.openSync(path.join(folder, FILE), "a");
      this.#files.set(folder, file);
    }
    const attempt = path.basename(attemptFolder);
    // Begun on a line of its own: the last writer may have been killed within one.
    fs.writeSync(file, `\n${JSON.stringify({ v: 1, attempt, ...harvest })}\n`);
  }

  close(): void {
    for (const file of this.#files.values()) fs.closeSync(file);
    this.#files.clear();
  }
}

/** The notes of a killed run, by attempt. A line that is not whole is left out. */
export function readHarvestNotes(attemptsFolder: string): ReadonlyMap<string, Harvest> {
  const notes = new Map<string, Harvest>();
  let text: string;
  try {
    text = fs.readFileSync(path.join(attemptsFolder, FILE), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return notes;
    throw error;
  }
  for (const line of text.split("\n")) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      // Torn when its writer was killed; or the empty end.
      continue;
    }
    if (isNote(value)) notes.set(value.attempt, value);
  }
  return notes;
}

/**
 * Whether the store really has what a note says. Each object is hashed again, since nothing was synced when the note
 * was written and the machine may have lost power.
 */
export async function holdsHarvest(store: LocalStore, { outs }: Harvest, hash: HashFile): Promise<boolean> {
  for (const out of Object.values(outs)) {
    for (const file of filesOf(out)) {
      // A Dir's object is a manifest of many; the script makes the folder again sooner than all of it is proved.
      if (file.kind === "dir" || !store.objects.has(file.sha256, file.size)) return false;
      if ((await hash(store.objects.pathOf(file.sha256))) !== file.sha256) return false;
    }
  }
  return true;
}

function filesOf(out: RecordedOut): readonly RecordedFile[] {
  if (out === null) return [];
  return isList(out) ? out : [out];
}

function isList(out: RecordedFile | readonly RecordedFile[]): out is readonly RecordedFile[] {
  return Array.isArray(out);
}

function isNote(value: unknown): value is Harvest & { readonly attempt: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "v" in value &&
    value.v === 1 &&
    "attempt" in value &&
    typeof value.attempt === "string" &&
    "outs" in value &&
    typeof value.outs === "object" &&
    value.outs !== null &&
    "result" in value &&
    typeof value.result === "object" &&
    value.result !== null
  );
}
