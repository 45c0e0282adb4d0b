import * as path from "node:path";
import { type Evaluation, evaluate, type Settings } from "../../server/graph/evaluate.js";
import type { GraphNode, InValue } from "../../server/graph/model.js";
import { DataReference, OutReference } from "../../server/graph/value.js";
import { loadProgram, type Program } from "../../server/language/program.js";
import { MemoryFacts } from "./facts.js";

export const PIPELINE = "/p/main.reprod";

/** Loads texts by absolute path; a single text is `/p/main.reprod`. */
export function program(texts: string | { readonly [path: string]: string }): Program {
  const files = new Map(Object.entries(typeof texts === "string" ? { [PIPELINE]: texts } : texts));
  return loadProgram(PIPELINE, {
    read: (file) => files.get(file),
    resolve: (from, reference) => path.posix.resolve(path.posix.dirname(from), reference),
  });
}

export interface Given {
  readonly facts?: MemoryFacts;
  readonly set?: { readonly [name: string]: string };
  readonly settings?: Partial<Settings>;
}

export function evaluated(
  texts: string | { readonly [path: string]: string },
  { facts = new MemoryFacts(), set = {}, settings = {} }: Given = {},
): Evaluation {
  const values = new Map(
    Object.entries(set).map(([name, text]) => [name, { kind: "string", text, folder: "/cwd" } as const]),
  );
  return evaluate(program(texts), { values, ...settings }, facts);
}

/** The graph of a text that nothing is wrong with, neither for the checker nor for the evaluation. */
export function graphOf(
  texts: string | { readonly [path: string]: string },
  given: Given = {},
): Evaluation["graph"] {
  const checked = program(texts).problems.filter(({ rule }) => rule.severity === "error");
  const { graph, problems } = evaluated(texts, given);
  const wrong = [...checked, ...problems].map(({ rule, message }) => `${rule.code}: ${message}`);
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return graph;
}

/** The codes and messages of what is wrong: `code: message`. */
export function problemsOf(
  texts: string | { readonly [path: string]: string },
  given: Given = {},
): readonly string[] {
  return evaluated(texts, given).problems.map(
    ({ rule, message }) => `${rule.code.slice("reprod/".length)}: ${message}`,
  );
}

export function nodeNamed(graph: Evaluation["graph"], name: string): GraphNode {
  const node = graph.byName.get(name);
  if (node === undefined) throw new Error(`no node "${name}" among ${[...graph.byName.keys()].join(" ")}`);
  return node;
}

/** What an in is given and where it is staged: `data.txt → inputs/data.txt`, `a["x"].out → inputs/a.txt`. */
export function shownIn(value: InValue): string | null | readonly string[] {
  if (value === null) return null;
  if (!("source" in value)) return value.map((item) => String(shownIn(item)));
  const { source, staged } = value;
  if (source instanceof DataReference)
    return `${source.place.kind === "local" ? source.place.path : source.place.url} → ${staged}`;
  if (source instanceof OutReference)
    return `${source.node.name}.${source.node.outs[source.index]?.name} → ${staged}`;
  return "";
}
