import { countStates, type KnownNode, type NodeStates, type Summary } from "../features/node-states.js";
import type { Graph, GraphNode } from "../graph/model.js";
import { idsKnown } from "../graph/recipe.js";
import type { NodeStatement } from "../language/syntax.js";
import type { ShownState, StateCounts } from "../protocol.js";
import { shownStates } from "../protocol.js";
import { estimateTime } from "../run/estimate.js";
import type { OpenedPipeline } from "../run/pipeline.js";
import type { NodeRun } from "../run/said.js";
import type { States } from "../run/states.js";
import { type Judged, WhyTable } from "../run/why.js";

interface Parts {
  readonly opened: OpenedPipeline;
  readonly states: States;
  readonly said: ReadonlyMap<string, NodeRun>;
  readonly signal: AbortSignal;
}

const UNKNOWNS_TOLD = 5;

/** What a run of some nodes would have to do. */
export interface Work {
  /** Nodes that it would have to deal with, and all that they rest on. */
  readonly toRun: number;
  readonly all: number;
  readonly estimate: { readonly lowMilliseconds: number; readonly highMilliseconds: number } | undefined;
}

const attention: ReadonlyMap<ShownState, number> = new Map(shownStates.map((state, at) => [state, at]));

/**
 * The states of all nodes of a pipeline at one moment, as features show them. Made once a look, linear in the nodes;
 * reasons are found for the first node of each group that is not cached, the rest when somebody asks.
 */
export class Snapshot implements NodeStates {
  readonly opened: OpenedPipeline;
  readonly states: States;
  readonly #shown: readonly ShownState[];
  readonly #said: ReadonlyMap<string, NodeRun>;
  readonly #why: WhyTable;
  readonly #byStatement: ReadonlyMap<NodeStatement, Summary>;
  readonly #byFamily: ReadonlyMap<string, Summary>;
  readonly #firstWhy: ReadonlyMap<GraphNode, string>;
  readonly #work = new Map<string, Promise<Work>>();
  #reach: StateCounts | undefined;
  /** By `node.index`: the walk that came by last, and the last that would run it. */
  readonly #walked: Int32Array;
  readonly #demanded: Int32Array;
  #walks = 0;

  private constructor(
    { opened, states, said }: Parts,
    shown: readonly ShownState[],
    why: WhyTable,
    firstWhy: ReadonlyMap<GraphNode, string>,
  ) {
    this.opened = opened;
    this.states = states;
    this.#said = said;
    this.#shown = shown;
    this.#why = why;
    this.#firstWhy = firstWhy;
    const statements = new Map<NodeStatement, GraphNode[]>();
    for (const node of opened.graph.nodes) {
      const members = statements.get(node.statement);
      if (members === undefined) statements.set(node.statement, [node]);
      else members.push(node);
    }
    const summary = (nodes: readonly GraphNode[]): Summary => this.summary(nodes);
    this.#byStatement = new Map([...statements].map(([statement, nodes]) => [statement, summary(nodes)]));
    this.#byFamily = new Map([...opened.graph.families].map(([name, nodes]) => [name, summary(nodes)]));
    this.#walked = new Int32Array(shown.length);
    this.#demanded = new Int32Array(shown.length);
  }

  static async make(parts: Parts): Promise<Snapshot> {
    const { opened, states, said, signal } = parts;
    const { nodes } = opened.graph;
    const shown = nodes.map((node): ShownState => said.get(node.name)?.state ?? states.of(node).state);
    const why = new WhyTable({ opened, states });
    const firsts = new Map<NodeStatement, GraphNode>();
    for (const node of nodes) {
      const state = shown[node.index] ?? "unknown";
      if (state === "cached") continue;
      const known = firsts.get(node.statement);
      if (known === undefined || isBefore(state, shown[known.index])) firsts.set(node.statement, node);
    }
    const firstWhy = new Map<GraphNode, string>();
    for (const node of firsts.values()) {
      const text = await briefReason({ opened, states }, why, said, node);
      signal.throwIfAborted();
      if (text !== undefined) firstWhy.set(node, text);
    }
    return new Snapshot(parts, shown, why, firstWhy);
  }

  get graph(): Graph {
    return this.opened.graph;
  }

  of(node: GraphNode): KnownNode {
    // Of a newer graph: the node of the same name is meant.
    const same = this.graph.nodes[node.index] === node ? node : this.graph.byName.get(node.name);
    if (same === undefined)
      return { state: "unknown", toRun: false, why: undefined, run: undefined, recipe: undefined };
    const ids = this.opened.identifier.ids(same);
    return {
      state: this.#shown[same.index] ?? "unknown",
      toRun: this.states.of(same).state !== "cached",
      why: this.#firstWhy.get(same),
      run: this.#said.get(same.name),
      recipe: idsKnown(ids) ? ids.recipe : undefined,
    };
  }

  shownState(node: GraphNode): ShownState {
    return this.#shown[node.index] ?? "unknown";
  }

  ofStatement(statement: NodeStatement): Summary | undefined {
    return this.#byStatement.get(statement) ?? this.#byFamily.get(statement.name.text);
  }

  ofFamily(name: string): Summary | undefined {
    return this.#byFamily.get(name);
  }

  get reach(): StateCounts {
    if (this.#reach === undefined) {
      const { nodes } = this.#walk(this.graph.targets);
      this.#reach = countStates(nodes.map((node) => this.shownState(node)));
    }
    return this.#reach;
  }

  /** Why states are unknown: a few reasons, each once. */
  get unknowns(): readonly string[] {
    this.#unknowns ??= this.#reasonsUnknown();
    return this.#unknowns;
  }

  #unknowns: readonly string[] | undefined;

  #reasonsUnknown(): readonly string[] {
    const reasons = new Set<string>();
    for (const node of this.graph.nodes) {
      const state = this.states.of(node);
      if (state.state === "unknown") reasons.add(state.reason);
      if (reasons.size >= UNKNOWNS_TOLD) break;
    }
    return [...reasons];
  }

  /** Sentences on why a node has its state; read from the store when they are first asked for. */
  async whyOf(node: GraphNode): Promise<readonly string[]> {
    const said = this.#said.get(node.name);
    const own = await this.#why.of(node);
    return said?.message === undefined ? own : [said.message, ...own];
  }

  /** What these nodes come to; linear in them. */
  summary(nodes: readonly GraphNode[]): Summary {
    const counts = countStates(nodes.map((node) => this.#shown[node.index] ?? "unknown"));
    let why: string | undefined;
    let first: ShownState | undefined;
    for (const node of nodes) {
      const text = this.#firstWhy.get(node);
      const state = this.#shown[node.index];
      if (text === undefined || state === undefined) continue;
      if (first !== undefined && !isBefore(state, first)) continue;
      first = state;
      why = text;
    }
    return { nodes: nodes.length, counts, why };
  }

  /**
   * What a run with these targets would do (B3). Linear in what they rest on; remembered by `key`, as the same lens is
   * resolved again and again.
   */
  work(key: string, targets: readonly GraphNode[]): Promise<Work> {
    let work = this.#work.get(key);
    if (work === undefined) {
      work = this.#workOf(targets);
      this.#work.set(key, work);
    }
    return work;
  }

  async #workOf(targets: readonly GraphNode[]): Promise<Work> {
    const { nodes, running } = this.#walk(targets);
    const estimate = running.length === 0 ? undefined : await estimateTime(this.opened, this.states, running);
    return { toRun: running.length, all: nodes.length, estimate };
  }

  /** The targets with all that they rest on, and those of it that would run (B3), upstream first. Linear in them. */
  #walk(targets: readonly GraphNode[]): {
    readonly nodes: readonly GraphNode[];
    readonly running: readonly GraphNode[];
  } {
    const walk = ++this.#walks;
    const nodes: GraphNode[] = [];
    const running: GraphNode[] = [];
    const open = targets.map((node) => ({ node, runs: true }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node } = next;
      const { index } = node;
      const runs = next.runs && this.states.of(node).state !== "cached";
      const isNew = this.#walked[index] !== walk;
      if (!isNew && (!runs || this.#demanded[index] === walk)) continue;
      if (isNew) nodes.push(node);
      this.#walked[index] = walk;
      if (runs) {
        running.push(node);
        this.#demanded[index] = walk;
      }
      for (const upstream of node.upstream) open.push({ node: upstream, runs });
    }
    running.sort((a, b) => a.index - b.index);
    return { nodes, running };
  }
}

function isBefore(state: ShownState, other: ShownState | undefined): boolean {
  return (attention.get(state) ?? 0) < (attention.get(other ?? "cached") ?? 0);
}

/** One short phrase: what the newest run said, what a node waits for, or the first thing that changed. */
async function briefReason(
  judged: Judged,
  why: WhyTable,
  said: ReadonlyMap<string, NodeRun>,
  node: GraphNode,
): Promise<string | undefined> {
  const run = said.get(node.name);
  if (run?.state === "running" || run?.state === "queued" || run?.state === "cancelled") return undefined;
  if (run?.message !== undefined) return run.message;
  const state = judged.states.of(node);
  if (state.state === "waiting") {
    const families = new Map<string, number>();
    for (const { family } of state.upstream) families.set(family, (families.get(family) ?? 0) + 1);
    return [...families].map(([family, count]) => `${family}${count > 1 ? ` (${count})` : ""}`).join(", ");
  }
  const [first] = await why.of(node);
  return first?.replaceAll("`", "");
}
