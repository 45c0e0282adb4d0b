import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../base/failure.js";
import type { TextSource } from "../language/program.js";
import { isAbsent, systemReason } from "./files.js";
import { decodeText } from "./table.js";

/** Texts of open buffers, newer than the disk. Paths are absolute. */
export interface Overlay {
  /** The buffer's text, or undefined when the file is not open. */
  read(file: string): string | undefined;
}

/** Bytes; a pipeline file above this is a mistake (a table with the wrong ending), and would stall the editor. */
const TEXT_LIMIT = 5 * 1024 * 1024;

/**
 * Pipeline files on this machine, with open buffers over them. What is there but cannot be read as a text throws a
 * `Failure` (`file-unreadable`, `file-too-big`, `file-not-text`), so that it is never mistaken for an absent file.
 */
export class DiskText implements TextSource {
  constructor(private readonly overlay?: Overlay) {}

  read(file: string): string | undefined {
    const open = this.overlay?.read(file);
    if (open !== undefined) return open;
    const bytes = readBytes(file);
    if (bytes === undefined) return undefined;
    const text = decodeText(bytes);
    if (text.kind === "known") return text.value;
    throw new Failure("file-not-text", `this file is not a text in UTF-8: "${file}"`, {
      why: text.kind === "absent" ? text.message : text.reason,
      fix: "Save it as UTF-8, or correct the path if another file was meant.",
      place: file,
    });
  }

  resolve(from: string, reference: string): string {
    return path.resolve(path.dirname(from), reference);
  }
}

function readBytes(file: string): Buffer | undefined {
  try {
    // The size is asked of the open file: a path could name another one a moment later.
    const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const stat = fs.fstatSync(descriptor);
      if (stat.isDirectory()) throw unreadable(file, "it is a folder");
      if (!stat.isFile()) throw unreadable(file, "it is a device, a socket or a pipe");
      if (stat.size > TEXT_LIMIT) {
        throw new Failure("file-too-big", `this file is too big for a pipeline: "${file}"`, {
          why: `It has ${stat.size} bytes; a pipeline file may have up to ${TEXT_LIMIT}.`,
          fix: "Put long lists into a table, or correct the path if another file was meant.",
          place: file,
        });
      }
      return fs.readFileSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isAbsent(error)) return undefined;
    throw unreadable(file, systemReason(error), error);
  }
}

function unreadable(file: string, reason: string, cause?: unknown): Failure {
  return new Failure("file-unreadable", `this file cannot be read: "${file}"`, {
    why: `The system says: ${reason}.`,
    fix: "Make it a readable file, or correct the path.",
    place: file,
    cause,
  });
}
