import * as fs from "node:fs";
import * as path from "node:path";
import picomatch from "picomatch";
import type { Sha256 } from "../base/brand.js";
import { Failure, systemCode } from "../base/failure.js";
import { compareCodePoints } from "../base/order.js";
import type { NodeOut, RecordedFile, RecordedOut } from "../graph/model.js";
import { leavingLink, printTree, type TreeEntry, treeDigest, treeSize } from "../graph/tree.js";
import { eachAtOnce, isAbsent, yieldToOthers } from "./files.js";
import { isSafeRelativePath } from "./layout.js";
import type { HashFile, Ingested, InputToStage, LocalStore, Objects } from "./local.js";
import { smallDigest } from "./objects.js";
import { describe, WalkProblem, walkTree } from "./tree-walk.js";

/** Big files that are hashed at once; the workers that do it are fewer. */
const HASHED_AT_ONCE = 8;
/** Some 10 ms of hashing. */
const BYTES_BETWEEN_TURNS = 4 * 1024 * 1024;

/** What is wrong with the outs, in words for the person who wrote the script. */
class OutProblem extends Error {
  constructor(
    readonly failure: "OutMissing" | "OutInvalid",
    message: string,
  ) {
    super(message);
  }
}

/** A regular file on its way into the store. */
interface Candidate {
  /** Absolute, no link in it. */
  readonly file: string;
  /** Relative to the working folder: for messages. */
  readonly shown: string;
  readonly stats: fs.Stats;
  /** Whether the store may have the file itself; it may not where something else has it too. */
  readonly movable: boolean;
  sha256: Sha256 | undefined;
}

/**
 * Checks what a script left behind, hashes it and moves it into the store (engine-rules.md C9, C11). First everything
 * is looked at, then everything is hashed, then everything is moved: outs of a failed node stay where they are. No
 * process of the attempt may live any more. Linear in files; a small one takes some 60 µs.
 */
export async function ingestOuts(
  store: LocalStore,
  work: string,
  outs: readonly NodeOut[],
  hash: HashFile,
  inputs: readonly InputToStage[] = [],
): Promise<Ingested> {
  return taken(new Ingestion(store.objects, work, hash, inputs), work, outs);
}

/** What `ingestOuts` would record, with nothing stored and nothing moved. */
export async function digestOuts(
  work: string,
  outs: readonly NodeOut[],
  hash: HashFile,
  inputs: readonly InputToStage[] = [],
): Promise<Ingested> {
  return taken(new Ingestion(NOWHERE, work, hash, inputs), work, outs);
}

/** Where outs go. */
type Taker = Pick<Objects, "put" | "putCopy" | "putText">;

const NOWHERE: Taker = { put: async () => {}, putCopy: async () => {}, putText: treeDigest };

async function taken(ingestion: Ingestion, work: string, outs: readonly NodeOut[]): Promise<Ingested> {
  try {
    return { kind: "ingested", outs: await ingestion.take(outs) };
  } catch (error) {
    if (error instanceof OutProblem)
      return { kind: "failed", failure: error.failure, message: error.message };
    if (error instanceof WalkProblem) {
      return { kind: "failed", failure: "OutInvalid", message: error.message };
    }
    if (error instanceof Failure && error.code === "store-copy-differs") {
      return { kind: "failed", failure: "OutInvalid", message: error.message };
    }
    if (error instanceof Failure && error.code === "disk-full") {
      return { kind: "failed", failure: "DiskFull", message: error.message };
    }
    const unreadable = unreadableBelow(work, error);
    if (unreadable !== undefined) {
      const message = `what the script left behind cannot be read (${unreadable.code}): "${unreadable.path}"`;
      return { kind: "failed", failure: "OutInvalid", message };
    }
    throw error;
  }
}

/**
 * A system error that a script caused: paths that are too long, files of another user, or a process that left the
 * script's group and still deletes. It fails this node alone.
 */
function unreadableBelow(
  work: string,
  error: unknown,
): { readonly code: string; readonly path: string } | undefined {
  const code = systemCode(error);
  // What has a second path is a move into the store, whose own trouble it is.
  if (code === undefined || !(error instanceof Error) || !("path" in error) || "dest" in error)
    return undefined;
  if (typeof error.path !== "string" || !`${error.path}/`.startsWith(`${work}/`)) return undefined;
  const shown = path.relative(work, error.path);
  return { code, path: shown.length > 200 ? `${shown.slice(0, 200)}…` : shown };
}

/** An out as it was found; what it is in the record is known when its files are hashed. */
type Found =
  | { readonly kind: "none" }
  | { readonly kind: "item"; readonly item: FoundItem }
  | { readonly kind: "items"; readonly items: readonly FoundItem[] };

interface FoundItem {
  recorded(): RecordedFile;
}

class Ingestion {
  readonly #objects: Taker;
  readonly #work: string;
  readonly #hash: HashFile;
  readonly #inputs: readonly InputToStage[];
  /** By absolute path: two outs may be one file (a glob and a name). */
  readonly #candidates = new Map<string, Candidate>();
  #realWorkOnce: string | undefined;

  constructor(objects: Taker, work: string, hash: HashFile, inputs: readonly InputToStage[]) {
    this.#objects = objects;
    this.#work = work;
    this.#hash = hash;
    this.#inputs = inputs;
  }

  async take(outs: readonly NodeOut[]): Promise<{ readonly [name: string]: RecordedOut }> {
    const work = fs.lstatSync(this.#work, { throwIfNoEntry: false });
    if (work?.isDirectory() !== true) {
      throw new OutProblem("OutMissing", "the script removed its own working folder");
    }
    openFolder(this.#work, work, ".");
    const found: (readonly [NodeOut, Found])[] = outs.map((out) => [out, this.#find(out)]);
    await this.#hashAll();
    this.#checkUnchanged();
    const recorded: { [name: string]: RecordedOut } = {};
    for (const [out, what] of found) recorded[out.name] = recordedOut(what);
    await this.#putAll();
    return recorded;
  }

  #find(out: NodeOut): Found {
    if (isReserved(out.path) || (out.kind !== "glob" && !isSafeRelativePath(out.path))) {
      throw new OutProblem("OutInvalid", `this path cannot be an out: "${out.path}"`);
    }
    if (out.kind === "glob") return this.#findGlob(out);
    const place = this.#locate(out.path);
    if (place === undefined) {
      if (out.optional) return { kind: "none" };
      throw new OutProblem("OutMissing", `the script ended well, but did not make its out: "${out.path}"`);
    }
    return { kind: "item", item: this.#item(out.path, place, out.kind) };
  }

  #findGlob(out: NodeOut): Found {
    const items = this.#matches(out.path).map((name) => {
      const place = this.#locate(name);
      if (place === undefined) throw new OutProblem("OutInvalid", `a link leads nowhere: "${name}"`);
      return this.#item(name, place, "file");
    });
    if (items.length > 0) return { kind: "items", items };
    if (out.optional) return { kind: "none" };
    throw new OutProblem("OutMissing", `the script ended well, but no file matches its out: "${out.path}"`);
  }

  /** Files and links that match, in the order of their UTF-8 bytes. Inputs and hidden names are never matched. */
  #matches(pattern: string): readonly string[] {
    const { base, glob } = picomatch.scan(pattern);
    const below = glob === "" ? path.posix.dirname(pattern) : base;
    if (below !== "" && below !== "." && !isSafeRelativePath(below)) {
      throw new OutProblem("OutInvalid", `this pattern leaves the working folder: "${pattern}"`);
    }
    const prefix = below === "" || below === "." ? "" : `${below}/`;
    // A link on the way could lead anywhere: only true folders are walked.
    if (prefix !== "") {
      const place = this.#locate(below);
      if (place?.stats.isDirectory() !== true) return [];
      openFolder(place.file, place.stats, below);
    }
    const matches = picomatch(pattern, { dot: false, windows: false });
    const names: string[] = [];
    const isOurs = (name: string) => isReserved(prefix + name);
    for (const entry of walkTree(path.join(this.#work, prefix), isOurs)) {
      const name = prefix + entry.path;
      if (entry.kind === "folder") openFolder(path.join(this.#work, name), entry.stats, name);
      else if (matches(name)) names.push(name);
    }
    return names.sort(compareCodePoints);
  }

  /**
   * Where an out really is. No link is followed unawares: the parts of the path are looked at one by one, and the end
   * of a link must lie in the working folder, where the staged inputs are too.
   */
  #locate(out: string): Place | undefined {
    let file = this.#work;
    let stats: fs.Stats | undefined;
    for (const part of out.split("/")) {
      if (stats !== undefined && !stats.isDirectory()) return undefined;
      if (stats !== undefined) openFolder(file, stats, path.relative(this.#work, file));
      file = `${file}/${part}`;
      stats = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      if (stats.isSymbolicLink()) return this.#follow(out);
    }
    return stats === undefined ? undefined : { file, stats, linked: false };
  }

  #follow(out: string): Place | undefined {
    let file: string;
    try {
      file = fs.realpathSync(path.join(this.#work, out));
    } catch (error) {
      // A missing optional out may well be a link to nothing.
      if (isAbsent(error)) return undefined;
      if (systemCode(error) === "ELOOP") {
        throw new OutProblem("OutInvalid", `a link leads back to itself: "${out}"`);
      }
      throw error;
    }
    this.#realWorkOnce ??= fs.realpathSync(this.#work);
    if (!file.startsWith(`${this.#realWorkOnce}/`)) {
      throw new OutProblem("OutInvalid", `a link leads out of the working folder: "${out}"`);
    }
    const stats = fs.lstatSync(file);
    return { file, stats, linked: true };
  }

  #item(out: string, place: Place, kind: "file" | "dir"): FoundItem {
    const { stats } = place;
    if (place.linked) {
      const input = this.#inputAt(place.file);
      if (input !== undefined) return inputItem(out, input, kind);
    }
    if (kind === "file") {
      if (!stats.isFile()) {
        throw new OutProblem("OutInvalid", `an out should be a file, but is ${describe(stats)}: "${out}"`);
      }
      const candidate = this.#candidate(place.file, out, stats, place.linked);
      return {
        recorded: () => ({
          path: out,
          kind: "file",
          executable: isExecutable(stats),
          sha256: digestOfCandidate(candidate),
          size: stats.size,
        }),
      };
    }
    if (!stats.isDirectory()) {
      throw new OutProblem("OutInvalid", `an out should be a folder, but is ${describe(stats)}: "${out}"`);
    }
    return this.#dir(out, place);
  }

  #dir(out: string, place: Place): FoundItem {
    const entries: (() => TreeEntry)[] = [];
    const links: TreeEntry[] = [];
    openFolder(place.file, place.stats, out);
    for (const entry of walkTree(place.file)) {
      switch (entry.kind) {
        case "folder":
          openFolder(`${place.file}/${entry.path}`, entry.stats, `${out}/${entry.path}`);
          entries.push(() => entry);
          break;
        case "link":
          links.push(entry);
          entries.push(() => entry);
          break;
        case "file": {
          const { stats } = entry;
          const candidate = this.#candidate(
            `${place.file}/${entry.path}`,
            `${out}/${entry.path}`,
            stats,
            place.linked,
          );
          const executable = isExecutable(stats);
          entries.push(() => ({
            kind: "file",
            path: entry.path,
            executable,
            sha256: digestOfCandidate(candidate),
            size: stats.size,
          }));
          break;
        }
      }
    }
    const leaving = leavingLink(links);
    if (leaving !== undefined) {
      throw new OutProblem("OutInvalid", `a link leads out of its folder: "${out}/${leaving.path}"`);
    }
    return {
      recorded: () => {
        const tree = entries.map((entry) => entry());
        const sha256 = this.#objects.putText(printTree(tree));
        return { path: out, kind: "dir", executable: false, sha256, size: treeSize(tree) };
      },
    };
  }

  #candidate(file: string, shown: string, stats: fs.Stats, linked: boolean): Candidate {
    const known = this.#candidates.get(file);
    if (known !== undefined) return known;
    // A12, C7: a file with a second name may be the user's own, or an object that was linked in; and what a link led
    // to may be an input, or another out. Those are copied.
    const movable = !linked && stats.nlink === 1;
    const candidate: Candidate = { file, shown, stats, movable, sha256: undefined };
    this.#candidates.set(file, candidate);
    return candidate;
  }

  async #hashAll(): Promise<void> {
    const big: Candidate[] = [];
    let bytes = 0;
    for (const candidate of this.#candidates.values()) {
      openFile(candidate);
      const digest = smallDigest(candidate.file, candidate.stats.size);
      if (digest === undefined) big.push(candidate);
      else candidate.sha256 = digest;
      bytes += candidate.stats.size;
      if (bytes < BYTES_BETWEEN_TURNS) continue;
      bytes = 0;
      await yieldToOthers();
    }
    await eachAtOnce(big, HASHED_AT_ONCE, async (candidate) => {
      candidate.sha256 = await this.#hash(candidate.file);
    });
  }

  /** C4: whoever still writes to an out after the script's end makes it worthless. */
  #checkUnchanged(): void {
    for (const { file, stats, shown } of this.#candidates.values()) {
      const now = fs.lstatSync(file, { throwIfNoEntry: false });
      if (
        now?.isFile() !== true ||
        now.size !== stats.size ||
        now.mtimeMs !== stats.mtimeMs ||
        now.ino !== stats.ino
      ) {
        throw new OutProblem("OutInvalid", `an out changed after the script had ended: "${shown}"`);
      }
    }
  }

  async #putAll(): Promise<void> {
    // Copies first: what they are copied from may be an out itself, and go.
    const moved: Candidate[] = [];
    for (const candidate of this.#candidates.values()) {
      if (candidate.movable) moved.push(candidate);
      else {
        await this.#objects.putCopy(
          candidate.file,
          digestOfCandidate(candidate),
          candidate.stats.size,
          this.#hash,
        );
      }
    }
    for (const candidate of moved) {
      await this.#objects.put(candidate.file, digestOfCandidate(candidate), candidate.stats.size);
    }
  }

  /** The staged object at this path. A container had it mounted, so what lies here on the host is an empty stand-in. */
  #inputAt(file: string): InputToStage | undefined {
    const real = this.#realWorkOnce;
    if (real === undefined) return undefined;
    return this.#inputs.find((input) => input.source.kind === "object" && file === `${real}/${input.staged}`);
  }
}

interface Place {
  readonly file: string;
  readonly stats: fs.Stats;
  readonly linked: boolean;
}

function inputItem(out: string, input: InputToStage, kind: "file" | "dir"): FoundItem {
  if (input.kind !== kind) {
    throw new OutProblem("OutInvalid", `an out should be a ${kind === "file" ? "file" : "folder"}: "${out}"`);
  }
  const { executable, sha256, size } = input.digest;
  return { recorded: () => ({ path: out, kind, executable: kind === "file" && executable, sha256, size }) };
}

function recordedOut(found: Found): RecordedOut {
  switch (found.kind) {
    case "none":
      return null;
    case "item":
      return found.item.recorded();
    case "items":
      return found.items.map((item) => item.recorded());
  }
}

function digestOfCandidate(candidate: Candidate): Sha256 {
  if (candidate.sha256 === undefined) throw new Error("outs are hashed before they are recorded");
  return candidate.sha256;
}

function isExecutable(stats: fs.Stats): boolean {
  return (stats.mode & 0o100) !== 0;
}

/** C9: the engine's own names. */
function isReserved(name: string): boolean {
  const [first = ""] = name.split("/");
  return first === "inputs" || first.startsWith(".reprod");
}

/** A script may close its outs to everyone (`chmod 000`); they are its gift all the same. */
function openFile(candidate: Candidate): void {
  if (!candidate.movable || (candidate.stats.mode & 0o400) !== 0) return;
  changeMode(candidate.file, 0o400, candidate.shown);
}

function openFolder(folder: string, stats: fs.Stats, shown: string): void {
  if ((stats.mode & 0o700) !== 0o700) changeMode(folder, 0o700, shown);
}

function changeMode(file: string, mode: number, shown: string): void {
  try {
    fs.chmodSync(file, mode);
  } catch (error) {
    if (systemCode(error) !== "EPERM") throw error;
    throw new OutProblem("OutInvalid", `an out belongs to another user and is closed: "${shown}"`);
  }
}
