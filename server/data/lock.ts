import * as path from "node:path";
import { type AbsolutePath, isSha256, type Sha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { compareCodePoints } from "../base/order.js";
import { absolutePath, readIfThere, replaceFile, systemReason } from "./files.js";
import { type JsonNode, lineAndColumn, parseJsonNodes } from "./json-text.js";

/**
 * `reprod.lock`, beside the pipeline file and meant for git (language.md rule 27): what names and urls were resolved
 * to, once. A run only reads it; `reprod pin` writes it.
 */
export interface Lock {
  /** By the image reference as written in the text. */
  readonly images: ReadonlyMap<string, LockedImage>;
  /** By the url as written in the text; `https:` and `s3:`. */
  readonly urls: ReadonlyMap<string, LockedUrl>;
}

export interface LockedImage {
  /** `sha256:…` of what the tag named: an index, or the manifest itself when the image is for one platform. */
  readonly digest: string;
  /** `linux/amd64` → `sha256:…` of that platform's manifest: the part that counts for identity (A10). */
  readonly platforms: ReadonlyMap<string, string>;
}

export interface LockedUrl {
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
  /** What the server said when the digest was taken. Never an identity: for S3 it tells whether the entry still holds (A11). */
  readonly etag: string | undefined;
  /** Of an S3 object in a versioned bucket. */
  readonly version: string | undefined;
}

export const emptyLock: Lock = { images: new Map(), urls: new Map() };

/** Raised when a reader of the old format would misread the new one. */
const FORMAT = 1;

/** The lock file of a pipeline file. */
export function lockPath(pipelineFile: string): AbsolutePath {
  return absolutePath(path.dirname(path.resolve(pipelineFile)), "reprod.lock");
}

/**
 * Reads a lock file; without one the lock is empty. Throws a `Failure`: `lock-invalid` with the place,
 * `lock-newer` for a format of a later Reprod, `lock-unreadable`.
 */
export function readLock(file: AbsolutePath): Lock {
  let text: string | undefined;
  try {
    text = readIfThere(file)?.toString("utf8");
  } catch (error) {
    throw new Failure("lock-unreadable", `the lock file cannot be read: "${file}"`, {
      why: `The system says: ${systemReason(error)}.`,
      fix: "Make it a readable file.",
      place: file,
      cause: error,
    });
  }
  return text === undefined ? emptyLock : parseLock(file, text);
}

/** Reads the text of a lock file. Throws as `readLock` does. */
export function parseLock(file: string, text: string): Lock {
  const read = parseJsonNodes(text);
  if ("problem" in read) {
    const conflict = /^(<<<<<<<|=======|>>>>>>>)/m.test(text);
    const message = conflict ? "it has the marks of a merge conflict" : read.problem.message;
    throw invalid(`${file}:${read.problem.line}:${read.problem.column}`, message);
  }
  const reader = new LockReader(file, text);
  return reader.lock(read.node);
}

/**
 * Writes a lock file, with everything in one order so that git shows only what changed; a file that says the same
 * already is left alone. Throws a `Failure` (`lock-read-only`).
 */
export function writeLock(file: AbsolutePath, lock: Lock): void {
  const text = printLock(lock);
  try {
    if (readIfThere(file)?.toString("utf8") === text) return;
    replaceFile(file, text);
  } catch (error) {
    throw new Failure("lock-read-only", `the lock file cannot be written: "${file}"`, {
      why: `The system says: ${systemReason(error)}.`,
      fix: `Make the folder writable: "${path.dirname(file)}"`,
      place: file,
      cause: error,
    });
  }
}

export function printLock(lock: Lock): string {
  const images = inOrder(lock.images).map(([name, { digest, platforms }]) => [
    name,
    { digest, platforms: Object.fromEntries(inOrder(platforms)) },
  ]);
  // Absent members (etag, version) are left out by JSON.stringify.
  const urls = inOrder(lock.urls).map(([url, { sha256, size, etag, version }]) => [
    url,
    { sha256, size, etag, version },
  ]);
  const content = { format: FORMAT, images: Object.fromEntries(images), urls: Object.fromEntries(urls) };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => compareCodePoints(a, b));
}

const OCI_DIGEST = /^sha256:[0-9a-f]{64}$/;
const PLATFORM = /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/;

class LockReader {
  constructor(
    private readonly file: string,
    private readonly text: string,
  ) {}

  lock(node: JsonNode): Lock {
    const members = this.members(node);
    const format = members.get("format")?.value;
    if (format?.kind !== "scalar" || typeof format.value !== "number") {
      throw this.invalid(node.offset, 'it has no "format" number');
    }
    if (format.value > FORMAT) throw newer(this.file, format.value);
    const images = new Map<string, LockedImage>();
    const urls = new Map<string, LockedUrl>();
    for (const [key, { offset, value }] of members) {
      if (key === "images")
        for (const [name, image] of this.members(value)) images.set(name, this.image(image.value));
      else if (key === "urls")
        for (const [url, entry] of this.members(value)) urls.set(url, this.url(entry.value));
      else if (key !== "format") throw this.invalid(offset, `it has an unknown part: "${key}"`);
    }
    return { images, urls };
  }

  private image(node: JsonNode): LockedImage {
    const members = this.members(node);
    const platforms = new Map<string, string>();
    const listed = members.get("platforms")?.value;
    for (const [platform, { offset, value }] of listed === undefined ? [] : this.members(listed)) {
      if (!PLATFORM.test(platform)) throw this.invalid(offset, `this is no platform: "${platform}"`);
      platforms.set(platform, this.ociDigest(value));
    }
    return { digest: this.ociDigest(this.required(node, members.get("digest")?.value, "digest")), platforms };
  }

  private url(node: JsonNode): LockedUrl {
    const members = this.members(node);
    const digest = this.required(node, members.get("sha256")?.value, "sha256");
    const sha256 = this.textOf(digest);
    if (!isSha256(sha256)) throw this.invalid(digest.offset, "64 hex digits must stand here");
    const sizeNode = this.required(node, members.get("size")?.value, "size");
    const size = sizeNode.kind === "scalar" ? sizeNode.value : undefined;
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw this.invalid(sizeNode.offset, "a number of bytes must stand here");
    }
    const etag = members.get("etag")?.value;
    const version = members.get("version")?.value;
    return {
      sha256,
      size,
      etag: etag && this.textOf(etag),
      version: version && this.textOf(version),
    };
  }

  private ociDigest(node: JsonNode): string {
    const text = this.textOf(node);
    if (!OCI_DIGEST.test(text))
      throw this.invalid(node.offset, '"sha256:" and 64 hex digits must stand here');
    return text;
  }

  private textOf(node: JsonNode): string {
    if (node.kind === "scalar" && typeof node.value === "string") return node.value;
    throw this.invalid(node.offset, "a text must stand here");
  }

  private required(parent: JsonNode, node: JsonNode | undefined, name: string): JsonNode {
    if (node === undefined) throw this.invalid(parent.offset, `an entry has no "${name}"`);
    return node;
  }

  private members(node: JsonNode): Extract<JsonNode, { kind: "object" }>["members"] {
    if (node.kind === "object") return node.members;
    throw this.invalid(node.offset, "an object, in braces, must stand here");
  }

  private invalid(offset: number, message: string): Failure {
    const { line, column } = lineAndColumn(this.text, offset);
    return invalid(`${this.file}:${line}:${column}`, message);
  }
}

function newer(file: string, format: number): Failure {
  return new Failure("lock-newer", `the lock file is of a newer Reprod: format "${format}"`, {
    why: `This Reprod knows formats up to ${FORMAT}, and reading half of a lock would resolve the other half anew.`,
    fix: "Update Reprod.",
    place: file,
  });
}

function invalid(place: string, message: string): Failure {
  return new Failure("lock-invalid", `the lock file is damaged: ${message}`, {
    why: "What a name was resolved to counts for identity, so a lock that cannot be read whole is not used at all.",
    fix: "Take the file from git again, or delete it and run `reprod pin`.",
    place,
  });
}
