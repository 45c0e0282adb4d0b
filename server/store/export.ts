import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, systemCode } from "../base/failure.js";
import type { RecordedFile } from "../graph/model.js";
import { storeFailure, temporaryName } from "./files.js";
import { isSafeRelativePath } from "./layout.js";
import type { LocalStore } from "./local.js";
import { copyOnPool, SMALL_FILE, sha256Of } from "./objects.js";
import { readManifest } from "./records.js";

export interface ExportOptions {
  /** Relative to the folder; the out's own path where nothing else is said. */
  readonly as?: string;
  /** Whether files that are there already may be replaced. A folder never is: what a Dir has is laid into it. */
  readonly replace?: boolean;
}

/**
 * Gives a user an out: a reflink or a copy, never a link (engine-rules.md C7), writable, under `folder`. Resolves to
 * the path that it made. It appears whole: it is made beside its place and renamed.
 *
 * Throws `export-outside` for a place that is not in `folder`, `export-exists`, `store-lost` when the store has not
 * all of it any more, `disk-full`, `read-only`, `permission-denied`.
 */
export async function exportOut(
  store: LocalStore,
  out: RecordedFile,
  folder: string,
  options: ExportOptions = {},
): Promise<string> {
  const relative = options.as ?? out.path;
  let target: string;
  try {
    target = placeIn(path.resolve(folder), relative);
  } catch (error) {
    throw unwritable(error, folder);
  }
  const temporary = path.join(path.dirname(target), `.reprod-${temporaryName()}`);
  try {
    const there = fs.lstatSync(target, { throwIfNoEntry: false });
    if (there !== undefined && options.replace !== true) throw exists(target);
    if (there?.isDirectory()) {
      // Where a file is to be, a folder is somebody else's, with all that is in it.
      if (out.kind === "file") throw exists(target);
      await mergeDir(store, out, folder, relative);
      return target;
    }
    if (out.kind === "file") await exportFile(store, out, temporary);
    else await exportDir(store, out, temporary);
    putInPlace(temporary, target);
    return target;
  } catch (error) {
    throw unwritable(error, path.dirname(target));
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** The absolute path, its folders made. A link among them could lead out of `folder`, so each must be a true folder. */
function placeIn(folder: string, relative: string): string {
  if (!isSafeRelativePath(relative)) throw outside(relative);
  makeFolder(folder);
  let at = folder;
  for (const part of relative.split("/").slice(0, -1)) {
    at = path.join(at, part);
    const stats = fs.lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined) fs.mkdirSync(at);
    else if (stats.isSymbolicLink()) throw outside(relative);
    else if (!stats.isDirectory()) throw exists(at);
  }
  return path.join(folder, relative);
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    // So Node.js tells of a read-only file system; asking for its nearest folder tells the true reason.
    let parent = path.dirname(folder);
    while (!fs.existsSync(parent)) parent = path.dirname(parent);
    fs.accessSync(parent, fs.constants.W_OK);
    throw error;
  }
}

/** What kept a file from its place, which is the user's own folder and no part of the store. */
function unwritable(error: unknown, folder: string): unknown {
  const more = { cause: error };
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new Failure("disk-full", `no space is left in this folder: "${folder}"`, {
        fix: "Make room, or name another folder.",
        ...more,
      });
    case "EROFS":
      return new Failure("read-only", `this folder is on a read-only file system: "${folder}"`, more);
    case "EACCES":
    case "EPERM":
      return new Failure("permission-denied", `this folder may not be written: "${folder}"`, {
        fix: "Change its permissions, or name another folder.",
        ...more,
      });
    case "EEXIST":
    case "ENOTDIR":
      return exists(folder);
    case "ELOOP":
    case "ENAMETOOLONG":
      return outside(folder);
    default:
      return storeFailure(error, folder);
  }
}

async function exportFile(
  store: LocalStore,
  file: Pick<RecordedFile, "sha256" | "size" | "executable" | "path">,
  target: string,
): Promise<void> {
  if (!store.objects.has(file.sha256, file.size)) throw lost(file.path);
  await copyOnPool(store.objects.pathOf(file.sha256), target);
  fs.chmodSync(target, file.executable ? 0o755 : 0o644);
  const now = new Date();
  fs.utimesSync(target, now, now);
  if (file.size <= SMALL_FILE && sha256Of(fs.readFileSync(target)) !== file.sha256) throw lost(file.path);
}

async function exportDir(store: LocalStore, out: RecordedFile, target: string): Promise<void> {
  const entries = readManifest(store.objects, out.sha256);
  if (entries === undefined) throw lost(out.path);
  fs.mkdirSync(target);
  // The manifest is in order, so a folder comes before what is in it; and it was checked when it was read (C9).
  for (const entry of entries) {
    const at = path.join(target, entry.path);
    if (entry.kind === "folder") fs.mkdirSync(at);
    else if (entry.kind === "link") fs.symlinkSync(entry.target, at);
    else await exportFile(store, { ...entry, path: `${out.path}/${entry.path}` }, at);
  }
}

/** Lays a Dir into a folder that is there: its files replace those of the same name, all others stay. */
async function mergeDir(
  store: LocalStore,
  out: RecordedFile,
  folder: string,
  relative: string,
): Promise<void> {
  const entries = readManifest(store.objects, out.sha256);
  if (entries === undefined) throw lost(out.path);
  for (const entry of entries) {
    const as = `${relative}/${entry.path}`;
    if (entry.kind === "file")
      await exportOut(store, { ...entry, kind: "file" }, folder, { as, replace: true });
    else {
      const at = placeIn(path.resolve(folder), as);
      const there = fs.lstatSync(at, { throwIfNoEntry: false });
      if (entry.kind === "folder") {
        if (there === undefined) fs.mkdirSync(at);
        else if (!there.isDirectory()) throw exists(at);
        continue;
      }
      if (there?.isDirectory()) throw exists(at);
      if (there !== undefined) fs.unlinkSync(at);
      fs.symlinkSync(entry.target, at);
    }
  }
}

function putInPlace(temporary: string, target: string): void {
  try {
    fs.renameSync(temporary, target);
  } catch (error) {
    if (!["EISDIR", "ENOTDIR", "ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
    // A folder cannot be renamed over: the old one steps aside until the new one is there.
    const aside = `${temporary}-old`;
    fs.renameSync(target, aside);
    try {
      fs.renameSync(temporary, target);
    } catch (again) {
      fs.renameSync(aside, target);
      throw again;
    }
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

function outside(relative: string): Failure {
  return new Failure("export-outside", `an out would be written outside of its folder: "${relative}"`, {
    why: "Its path, or a link in the folder, leads elsewhere.",
    fix: "Choose another folder, or another name for the file.",
  });
}

function exists(target: string): Failure {
  return new Failure("export-exists", `something is there already: "${target}"`, {
    why: "It may be yours, and is not replaced without a word.",
    fix: "Move it away or choose another folder.",
  });
}

function lost(out: string): Failure {
  return new Failure("store-lost", `the store has lost what this out is made of: "${out}"`, {
    why: "An object was deleted or damaged since the result was made.",
    fix: "Run the pipeline again: only what is lost is made again.",
  });
}
