import { structuredPatch } from "diff";
import type { RecipeId } from "../base/brand.js";
import { unreachable } from "../base/failure.js";
import { sizeText, timeText } from "../language/units.js";
import { canonicalText } from "./canonical.js";
import type { Recipe, RecipeFile, RecipeIn, RecipeWhere, TaggedValue } from "./model.js";

/** One thing in which two recipes differ; plain JSON. Values are shown as a person writes them. */
export type Reason =
  | {
      readonly kind: "param";
      readonly name: string;
      readonly before: string | null;
      readonly after: string | null;
    }
  /** `lines` as in a unified diff: each begins with ` `, `+`, `-` or `@`. */
  | { readonly kind: "script"; readonly lines: readonly string[] }
  | { readonly kind: "interpreter"; readonly before: string; readonly after: string }
  | { readonly kind: "image"; readonly before: string; readonly after: string }
  /** From the host into an image or back. */
  | { readonly kind: "where"; readonly before: "host" | "image"; readonly after: "host" | "image" }
  | { readonly kind: "platform"; readonly before: string; readonly after: string }
  | { readonly kind: "tool"; readonly name: string; readonly change: Change }
  | { readonly kind: "network"; readonly after: boolean }
  | {
      readonly kind: "env";
      readonly name: string;
      readonly before: string | null;
      readonly after: string | null;
    }
  /** A file of an in that no node makes: its content, or whether it is there. `file` is its staged path. */
  | { readonly kind: "input"; readonly name: string; readonly file: string; readonly change: Change }
  /** The same files in another order, or under other staged names. */
  | { readonly kind: "staging"; readonly name: string }
  | { readonly kind: "out"; readonly name: string; readonly change: Change }
  | { readonly kind: "semantics"; readonly before: number; readonly after: number }
  /** What an upstream node is made of has changed; `causes` says how. */
  | {
      readonly kind: "upstream";
      readonly name: string;
      readonly out: string;
      readonly before: RecipeId;
      readonly after: RecipeId;
    };

export type Change = "changed" | "added" | "removed";

/** All in which `after` differs from `before`; empty exactly when they are one recipe. Linear in the recipes. */
export function difference(before: Recipe, after: Recipe): readonly Reason[] {
  const reasons: Reason[] = [];
  if (before.semantics !== after.semantics)
    reasons.push({ kind: "semantics", before: before.semantics, after: after.semantics });
  for (const { name, old, now } of pairs(before.params, after.params)) {
    if (!sameJson(old, now)) reasons.push({ kind: "param", name, ...shownPair(old, now) });
  }
  if (before.script !== after.script)
    reasons.push({ kind: "script", lines: lineDifference(before.script, after.script) });
  if (!sameJson(before.interpreter, after.interpreter))
    reasons.push({
      kind: "interpreter",
      before: before.interpreter.join(" "),
      after: after.interpreter.join(" "),
    });
  whereDifference(before.where, after.where, reasons);
  if (before.network !== after.network) reasons.push({ kind: "network", after: after.network });
  for (const { name, old, now } of pairs(before.env, after.env)) {
    if (old !== now)
      reasons.push({
        kind: "env",
        name,
        before: old === undefined ? null : shownText(old),
        after: now === undefined ? null : shownText(now),
      });
  }
  for (const { name, old, now } of pairs(before.ins, after.ins))
    inDifference(name, old ?? null, now ?? null, reasons);
  for (const { name, old, now } of pairs(before.outs, after.outs)) {
    if (!sameJson(old, now)) reasons.push({ kind: "out", name, change: changeOf(old, now) });
  }
  // An in that was declared without being given (null) changes the recipe, not the files.
  for (const { name, old, now } of pairs(before.ins, after.ins)) {
    if (
      (old === undefined || now === undefined) &&
      !reasons.some((reason) => reason.kind !== "param" && "name" in reason && reason.name === name)
    )
      reasons.push({ kind: "staging", name });
  }
  return reasons;
}

/** A reason in words: ``param `depth` 30 → 60``. `nameOf` names the node that a recipe is of. */
export function reasonText(
  reason: Reason,
  nameOf: (recipe: RecipeId) => string | undefined = () => undefined,
): string {
  switch (reason.kind) {
    case "param":
    case "env": {
      const { kind, name, before, after } = reason;
      if (before === null) return `${kind} \`${name}\` added: ${after}`;
      if (after === null) return `${kind} \`${name}\` removed`;
      return `${kind} \`${name}\` ${before} → ${after}`;
    }
    case "script":
      return "script changed";
    case "interpreter":
      return `interpreter changed: ${reason.before} → ${reason.after}`;
    case "image":
      return `image changed: ${reason.before} → ${reason.after}`;
    case "where":
      return reason.after === "image"
        ? "runs in its image now, no longer on the host"
        : "runs on the host now, no longer in its image";
    case "platform":
      return `platform changed: ${reason.before} → ${reason.after}`;
    case "tool":
      return `tool \`${reason.name}\` ${reason.change}`;
    case "network":
      return reason.after ? "may reach the network now" : "may no longer reach the network";
    case "input":
      if (reason.change === "changed")
        return `input \`${reason.name}\` has new content: ${baseName(reason.file)}`;
      return `input \`${reason.name}\`: ${baseName(reason.file)} ${reason.change}`;
    case "staging":
      return `input \`${reason.name}\` has its files in another order or under other names`;
    case "out":
      return `out \`${reason.name}\` ${reason.change}`;
    case "semantics":
      return `a newer Reprod runs scripts in another way: ${reason.before} → ${reason.after}`;
    case "upstream": {
      const node = nameOf(reason.after);
      return node === undefined
        ? `what makes input \`${reason.name}\` changed`
        : `upstream \`${node}\` changed`;
    }
    default:
      return unreachable(reason);
  }
}

/** Where recipes by their ids come from: the old ones from stored records, the new ones from the graph. */
export interface RecipeSource {
  before(id: RecipeId): Promise<Recipe | undefined>;
  after(id: RecipeId): Promise<Recipe | undefined>;
}

/** A change higher up in the graph that reaches a node. */
export interface Cause {
  /** From the node that changed down to the one right above the node asked about; recipes as they are now. */
  readonly path: readonly RecipeId[];
  /** Undefined when the old recipe is no longer stored, so that nothing can be compared. */
  readonly reasons: readonly Reason[] | undefined;
}

/**
 * The first causes of a difference: follows changed upstream recipes to those that differ in parts of their own.
 * Each pair of recipes is looked at once, so the cost is that of the changed part of the graph; at most `limit`
 * causes, the nearest first.
 */
export async function causes(
  reasons: readonly Reason[],
  recipes: RecipeSource,
  limit = 20,
): Promise<readonly Cause[]> {
  const found: Cause[] = [];
  const seen = new Set<string>();
  let front: Step[] = upstreamSteps(reasons, undefined, seen);
  while (front.length > 0 && found.length < limit) {
    const next: Step[] = [];
    for (const step of front) {
      if (found.length >= limit) break;
      const [before, after] = await Promise.all([recipes.before(step.before), recipes.after(step.after)]);
      if (before === undefined || after === undefined) {
        found.push({ path: pathOf(step), reasons: undefined });
        continue;
      }
      const all = difference(before, after);
      const own = all.filter(({ kind }) => kind !== "upstream");
      if (own.length > 0) found.push({ path: pathOf(step), reasons: own });
      next.push(...upstreamSteps(all, step, seen));
    }
    front = next;
  }
  return found;
}

interface Step {
  readonly before: RecipeId;
  readonly after: RecipeId;
  /** The step below, whose node reads this one's. */
  readonly below: Step | undefined;
}

function upstreamSteps(reasons: readonly Reason[], below: Step | undefined, seen: Set<string>): Step[] {
  const steps: Step[] = [];
  for (const reason of reasons) {
    if (reason.kind !== "upstream") continue;
    const pair = `${reason.before} ${reason.after}`;
    if (seen.has(pair)) continue;
    seen.add(pair);
    steps.push({ before: reason.before, after: reason.after, below });
  }
  return steps;
}

function pathOf(step: Step): readonly RecipeId[] {
  const path: RecipeId[] = [];
  for (let at: Step | undefined = step; at !== undefined; at = at.below) path.push(at.after);
  return path;
}

/** A cause in words: ``upstream `aligned["ANN0830", 2]`: param `lossy` false → true``. */
export function causeText(cause: Cause, nameOf: (recipe: RecipeId) => string | undefined): readonly string[] {
  const [first] = cause.path;
  const node = first === undefined ? undefined : nameOf(first);
  const start = node === undefined ? "upstream" : `upstream \`${node}\``;
  if (cause.reasons === undefined) return [`${start}: what it was made of before is no longer stored`];
  return cause.reasons.map((reason) => `${start}: ${reasonText(reason, nameOf)}`);
}

// ---------------------------------------------------------------- parts

function whereDifference(before: RecipeWhere, after: RecipeWhere, reasons: Reason[]): void {
  if (before.kind !== after.kind) reasons.push({ kind: "where", before: before.kind, after: after.kind });
  if (before.platform !== after.platform)
    reasons.push({ kind: "platform", before: before.platform, after: after.platform });
  if (before.kind === "image" && after.kind === "image") {
    if (before.image !== after.image || before.unpinned !== after.unpinned)
      reasons.push({ kind: "image", before: shownImage(before), after: shownImage(after) });
  }
  if (before.kind !== "host" || after.kind !== "host") return;
  for (const { name, old, now } of pairs(before.tools, after.tools))
    if (old !== now)
      reasons.push({ kind: "tool", name: name.replace(/\/\d+\//, ": "), change: changeOf(old, now) });
}

function shownImage({ image, unpinned }: Extract<RecipeWhere, { kind: "image" }>): string {
  const shown = image.startsWith("sha256:") ? image.slice(0, "sha256:".length + 12) : image;
  return unpinned ? `${shown} (not pinned)` : shown;
}

/** Files are matched by their staged path, which is their own within a node. */
function inDifference(name: string, before: RecipeIn, after: RecipeIn, reasons: Reason[]): void {
  const old = filesOf(before);
  const now = filesOf(after);
  const count = reasons.length;
  const unmatched = new Map(old.map((file) => [file.name, file]));
  const added: RecipeFile[] = [];
  for (const file of now) {
    const match = unmatched.get(file.name);
    if (match === undefined) added.push(file);
    else {
      unmatched.delete(file.name);
      fileDifference(name, match, file, reasons);
    }
  }
  const removed = [...unmatched.values()];
  const [gone] = removed;
  const [come] = added;
  // A single in under another name is the same in with other content, not one in less and one more.
  if (old.length === 1 && now.length === 1 && gone !== undefined && come !== undefined) {
    fileDifference(name, gone, come, reasons);
    reasons.push({ kind: "staging", name });
    return;
  }
  for (const file of removed) reasons.push({ kind: "input", name, file: file.name, change: "removed" });
  for (const file of added) reasons.push({ kind: "input", name, file: file.name, change: "added" });
  const sameOrder = old.length === now.length && old.every((file, at) => file.name === now[at]?.name);
  const sameShape = Array.isArray(before) === Array.isArray(after) && (before === null) === (after === null);
  if (reasons.length === count && !(sameOrder && sameShape)) reasons.push({ kind: "staging", name });
  else if (!sameOrder && removed.length === 0 && added.length === 0) reasons.push({ kind: "staging", name });
}

function fileDifference(name: string, before: RecipeFile, after: RecipeFile, reasons: Reason[]): void {
  if ("recipe" in before && "recipe" in after) {
    if (before.out !== after.out) reasons.push({ kind: "input", name, file: after.name, change: "changed" });
    else if (before.recipe !== after.recipe)
      reasons.push({ kind: "upstream", name, out: after.out, before: before.recipe, after: after.recipe });
  } else if (!sameJson({ ...before, name: "" }, { ...after, name: "" }))
    reasons.push({ kind: "input", name, file: after.name, change: "changed" });
}

function filesOf(value: RecipeIn): readonly RecipeFile[] {
  if (value === null) return [];
  return isFiles(value) ? value : [value];
}

function isFiles(value: RecipeFile | readonly RecipeFile[]): value is readonly RecipeFile[] {
  return Array.isArray(value);
}

interface Pair<T> {
  readonly name: string;
  readonly old: T | undefined;
  readonly now: T | undefined;
}

/** Entries of two objects by name: those of `before` first, in their order. */
function pairs<T>(
  before: { readonly [name: string]: T },
  after: { readonly [name: string]: T },
): readonly Pair<T>[] {
  const old = new Map(Object.entries(before));
  const now = new Map(Object.entries(after));
  return [...new Set([...old.keys(), ...now.keys()])].map((name) => ({
    name,
    old: old.get(name),
    now: now.get(name),
  }));
}

function changeOf(old: unknown, now: unknown): Change {
  return old === undefined ? "added" : now === undefined ? "removed" : "changed";
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalText(a) === canonicalText(b);
}

function shownPair(
  old: TaggedValue | undefined,
  now: TaggedValue | undefined,
): { readonly before: string | null; readonly after: string | null } {
  const before = old === undefined ? null : shownValue(old);
  const after = now === undefined ? null : shownValue(now);
  if (before !== after || before === null) return { before, after };
  // `1` as an Int and as a Float look alike, and so do long values with a late difference.
  return { before: `${before} (${tagOf(old)})`, after: `${after} (${tagOf(now)})` };
}

function tagOf(value: TaggedValue | undefined): string {
  return Object.keys(value ?? { null: 0 })[0] ?? "null";
}

const SHOWN_LENGTH = 80;

function shownText(text: string): string {
  return cut(JSON.stringify(text));
}

function shownValue(value: TaggedValue): string {
  return cut(wholeValue(value));
}

function cut(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

function wholeValue(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const [[tag, inner] = ["", null]] = Object.entries(value);
  switch (tag) {
    case "Int":
      return String(inner);
    case "Bytes":
      return sizeText(Number(inner));
    case "Duration":
      return timeText(Number(inner));
    case "List":
      return Array.isArray(inner) ? `[${inner.map(wholeValue).join(", ")}]` : "[]";
    default:
      return JSON.stringify(inner);
  }
}

/** Beyond this many lines that differ, a difference says no more than the two texts. */
const EDIT_LIMIT = 2000;

function lineDifference(before: string, after: string): readonly string[] {
  const patch = structuredPatch("", "", before, after, "", "", { context: 3, maxEditLength: EDIT_LIMIT });
  if (patch === undefined) return [...linesWith("-", before), ...linesWith("+", after)];
  return patch.hunks.flatMap(({ oldStart, newStart, lines }, at) =>
    at === 0 ? lines : [`@ line ${oldStart} → ${newStart}`, ...lines],
  );
}

function linesWith(sign: "+" | "-", text: string): readonly string[] {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => sign + line);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/", path.length - 2) + 1);
}
