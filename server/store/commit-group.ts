import * as fs from "node:fs";
import * as path from "node:path";
import type { Sha256 } from "../base/brand.js";
import {
  eachAtOnce,
  isAbsent,
  storeFailure,
  syncDescriptor,
  syncPath,
  temporaryName,
  unlinkIfThere,
} from "./files.js";
import type { Layout } from "./layout.js";
import type { ObjectFolder } from "./objects.js";
import type { ResultRecord } from "./record.js";
import { printRecord } from "./record-format.js";
import type { RecordFolder } from "./records.js";
import type { CommitOutcome } from "./store.js";

/** A batch starts when it is this big, this old, or nothing came for this long: the bounds of C10. */
const BATCH_NODES = 64;
const BATCH_MILLISECONDS = 100;
const QUIET_MILLISECONDS = 10;

/** The thread pool has four threads; a few more in the queue keep it busy while the main thread does other things. */
const SYNCS_AT_ONCE = 8;

/** Where a batch has come to. Tests kill the process at each of these. */
export type CommitStep =
  | "objects-synced"
  | "records-written"
  | "records-published"
  | "content-entered"
  | "folders-synced";

interface Waiting {
  readonly record: ResultRecord;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Written extends Waiting {
  readonly temporary: string;
}

/**
 * Group commit (engine-rules.md C10). A record is published when its objects are on the disk and it is itself, so
 * that after a power cut at any moment a record that is there is whole and so is what it names. Records come in
 * batches because the waits for the disk, unlike the work for a node, can be shared: some 0.2 ms of the main thread
 * a node, whatever the disk needs.
 *
 * One batch at a time; what comes meanwhile is the next one.
 */
export class CommitGroup {
  #waiting: Waiting[] = [];
  #oldest: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  readonly #layout: Layout;
  readonly #objects: ObjectFolder;
  readonly #records: RecordFolder;
  readonly #onStep: (step: CommitStep) => void;

  constructor(
    layout: Layout,
    objects: ObjectFolder,
    records: RecordFolder,
    onStep: (step: CommitStep) => void,
  ) {
    this.#layout = layout;
    this.#objects = objects;
    this.#records = records;
    this.#onStep = onStep;
  }

  /** Resolves when the record, ours or an earlier one, is durable. */
  commit(record: ResultRecord): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      if (this.#writing !== undefined) return;
      if (this.#waiting.length >= BATCH_NODES) {
        this.#start();
        return;
      }
      this.#oldest ??= setTimeout(() => this.#start(), BATCH_MILLISECONDS);
      if (this.#quiet === undefined) this.#quiet = setTimeout(() => this.#start(), QUIET_MILLISECONDS);
      else this.#quiet.refresh();
    });
  }

  /** Resolves when nothing that was committed before this call is waiting any more, whatever became of it. */
  async flush(): Promise<void> {
    await this.#writing;
    // The end of a batch has begun the next one, which takes all that is waiting.
    this.#start();
    await this.#writing;
  }

  #start(): void {
    clearTimeout(this.#oldest);
    clearTimeout(this.#quiet);
    this.#oldest = undefined;
    this.#quiet = undefined;
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#write(batch).finally(() => {
      this.#writing = undefined;
      // What came while this batch was written has waited long enough.
      this.#start();
    });
  }

  /** Never rejects: each of the batch is told its own end. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    const objects = this.#objects.takeUnsynced();
    try {
      await this.#syncObjects(objects);
    } catch (error) {
      // A later batch may name them too, and must not believe that they are safe.
      this.#objects.syncLater(objects);
      this.#rejectAll(batch, error);
      return;
    }
    this.#onStep("objects-synced");

    const written = await this.#writeRecords(batch);
    this.#onStep("records-written");

    const outcomes = new Map<Written, CommitOutcome>();
    for (const item of written) {
      try {
        outcomes.set(item, this.#records.publish(item.temporary, item.record));
      } catch (error) {
        unlinkIfThere(item.temporary);
        this.#rejectAll([item], error);
      }
    }
    this.#onStep("records-published");

    // A content entry can be made again from its record, so it needs no sync of its own (C10's order holds all the
    // same: it comes after the record that it leads to).
    for (const [item, outcome] of outcomes) {
      try {
        const recipe = outcome.kind === "created" ? item.record.recipeId : outcome.winner.recipe;
        const content = outcome.kind === "created" ? item.record.contentId : outcome.winner.content;
        this.#records.enterContent(content, recipe);
      } catch (error) {
        outcomes.delete(item);
        this.#rejectAll([item], error);
      }
    }
    this.#onStep("content-entered");

    try {
      await this.#syncFolders(outcomes, objects);
    } catch (error) {
      this.#rejectAll([...outcomes.keys()], error);
      return;
    }
    this.#onStep("folders-synced");
    for (const [item, outcome] of outcomes) item.resolve(outcome);
  }

  #rejectAll(batch: Iterable<Waiting>, error: unknown): void {
    const failure = storeFailure(error, this.#layout.folder);
    for (const { reject } of batch) reject(failure);
  }

  #syncObjects(objects: readonly Sha256[]): Promise<void> {
    return eachAtOnce(objects, SYNCS_AT_ONCE, async (sha256) => {
      try {
        await syncPath(this.#objects.pathOf(sha256));
      } catch (error) {
        // It was found damaged and put aside since: a record that names it is broken, which every reader sees.
        if (!isAbsent(error)) throw error;
      }
    });
  }

  /** Each record to a file of its own in `tmp/`, on the disk. Those that could not be written are told so. */
  async #writeRecords(batch: readonly Waiting[]): Promise<readonly Written[]> {
    const written = new Map<Waiting, Written>();
    await eachAtOnce(batch, SYNCS_AT_ONCE, async (item) => {
      const temporary = `${this.#layout.temporary}/${temporaryName()}`;
      try {
        await writeSynced(temporary, printRecord(item.record));
        written.set(item, { ...item, temporary });
      } catch (error) {
        unlinkIfThere(temporary);
        this.#rejectAll([item], error);
      }
    });
    // In the order in which they were committed, whichever the disk took first: the first is to win (A3).
    return batch.flatMap((item) => written.get(item) ?? []);
  }

  #syncFolders(outcomes: ReadonlyMap<Written, CommitOutcome>, objects: readonly Sha256[]): Promise<void> {
    const folders = new Set<string>(this.#layout.takeGrown());
    for (const sha256 of objects) folders.add(path.dirname(this.#objects.pathOf(sha256)));
    for (const { record } of outcomes.keys()) folders.add(path.dirname(this.#layout.result(record.recipeId)));
    return eachAtOnce([...folders], SYNCS_AT_ONCE, syncPath);
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const descriptor = fs.openSync(file, "wx", 0o444);
  try {
    fs.writeSync(descriptor, text);
    await syncDescriptor(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
