import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { systemReason } from "./files.js";

/**
 * What identifies the state of a file without reading it: engine-rules.md A12. As 40 bytes: device, inode, size,
 * and the times of content and status change in nanoseconds, each a little-endian 64-bit number.
 */
export type StatKey = Uint8Array;
export const STAT_KEY_BYTES = 40;

export function statKey(stat: fs.BigIntStats): StatKey {
  const key = new BigInt64Array(5);
  key[0] = BigInt.asIntN(64, stat.dev);
  key[1] = BigInt.asIntN(64, stat.ino);
  key[2] = stat.size;
  key[3] = stat.mtimeNs;
  key[4] = stat.ctimeNs;
  return new Uint8Array(key.buffer);
}

/** As git does: the owner's bit alone. The others follow the umask of whoever checked the file out. */
export function isExecutable(stat: fs.BigIntStats): boolean {
  return (stat.mode & 0o100n) !== 0n;
}

/** Plain data, since it passes between threads. */
export type HashOutcome =
  | {
      readonly kind: "hashed";
      readonly sha256: string;
      readonly size: number;
      readonly executable: boolean;
      /** State of the file before the first byte was read, the same as after the last. */
      readonly key: StatKey;
      /** Milliseconds since 1970 when reading began. */
      readonly startedAt: number;
    }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "cancelled" };

/** Seen by all threads of one load. */
export interface HashControl {
  /** Asked between reads. */
  cancelled(): boolean;
  /** Bytes read since the last call. */
  progress(bytes: number): void;
}

/**
 * What is read must still be in the core's own cache when it is hashed. Measured on 1 GiB (Xeon, 2 cores): 128 KiB
 * takes 0.8 s, 64 KiB 0.9 s, and 256 KiB to 16 MiB 1.15 s and more, all of the difference in the copy by the kernel.
 */
const BUFFER_BYTES = 128 * 1024;
/** A file that changes each time while it is read is given up, and said to change. */
const TRIES = 3;

let buffer: Buffer | undefined;

/** Reads and hashes a file, blocking this thread. What cannot be read is told, never thrown. */
export function hashFile(file: string, control: HashControl): HashOutcome {
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const outcome = hashOnce(file, control);
      if (outcome !== undefined) return outcome;
    }
    return { kind: "failed", message: `the file changes while it is read: "${file}"` };
  } catch (error) {
    return { kind: "failed", message: `the file cannot be read, ${systemReason(error)}: "${file}"` };
  }
}

/** Undefined when the file changed meanwhile, so that the digest would be of bytes that never stood together. */
function hashOnce(file: string, control: HashControl): HashOutcome | undefined {
  const startedAt = Date.now();
  // A pipe without a writer would block the thread for ever without O_NONBLOCK.
  const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const before = fs.fstatSync(descriptor, { bigint: true });
    if (!before.isFile()) {
      const what = before.isDirectory() ? "a folder" : "a device, a socket or a pipe";
      return { kind: "failed", message: `this is ${what}, not a file: "${file}"` };
    }
    buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
    const hash = createHash("sha256");
    let size = 0;
    for (;;) {
      if (control.cancelled()) return { kind: "cancelled" };
      const count = fs.readSync(descriptor, buffer, 0, BUFFER_BYTES, null);
      if (count === 0) break;
      hash.update(count === BUFFER_BYTES ? buffer : buffer.subarray(0, count));
      size += count;
      control.progress(count);
    }
    const key = statKey(before);
    const after = fs.fstatSync(descriptor, { bigint: true });
    if (BigInt(size) !== before.size || Buffer.compare(key, statKey(after)) !== 0) {
      control.progress(-size);
      return undefined;
    }
    return {
      kind: "hashed",
      sha256: hash.digest("hex"),
      size,
      executable: isExecutable(before),
      key,
      startedAt,
    };
  } finally {
    fs.closeSync(descriptor);
  }
}
