import type { PlacedProblem } from "../language/problems.js";
import type { Program } from "../language/program.js";
import type { Facts } from "./facts.js";
import type { Graph } from "./model.js";

/** A value given from outside: `--set depth=60`, or a file of values. */
export interface SetValue {
  /**
   * `string`: as typed by a person, so text for String, File and Dir, `12 GiB` for Bytes, JSON for the rest (rule 15).
   * `json`: always JSON.
   */
  readonly kind: "string" | "json";
  readonly text: string;
  /** Absolute folder that relative paths in it start from; for `--set` the current directory. */
  readonly folder: string;
}

/** What keeps an evaluation finite (rule 5); reaching one is a problem, never a hang. */
export interface Limits {
  /** Nodes of the graph. */
  readonly nodes: number;
  /** Elements that lists, ranges and loops make, all together. */
  readonly elements: number;
  /** UTF-16 code units of texts that expressions make, all together. */
  readonly text: number;
}

export interface Settings {
  /** By name of the pipeline's param. */
  readonly values: ReadonlyMap<string, SetValue>;
  readonly limits?: Partial<Limits>;
  /** What a param without value and default is: an error for a run (the default), `pending` for an editor. */
  readonly missingParams?: "problem" | "pending";
}

export interface Evaluation {
  /** Nodes that a problem or a pending fact touches are left out, with everything below them. */
  readonly graph: Graph;
  /** By path, then by place. */
  readonly problems: readonly PlacedProblem[];
  /** Facts that shape the graph and are not known yet, so that the graph is partial; each once. */
  readonly pending: readonly string[];
}

/**
 * The graph that a checked pipeline file declares: every node with its arguments evaluated (language.md rules 6–20).
 * Pure: asks `facts` and nothing else. Grows linearly with nodes and edges, some 10 µs a node.
 */
export function evaluate(_program: Program, _settings: Settings, _facts: Facts): Evaluation {
  throw new Error("the body follows within the hour");
}
