import type { FamilyView, NodeView, PipelineView } from "../../server/protocol.js";
import { grouped, nodesText, notCached } from "../format.js";
import { countsInShort, countsInWords, worstState } from "../state-text.js";
import type { Translate } from "../translate.js";

/**
 * Entries of the Pipelines view. They stay the same objects as long as they stand for the same thing, so that what is
 * expanded, selected or shown stays so when the states change; `uri` and `node` make them arguments of commands.
 */
export interface PipelineEntry {
  readonly kind: "pipeline";
  readonly id: string;
  readonly uri: string;
  view: PipelineView;
  families: readonly FamilyEntry[];
}
export interface FamilyEntry {
  readonly kind: "family";
  readonly id: string;
  readonly uri: string;
  readonly node: string;
  readonly pipeline: PipelineEntry;
  view: FamilyView;
  /** How many members are shown at most. */
  limit: number;
}
export interface MemberEntry {
  readonly kind: "member";
  readonly id: string;
  readonly uri: string;
  readonly node: string;
  readonly family: FamilyEntry;
  readonly view: NodeView;
}
/** Stands for the members that are not shown. */
export interface MoreEntry {
  readonly kind: "more";
  readonly id: string;
  readonly family: FamilyEntry;
  readonly count: number;
}
export type Entry = PipelineEntry | FamilyEntry | MemberEntry | MoreEntry;

export const firstMembers = 50;

/** What must be drawn anew: everything, or these entries with what is below them. */
export type Redraw = "all" | readonly Entry[];

export class PipelinesModel {
  #entries: readonly PipelineEntry[] = [];

  get pipelines(): readonly PipelineEntry[] {
    return this.#entries;
  }

  /** Takes what the server says now; growth: the size of what changed, besides comparing it once. */
  update(views: readonly PipelineView[]): Redraw {
    const known = new Map(this.#entries.map((entry) => [entry.uri, entry]));
    const before = this.#entries;
    const changed: Entry[] = [];
    this.#entries = views.map((view) => {
      const entry = known.get(view.uri);
      if (entry === undefined) return newPipeline(view);
      changed.push(...updatePipeline(entry, view));
      return entry;
    });
    const same =
      before.length === this.#entries.length && before.every((entry, at) => entry === this.#entries[at]);
    return same ? changed : "all";
  }

  find(uri: string, family?: string): PipelineEntry | FamilyEntry | undefined {
    const pipeline = this.#entries.find((entry) => entry.uri === uri);
    return family === undefined ? pipeline : pipeline?.families.find(({ node }) => node === family);
  }
}

function newPipeline(view: PipelineView): PipelineEntry {
  const entry: PipelineEntry = { kind: "pipeline", id: view.uri, uri: view.uri, view, families: [] };
  entry.families = view.families.map((family) => newFamily(entry, family));
  return entry;
}

function newFamily(pipeline: PipelineEntry, view: FamilyView): FamilyEntry {
  return {
    kind: "family",
    id: `${pipeline.uri}#${view.name}`,
    uri: pipeline.uri,
    node: view.name,
    pipeline,
    view,
    limit: firstMembers,
  };
}

function updatePipeline(entry: PipelineEntry, view: PipelineView): readonly Entry[] {
  const before = entry.view;
  entry.view = view;
  const names = view.families.map(({ name }) => name);
  const sameFamilies =
    names.length === entry.families.length && entry.families.every(({ node }, at) => node === names[at]);
  if (!sameFamilies) {
    const known = new Map(entry.families.map((family) => [family.node, family]));
    entry.families = view.families.map((family) => {
      const old = known.get(family.name);
      if (old === undefined) return newFamily(entry, family);
      old.view = family;
      return old;
    });
    return [entry];
  }
  const changed = entry.families.filter((family, at) => {
    const next = view.families[at];
    if (next === undefined || same(family.view, next)) return false;
    family.view = next;
    return true;
  });
  // Redrawing an entry redraws what is below it, so the line of the file alone is not told apart from its families.
  const { families: _before, ...head } = before;
  const { families: _now, ...nextHead } = view;
  return same(head, nextHead) ? changed : [entry];
}

/** Members in the order of the server, with what stands for the rest. */
export function memberEntries(
  family: FamilyEntry,
  members: readonly NodeView[],
  total: number,
): readonly (MemberEntry | MoreEntry)[] {
  const entries: (MemberEntry | MoreEntry)[] = members.map((view) => ({
    kind: "member",
    id: `${family.uri}#${view.name}`,
    uri: family.uri,
    node: view.name,
    family,
    view,
  }));
  const count = total - members.length;
  if (count > 0) entries.push({ kind: "more", id: `${family.id}#more`, family, count });
  return entries;
}

export function parentOf(entry: Entry): Entry | undefined {
  switch (entry.kind) {
    case "pipeline":
      return undefined;
    case "family":
      return entry.pipeline;
    case "member":
    case "more":
      return entry.family;
  }
}

/** Words that menus test with `viewItem =~`. */
export function contextOf(entry: Entry): string {
  switch (entry.kind) {
    case "pipeline":
      return entry.view.nodes > 0 ? "pipeline runnable" : "pipeline";
    case "family":
      return entry.view.single ? "family single runnable" : "family runnable";
    case "member":
      return `member ${entry.view.state} runnable`;
    case "more":
      return "more";
  }
}

/** The name of the file; with its folders when another one is called the same. */
export function pipelineLabel(view: PipelineView, all: readonly PipelineView[]): string {
  const name = baseName(view.path);
  return all.some((other) => other.uri !== view.uri && baseName(other.path) === name) ? view.path : name;
}

export function pipelineDescription(view: PipelineView, t: Translate): string {
  if (view.message !== undefined) return view.message;
  const parts: string[] = [];
  if (view.nodes === 0 && view.errors === 0) parts.push(t("no nodes"));
  if (view.errors > 0) parts.push(view.errors === 1 ? t("1 error") : t("{0} errors", grouped(view.errors)));
  const toDo = notCached(view.counts, view.nodes);
  const worst = worstState(view.counts);
  if (worst !== undefined) {
    parts.push(toDo === 0 ? countsInShort(view.counts, t) : t("{0} to do", grouped(toDo)));
  }
  return parts.join(" · ");
}

/** What a screen reader says: signs and shortened texts in words. */
export function pipelineSpoken(label: string, view: PipelineView, t: Translate): string {
  const errors = view.errors === 1 ? t("1 error") : t("{0} errors", grouped(view.errors));
  return [
    label,
    view.errors > 0 ? errors : "",
    nodesText(view.nodes, t),
    view.message ?? countsInWords(view.counts, t),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

export function familyDescription(view: FamilyView, t: Translate): string {
  return [view.transform, countsInShort(view.counts, t)].filter((part) => part !== "").join(" · ");
}

/**
 * The first reason, `param lossy false → true`: the sign before it tells the state, and the row is narrow. Without one,
 * the word; why a node is being made was told before.
 */
export function memberDescription({ state, why }: NodeView, word: string): string {
  const underWay = state === "running" || state === "queued";
  return (underWay ? undefined : why[0]) ?? word;
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
