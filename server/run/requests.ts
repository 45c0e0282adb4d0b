import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { ulid } from "ulid";
import { systemCode } from "../base/failure.js";

/** What a face may ask of a running run. */
export interface RunRequest {
  readonly id: string;
  readonly request: "cancel";
}

const FOLDER = "requests";

/**
 * Puts a request into a run's folder: `requests/<ulid>.json`, create-only, a file of its own (engine-rules.md C5).
 * The runner answers by an event with the same id, which is returned.
 */
export function writeRequest(runFolder: string, request: RunRequest["request"]): string {
  const folder = path.join(runFolder, FOLDER);
  fs.mkdirSync(folder, { recursive: true });
  const id = ulid();
  const temporary = path.join(folder, `.${id}.${randomBytes(4).toString("hex")}`);
  fs.writeFileSync(temporary, `${JSON.stringify({ v: 1, id, request })}\n`);
  // A rename shows the runner the whole text or nothing; the name is new, so nothing is replaced.
  fs.renameSync(temporary, path.join(folder, `${id}.json`));
  return id;
}

/** Finds requests that were not seen before; the runner asks every now and then, which costs one `readdir`. */
export class RequestInbox {
  readonly #folder: string;
  readonly #seen = new Set<string>();

  constructor(runFolder: string) {
    this.#folder = path.join(runFolder, FOLDER);
  }

  /** New requests, oldest first. A file that no face of ours wrote is passed over. */
  take(): readonly RunRequest[] {
    let names: string[];
    try {
      names = fs.readdirSync(this.#folder);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return [];
      throw error;
    }
    const found: RunRequest[] = [];
    for (const name of names.sort()) {
      if (!name.endsWith(".json") || this.#seen.has(name)) continue;
      this.#seen.add(name);
      const request = readRequest(path.join(this.#folder, name));
      if (request !== undefined) found.push(request);
    }
    return found;
  }
}

function readRequest(file: string): RunRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  if (typeof value !== "object" || value === null || !("request" in value) || value.request !== "cancel")
    return undefined;
  return { id: path.basename(file, ".json"), request: value.request };
}
