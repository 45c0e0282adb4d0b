import * as fs from "node:fs";
import * as path from "node:path";
import { isSha256, type Sha256 } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import { readIfThere, replaceFile } from "./files.js";
import { STAT_KEY_BYTES, type StatKey } from "./hash-file.js";

/**
 * Digests remembered by the state of the file (engine-rules.md A12): while device, inode, size and both times are the
 * same, so are the bytes. An entry is made only when the file had been left alone for two seconds before it was
 * hashed: within the resolution of a file system's clock a second change could leave every number as it was.
 *
 * One file of fixed records, appended to, so that 100,000 entries load in some ten milliseconds:
 *
 *     16 bytes   "reprod-stat-1" and line feeds
 *     80 bytes   checksum (4), zero (4), key (40: device, inode, size, mtime, ctime), SHA-256 (32); and so on
 *
 * Numbers are little-endian. It is only a memory: a record with a wrong checksum is passed over, a file that cannot
 * be read is made anew, and what two processes lose by writing at once is hashed again.
 */
export class StatCache {
  private records: Buffer = Buffer.alloc(0);
  /** By inode: offset of the newest record in `records`. Two devices may share a number; the key tells. */
  private readonly offsets = new Map<number, number>();
  private readonly fresh = new Map<number, { readonly key: StatKey; readonly sha256: Sha256 }>();
  private superseded = 0;
  /** The file has a tail or records that cannot be read: it is written anew instead of appended to. */
  private damaged = false;

  constructor(private readonly file: string) {
    this.load();
  }

  /** The digest of a file in this state, if it is known beyond doubt. */
  get(key: StatKey): Sha256 | undefined {
    const inode = inodeOf(key);
    const fresh = this.fresh.get(inode);
    if (fresh !== undefined && Buffer.compare(fresh.key, key) === 0) return fresh.sha256;
    const offset = this.offsets.get(inode);
    if (offset === undefined) return undefined;
    const start = offset + KEY_AT;
    if (this.records.compare(key, 0, STAT_KEY_BYTES, start, start + STAT_KEY_BYTES) !== 0) return undefined;
    const sha256 = this.records.toString("hex", offset + DIGEST_AT, offset + RECORD_BYTES);
    return isSha256(sha256) ? sha256 : undefined;
  }

  /** Remembers a digest unless the file was changed shortly before `hashedAt` (milliseconds since 1970, when reading began). */
  set(key: StatKey, sha256: Sha256, hashedAt: number): void {
    if (!isSettled(key, hashedAt)) return;
    this.fresh.set(inodeOf(key), { key, sha256 });
  }

  /** Whether `save` has something to write. */
  get hasNews(): boolean {
    return this.fresh.size > 0 || this.damaged;
  }

  /** Writes what is new. A cache that cannot be written is no cause to fail: everything is known still. */
  save(): void {
    if (!this.hasNews) return;
    const added = Buffer.alloc(this.fresh.size * RECORD_BYTES);
    let at = 0;
    for (const { key, sha256 } of this.fresh.values()) {
      added.set(key, at + KEY_AT);
      added.write(sha256, at + DIGEST_AT, "hex");
      added.writeUInt32LE(checksum(words(added), at >> 2), at);
      at += RECORD_BYTES;
    }
    try {
      fs.mkdirSync(path.dirname(this.file), { recursive: true });
      this.write(added);
      this.fresh.clear();
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      // Read-only or full: the next process hashes again, and the results are the same.
    }
  }

  private write(added: Buffer): void {
    const live = this.offsets.size + this.fresh.size;
    const mayGrow = live <= ENTRY_LIMIT && this.superseded + this.fresh.size <= Math.max(live, COMPACT_ABOVE);
    if (!this.damaged && mayGrow && this.append(added)) return;
    // Newest first to be cut at the limit, then in their old order again.
    const kept = [...this.offsets.entries()].filter(([inode]) => !this.fresh.has(inode));
    const parts = kept
      .sort(([, a], [, b]) => a - b)
      .slice(-Math.max(0, ENTRY_LIMIT / 2 - this.fresh.size))
      .map(([, offset]) => this.records.subarray(offset, offset + RECORD_BYTES));
    replaceFile(this.file, Buffer.concat([HEADER, ...parts, added]));
    this.damaged = false;
    this.superseded = 0;
  }

  /** False when the file has a torn end by now, behind which no record would be found. */
  private append(added: Buffer): boolean {
    const descriptor = fs.openSync(this.file, "a");
    try {
      const { size } = fs.fstatSync(descriptor);
      if (size !== 0 && (size - HEADER.length) % RECORD_BYTES !== 0) return false;
      // One write to the end: two processes that save at once do not tear each other's records.
      fs.writeSync(descriptor, size === 0 ? Buffer.concat([HEADER, added]) : added);
      return true;
    } finally {
      fs.closeSync(descriptor);
    }
  }

  private load(): void {
    let bytes: Buffer | undefined;
    try {
      bytes = readIfThere(this.file);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      // It cannot be read (a folder in its place, no permission): nothing is known, and everything is hashed.
      return;
    }
    if (bytes === undefined || bytes.length === 0) return;
    if (bytes.compare(HEADER, 0, HEADER.length, 0, Math.min(HEADER.length, bytes.length)) !== 0) {
      this.damaged = true;
      return;
    }
    // A copy that begins on a word: checksums are taken over words.
    this.records = Buffer.from(bytes.subarray(HEADER.length));
    const whole = this.records.length - (this.records.length % RECORD_BYTES);
    this.damaged = whole !== this.records.length;
    const view = words(this.records);
    for (let at = 0; at < whole; at += RECORD_BYTES) {
      if (view[at >> 2] !== checksum(view, at >> 2)) {
        this.damaged = true;
        continue;
      }
      const inode = inodeAt(view, (at + KEY_AT) >> 2);
      if (this.offsets.has(inode)) this.superseded++;
      this.offsets.set(inode, at);
    }
  }
}

const HEADER = Buffer.from("reprod-stat-1\n\n\n", "latin1");
const KEY_AT = 8;
const DIGEST_AT = KEY_AT + STAT_KEY_BYTES;
const RECORD_BYTES = DIGEST_AT + 32;
const COMPACT_ABOVE = 4096;
/** 80 MB at most; beyond, the older half is forgotten. */
const ENTRY_LIMIT = 1_000_000;

const SETTLED_MILLISECONDS = 2_000;

/**
 * Whether a file in this state had been left alone when it was hashed. A status change in the future says that
 * the clock was set back, so nothing about times can be trusted; a content time in the future may be set by hand.
 */
function isSettled(key: StatKey, hashedAt: number): boolean {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const changed = Number(view.getBigInt64(24, true) / 1_000_000n);
  const status = Number(view.getBigInt64(32, true) / 1_000_000n);
  return Math.abs(hashedAt - changed) > SETTLED_MILLISECONDS && hashedAt - status > SETTLED_MILLISECONDS;
}

/** Above 2^53 two inodes may come out as one number: then one is forgotten, never mistaken, as keys are compared whole. */
function inodeOf(key: StatKey): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32;
}

function inodeAt(view: Uint32Array, keyWord: number): number {
  return (view[keyWord + 2] ?? 0) + (view[keyWord + 3] ?? 0) * 2 ** 32;
}

function words(buffer: Buffer): Uint32Array {
  return new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2);
}

/** FNV-1a over the words behind the checksum: it finds torn and zeroed records, not an enemy. */
function checksum(view: Uint32Array, start: number): number {
  let sum = 0x811c9dc5;
  for (let at = start + 1; at < start + RECORD_BYTES / 4; at++) {
    sum = Math.imul(sum ^ (view[at] ?? 0), 0x01000193);
  }
  return sum >>> 0;
}
