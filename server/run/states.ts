import type { ContentId, RunId } from "../base/brand.js";
import { madeItems, stagedPathOf } from "../graph/made.js";
import type { GraphNode, NodeIds, RecordedFile } from "../graph/model.js";
import { idsKnown, type MadeOuts, type UnknownIds } from "../graph/recipe.js";
import { OutReference } from "../graph/value.js";
import type { NamesLine, ResultRecord } from "../store/record.js";
import type { Lookup, StoredResult } from "../store/store.js";
import type { OpenedPipeline } from "./pipeline.js";
import { runIds } from "./runs.js";

/** What the store says of a node (language.md, "States of a node"); what the newest run says is in `runs.ts`. */
export type StateName = "cached" | "stale" | "waiting" | "missing" | "broken" | "unknown";

export type NodeState =
  /** `by` content: made under another recipe with the same content id; using it writes a record of its own (A4). */
  | { readonly state: "cached"; readonly by: "recipe" | "content"; readonly result: StoredResult }
  | { readonly state: "stale"; readonly cause: StaleCause; readonly earlier: Earlier | undefined }
  /** `upstream`: those that it waits for; when none is left to wait for, those that came back with other bytes. */
  | {
      readonly state: "waiting";
      readonly upstream: readonly GraphNode[];
      readonly earlier: Earlier | undefined;
    }
  | { readonly state: "broken"; readonly reason: string }
  /** `earlier`: it was made once, and its result has been collected since. */
  | { readonly state: "missing"; readonly earlier: Earlier | undefined }
  | { readonly state: "unknown"; readonly reason: string };

export type StaleCause =
  /** Its own parts differ from those it had last (B2). */
  | "changed"
  /** Same recipe, but an upstream has been made again with other bytes (A2). */
  | "other-bytes"
  /** `--no-cache` asks for it. */
  | "asked";

/** What a node was the last time that a run had it. */
export interface Earlier {
  readonly line: NamesLine;
  readonly run: RunId;
}

export interface StatesOptions {
  /** Nodes that count as stale whatever the store has. */
  readonly noCache?: ReadonlySet<GraphNode>;
  readonly signal?: AbortSignal;
}

/** How much of the past is read to find out what a node had earlier: names files, newest first. */
const HISTORY_LISTED = 64;
const HISTORY_READ = 12;
/** Nodes between two pauses of the pass: some milliseconds, so that an editor stays awake. */
const SLICE = 512;

/** What is there of a node for those below it. */
enum Presence {
  Absent,
  /** It has a result that counts. */
  Usable,
  /** Its record mixes generations (A2), or rests on one that does: it is looked at again once that has run. */
  Mixed,
}

/**
 * The states of all nodes of a graph, as of one look at the store: one bulk look-up and one topological pass (B2).
 * Linear in nodes and edges; what is cached costs no recipe, no history and, without upstream, no further hash.
 */
export class States {
  readonly #states: readonly NodeState[];
  readonly #contents: readonly (ContentId | undefined)[];

  private constructor(states: readonly NodeState[], contents: readonly (ContentId | undefined)[]) {
    this.#states = states;
    this.#contents = contents;
  }

  of(node: GraphNode): NodeState {
    const state = this.#states[node.index];
    if (state === undefined) throw new Error(`the node is not of this graph: "${node.name}"`);
    return state;
  }

  /** What a node made, when its state is cached. */
  madeBy(node: GraphNode): MadeOuts | undefined {
    const state = this.of(node);
    return state.state === "cached" ? state.result.outs : undefined;
  }

  /** The content id, for nodes whose whole upstream is cached; the store was asked for it. */
  contentOf(node: GraphNode): ContentId | undefined {
    return this.#contents[node.index];
  }

  static async look(opened: OpenedPipeline, options: StatesOptions = {}): Promise<States> {
    const { graph, identifier } = opened;
    const { nodes } = graph;
    const ids = nodes.map((node) => identifier.ids(node));
    const lookups = await lookUp(opened, ids);

    const states: (NodeState | undefined)[] = new Array<undefined>(nodes.length).fill(undefined);
    const contents: (ContentId | undefined)[] = new Array<undefined>(nodes.length).fill(undefined);
    const presence = new Uint8Array(nodes.length);
    const made = (upstream: GraphNode): MadeOuts | undefined => {
      const state = states[upstream.index];
      return state?.state === "cached" ? state.result.outs : undefined;
    };
    const contentsOfStore = opened.store.contents();
    const find = (content: ContentId | undefined) =>
      content === undefined ? undefined : contentsOfStore.find(content);
    const toRemember: GraphNode[] = [];

    for (const node of nodes) {
      if (node.index % SLICE === SLICE - 1) {
        await new Promise((resolve) => setImmediate(resolve));
        options.signal?.throwIfAborted();
      }
      const own = ids[node.index];
      const lookup = lookups[node.index];
      if (own === undefined || !idsKnown(own) || lookup === undefined) {
        const reason = own === undefined || idsKnown(own) ? "the store was not asked" : own.unknown;
        states[node.index] = { state: "unknown", reason };
        continue;
      }
      if (options.noCache?.has(node)) {
        states[node.index] = { state: "stale", cause: "asked", earlier: undefined };
        contents[node.index] = identifier.content(node, made);
        presence[node.index] = Presence.Mixed;
        continue;
      }
      const mixed = node.upstream.filter((upstream) => presence[upstream.index] === Presence.Mixed);
      if (lookup.kind === "usable") {
        if (mixed.length > 0) {
          // What it was made from is made again; whether it can stay is known by its content id then.
          states[node.index] = { state: "waiting", upstream: mixed, earlier: undefined };
          presence[node.index] = Presence.Mixed;
          continue;
        }
        // Without upstream the recipe says all that the content id does, so no hash is spent on what is known.
        const alone = node.upstream.length === 0;
        const content = alone ? lookup.result.content : identifier.content(node, made);
        const counts =
          content === undefined
            ? await matchesPresent(opened, node, made)
            : content === lookup.result.content;
        contents[node.index] = content;
        if (counts) {
          states[node.index] = { state: "cached", by: "recipe", result: lookup.result };
          presence[node.index] = Presence.Usable;
          continue;
        }
        const found = find(content);
        if (found === undefined) {
          states[node.index] = { state: "stale", cause: "other-bytes", earlier: undefined };
          presence[node.index] = Presence.Mixed;
        } else {
          states[node.index] = { state: "cached", by: "content", result: found };
          presence[node.index] = Presence.Usable;
        }
        continue;
      }
      const content = mixed.length > 0 ? undefined : identifier.content(node, made);
      contents[node.index] = content;
      const found = find(content);
      if (found !== undefined) {
        states[node.index] = { state: "cached", by: "content", result: found };
        presence[node.index] = Presence.Usable;
      } else if (lookup.kind === "broken") {
        states[node.index] = { state: "broken", reason: lookup.reason };
      } else {
        toRemember.push(node);
      }
    }

    const history = await readHistory(opened, new Set(toRemember.map((node) => node.name)));
    for (const node of toRemember) {
      const own = ids[node.index];
      if (own === undefined || !idsKnown(own)) throw new Error("a node without ids has a state already");
      const waitsFor = node.upstream.filter((upstream) => presence[upstream.index] !== Presence.Usable);
      states[node.index] = stateFromHistory(node, own, history.get(node.name), waitsFor);
    }
    return new States(
      states.map((state) => state ?? { state: "unknown", reason: "the store was not asked" }),
      contents,
    );
  }
}

function stateFromHistory(
  node: GraphNode,
  ids: NodeIds,
  earlier: Earlier | undefined,
  waitsFor: readonly GraphNode[],
): NodeState {
  if (earlier === undefined) return { state: "missing", earlier };
  if (earlier.line.own !== ids.own) return { state: "stale", cause: "changed", earlier };
  if (earlier.line.recipe === ids.recipe) return { state: "missing", earlier };
  return { state: "waiting", upstream: waitsFor.length > 0 ? waitsFor : node.upstream, earlier };
}

/** Looks all known recipes up at once. The result has the positions of `ids`. */
async function lookUp(
  opened: OpenedPipeline,
  ids: readonly (NodeIds | UnknownIds)[],
): Promise<readonly (Lookup | undefined)[]> {
  const positions: number[] = [];
  const recipes = ids.flatMap((own, position) => {
    if (!idsKnown(own)) return [];
    positions.push(position);
    return [own.recipe];
  });
  const found = await opened.store.lookup(recipes, {
    objects: true,
    names: { projectId: opened.project.id, pipeline: opened.pipeline },
  });
  const lookups: (Lookup | undefined)[] = new Array<undefined>(ids.length).fill(undefined);
  positions.forEach((position, at) => {
    lookups[position] = found[at];
  });
  return lookups;
}

/**
 * The rule for a record with some upstream results gone (A2): what it was made from must be what the present ones have;
 * the absent ones don't speak against it.
 */
async function matchesPresent(
  opened: OpenedPipeline,
  node: GraphNode,
  made: (upstream: GraphNode) => MadeOuts | undefined,
): Promise<boolean> {
  const present = node.upstream.filter((upstream) => made(upstream) !== undefined);
  if (present.length === 0) return true;
  const ids = opened.identifier.ids(node);
  if (!idsKnown(ids)) return false;
  const record = await opened.store.readRecord(ids.recipe);
  if (record === undefined) return false;
  return changedUpstream(opened, node, record, made).length === 0;
}

/** The present upstream nodes whose outs are not those that `record` was made from. */
export function changedUpstream(
  opened: OpenedPipeline,
  node: GraphNode,
  record: ResultRecord,
  made: (upstream: GraphNode) => MadeOuts | undefined,
): readonly GraphNode[] {
  return node.upstream.filter((upstream) => {
    const ids = opened.identifier.ids(upstream);
    if (!idsKnown(ids) || made(upstream) === undefined) return false;
    return node.transform.ins.some(({ name }, position) => {
      const recorded = listOf(record.inputs[name] ?? null)
        .filter((file) => file.recipe === ids.recipe)
        .map((file) => `${file.sha256} ${file.executable} ${file.name}`);
      const now = listOf(node.ins[position] ?? null).flatMap((item) => {
        const { source } = item;
        if (!(source instanceof OutReference)) return [];
        const other = opened.identifier.ids(source.node);
        // Two upstream nodes of one recipe are one thing to the record.
        if (!idsKnown(other) || other.recipe !== ids.recipe) return [];
        const files: readonly RecordedFile[] = madeItems(source, made) ?? [];
        return files.map((file) => `${file.sha256} ${file.executable} ${stagedPathOf(item, file)}`);
      });
      return recorded.length !== now.length || recorded.some((text, at) => text !== now[at]);
    });
  });
}

function listOf<T extends object>(value: null | T | readonly T[]): readonly T[] {
  if (value === null) return [];
  return isList(value) ? value : [value];
}

function isList<T extends object>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/**
 * What nodes were in the newest run that had them (B1): runs of this checkout first, since another checkout's may be
 * of another branch. Reads nothing when nothing is asked for.
 */
export async function readHistory(
  opened: OpenedPipeline,
  nodes: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Earlier>> {
  const found = new Map<string, Earlier>();
  if (nodes.size === 0) return found;
  const { store, project, pipeline } = opened;
  const listed = await store.nameFiles(project.id, pipeline, HISTORY_LISTED);
  const own = new Set<string>(runIds(project.folders.runs));
  const ordered = [...listed.filter((run) => own.has(run)), ...listed.filter((run) => !own.has(run))];
  for (const run of ordered.slice(0, HISTORY_READ)) {
    for (const line of await store.readNames(project.id, pipeline, run)) {
      if (nodes.has(line.node) && !found.has(line.node)) found.set(line.node, { line, run });
    }
    if (found.size === nodes.size) break;
  }
  return found;
}
