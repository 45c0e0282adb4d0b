import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { RunId } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import type { Executor } from "../executors/executor.js";

/** More in a working folder than the private folder and a place for outs: staged inputs, intermediate files. */
const SMALL_FOLDER = 2;

/**
 * What attempts leave behind when their results are durable. The working folder goes, and all of it when the script
 * wrote nothing to its logs; script, values and logs of the others stay for `reprod logs`.
 *
 * Large working folders go at once, since disks are finite. Of small ones there may be ten thousands, and deleting
 * them takes longer than making them did: they go after the run, by a process of low priority that nobody waits for.
 */
export class Remains {
  readonly #executor: Executor;
  readonly #tmp: string;
  readonly #list: string;
  #small: string[] = [];

  /** `tmp` is the folder of all runs' attempts. */
  constructor(executor: Executor, tmp: string, run: RunId) {
    this.#executor = executor;
    this.#tmp = tmp;
    this.#list = path.join(tmp, `${run}.remove`);
  }

  discard(attemptFolder: string): void {
    const work = path.join(attemptFolder, "work");
    const small = isSmall(work);
    const silent =
      isEmpty(path.join(attemptFolder, "stdout.log")) && isEmpty(path.join(attemptFolder, "stderr.log"));
    if (small) this.#small.push(silent ? attemptFolder : work);
    else if (silent) this.#executor.discard(attemptFolder);
    else this.#discardWork(attemptFolder, work);
  }

  /** The executor deletes attempt folders, so a working folder whose logs stay is moved into one of its own. */
  #discardWork(attemptFolder: string, work: string): void {
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

  /** Starts deleting what is small. What a machine that goes down leaves is deleted with the run by `reprod gc`. */
  sweep(): void {
    if (this.#small.length === 0) return;
    fs.writeFileSync(this.#list, this.#small.map((folder) => `${folder}\0`).join(""));
    this.#small = [];
    const command = 'xargs -0 nice -n 19 rm -rf -- < "$1"; rm -f -- "$1"';
    const sweeper = spawn("/bin/sh", ["-c", command, "sh", this.#list], {
      detached: true,
      stdio: "ignore",
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
    });
    // Without a process to be had, it stays until it is collected.
    sweeper.on("error", () => undefined);
    sweeper.unref();
  }
}

function isSmall(work: string): boolean {
  try {
    return fs.readdirSync(work).length <= SMALL_FOLDER;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
}

function isEmpty(file: string): boolean {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  return stats === undefined || stats.size === 0;
}
