import * as fs from "node:fs";
import * as path from "node:path";
import { systemCode } from "../base/failure.js";
import type { JournalLine, RunEvent } from "./events.js";

/** Wall clock in milliseconds since 1970; it may jump, so nothing is ordered by it. */
export type Clock = () => number;

/** `fs.writeSync`; a test gives one whose disk is full. */
export type WriteBytes = (file: number, bytes: Uint8Array, offset: number) => number;

const NAME = /^events\.(\d+)\.jsonl$/;
const RESERVE = "reserve";
const RESERVE_BYTES = 1024 * 1024;
/** Lines wait at most this long for a write: one system call for many lines, and no face sees the difference. */
const FLUSH_MILLISECONDS = 50;
const FLUSH_BYTES = 256 * 1024;

/**
 * What a run tells, append-only: `events.<epoch>.jsonl` in its folder, one writer a file (engine-rules.md C5). No
 * result depends on it: it is for people, faces, and for finding attempts that a killed runner left behind.
 */
export class Journal {
  readonly epoch: number;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #write: WriteBytes;
  readonly #listeners: ((line: JournalLine) => void)[] = [];
  readonly #file: number;
  #buffer = "";
  #timer: NodeJS.Timeout | undefined;
  #seq = 0;
  #reserve = false;
  #closed = false;

  /** Starts the next epoch of the run in `folder`, which must exist. The file name is the writer's alone. */
  static open(folder: string, clock: Clock = Date.now, write: WriteBytes = fs.writeSync): Journal {
    for (let epoch = (journalFiles(folder).at(-1)?.epoch ?? 0) + 1; ; epoch++) {
      try {
        const file = fs.openSync(path.join(folder, `events.${epoch}.jsonl`), "ax", 0o644);
        return new Journal(folder, file, epoch, clock, write);
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
    }
  }

  private constructor(folder: string, file: number, epoch: number, clock: Clock, write: WriteBytes) {
    this.#write = write;
    this.#folder = folder;
    this.#file = file;
    this.epoch = epoch;
    this.#clock = clock;
    try {
      // Real blocks, not a hole: they are what makes room for the last lines on a full disk (C11).
      fs.writeFileSync(path.join(folder, RESERVE), Buffer.alloc(RESERVE_BYTES, " "));
    } catch (error) {
      // As much of it as there was room for is there, and helps all the same.
      if (!isDiskFull(error)) throw error;
    }
    this.#reserve = true;
  }

  /** Hears each line at once, before it is on disk. */
  listen(listener: (line: JournalLine) => void): void {
    this.#listeners.push(listener);
  }

  write(event: RunEvent): void {
    this.#seq++;
    const line: JournalLine = {
      v: 1,
      seq: this.#seq,
      time: new Date(this.#clock()).toISOString(),
      ...event,
    };
    this.#buffer += `${JSON.stringify(line)}\n`;
    for (const listener of this.#listeners) listener(line);
    if (this.#buffer.length >= FLUSH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MILLISECONDS);
  }

  /** Hands what waits to the system. A full disk keeps it waiting for the next try; other errors are thrown. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#buffer === "" || this.#closed) return;
    const bytes = Buffer.from(this.#buffer);
    let written = 0;
    while (written < bytes.length) {
      try {
        written += this.#write(this.#file, bytes, written);
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        if (!this.#freeReserve()) break;
      }
    }
    this.#buffer = bytes.subarray(written).toString("utf8");
  }

  /** Writes what waits, makes it durable and ends the file. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    try {
      fs.fsyncSync(this.#file);
    } finally {
      fs.closeSync(this.#file);
      this.#freeReserve();
    }
  }

  #freeReserve(): boolean {
    if (!this.#reserve) return false;
    this.#reserve = false;
    fs.rmSync(path.join(this.#folder, RESERVE), { force: true });
    return true;
  }
}

function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Journal files of a run, oldest first. Empty when the folder isn't there. */
export function journalFiles(folder: string): readonly { readonly epoch: number; readonly file: string }[] {
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  return names
    .map((name) => ({ epoch: Number(NAME.exec(name)?.[1] ?? 0), file: path.join(folder, name) }))
    .filter((file) => file.epoch > 0)
    .sort((a, b) => a.epoch - b.epoch);
}

/** All lines of a run, oldest first. Whatever isn't a whole line is left out: a killed writer leaves a torn one. */
export function readJournal(folder: string): readonly JournalLine[] {
  return journalFiles(folder).flatMap(({ file }) => {
    const reader = new JournalReader(file);
    try {
      return reader.read();
    } finally {
      reader.close();
    }
  });
}

/**
 * The last lines of a run, oldest first: those within the last `maximumBytes` of its files together. What a node came
 * to is in its last line, so the end of a long journal tells of most nodes, and of each all but its attempts.
 */
export function readJournalEnd(folder: string, maximumBytes: number): readonly JournalLine[] {
  const parts: JournalLine[][] = [];
  let left = maximumBytes;
  for (const { file } of [...journalFiles(folder)].reverse()) {
    if (left <= 0) break;
    const reader = new JournalReader(file);
    try {
      parts.unshift(reader.readEnd(left));
    } finally {
      reader.close();
    }
    left -= fs.statSync(file).size;
  }
  return parts.flat();
}

/** How much of a journal's start or end is read for a summary: many times the longest usual line. */
const PIECE_BYTES = 64 * 1024;

/** Reads one journal file piece by piece while it grows. */
export class JournalReader {
  readonly #file: number;
  #position = 0;
  /** Bytes of a line whose end isn't written yet: cut between bytes, not characters. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    this.#file = fs.openSync(file, "r");
  }

  /** The whole lines that were added since the last call. */
  read(): JournalLine[] {
    const chunks: Buffer[] = [this.#rest];
    for (;;) {
      const chunk = this.#readAt(this.#position);
      if (chunk.length === 0) break;
      this.#position += chunk.length;
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#rest = bytes.subarray(end);
    return parseLines(bytes.subarray(0, end));
  }

  /** The first lines of the file, whatever was read before. */
  readStart(): JournalLine[] {
    const bytes = this.#readAt(0);
    return parseLines(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1));
  }

  /** The last lines of the file, whatever was read before. */
  readEnd(length = PIECE_BYTES): JournalLine[] {
    const { size } = fs.fstatSync(this.#file);
    const bytes = this.#readAt(Math.max(0, size - length), Math.min(size, length));
    return parseLines(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1));
  }

  close(): void {
    fs.closeSync(this.#file);
  }

  #readAt(position: number, length = PIECE_BYTES): Buffer {
    const chunk = Buffer.alloc(length);
    return chunk.subarray(0, fs.readSync(this.#file, chunk, 0, chunk.length, position));
  }
}

function parseLines(bytes: Buffer): JournalLine[] {
  const lines: JournalLine[] = [];
  for (const text of bytes.toString("utf8").split("\n")) {
    const line = parseLine(text);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

function parseLine(text: string): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Torn, or what follows a torn line in a damaged file: the lines around it still tell their part.
    return undefined;
  }
  return isJournalLine(value) ? value : undefined;
}

/** Only version 1 is known; a line of a newer format is left out rather than half understood. */
function isJournalLine(value: unknown): value is JournalLine {
  return (
    typeof value === "object" &&
    value !== null &&
    "v" in value &&
    value.v === 1 &&
    "seq" in value &&
    typeof value.seq === "number" &&
    "event" in value &&
    typeof value.event === "string"
  );
}
