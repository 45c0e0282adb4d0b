import { hash } from "node:crypto";
import { type ContentId, isRunId, isSha256, type OwnId, type RecipeId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { canonicalText } from "../graph/canonical.js";
import type { Recipe, RecordedFile, RecordedOut } from "../graph/model.js";
import { contentIdOf, recipeIdOf } from "../graph/recipe.js";
import { isSafeRelativePath } from "./layout.js";
import type { Making, NamesLine, RecordedInput, RecordedInputFile, ResultRecord } from "./record.js";
import type { StoredResult } from "./store.js";

/**
 * The text of a record, and reading it back without trust: whoever can write to a store can write anything, and a
 * power cut can leave half of a file (engine-rules.md C9, C10, D8).
 *
 * A record file is one line, `{"checksum":"<sha256>","record":{…}}`. The checksum is that of the record's text, byte
 * for byte as it stands there, so that a torn or rotten file is told from a whole one without guessing.
 */

export const RECORD_FORMAT = 1;
export const NAMES_FORMAT = 1;

const BEFORE_CHECKSUM = '{"checksum":"';
const BEFORE_RECORD = '","record":';
const AFTER_RECORD = "}\n";
const RECORD_START = BEFORE_CHECKSUM.length + 64 + BEFORE_RECORD.length;

/**
 * Throws an `Error` for a record that would be broken once it is read: a cache that takes what it cannot give back
 * fails late and without a word. Some 30 µs.
 */
export function printRecord(record: ResultRecord): string {
  const { format, recipeId, contentId, adoptedFrom, outs, recipe, inputs, made } = record;
  const text = JSON.stringify({ format, recipeId, contentId, adoptedFrom, outs, recipe, inputs, made });
  if (!isResultRecord(record)) throw new Error(`a record has not the parts of a record: ${text}`);
  if (recipeIdOf(recipe) !== recipeId) throw new Error(`a record has the id of another recipe: ${text}`);
  return `${BEFORE_CHECKSUM}${hash("sha256", text)}${BEFORE_RECORD}${text}${AFTER_RECORD}`;
}

export type ReadRecord =
  | { readonly kind: "whole"; readonly record: ResultRecord }
  /** Torn, rotten, forged or of another recipe: as good as absent, and replaced when it is made again (A1). */
  | { readonly kind: "broken"; readonly reason: string };

/**
 * Reads the text of the record file of `recipe`. Throws `store-newer` for a whole record of a later format: it is
 * neither absent nor broken, and must not be replaced. Some 20 µs.
 */
export function readRecordText(text: string, recipe: RecipeId, location: string): ReadRecord {
  const found = readRecord(text, location);
  return found.kind === "whole" && found.record.recipeId !== recipe
    ? broken("it is the record of another recipe")
    : found;
}

/** The record that a content entry is, or undefined when it is broken or of another content. */
export function readRecordOfContent(
  text: string,
  content: ContentId,
  location: string,
): ResultRecord | undefined {
  const found = readRecord(text, location);
  return found.kind === "whole" && found.record.contentId === content ? found.record : undefined;
}

function readRecord(text: string, location: string): ReadRecord {
  const body = checkedBody(text);
  if (body === undefined) return broken("its checksum does not fit: it was cut off or changed");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return broken("it is not JSON");
  }
  const format = isObject(value) ? value.format : undefined;
  if (typeof format === "number" && format > RECORD_FORMAT) throw newerFormat("record", location);
  if (!isResultRecord(value)) return broken("it has not the parts of a record");
  if (idOrUndefined(() => recipeIdOf(value.recipe)) !== value.recipeId) {
    return broken("its recipe does not have the id that it claims");
  }
  if (idOrUndefined(() => contentIdOf(value.recipe, value.inputs)) !== value.contentId) {
    return broken("its content id is not that of its inputs");
  }
  return { kind: "whole", record: value };
}

function broken(reason: string): ReadRecord {
  return { kind: "broken", reason };
}

/** What is hashed comes from outside, and may be what no canonical text exists for. */
function idOrUndefined<T>(id: () => T): T | undefined {
  try {
    return id();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function checkedBody(text: string): string | undefined {
  if (!text.startsWith(BEFORE_CHECKSUM) || !text.endsWith(AFTER_RECORD)) return undefined;
  if (!text.startsWith(BEFORE_RECORD, BEFORE_CHECKSUM.length + 64)) return undefined;
  const body = text.slice(RECORD_START, -AFTER_RECORD.length);
  return text.startsWith(hash("sha256", body), BEFORE_CHECKSUM.length) ? body : undefined;
}

function newerFormat(what: "record" | "names file", location: string): Failure {
  return new Failure("store-newer", `a ${what} has a format that this Reprod does not know: "${location}"`, {
    why: "A newer version has written it, and guessing could lose results.",
    fix: "Update Reprod, or name another store in reprod.json.",
  });
}

export function storedResult(record: ResultRecord): StoredResult {
  return { recipe: record.recipeId, content: record.contentId, outs: record.outs };
}

/** Files and Dirs of a record's outs, of all names and lists. */
export function* recordedFiles(outs: { readonly [name: string]: RecordedOut }): Generator<RecordedFile> {
  for (const name in outs) {
    const out = outs[name];
    if (out === null || out === undefined) continue;
    if (isList(out)) yield* out;
    else yield out;
  }
}

/** Whether two results have the same bytes under the same names. */
export function sameOuts(
  left: { readonly [name: string]: RecordedOut },
  right: { readonly [name: string]: RecordedOut },
): boolean {
  return canonicalText(withoutSizes(left)) === canonicalText(withoutSizes(right));
}

/** Names of the outs whose bytes or paths differ. Both have the same names. */
export function differingOuts(
  left: { readonly [name: string]: RecordedOut },
  right: { readonly [name: string]: RecordedOut },
): readonly string[] {
  return Object.keys(left).filter(
    (name) => !sameOuts({ [name]: left[name] ?? null }, { [name]: right[name] ?? null }),
  );
}

function withoutSizes(outs: { readonly [name: string]: RecordedOut }): unknown {
  const plain = (file: RecordedFile) => [file.path, file.kind, file.executable, file.sha256];
  // An object, whose canonical text has no order: two transforms of one meaning may declare their outs in two orders.
  return Object.fromEntries(
    Object.entries(outs).map(([name, out]) => [
      name,
      out === null ? null : isList(out) ? out.map(plain) : plain(out),
    ]),
  );
}

// ---------------------------------------------------------------- names files

export const NAMES_HEADER = `${JSON.stringify({ format: NAMES_FORMAT })}\n`;

export function printNamesLine(line: NamesLine): string {
  const { node, own, recipe, content, outs, from } = line;
  return `${JSON.stringify({ node, own, recipe, content, outs, from })}\n`;
}

/** Whether a names file begins as this version writes them. Throws `store-newer` for one of a later format. */
export function checkNamesHeader(header: string, location: string): boolean {
  if (`${header}\n` === NAMES_HEADER) return true;
  try {
    const value: unknown = JSON.parse(header);
    if (isObject(value) && typeof value.format === "number" && value.format > NAMES_FORMAT) {
      throw newerFormat("names file", location);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    // Not JSON: damaged, which is what false says.
  }
  return false;
}

/** Undefined for a line that is damaged. */
export function readNamesLine(text: string): NamesLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isNamesLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- guards

interface JsonObject {
  readonly [key: string]: unknown;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isId(value: unknown): boolean {
  return isString(value) && isSha256(value);
}

export function isRecipeId(value: unknown): value is RecipeId {
  return isId(value);
}

function isContentId(value: unknown): value is ContentId {
  return isId(value);
}

function isOwnId(value: unknown): value is OwnId {
  return isId(value);
}

function isResultRecord(value: unknown): value is ResultRecord {
  return (
    isObject(value) &&
    value.format === RECORD_FORMAT &&
    isRecipeId(value.recipeId) &&
    isContentId(value.contentId) &&
    (value.adoptedFrom === undefined || isRecipeId(value.adoptedFrom)) &&
    isRecipe(value.recipe) &&
    isObjectOf(value.inputs, isRecordedInput) &&
    isObjectOf(value.outs, isRecordedOut) &&
    isMaking(value.made)
  );
}

function isObjectOf<T>(
  value: unknown,
  is: (item: unknown) => item is T,
): value is { readonly [name: string]: T } {
  if (!isObject(value)) return false;
  for (const name in value) if (!is(value[name])) return false;
  return true;
}

function isRecordedFile(value: unknown): value is RecordedFile {
  return (
    isObject(value) &&
    isString(value.path) &&
    isSafeRelativePath(value.path) &&
    (value.kind === "file" || value.kind === "dir") &&
    typeof value.executable === "boolean" &&
    isId(value.sha256) &&
    isSize(value.size)
  );
}

function isRecordedOut(value: unknown): value is RecordedOut {
  return value === null || (Array.isArray(value) ? value.every(isRecordedFile) : isRecordedFile(value));
}

function isRecordedInputFile(value: unknown): value is RecordedInputFile {
  return (
    isObject(value) &&
    isString(value.name) &&
    isSafeRelativePath(value.name) &&
    (value.kind === "file" || value.kind === "dir") &&
    typeof value.executable === "boolean" &&
    isId(value.sha256) &&
    isSize(value.size) &&
    isString(value.from) &&
    (value.recipe === undefined || isRecipeId(value.recipe))
  );
}

function isRecordedInput(value: unknown): value is RecordedInput {
  return (
    value === null || (Array.isArray(value) ? value.every(isRecordedInputFile) : isRecordedInputFile(value))
  );
}

/** Deep enough for every reader: what is below was hashed into the id, and is shown as text only. */
function isRecipe(value: unknown): value is Recipe {
  return (
    isObject(value) &&
    value.kind === "reprod-recipe-1" &&
    isSize(value.semantics) &&
    isWhere(value.where) &&
    Array.isArray(value.interpreter) &&
    value.interpreter.every(isString) &&
    isString(value.script) &&
    typeof value.network === "boolean" &&
    isObjectOf(value.env, isString) &&
    isObjectOf(value.params, isTaggedValue) &&
    isObjectOf(value.ins, isRecipeIn) &&
    isObjectOf(value.outs, isRecipeOut)
  );
}

function isWhere(value: unknown): boolean {
  if (!isObject(value) || !isString(value.platform)) return false;
  if (value.kind === "host") return isObjectOf(value.tools, isString);
  return value.kind === "image" && isString(value.image) && typeof value.unpinned === "boolean";
}

function isTaggedValue(value: unknown): value is null | JsonObject {
  return value === null || isObject(value);
}

function isRecipeIn(value: unknown): value is null | JsonObject | readonly JsonObject[] {
  return value === null || (Array.isArray(value) ? value.every(isRecipeFile) : isRecipeFile(value));
}

/** The staged path of a glob out is a folder and ends in `/`. */
function isRecipeFile(value: unknown): value is JsonObject {
  if (!isObject(value) || !isString(value.name)) return false;
  if (value.recipe !== undefined) {
    return (
      isRecipeId(value.recipe) && isString(value.out) && isSafeRelativePath(value.name.replace(/\/$/, ""))
    );
  }
  return (
    isSafeRelativePath(value.name) &&
    (value.kind === "file" || value.kind === "dir") &&
    typeof value.executable === "boolean" &&
    isId(value.sha256)
  );
}

function isRecipeOut(value: unknown): value is JsonObject {
  return (
    isObject(value) &&
    (value.kind === "file" || value.kind === "dir" || value.kind === "glob") &&
    typeof value.optional === "boolean" &&
    isString(value.path)
  );
}

function isMaking(value: unknown): value is Making {
  return (
    isObject(value) &&
    [
      value.node,
      value.pipeline,
      value.file,
      value.projectId,
      value.executor,
      value.engine,
      value.platform,
      value.reprodVersion,
      value.startedAt,
      value.endedAt,
    ].every(isString) &&
    isString(value.run) &&
    isRunId(value.run) &&
    (value.network === "none" || value.network === "open") &&
    (value.git === undefined || isGitState(value.git)) &&
    Array.isArray(value.attempts) &&
    value.attempts.every(isAttempt)
  );
}

function isGitState(value: unknown): boolean {
  return (
    isObject(value) &&
    isString(value.commit) &&
    typeof value.clean === "boolean" &&
    (value.remote === undefined || isString(value.remote))
  );
}

function isAttempt(value: unknown): boolean {
  if (!isObject(value) || !isSize(value.number) || !isObject(value.usage)) return false;
  const { usage } = value;
  return (
    isNumberOrAbsent(value.exitCode) &&
    (value.signal === undefined || isString(value.signal)) &&
    (value.failure === undefined || isString(value.failure)) &&
    Number.isFinite(usage.wallMilliseconds) &&
    isNumberOrAbsent(usage.cpuMilliseconds) &&
    isNumberOrAbsent(usage.peakMemoryBytes) &&
    Number.isFinite(usage.cpus) &&
    Number.isFinite(usage.memoryBytes)
  );
}

function isNumberOrAbsent(value: unknown): boolean {
  return value === undefined || Number.isFinite(value);
}

function isNamesLine(value: unknown): value is NamesLine {
  return (
    isObject(value) &&
    isString(value.node) &&
    isOwnId(value.own) &&
    isRecipeId(value.recipe) &&
    isContentId(value.content) &&
    isObjectOf(value.outs, isRecordedOut) &&
    (value.from === "made" || value.from === "reused" || value.from === "adopted")
  );
}
