import * as fs from "node:fs";
import * as path from "node:path";
import { decodeTime } from "ulid";
import type { RunId } from "../base/brand.js";
import type { ProjectFolders } from "../data/project.js";
import { FolderRemover } from "../executors/remove.js";
import type { Claims } from "../store/local.js";
import { namesIn } from "./names-in.js";
import { isUnfinished, readRunFile, runIds } from "./runs.js";

/** What collection deletes of a run that has long been over. */
export interface OldRun {
  readonly run: RunId;
  /** Journal and logs go with it; otherwise only the working folders of its attempts do. */
  readonly whole: boolean;
  /** Absolute folders, in the order in which they go. */
  readonly folders: readonly string[];
  readonly bytes: number;
}

export interface OldRunRules {
  /** Milliseconds since 1970: what began before is old. */
  readonly before: number;
  /** Runs whose names files stay: history asks for their folders, to know this checkout's own. */
  readonly named: ReadonlySet<RunId>;
}

/**
 * Old runs and what attempts of them left behind, oldest first. Never one that lives, or whose attempts the next run
 * may still take over (C4); and the newest run of each pipeline file stays, since it says where the lock lies whose
 * objects collection keeps. Looks at every file of what it lists.
 */
export function findOldRuns(folders: ProjectFolders, claims: Claims, rules: OldRunRules): readonly OldRun[] {
  const files = new Set<string>();
  const old: OldRun[] = [];
  const runs = runIds(folders.runs);
  for (const run of runs) {
    const folder = path.join(folders.runs, run);
    const file = readRunFile(folder)?.file;
    const isNewest = file !== undefined && !files.has(file);
    if (file !== undefined) files.add(file);
    if (decodeTime(run) >= rules.before || isUnfinished(folder)) continue;
    if (claims.holderOf({ kind: "run", id: run }) !== undefined) continue;
    const attempts = path.join(folders.tmp, run);
    const whole = !isNewest && !rules.named.has(run);
    // The run's own folder last: what is left when this is interrupted is found again by it.
    const going = whole
      ? [attempts, folder]
      : namesIn(attempts).map((name) => path.join(attempts, name, "work"));
    const there = going.filter((each) => fs.existsSync(each));
    if (there.length === 0) continue;
    old.push({ run, whole, folders: there, bytes: there.reduce((sum, each) => sum + bytesIn(each), 0) });
  }
  return old.reverse();
}

/** Deletes what `findOldRuns` has listed. Resolves when it is gone. */
export async function deleteOldRuns(old: readonly OldRun[]): Promise<void> {
  for (const last of [false, true]) {
    const remover = new FolderRemover();
    for (const { folders, whole } of old) {
      for (const [at, folder] of folders.entries()) {
        if ((whole && at === folders.length - 1) === last) remover.remove(folder);
      }
    }
    await remover.drain();
  }
}

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const name of namesIn(folder)) {
    const stats = fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) bytes += bytesIn(path.join(folder, name));
    else bytes += stats?.size ?? 0;
  }
  return bytes;
}
