import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { isRunId } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import type { Executor } from "../executors/executor.js";
import { namesIn } from "./names-in.js";

/** More in a working folder than the private folder and a place for outs: staged inputs, intermediate files. */
const SMALL_FOLDER = 2;
/** Attempt folders that are kept for `reprod logs`, of the newest runs first; some 30 kB each. */
const KEPT_ATTEMPTS = 20_000;

/**
 * What attempts leave behind when their results are durable. Large working folders go at once, since disks are finite.
 * Small ones stay with script, values and logs until their run is an old one: deleting ten thousand folders takes
 * longer than making them did, and some file systems make new ones slowly for minutes after (ext4 without a journal
 * searches past every inode that was freed lately). So a run never pays for deleting what it has just made.
 */
export class Remains {
  readonly #executor: Executor;
  readonly #tmp: string;

  /** `tmp` is the folder of all runs' attempts. */
  constructor(executor: Executor, tmp: string) {
    this.#executor = executor;
    this.#tmp = tmp;
  }

  discard(attemptFolder: string): void {
    const work = path.join(attemptFolder, "work");
    if (namesIn(work).length <= SMALL_FOLDER) return;
    // The executor deletes attempt folders, so the working folder is moved into one of its own.
    const trash = path.join(this.#tmp, "trash", path.basename(attemptFolder));
    fs.mkdirSync(trash, { recursive: true });
    try {
      fs.renameSync(work, path.join(trash, "work"));
    } catch (error) {
      // The script removed its folder.
      if (systemCode(error) !== "ENOENT") throw error;
    }
    this.#executor.discard(trash);
  }

  /**
   * Deletes the attempts of old runs, by a process of low priority that nobody waits for. `mayHave` says which runs
   * somebody may still need them of: they are not counted and not touched.
   */
  sweep(mayHave: (run: string) => boolean): void {
    const runs = namesIn(this.#tmp).filter(isRunId).sort().reverse();
    const old: string[] = [];
    let kept = 0;
    for (const run of runs) {
      if (mayHave(run)) continue;
      const folder = path.join(this.#tmp, run);
      if (kept <= KEPT_ATTEMPTS) kept += namesIn(folder).length;
      if (kept > KEPT_ATTEMPTS && run !== runs[0]) old.push(folder);
    }
    if (old.length === 0) return;
    const sweeper = spawn("nice", ["-n", "19", "rm", "-rf", "--", ...old.slice(0, 500)], {
      detached: true,
      stdio: "ignore",
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
    });
    // Without a process to be had they stay; the end of the next run tries again.
    sweeper.on("error", () => undefined);
    sweeper.unref();
  }
}
