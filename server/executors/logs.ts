import * as fs from "node:fs";
import * as path from "node:path";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { readAttemptState } from "./attempt-state.js";

/**
 * What a script writes goes straight into `stdout.log` and `stderr.log` of its attempt folder, so that no death of
 * the runner can break it. The runner notes now and then how long both were, in `log.index`; reading puts lines
 * and times together again. A script that ends before the first note has no index and costs nothing here.
 */
export type LogStream = "stdout" | "stderr";
const STREAMS: readonly LogStream[] = ["stdout", "stderr"];

/** A log is kept up to 100 MiB: its head and its tail (D12). */
export const LOG_LIMIT_BYTES = 100 * 1024 * 1024;
/** Longer lines are cut (D12). */
export const LINE_LIMIT_BYTES = 64 * 1024;

export interface LogLine {
  readonly stream: LogStream;
  /** Milliseconds since 1970 when the runner first saw it; up to a quarter of a second late. */
  readonly time: number;
  /** Without its newline, safe to show: see `printable`. */
  readonly text: string;
}

export interface ReadLogOptions {
  /** Goes on until the attempt has ended. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
  /** How often a follower looks again, in milliseconds. */
  readonly pollMilliseconds?: number;
}

export function logFile(folder: string, stream: LogStream): string {
  return path.join(folder, `${stream}.log`);
}

const rawFile = (folder: string, stream: LogStream) => path.join(folder, `${stream}.raw`);
const indexFile = (folder: string) => path.join(folder, "log.index");

// ---------------------------------------------------------------- keeping

/** The runner's side of one attempt's logs. */
export class LogKeeper {
  private readonly seen = { stdout: 0, stderr: 0 };
  private indexed = false;
  private readonly masked: { readonly [stream in LogStream]: MaskedCopy } | undefined;

  /**
   * With secrets the script writes to `.raw` files that are private and deleted at the end, and the logs get their
   * bytes with every exact secret replaced (D11). After a restart the copy begins again from the start.
   */
  constructor(
    private readonly folder: string,
    secrets: readonly string[],
  ) {
    const bytes = secrets.filter((secret) => secret !== "").map((secret) => Buffer.from(secret));
    if (bytes.length === 0) return;
    this.masked = {
      stdout: new MaskedCopy(rawFile(folder, "stdout"), logFile(folder, "stdout"), bytes),
      stderr: new MaskedCopy(rawFile(folder, "stderr"), logFile(folder, "stderr"), bytes),
    };
  }

  /** Notes how long the logs are now. */
  poll(now: number): void {
    for (const stream of STREAMS) this.masked?.[stream].advance(false);
    const stdout = sizeOf(logFile(this.folder, "stdout"));
    const stderr = sizeOf(logFile(this.folder, "stderr"));
    if (stdout === this.seen.stdout && stderr === this.seen.stderr) return;
    this.seen.stdout = stdout;
    this.seen.stderr = stderr;
    this.indexed = true;
    try {
      fs.appendFileSync(indexFile(this.folder), `${now} ${stdout} ${stderr}\n`);
    } catch {
      // The script removed its folder, or the disk is full: lines will have the time of the end.
    }
  }

  /** When the script has ended: the last note, and the logs cut to what is kept. */
  async finish(now: number, limit = LOG_LIMIT_BYTES): Promise<void> {
    for (const stream of STREAMS) this.masked?.[stream].advance(true);
    if (this.indexed) this.poll(now);
    for (const stream of STREAMS) await cutLog(logFile(this.folder, stream), limit);
  }
}

/** Copies a growing file, replacing secrets. Bytes that may begin one are held back until more are there. */
class MaskedCopy {
  private readonly mask: SecretMask;
  private offset = 0;
  private begun = false;

  constructor(
    private readonly from: string,
    private readonly to: string,
    secrets: readonly Buffer[],
  ) {
    this.mask = new SecretMask(secrets);
  }

  advance(last: boolean): void {
    let source: number;
    try {
      source = fs.openSync(this.from, "r");
    } catch {
      // The script has not begun, or has removed its folder.
      return;
    }
    const target = fs.openSync(this.to, this.begun ? "a" : "w");
    this.begun = true;
    try {
      const chunk = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        const length = fs.readSync(source, chunk, 0, chunk.length, this.offset);
        if (length === 0) break;
        this.offset += length;
        fs.writeSync(target, this.mask.push(chunk.subarray(0, length)));
      }
      if (last) fs.writeSync(target, this.mask.end());
    } finally {
      fs.closeSync(source);
      fs.closeSync(target);
    }
    if (last) fs.rmSync(this.from, { force: true });
  }
}

/**
 * Replaces exact values in a stream of bytes, wherever its chunks are cut. Where values overlap, all bytes of all of
 * them are gone.
 */
export class SecretMask {
  private readonly longest: number;
  private held: Buffer = Buffer.alloc(0);
  /** How many of the held bytes belong to a value that has been replaced already. */
  private covered = 0;

  constructor(private readonly secrets: readonly Buffer[]) {
    this.longest = Math.max(1, ...secrets.map((secret) => secret.length));
  }

  push(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.held, chunk]);
    return this.emit(bytes, Math.max(0, bytes.length - this.longest + 1));
  }

  end(): Buffer {
    return this.emit(this.held, this.held.length);
  }

  /** Every value that begins before `limit` is whole in `bytes`; what begins later waits. */
  private emit(bytes: Buffer, limit: number): Buffer {
    const found: [number, number][] = [];
    for (const secret of this.secrets) {
      let at = bytes.indexOf(secret);
      while (at >= 0 && at < limit) {
        found.push([at, at + secret.length]);
        at = bytes.indexOf(secret, at + 1);
      }
    }
    found.sort((left, right) => left[0] - right[0]);
    const parts: Buffer[] = [];
    let done = this.covered;
    for (const [start, end] of found) {
      if (start >= done) parts.push(bytes.subarray(done, start), Buffer.from("***"));
      done = Math.max(done, end);
    }
    if (done < limit) parts.push(bytes.subarray(done, limit));
    this.held = Buffer.from(bytes.subarray(limit));
    this.covered = Math.max(0, done - limit);
    return Buffer.concat(parts);
  }
}

/** In place: the tail is moved up behind the head, and what is behind it cut off. */
async function cutLog(file: string, limit: number): Promise<void> {
  const size = sizeOf(file);
  if (size <= limit) return;
  const half = Math.floor(limit / 2);
  const handle = await fs.promises.open(file, "r+");
  try {
    const notice = Buffer.from(`\n[reprod: ${size - 2 * half} bytes left out here]\n`);
    const chunk = Buffer.allocUnsafe(1 << 20);
    let from = size - half;
    let to = half + notice.length;
    // Nothing is overwritten before it is read: `to` stays below `from`, since a log over the limit is longer.
    if (to > from) return;
    await handle.write(notice, 0, notice.length, half);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, from);
      if (bytesRead === 0) break;
      await handle.write(chunk, 0, bytesRead, to);
      from += bytesRead;
      to += bytesRead;
    }
    await handle.truncate(to);
  } finally {
    await handle.close();
  }
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

// ---------------------------------------------------------------- reading

/**
 * The lines of an attempt, of both streams, in the order the runner saw them. Memory is bounded by one line and one
 * chunk, whatever the script has written. `follow` ends with the attempt, or by `signal`.
 */
export async function* readLog(folder: string, options: ReadLogOptions = {}): AsyncGenerator<LogLine> {
  const readers = { stdout: new LineReader(folder, "stdout"), stderr: new LineReader(folder, "stderr") };
  for (const note of readIndex(folder)) {
    for (const stream of STREAMS) yield* readers[stream].readTo(note[stream], note.time);
  }
  for (;;) {
    // Asked before reading: what the script wrote before its end is read after it.
    const ended = hasEnded(folder);
    for (const stream of STREAMS) {
      const reader = readers[stream];
      yield* reader.readTo(Number.POSITIVE_INFINITY, ended === undefined ? Date.now() : ended);
    }
    if (ended !== undefined || options.follow !== true || options.signal?.aborted === true) break;
    try {
      await sleep(
        options.pollMilliseconds ?? 200,
        undefined,
        options.signal ? { signal: options.signal } : {},
      );
    } catch {
      // Aborted: what is there is read once more.
    }
  }
  for (const stream of STREAMS) yield* readers[stream].rest();
}

/** When the attempt ended, in milliseconds since 1970; undefined while more may come. */
function hasEnded(folder: string): number | undefined {
  const state = readAttemptState(folder);
  if (state === undefined && fs.existsSync(folder)) return undefined;
  if (state !== undefined && state.exited === undefined) return undefined;
  // The masked copy is complete when its source is gone.
  if (STREAMS.some((stream) => fs.existsSync(rawFile(folder, stream)))) return undefined;
  return state?.exited?.at ?? Date.now();
}

interface IndexNote {
  readonly time: number;
  readonly stdout: number;
  readonly stderr: number;
}

function readIndex(folder: string): readonly IndexNote[] {
  let text: string;
  try {
    text = fs.readFileSync(indexFile(folder), "utf8");
  } catch {
    return [];
  }
  const notes: IndexNote[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const [time, stdout, stderr] = line.split(" ").map(Number);
    if (time !== undefined && stdout !== undefined && stderr !== undefined)
      notes.push({ time, stdout, stderr });
  }
  return notes;
}

/** Reads one stream's file from where it left off, and cuts it into lines. */
class LineReader {
  private offset = 0;
  private decoder = new StringDecoder("utf8");
  private line = "";
  private lineTime: number | undefined;
  /** Bytes of the current line that were not kept. */
  private left = 0;

  constructor(
    private readonly folder: string,
    private readonly stream: LogStream,
  ) {}

  *readTo(end: number, time: number): Generator<LogLine> {
    let handle: number;
    try {
      handle = fs.openSync(logFile(this.folder, this.stream), "r");
    } catch {
      // Not begun, or deleted since.
      return;
    }
    try {
      const chunk = Buffer.allocUnsafe(LINE_LIMIT_BYTES);
      while (this.offset < end) {
        const length = fs.readSync(handle, chunk, 0, Math.min(chunk.length, end - this.offset), this.offset);
        if (length === 0) return;
        this.offset += length;
        yield* this.split(this.decoder.write(chunk.subarray(0, length)), time);
      }
    } finally {
      fs.closeSync(handle);
    }
  }

  /** A last line without newline. */
  *rest(): Generator<LogLine> {
    this.add(this.decoder.end());
    if (this.line !== "") yield this.take();
  }

  private *split(text: string, time: number): Generator<LogLine> {
    let from = 0;
    for (;;) {
      const at = text.indexOf("\n", from);
      if (from < text.length) this.lineTime ??= time;
      this.add(text.slice(from, at < 0 ? undefined : at));
      if (at < 0) return;
      yield this.take();
      from = at + 1;
    }
  }

  /** A carriage return begins the line anew, as on a terminal: of a progress bar its last state is the line. */
  private add(text: string): void {
    let kept = this.line + text;
    const end = kept.replace(/\r+$/, "").length;
    const anew = end === 0 ? -1 : kept.lastIndexOf("\r", end - 1);
    if (anew >= 0) {
      kept = kept.slice(anew + 1);
      this.left = 0;
    }
    this.left += Math.max(0, kept.length - LINE_LIMIT_BYTES);
    this.line = kept.slice(0, LINE_LIMIT_BYTES);
  }

  private take(): LogLine {
    const cut = this.left > 0 ? ` [reprod: ${this.left} more characters in this line]` : "";
    const text = printable(this.line.replace(/\r+$/, "")) + cut;
    const time = this.lineTime ?? 0;
    this.line = "";
    this.left = 0;
    this.lineTime = undefined;
    return { stream: this.stream, time, text };
  }
}

/**
 * A script's output is data: whatever could move the cursor, change a title or hide text is escaped. Tabs and SGR
 * colours stay (D12).
 */
export function printable(text: string): string {
  return text.replace(
    /\x1b\[[0-9;:]*m|[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (found) => {
      if (found.length > 1) return found;
      const code = found.charCodeAt(0);
      return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
    },
  );
}
