import * as fs from "node:fs";
import * as path from "node:path";
import { isSha256, type Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import type { Fact } from "../graph/facts.js";
import type { FileDigest } from "../graph/model.js";
import { leavingLink, printTree, type TreeEntry, treeDigest, treeSize } from "../graph/tree.js";
import type { DataReference } from "../graph/value.js";
import { type HashJob, hashFiles } from "./digest.js";
import { systemReason } from "./files.js";
import { isExecutable, statKey } from "./hash-file.js";
import { type Project, prepareProject } from "./project.js";
import { StatCache } from "./stat-cache.js";
import { FolderProblem, type WalkedFolder, walkFolder } from "./tree.js";

export interface LoadProgress {
  /** Files that have their digest, of all that need one. */
  readonly files: number;
  readonly totalFiles: number;
  /** Bytes hashed so far; what the stat cache knew counts neither here nor in the total. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Called some ten times a second while files are hashed. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

type Loaded = Fact<FileDigest>;

/** Digests of local data: from the stat cache where a file has not changed, else from its bytes. */
export class DataDigests {
  /** Read when the first file is asked for: a check that hashes nothing pays nothing. */
  private cache: StatCache | undefined;
  private readonly loaded = new Map<string, Loaded>();
  private readonly manifests = new Map<string, string>();

  /** `keep`: whether digests are remembered in `.reprod/cache`; an untrusted workspace is not written to. */
  constructor(
    private readonly project: Project,
    private readonly keep = true,
  ) {}

  of(data: DataReference): Loaded {
    return this.loaded.get(keyOf(data)) ?? { kind: "unknown", reason: "the file has not been hashed yet" };
  }

  manifest(data: DataReference): string | undefined {
    return this.manifests.get(keyOf(data));
  }

  /** O(files) stats, and the bytes of what is not in the cache. Each reference is loaded once. */
  async load(references: readonly DataReference[], options: LoadOptions): Promise<void> {
    const { signal, onProgress } = options;
    const isNew = (data: DataReference) => data.place.kind === "local" && !this.loaded.has(keyOf(data));
    if (!references.some(isNew)) return;
    this.cache ??= new StatCache(path.join(this.project.folders.cache, "digests"));
    const cache = this.cache;
    const wanted = new Wanted(cache);
    const dirs: { readonly key: string; readonly folder: string; readonly walked: WalkedFolder }[] = [];
    const files: { readonly key: string; readonly file: string }[] = [];
    const seen = new Set<string>();
    for (const data of references) {
      const key = keyOf(data);
      if (data.place.kind !== "local" || this.loaded.has(key) || seen.has(key)) continue;
      seen.add(key);
      const at = data.place.path;
      if (data.kind === "file") {
        wanted.file(at);
        files.push({ key, file: at });
        // A hundred thousand stats in one go would hold the editor's thread for half a second.
        if (files.length % 500 === 0) await new Promise(setImmediate);
        continue;
      }
      try {
        const walked = await walkFolder(at, data.exclude, signal);
        for (const { absolute, stat } of walked.files) wanted.stat(absolute, stat);
        dirs.push({ key, folder: at, walked });
      } catch (error) {
        if (!(error instanceof FolderProblem)) throw error;
        this.loaded.set(key, { kind: "absent", message: error.message });
      }
    }
    try {
      await wanted.hash(signal, onProgress);
    } finally {
      this.save(cache);
    }
    for (const { key, file } of files) this.loaded.set(key, wanted.result(file));
    for (const { key, folder, walked } of dirs)
      this.loaded.set(key, this.treeOf(key, folder, walked, wanted));
  }

  /** `.reprod/` is made first, with the file that hides it from git. */
  private save(cache: StatCache): void {
    if (!cache.hasNews || !this.keep) return;
    try {
      prepareProject(this.project);
    } catch (error) {
      // A project that cannot be written to is planned all the same; only nothing is remembered.
      if (error instanceof Failure) return;
      throw error;
    }
    cache.save();
  }

  private treeOf(key: string, folder: string, walked: WalkedFolder, wanted: Wanted): Loaded {
    const entries: TreeEntry[] = [];
    for (const name of walked.folders) entries.push({ kind: "folder", path: name });
    for (const link of walked.links) entries.push({ kind: "link", ...link });
    for (const file of walked.files) {
      const digest = wanted.result(file.absolute);
      if (digest.kind !== "known") return digest;
      entries.push({ kind: "file", path: file.path, ...digest.value });
    }
    const leaving = leavingLink(entries);
    if (leaving !== undefined) {
      const place = path.join(folder, leaving.path);
      return {
        kind: "absent",
        message: `a link in a Dir leads out of it, to "${leaving.target}": "${place}"`,
      };
    }
    try {
      const manifest = printTree(entries);
      this.manifests.set(key, manifest);
      return {
        kind: "known",
        value: { sha256: treeDigest(manifest), size: treeSize(entries), executable: false },
      };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { kind: "absent", message: `${error.message}, in the folder "${folder}"` };
    }
  }
}

/** The files of one load, each once however many references name it. */
class Wanted {
  private readonly results = new Map<string, Loaded>();
  private readonly jobs: HashJob[] = [];
  private readonly queued = new Set<string>();

  constructor(private readonly cache: StatCache) {}

  file(file: string): void {
    if (this.results.has(file) || this.queued.has(file)) return;
    try {
      this.stat(file, fs.statSync(file, { bigint: true }));
    } catch (error) {
      this.results.set(file, absent(systemReason(error), file));
    }
  }

  stat(file: string, stat: fs.BigIntStats): void {
    if (this.results.has(file) || this.queued.has(file)) return;
    const sha256 = stat.isFile() ? this.cache.get(statKey(stat)) : undefined;
    if (sha256 !== undefined) {
      const value = { sha256, size: Number(stat.size), executable: isExecutable(stat) };
      this.results.set(file, { kind: "known", value });
      return;
    }
    this.queued.add(file);
    this.jobs.push({ file, size: Number(stat.size) });
  }

  async hash(signal: AbortSignal | undefined, onProgress: LoadOptions["onProgress"]): Promise<void> {
    if (this.jobs.length === 0) return;
    const totalBytes = this.jobs.reduce((sum, job) => sum + job.size, 0);
    let files = 0;
    await hashFiles(this.jobs, {
      signal,
      onBytes:
        onProgress && ((bytes) => onProgress({ files, totalFiles: this.jobs.length, bytes, totalBytes })),
      onOutcome: ({ file }, outcome) => {
        files++;
        if (outcome.kind === "hashed") {
          const { key, size, executable, startedAt } = outcome;
          const sha256 = checkedDigest(outcome.sha256);
          this.cache.set(key, sha256, startedAt);
          this.results.set(file, { kind: "known", value: { sha256, size, executable } });
        } else if (outcome.kind === "failed") {
          this.results.set(file, { kind: "absent", message: outcome.message });
        }
      },
    });
  }

  result(file: string): Loaded {
    const result = this.results.get(file);
    if (result === undefined) throw new Error(`a file was asked for and never hashed: ${file}`);
    return result;
  }
}

function absent(reason: string, file: string): Loaded {
  return { kind: "absent", message: `the file cannot be read, ${reason}: "${file}"` };
}

function checkedDigest(text: string): Sha256 {
  if (isSha256(text)) return text;
  throw new Error(`a hashing thread gave no SHA-256: ${text}`);
}

/** Two references with different `exclude` lists are two Dirs. */
function keyOf(data: DataReference): string {
  if (data.place.kind !== "local") return data.place.url;
  return data.kind === "file" ? data.place.path : JSON.stringify([data.place.path, ...data.exclude]);
}
