import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../../base/failure.js";
import { readIfThere, replaceFile, systemReason } from "../../data/files.js";
import type { Account } from "../account.js";
import type { Ref } from "./resource.js";

/** What a settings file knows of one resource (engine-rules.md F3). */
export interface Entry {
  /** Its name in the account: the only thing that is known of one whose create was cut off. */
  readonly name: string;
  /** What is being done, until it is known to be done. */
  readonly step?: "create" | "remove";
  /** Present once it was there. */
  readonly ref?: Ref;
  /** We did not make it. */
  readonly adopted?: true;
  /** What `cloud.adopt` named when it was adopted, as it is written there. */
  readonly chosen?: string;
  /** When the step began or the id was learnt: ISO 8601, UTC. */
  readonly at: string;
}

/** The part of a settings file that is ours, under the key `reprod`. */
export interface Book {
  readonly project: string;
  readonly account: string;
  readonly region: string;
  /** What was asked for by name in earlier calls (compute environments). */
  readonly declared: unknown;
  readonly entries: ReadonlyMap<string, Entry>;
}

/**
 * A group's settings file: what other tools take of it stands at its top once the group is whole (`vpc_id`, …); the
 * book of what was begun and made stands under `reprod`. Every write replaces the whole file, so that a reader sees
 * the old one or the new one.
 */
export class SettingsFile {
  readonly path: string;
  readonly #account: Account;
  readonly #projectId: string;
  #declared: unknown;
  #entries: Map<string, Entry>;
  #shown: { readonly [key: string]: unknown };
  /** Where the first write puts what is there, when it is not ours: broken by hand, or of other tools of the same name. */
  readonly aside: { readonly file: string; readonly why: string } | undefined;

  /**
   * Reads a settings file, or begins one. Throws `settings-of-another` for one of another project, account or region,
   * and `settings-unreadable`. One whose text is broken by hand is no obstacle: what it knew is found by tags; the
   * first write keeps it aside.
   */
  constructor(file: string, projectId: string, account: Account) {
    this.path = file;
    this.#account = account;
    this.#projectId = projectId;
    const read = readBook(file);
    const book = read === "broken" ? undefined : read?.book;
    const why =
      read === "broken"
        ? "it cannot be read as settings; what it named is found by its tags"
        : read !== undefined && book === undefined
          ? "it was not written by Reprod; what it names is left alone"
          : undefined;
    this.aside = why === undefined ? undefined : { file: asideOf(file), why };
    if (book !== undefined) refuseOthers(file, book, projectId, account);
    this.#declared = book?.declared ?? null;
    this.#entries = new Map(book?.entries);
    this.#shown = read === "broken" || book === undefined ? {} : (read?.shown ?? {});
  }

  entry(part: string): Entry | undefined {
    return this.#entries.get(part);
  }
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }
  get declared(): unknown {
    return this.#declared;
  }
  /** Whether it tells other tools of a group that is whole. */
  get isWhole(): boolean {
    return Object.keys(this.#shown).length > 0;
  }
  get shown(): { readonly [key: string]: unknown } {
    return this.#shown;
  }

  declare(declared: unknown): void {
    if (JSON.stringify(declared) === JSON.stringify(this.#declared)) return;
    this.#declared = declared;
    this.#write();
  }

  set(part: string, entry: Entry): void {
    this.#entries.set(part, entry);
    this.#write();
  }

  /** Forgets a resource that is gone. */
  delete(part: string): void {
    if (this.#entries.delete(part)) this.#write();
  }

  /** Says what other tools take; an empty object while the group is not whole. */
  show(shown: { readonly [key: string]: unknown }): void {
    if (JSON.stringify(shown) === JSON.stringify(this.#shown)) return;
    this.#shown = shown;
    this.#write();
  }

  #write(): void {
    try {
      if (this.aside !== undefined && !fs.existsSync(this.aside.file) && fs.existsSync(this.path)) {
        fs.renameSync(this.path, this.aside.file);
      }
      if (this.#entries.size === 0 && this.#declared === null) {
        fs.rmSync(this.path, { force: true });
        return;
      }
      fs.mkdirSync(path.dirname(this.path), { recursive: true });
      const { accountId, region } = this.#account;
      const book = {
        project: this.#projectId,
        account: accountId,
        region,
        ...(this.#declared === null ? {} : { declared: this.#declared }),
        resources: Object.fromEntries(this.#entries),
      };
      replaceFile(this.path, `${JSON.stringify({ ...this.#shown, reprod: book }, undefined, 2)}\n`);
    } catch (error) {
      throw new Failure("settings-unwritable", `the settings of a group cannot be written: "${this.path}"`, {
        why: `The system says: ${systemReason(error)}. What is begun in the account is noted there first, so nothing more was begun.`,
        fix: "Make the folder writable and say the same again: it goes on from what is there.",
        place: this.path,
        cause: error,
      });
    }
  }
}

function asideOf(file: string): string {
  for (let number = 1; ; number++) {
    const aside = `${file}.before${number === 1 ? "" : `-${number}`}`;
    if (!fs.existsSync(aside)) return aside;
  }
}

type Read = { readonly book: Book | undefined; readonly shown: { readonly [key: string]: unknown } };

/** What a settings file says; undefined when there is none. */
export function readBook(file: string): Read | "broken" | undefined {
  let text: string | undefined;
  try {
    text = readIfThere(file)?.toString("utf8");
  } catch (error) {
    throw new Failure("settings-unreadable", `the settings of a group cannot be read: "${file}"`, {
      why: `The system says: ${systemReason(error)}.`,
      fix: "Make it a readable file.",
      place: file,
      cause: error,
    });
  }
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "broken";
  }
  if (!isObject(value)) return "broken";
  const { reprod, ...shown } = value;
  if (reprod === undefined) return { book: undefined, shown };
  const book = toBook(reprod);
  return book === undefined ? "broken" : { book, shown };
}

function toBook(value: unknown): Book | undefined {
  if (!isObject(value) || !isObject(value.resources)) return undefined;
  const { project, account, region, declared } = value;
  if (typeof project !== "string" || typeof account !== "string" || typeof region !== "string") {
    return undefined;
  }
  const entries = new Map<string, Entry>();
  for (const [part, entry] of Object.entries(value.resources)) {
    const read = toEntry(entry);
    if (read === undefined) return undefined;
    entries.set(part, read);
  }
  return { project, account, region, declared: declared ?? null, entries };
}

function toEntry(value: unknown): Entry | undefined {
  if (!isObject(value) || typeof value.name !== "string") return undefined;
  const { name, step, adopted, chosen, at } = value;
  const ref = value.ref === undefined ? undefined : toRef(value.ref);
  if (value.ref !== undefined && ref === undefined) return undefined;
  return {
    name,
    ...(step === "create" || step === "remove" ? { step } : {}),
    ...(ref && { ref }),
    ...(adopted === true ? { adopted } : {}),
    ...(typeof chosen === "string" ? { chosen } : {}),
    at: typeof at === "string" ? at : "",
  };
}

function toRef(value: unknown): Ref | undefined {
  if (!isObject(value) || typeof value.id !== "string") return undefined;
  const attributes = isObject(value.attributes)
    ? Object.entries(value.attributes).filter((pair): pair is [string, string] => typeof pair[1] === "string")
    : undefined;
  return {
    id: value.id,
    ...(typeof value.arn === "string" ? { arn: value.arn } : {}),
    ...(attributes && { attributes: Object.fromEntries(attributes) }),
  };
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Ids of another account or region would be looked for in vain, and made a second time (engine-rules.md F1). */
function refuseOthers(file: string, book: Book, projectId: string, account: Account): void {
  if (book.project === projectId && book.account === account.accountId && book.region === account.region) {
    return;
  }
  const other =
    book.project === projectId ? `account ${book.account}, region ${book.region}` : `project ${book.project}`;
  const now =
    book.project === projectId
      ? `account ${account.accountId}, region ${account.region}`
      : `project ${projectId}`;
  throw new Failure("settings-of-another", `this is of ${other}, and you work in ${now}: "${file}"`, {
    why: "A settings file says what was made where. To look for it elsewhere would find nothing and make everything a second time.",
    fix: "Choose the profile and region that it was made with, or move the file away (or name another `cloud.folder` in reprod.json) to begin anew here.",
    place: file,
  });
}
