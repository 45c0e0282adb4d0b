import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { ContentId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { isAbsent, readTextIfThere } from "./files.js";
import { OBJECTS, objectPart } from "./keys.js";

/**
 * Where things lie in a store. Every path is made here, from a checked id or an encoded name, never from text of a
 * record (engine-rules.md C9).
 */
export class Layout {
  readonly objects: string;
  readonly results: string;
  readonly content: string;
  readonly names: string;
  readonly claims: string;
  readonly broken: string;
  readonly temporary: string;
  private readonly marker: string;
  readonly #grown = new Set<string>();

  constructor(readonly folder: string) {
    this.objects = path.join(folder, OBJECTS);
    this.results = path.join(folder, "results");
    this.content = path.join(folder, "content");
    this.names = path.join(folder, "names");
    this.claims = path.join(folder, "claims");
    this.broken = path.join(folder, "broken");
    this.temporary = path.join(folder, "tmp");
    this.marker = path.join(folder, "store.json");
  }

  object(sha256: Sha256): string {
    return `${this.objects}/${objectPart(sha256)}`;
  }

  result(recipe: RecipeId): string {
    return `${this.results}/${recipe.slice(0, 2)}/${recipe}.json`;
  }

  contentEntry(content: ContentId): string {
    return `${this.content}/${content.slice(0, 2)}/${content}`;
  }

  namesFolder(projectId: string, pipeline: string): string {
    return path.join(this.names, encodePart(projectId), encodePart(pipeline));
  }

  namesFile(projectId: string, pipeline: string, run: RunId): string {
    return path.join(this.namesFolder(projectId, pipeline), `${run}.ndjson`);
  }

  /** False when there is no store yet. Throws `store-newer` for one that a later Reprod laid out. */
  isThere(): boolean {
    const text = readTextIfThere(this.marker);
    if (text === undefined) return false;
    if (text !== MARKER) {
      throw new Failure(
        "store-newer",
        `the store has a layout that this Reprod does not know: "${this.folder}"`,
        {
          why: "A newer version has written it, and guessing could lose results.",
          fix: "Update Reprod, or name another store in reprod.json.",
        },
      );
    }
    return true;
  }

  /** Makes the store; the marker is written last. */
  make(): void {
    const fanned = [this.objects, this.results, this.content];
    for (const folder of [...fanned, this.names, this.claims, this.broken, this.temporary]) {
      fs.mkdirSync(folder, { recursive: true });
    }
    fs.writeFileSync(this.marker, MARKER);
    for (const folder of [path.dirname(this.objects), this.folder, path.dirname(this.folder)])
      syncFolder(folder);
  }

  /**
   * Runs what gives a file its name, and again after making the file's folder if that was not there. The 256 folders
   * of a fan-out come one by one as they are needed: making them all takes some file systems a second.
   */
  inFolder<T>(file: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const folder = path.dirname(file);
      if (!isAbsent(error) || fs.existsSync(folder)) throw error;
      fs.mkdirSync(folder, { recursive: true });
      this.#grown.add(path.dirname(folder));
      return action();
    }
  }

  /** Folders that got a folder since this was asked last: the next batch of records syncs them (C10). */
  takeGrown(): readonly string[] {
    const grown = [...this.#grown];
    this.#grown.clear();
    return grown;
  }
}

const MARKER = `${JSON.stringify({ format: 1 })}\n`;

/** `00` to `ff`: ids are hashes, so each holds one part in 256. */
export const PREFIXES: readonly string[] = Array.from({ length: 256 }, (_, at) =>
  at.toString(16).padStart(2, "0"),
);

function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Well below the 255 bytes that file systems allow, to leave room for endings. */
const LONGEST_PART = 180;

/**
 * A user's text as one path part: percent-encoded, so that it can hold no separator and be no `..`; a long one keeps
 * its start and gets a hash for the rest.
 */
export function encodePart(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (encoded === "") return "%";
  if (encoded.length <= LONGEST_PART) return encoded;
  return `${encoded.slice(0, LONGEST_PART - 65)}%-${createHash("sha256").update(text).digest("hex")}`;
}

/** What `encodePart` was given; undefined for a text that was too long to keep in full, and for what it never wrote. */
export function decodePart(encoded: string): string | undefined {
  const text = encoded === "%" ? "" : decodedUri(encoded);
  return text !== undefined && encodePart(text) === encoded ? text : undefined;
}

function decodedUri(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/**
 * Whether a path that was read may be joined to a folder: relative, in its shortest form, no `..`, no NUL, valid
 * Unicode. It is asked of every path that comes out of a record (C9).
 */
export function isSafeRelativePath(text: string): boolean {
  if (text === "" || text.includes("\0") || LONE_SURROGATE.test(text)) return false;
  return !UNSAFE_PART.test(text);
}

const LONE_SURROGATE = /\p{Surrogate}/u;
/** An empty, `.` or `..` part, at the start, between slashes or at the end. */
const UNSAFE_PART = /(?:^|\/)(?:\.{0,2})(?:\/|$)/;
