import * as fs from "node:fs";
import * as path from "node:path";
import type { Sha256 } from "../base/brand.js";
import type { Fact, Facts, HostFacts, TableText, ToolFact } from "../graph/facts.js";
import type { FileDigest } from "../graph/model.js";
import type { DataPlace, DataReference } from "../graph/value.js";
import { DataDigests, type LoadOptions } from "./data-digests.js";
import { systemReason } from "./files.js";
import { findFiles, searchedFolder } from "./glob.js";
import type { Lock } from "./lock.js";
import type { Project } from "./project.js";
import { s3Digest } from "./s3.js";
import { decodeText, parseJsonFact, parseTable, splitLines } from "./table.js";
import type { Overlay } from "./text.js";
import { Tools } from "./tools.js";

export type { LoadOptions, LoadProgress } from "./data-digests.js";

export interface DiskFactsOptions {
  readonly project: Project;
  /** The lock beside the pipeline file (`readLock(lockPath(file))`). */
  readonly lock: Lock;
  /** Open buffers: a table that is being edited counts as it is on the screen. */
  readonly overlay?: Overlay;
  /**
   * Whether a tool that `.reprod/tools.json` does not have yet is looked for in this process's PATH and written
   * there (engine-rules.md A8). False for an untrusted workspace.
   */
  readonly findTools?: boolean;
  /** Whether what is found out is kept in `.reprod/`. False for an untrusted workspace, which is only read. */
  readonly keep?: boolean;
  /** Where the bytes of a locked url lie on this machine, or undefined: `data` knows no store. */
  readonly object?: (sha256: Sha256) => string | undefined;
}

/**
 * What is known of this machine's files, of the lock and of the host. Questions are answered at once: structure
 * (tables, globs, existence) is read when it is first asked for and kept; digests are taken by `load` beforehand.
 * A snapshot: what changes on disk later is seen by a new `DiskFacts`, which is cheap, as the caches are on disk.
 */
export class DiskFacts implements Facts {
  readonly host: HostFacts = { platform: hostPlatform() };
  private readonly tools: Tools;
  private readonly digests: DataDigests;
  private readonly texts = new Map<string, Fact<string>>();
  private readonly answers = new Map<string, Fact<unknown>>();
  private readonly tables = new Map<string, Fact<TableText>>();
  private readonly lineLists = new Map<string, Fact<readonly string[]>>();
  private readonly globs = new Map<string, Fact<readonly string[]>>();
  private readonly searched = new Set<string>();
  private readonly kinds = new Map<string, "file" | "folder" | "other" | "none">();

  constructor(private readonly options: DiskFactsOptions) {
    this.tools = new Tools(options.project, {
      find: options.findTools ?? true,
      keep: options.keep ?? true,
    });
    this.digests = new DataDigests(options.project, options.keep ?? true);
  }

  /**
   * Takes the digest of every local reference, several at once; afterwards `digest` knows them. Call it with
   * `graph.data`. Never rejects for what a file does (that is an `absent` fact); rejects with the signal's reason
   * when cancelled, and what was hashed until then is kept.
   */
  async load(references: readonly DataReference[], options: LoadOptions = {}): Promise<void> {
    await this.digests.load(references, options);
  }

  table(place: DataPlace, separator: "," | "\t"): Fact<TableText> {
    return remember(this.tables, `${separator}${placeName(place)}`, () => {
      const text = this.text(place);
      return text.kind === "known" ? parseTable(text.value, separator) : text;
    });
  }

  json(place: DataPlace): Fact<unknown> {
    return remember(this.answers, placeName(place), () => {
      const text = this.text(place);
      return text.kind === "known" ? parseJsonFact(text.value) : text;
    });
  }

  lines(place: DataPlace): Fact<readonly string[]> {
    return remember(this.lineLists, placeName(place), () => {
      const text = this.text(place);
      return text.kind === "known" ? { kind: "known", value: splitLines(text.value) } : text;
    });
  }

  glob(folder: string, pattern: string): Fact<readonly string[]> {
    return remember(this.globs, `${folder}\0${pattern}`, () => {
      const found = findFiles(folder, pattern);
      this.searched.add(searchedFolder(folder, pattern));
      if (found.kind === "known")
        for (const name of found.value) this.searched.add(path.dirname(path.resolve(folder, name)));
      return found;
    });
  }

  /** Absolute paths that were asked about so far: a change of one may change an answer. */
  *filesAsked(): Iterable<string> {
    for (const file of this.texts.keys()) if (path.isAbsolute(file)) yield file;
    yield* this.kinds.keys();
  }

  /** Folders in which patterns were looked for and found something, without all that lie between. */
  foldersSearched(): Iterable<string> {
    return this.searched;
  }

  exists(data: DataReference): Fact<true> {
    const { place } = data;
    if (place.kind !== "local") {
      const digest = this.digest(data);
      return digest.kind === "known" ? { kind: "known", value: true } : digest;
    }
    const kind = remember(this.kinds, place.path, () => kindAt(place.path));
    const wanted = data.kind === "dir" ? "folder" : "file";
    if (kind === wanted) return { kind: "known", value: true };
    return { kind: "absent", message: missing(data.kind, kind, place.path) };
  }

  digest(data: DataReference): Fact<FileDigest> {
    const { place } = data;
    switch (place.kind) {
      case "local":
        return this.digests.of(data);
      case "http": {
        const entry = this.options.lock.urls.get(place.url);
        if (entry === undefined) {
          return {
            kind: "unknown",
            reason: `\`reprod pin\` takes the digest that reprod.lock has not yet: "${place.url}"`,
          };
        }
        return { kind: "known", value: { sha256: entry.sha256, size: entry.size, executable: false } };
      }
      case "s3":
        return s3Digest(undefined, this.options.lock.urls.get(place.url));
    }
  }

  image(reference: string, platform: string): Fact<string> {
    const pinned = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
    const entry = this.options.lock.images.get(reference);
    if (entry === undefined) {
      return pinned === undefined
        ? { kind: "unknown", reason: `\`reprod pin\` resolves what reprod.lock has not yet: "${reference}"` }
        : { kind: "known", value: pinned };
    }
    const digest = entry.platforms.get(platform);
    if (digest !== undefined) return { kind: "known", value: digest };
    const known = [...entry.platforms.keys()].join(", ");
    return { kind: "absent", message: `the image is for ${known}, and not for "${platform}"` };
  }

  tool(name: string): Fact<ToolFact> {
    return this.tools.find(name);
  }

  /**
   * The folder in which a tool was found, for the PATH of scripts on the host (A7). Not the folder of its real path:
   * a Python environment's `python3` is a link, and only from its own folder does it know its packages.
   */
  toolFolder(name: string): string | undefined {
    return this.tools.folder(name);
  }

  /** The manifest (`reprod-tree-1`) of a Dir that `load` has read, or undefined. */
  manifest(data: DataReference): string | undefined {
    return this.digests.manifest(data);
  }

  private text(place: DataPlace): Fact<string> {
    return remember(this.texts, placeName(place), () => this.readText(place));
  }

  private readText(place: DataPlace): Fact<string> {
    if (place.kind === "local") {
      const open = this.options.overlay?.read(place.path);
      if (open !== undefined) return { kind: "known", value: open };
      return readText(place.path);
    }
    if (place.kind === "s3") {
      const digest = s3Digest(undefined, this.options.lock.urls.get(place.url));
      if (digest.kind !== "known") return digest;
    }
    const entry = this.options.lock.urls.get(place.url);
    const object = entry && this.options.object?.(entry.sha256);
    if (object === undefined) {
      return { kind: "unknown", reason: "it has not been fetched yet; `reprod pin` fetches it" };
    }
    return readText(object);
  }
}

/** Bytes; a table above this would not fit into a plan's memory. */
const DATA_TEXT_LIMIT = 512 * 1024 * 1024;

function readText(file: string): Fact<string> {
  try {
    const kind = kindAt(file);
    if (kind !== "file") return { kind: "absent", message: missing("file", kind, file) };
    const size = fs.statSync(file).size;
    if (size > DATA_TEXT_LIMIT) {
      return {
        kind: "absent",
        message: `only ${DATA_TEXT_LIMIT} bytes can be read while planning, and the file has "${size}"`,
      };
    }
    return decodeText(fs.readFileSync(file));
  } catch (error) {
    return { kind: "absent", message: `the file cannot be read, ${systemReason(error)}: "${file}"` };
  }
}

function kindAt(file: string): "file" | "folder" | "other" | "none" {
  try {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return "none";
    return stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other";
  } catch {
    // A folder on the way that may not be entered, a name too long, a circle of links: nothing can be used there.
    return "none";
  }
}

function missing(wanted: "file" | "dir", found: "file" | "folder" | "other" | "none", file: string): string {
  const what = wanted === "file" ? "file" : "folder";
  switch (found) {
    case "none":
      return `there is no such ${what}: "${file}"`;
    case "other":
      return `this is a device, a socket or a pipe, not a ${what}: "${file}"`;
    case "file":
      return `this is a file, not a folder; \`file(…)\` names files: "${file}"`;
    case "folder":
      return `this is a folder, not a file; \`dir(…)\` names folders: "${file}"`;
  }
}

/** As images name platforms: `linux/amd64`, `darwin/arm64`. */
export function hostPlatform(): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch === "ia32" ? "386" : process.arch;
  return `${process.platform === "win32" ? "windows" : process.platform}/${architecture}`;
}

function placeName(place: DataPlace): string {
  return place.kind === "local" ? place.path : place.url;
}

function remember<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
