import { Failure } from "../base/failure.js";
import type { Graph, GraphNode } from "../graph/model.js";
import { textOf } from "../graph/values.js";
import { mostSimilar } from "../language/similar.js";

/**
 * The nodes that a person means: a node or a whole family by its name, or members with their keys, where `*` stands
 * for any key and quotes may be left out (shells eat them): `merged["a"]`, `merged[a]`, `aligned["a", *]`.
 * In the order of the graph, each once. Throws `Failure` `unknown-target`.
 */
export function resolveTargets(graph: Graph, texts: readonly string[]): readonly GraphNode[] {
  const found = new Set<GraphNode>();
  for (const text of texts) for (const node of nodesNamed(graph, text.trim())) found.add(node);
  return [...found].sort((a, b) => a.index - b.index);
}

/** One node by name, with the same freedom. Throws `Failure` `unknown-target` when it is none or several. */
export function resolveNode(graph: Graph, text: string): GraphNode {
  const [node, second] = resolveTargets(graph, [text]);
  if (node === undefined || second !== undefined) {
    throw new Failure("unknown-target", `this names several nodes, and one is asked for: "${text}"`, {
      fix: `Name one of them, for example \`${node?.name ?? ""}\`.`,
    });
  }
  return node;
}

function nodesNamed(graph: Graph, text: string): readonly GraphNode[] {
  const exact = graph.byName.get(text);
  if (exact !== undefined) return [exact];
  const family = graph.families.get(text);
  if (family !== undefined) return family;
  const bracket = text.indexOf("[");
  if (bracket > 0 && text.endsWith("]")) {
    const members = graph.families.get(text.slice(0, bracket).trim());
    const wanted = splitKeys(text.slice(bracket + 1, -1));
    const matching = members?.filter(
      (node) =>
        node.keys.length === wanted.length && node.keys.every((key, at) => matches(textOf(key), wanted[at])),
    );
    if (matching !== undefined && matching.length > 0) return matching;
  }
  throw unknownTarget(graph, text);
}

/** Keys are separated by commas outside of quotes. */
function splitKeys(text: string): readonly string[] {
  const keys: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "\\" && quoted) at++;
    else if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) {
      keys.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  keys.push(text.slice(start).trim());
  return keys;
}

function matches(key: string | undefined, wanted: string | undefined): boolean {
  if (wanted === "*") return true;
  if (wanted === undefined || key === undefined) return false;
  return key === wanted || key === unquoted(wanted);
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

function unknownTarget(graph: Graph, text: string): Failure {
  const near = mostSimilar(text, [...graph.families.keys(), ...graph.byName.keys()]);
  return new Failure("unknown-target", `the pipeline has no such node: "${text}"`, {
    fix:
      near === undefined
        ? "`reprod plan` lists the nodes of the pipeline; name one of them, or a whole family."
        : `Did you mean \`${near}\`?`,
  });
}
