import * as fs from "node:fs";
import * as path from "node:path";
import type { Sha256 } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import { excludes } from "../graph/exclude.js";
import { printTree, type TreeEntry, treeDigest } from "../graph/tree.js";
import { isAbsent, storeFailure } from "./files.js";
import { isSafeRelativePath } from "./layout.js";
import type { HashFile, InputToStage, LocalStore, Staged, StagedLink } from "./local.js";
import { copyOnPool, digestOf, OBJECT_TIME, SMALL_FILE, sha256Of } from "./objects.js";
import { readManifest } from "./records.js";
import { WalkProblem, walkTree } from "./tree-walk.js";

/** C7: bigger objects are linked, unless the script is root's, against whom no mode holds. */
export const LARGEST_COPY = 256 * 1024 * 1024;

export interface StagingOptions {
  /** Bytes; `LARGEST_COPY` where nothing else is said. */
  readonly largestCopy?: number;
  /** Of the scripts; this process's own where nothing else is said. */
  readonly uid?: number;
}

/** What a person did to an input, or a disk to an object; `kind` as in `Staged`. */
class StageProblem extends Error {
  constructor(
    readonly kind: "changed" | "failed",
    message: string,
  ) {
    super(message);
  }
}

/**
 * Puts inputs below the working folder, so that nothing a script does to them reaches the store or the user's files
 * (engine-rules.md C7, A12). Files are read-only (folders are not: programs write indexes beside their inputs), all
 * are dated 2000-01-01 (A7). Linear in bytes, or in files where the file system can share blocks.
 */
export async function stageInputs(
  store: LocalStore,
  work: string,
  inputs: readonly InputToStage[],
  hash: HashFile,
  options: StagingOptions = {},
): Promise<Staged> {
  const stage = new Stage(store, work, hash, options);
  try {
    for (const input of inputs) await stage.input(input);
    stage.dateFolders();
    return { kind: "staged", links: stage.links };
  } catch (error) {
    if (error instanceof StageProblem) {
      return error.kind === "changed"
        ? { kind: "changed", message: error.message }
        : { kind: "failed", failure: "StageFailed", message: error.message };
    }
    const failure = storeFailure(error, work);
    if (!(failure instanceof Failure)) throw error;
    return {
      kind: "failed",
      failure: failure.code === "disk-full" ? "DiskFull" : "StageFailed",
      message: failure.message,
    };
  }
}

/**
 * Looks at every object that was staged as a link: a script that wrote through one has changed the store. Such an
 * object is put aside, so that every record that names it is broken from now on, and the message says so (C7).
 */
export function checkLinks(store: LocalStore, links: readonly StagedLink[]): readonly string[] {
  const messages: string[] = [];
  for (const link of links) {
    const stats = fs.statSync(store.objects.pathOf(link.sha256), { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined && isSameLink(link, stats)) continue;
    store.objects.quarantine(link.sha256);
    messages.push(`the script changed its input in place: "${link.staged}"`);
  }
  return messages;
}

function linkOf(sha256: Sha256, staged: string, stats: fs.BigIntStats): StagedLink {
  return {
    sha256,
    staged,
    size: Number(stats.size),
    mtimeNs: String(stats.mtimeNs),
    mode: Number(stats.mode),
    ino: String(stats.ino),
  };
}

function isSameLink(link: StagedLink, stats: fs.BigIntStats): boolean {
  const now = linkOf(link.sha256, link.staged, stats);
  return (
    now.size === link.size && now.mtimeNs === link.mtimeNs && now.mode === link.mode && now.ino === link.ino
  );
}

/** Stores whose file system has said that it cannot share blocks: asking again costs a call a file. */
const withoutReflinks = new Set<string>();

class Stage {
  readonly links: StagedLink[] = [];
  /** Absolute; parents before children. */
  readonly #folders = new Set<string>();
  readonly #store: LocalStore;
  readonly #work: string;
  readonly #hash: HashFile;
  readonly #largestCopy: number;
  readonly #isRoot: boolean;

  constructor(store: LocalStore, work: string, hash: HashFile, options: StagingOptions) {
    this.#store = store;
    this.#work = work;
    this.#hash = hash;
    this.#largestCopy = options.largestCopy ?? LARGEST_COPY;
    this.#isRoot = (options.uid ?? process.getuid?.()) === 0;
  }

  async input(input: InputToStage): Promise<void> {
    // Staged paths are made from names of files and of users' texts; none may lead out of the folder.
    if (!isSafeRelativePath(input.staged)) {
      throw new StageProblem("failed", `an input cannot be staged under this name: "${input.staged}"`);
    }
    this.#makeFolder(path.posix.dirname(input.staged));
    const { digest, source, staged } = input;
    if (source.kind === "object") {
      if (input.kind === "file") await this.#object(digest.sha256, digest.size, digest.executable, staged);
      else await this.#tree(digest.sha256, staged);
    } else if (input.kind === "file") {
      await this.#userFile(source.path, input);
    } else {
      await this.#userFolder(source.path, source.exclude, input);
    }
  }

  /** What was put into them dated them anew, so this comes last, children first. */
  dateFolders(): void {
    for (const folder of [...this.#folders].reverse()) fs.utimesSync(folder, OBJECT_TIME, OBJECT_TIME);
  }

  async #object(sha256: Sha256, size: number, executable: boolean, staged: string): Promise<void> {
    const object = this.#store.objects.pathOf(sha256);
    const target = path.join(this.#work, staged);
    if (size <= SMALL_FILE) {
      // So small that its digest can be checked each time (a damaged object is found before it is used).
      const bytes = this.#store.objects.read(sha256);
      if (bytes === undefined) throw lost(staged);
      if (sha256Of(bytes) !== sha256) {
        this.#store.objects.quarantine(sha256);
        throw lost(staged);
      }
      writeStaged(target, bytes, executable);
      return;
    }
    if (!this.#store.objects.has(sha256, size)) throw lost(staged);
    if (this.#reflink(object, target)) {
      finishStaged(target, executable);
    } else if (executable || this.#isRoot || size <= this.#largestCopy || !tryLink(object, target)) {
      await copyOnPool(object, target);
      finishStaged(target, executable);
    } else {
      this.links.push(linkOf(sha256, staged, fs.statSync(object, { bigint: true })));
    }
  }

  async #tree(sha256: Sha256, staged: string): Promise<void> {
    const entries = readManifest(this.#store.objects, sha256);
    if (entries === undefined) throw lost(staged);
    this.#makeFolder(staged);
    for (const entry of entries) {
      const at = `${staged}/${entry.path}`;
      switch (entry.kind) {
        case "folder":
          this.#makeFolder(at);
          break;
        case "file":
          await this.#object(entry.sha256, entry.size, entry.executable, at);
          break;
        case "link":
          this.#link(at, entry.target);
          break;
      }
    }
  }

  /** A12: the copy is what is hashed, so whatever happens to the user's file meanwhile, the script gets what was planned. */
  async #userFile(source: string, input: InputToStage): Promise<void> {
    const target = path.join(this.#work, input.staged);
    const { sha256, executable } = await this.#copyUserFile(source, target);
    if (sha256 !== input.digest.sha256 || executable !== input.digest.executable) throw changed(source);
  }

  async #userFolder(source: string, exclude: readonly string[], input: InputToStage): Promise<void> {
    const entries: TreeEntry[] = [];
    this.#makeFolder(input.staged);
    try {
      for (const entry of walkTree(source, excludes(exclude))) {
        const staged = `${input.staged}/${entry.path}`;
        switch (entry.kind) {
          case "folder":
            this.#makeFolder(staged);
            entries.push(entry);
            break;
          case "link":
            this.#link(staged, entry.target);
            entries.push(entry);
            break;
          case "file": {
            const copied = await this.#copyUserFile(`${source}/${entry.path}`, path.join(this.#work, staged));
            entries.push({ kind: "file", path: entry.path, ...copied });
            break;
          }
        }
      }
      if (treeDigest(printTree(entries)) !== input.digest.sha256) throw changed(source);
    } catch (error) {
      // It could be digested when the run was planned, so whatever is wrong with it now is a change.
      if (isAbsent(error) || error instanceof WalkProblem || isInvalidTree(error)) throw changed(source);
      throw error;
    }
  }

  async #copyUserFile(
    source: string,
    target: string,
  ): Promise<{ readonly sha256: Sha256; readonly size: number; readonly executable: boolean }> {
    try {
      const stats = fs.statSync(source);
      if (!stats.isFile()) throw changed(source);
      const executable = (stats.mode & 0o100) !== 0;
      if (stats.size <= SMALL_FILE) {
        const bytes = fs.readFileSync(source);
        writeStaged(target, bytes, executable);
        return { sha256: sha256Of(bytes), size: bytes.length, executable };
      }
      if (!this.#reflink(source, target)) await copyOnPool(source, target);
      finishStaged(target, executable);
      const { size } = fs.statSync(target);
      return { sha256: await digestOf(target, size, this.#hash), size, executable };
    } catch (error) {
      if (isAbsent(error)) throw new StageProblem("changed", `an input is gone: "${source}"`);
      if (systemCode(error) === "EACCES") {
        throw new StageProblem("failed", `an input cannot be read: "${source}"`);
      }
      throw error;
    }
  }

  #reflink(from: string, to: string): boolean {
    if (withoutReflinks.has(this.#store.folder)) return false;
    try {
      const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = fs.constants;
      fs.copyFileSync(from, to, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined || !NO_REFLINK.has(code)) throw error;
      // EXDEV is of these two places only.
      if (code !== "EXDEV") withoutReflinks.add(this.#store.folder);
      fs.rmSync(to, { force: true });
      return false;
    }
  }

  #link(staged: string, target: string): void {
    const file = path.join(this.#work, staged);
    fs.symlinkSync(target, file);
    fs.lutimesSync(file, OBJECT_TIME, OBJECT_TIME);
  }

  #makeFolder(staged: string): void {
    if (staged === ".") return;
    const folder = path.join(this.#work, staged);
    if (this.#folders.has(folder)) return;
    this.#makeFolder(path.posix.dirname(staged));
    fs.mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
  }
}

const NO_REFLINK: ReadonlySet<string> = new Set([
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "ENOTTY",
  "EINVAL",
  "EXDEV",
]);

function tryLink(object: string, target: string): boolean {
  try {
    fs.linkSync(object, target);
    return true;
  } catch (error) {
    // Another file system, one without links, or an object that has as many as it can have.
    if (["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(systemCode(error) ?? "")) {
      return false;
    }
    throw error;
  }
}

/** One open for writing, mode and date: small files are most of what is staged. */
function writeStaged(target: string, bytes: Uint8Array, executable: boolean): void {
  const descriptor = fs.openSync(target, "wx", stagedMode(executable));
  try {
    writeAll(descriptor, bytes);
    // The umask may have taken bits that a container's user needs to read.
    fs.fchmodSync(descriptor, stagedMode(executable));
    fs.futimesSync(descriptor, OBJECT_TIME, OBJECT_TIME);
  } finally {
    fs.closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += fs.writeSync(descriptor, bytes, written);
}

function finishStaged(target: string, executable: boolean): void {
  fs.chmodSync(target, stagedMode(executable));
  fs.utimesSync(target, OBJECT_TIME, OBJECT_TIME);
}

function stagedMode(executable: boolean): number {
  return executable ? 0o555 : 0o444;
}

function lost(staged: string): StageProblem {
  return new StageProblem(
    "failed",
    `the store has lost an input, so what makes it must run again: "${staged}"`,
  );
}

function changed(source: string): StageProblem {
  return new StageProblem("changed", `an input changed since the run was planned: "${source}"`);
}

function isInvalidTree(error: unknown): boolean {
  return error instanceof Failure && error.code === "tree-invalid";
}
