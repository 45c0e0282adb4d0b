import * as fs from "node:fs";
import * as path from "node:path";
import { systemCode } from "../base/failure.js";

/** Called with the name of what changed in the folder; undefined: anything may have, the folder itself too. */
export type FolderListener = (name: string | undefined) => void;

interface Watched {
  readonly listeners: Set<FolderListener>;
  watcher: fs.FSWatcher | undefined;
  /** While the folder is not there: gives up waiting for it in the folder above. */
  stopWaiting: (() => void) | undefined;
}

/**
 * Watches single folders, each once however many listen, without what lies below them. A folder that is not there
 * is waited for; one that goes and comes back is watched again. It costs nothing while nothing happens.
 *
 * The editor's own watching is not used: it leaves out what users exclude (`.reprod`, big data), other editors do not
 * have it, and it would send an event for every file that a run makes.
 */
export class FolderWatch {
  readonly #folders = new Map<string, Watched>();
  /** Why folders cannot be watched here (too many for this system): told, as changes are then seen late. */
  readonly problems = new Set<string>();

  /** Returns what ends it. */
  watch(folder: string, listener: FolderListener): () => void {
    let watched = this.#folders.get(folder);
    if (watched === undefined) {
      watched = { listeners: new Set(), watcher: undefined, stopWaiting: undefined };
      this.#folders.set(folder, watched);
      this.#arm(folder, watched);
    }
    const { listeners } = watched;
    // Two may listen with one function.
    const own: FolderListener = (name) => listener(name);
    listeners.add(own);
    return () => {
      // Ended twice, or after all were: by then the folder may be watched for another.
      if (listeners.delete(own) && listeners.size === 0 && this.#folders.get(folder) === watched)
        this.#drop(folder);
    };
  }

  close(): void {
    for (const folder of [...this.#folders.keys()]) this.#drop(folder);
  }

  #drop(folder: string): void {
    const watched = this.#folders.get(folder);
    this.#folders.delete(folder);
    watched?.watcher?.close();
    watched?.stopWaiting?.();
  }

  #arm(folder: string, watched: Watched): void {
    if (this.#folders.get(folder) !== watched) return;
    try {
      const watcher = fs.watch(folder, { persistent: false }, (event, name) => {
        // A folder that goes tells its own name, and nothing afterwards; another may be in its place by now.
        if (event === "rename" && name === path.basename(folder)) this.#lost(folder, watched);
        else tell(watched, name ?? undefined);
      });
      watcher.on("error", () => this.#lost(folder, watched));
      watched.watcher = watcher;
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") this.#await(folder, watched);
      else this.problems.add(`${code ?? String(error)}: ${folder}`);
    }
  }

  #lost(folder: string, watched: Watched): void {
    watched.watcher?.close();
    watched.watcher = undefined;
    if (this.#folders.get(folder) !== watched) return;
    tell(watched, undefined);
    this.#arm(folder, watched);
  }

  #await(folder: string, watched: Watched): void {
    const parent = path.dirname(folder);
    if (parent === folder) return;
    const stop = this.watch(parent, (name) => {
      if (name !== undefined && name !== path.basename(folder)) return;
      if (!fs.existsSync(folder)) return;
      stop();
      watched.stopWaiting = undefined;
      this.#arm(folder, watched);
      tell(watched, undefined);
    });
    watched.stopWaiting = stop;
    // It may have come between the two looks.
    if (fs.existsSync(folder) && watched.watcher === undefined) {
      stop();
      watched.stopWaiting = undefined;
      this.#arm(folder, watched);
    }
  }
}

function tell({ listeners }: Watched, name: string | undefined): void {
  for (const listener of [...listeners]) listener(name);
}
