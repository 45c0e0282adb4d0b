import type { Facts } from "../../graph/facts.js";
import type { Graph, GraphNode } from "../../graph/model.js";
import type { DataReference } from "../../graph/value.js";
import { walk } from "../../language/children.js";
import type { PlacedProblem, Rule } from "../../language/problems.js";
import type { Module, Program } from "../../language/program.js";
import type { Call, Declaration, Span, Statement, SyntaxNode } from "../../language/syntax.js";
import { plainTextOf } from "../../language/text.js";

/** What a check of the world sees: the text, what it declares, and what is known of the machine and the lock. */
export interface CheckInput {
  readonly program: Program;
  /** Of `evaluate`; partial when the text has errors. */
  readonly graph: Graph;
  readonly facts: Facts;
  /** Absolute folder of the project. */
  readonly root: string;
  /** Whether transforms that name an image run in it (engine-rules.md A9); else they run on the host. */
  readonly useImages: boolean;
  /** Of the images: `linux/amd64`. */
  readonly platform: string;
}

/** One check: its rule, and the problems that it finds. Unknown facts give none. There is one file a check. */
export interface FactCheck {
  readonly rule: Rule;
  readonly find: (input: CheckInput) => readonly PlacedProblem[];
}

/** A problem at a span that is relative to its declaration. */
export function placed(
  rule: Rule,
  module: string,
  declaration: Declaration,
  span: Span,
  message: string,
  suggestion?: string,
): PlacedProblem {
  const { offset } = declaration;
  return {
    path: module,
    span: { start: offset + span.start, end: offset + span.end },
    rule,
    message,
    related: [],
    suggestion,
  };
}

/** A call with a plain text as its first argument: `file("x.fa")`. */
export interface LiteralCall {
  readonly module: Module;
  readonly declaration: Declaration;
  readonly call: Call;
  readonly text: string;
  /** Of the text between the quotes, so that a quick fix replaces the text alone; of the whole string when it is empty. */
  readonly span: Span;
}

/**
 * Calls of these functions with a plain text, in every file of the program. What stands in a branch (`if`, `c ? a : b`,
 * `a ?? b`) is left out: whether it counts is known only to the evaluation, which has it in `graph.data` if so.
 */
export function literalCalls(program: Program, names: ReadonlySet<string>): readonly LiteralCall[] {
  const found: LiteralCall[] = [];
  for (const module of program.modules.values()) {
    for (const declaration of module.file.declarations)
      for (const literal of literalsIn(declaration.statement))
        if (names.has(literal.call.callee.text)) found.push({ module, declaration, ...literal });
  }
  return found;
}

type Literal = Pick<LiteralCall, "call" | "text" | "span">;

/** By statement, which an edit elsewhere leaves as it is: a key costs a walk of what it touched. */
const literals = new WeakMap<Statement, readonly Literal[]>();

function literalsIn(statement: Statement): readonly Literal[] {
  const known = literals.get(statement);
  if (known !== undefined) return known;
  const found: Literal[] = [];
  walk(statement, (node) => {
    if (isBranch(node)) return false;
    const literal = node.kind === "call" ? literalOf(node) : undefined;
    if (literal !== undefined) found.push(literal);
    return true;
  });
  literals.set(statement, found);
  return found;
}

function isBranch(node: SyntaxNode): boolean {
  return (
    node.kind === "if" || node.kind === "conditional" || (node.kind === "binary" && node.operator === "??")
  );
}

function literalOf(call: Call): Literal | undefined {
  const first = call.arguments[0];
  if (first === undefined || first.value.kind !== "string") return undefined;
  const text = plainTextOf(first.value);
  if (text === undefined || text === "") return undefined;
  const part = first.value.parts.length === 1 ? first.value.parts[0] : undefined;
  return { call, text, span: part?.span ?? first.value.span };
}

/** Where data that no literal names comes in: the argument of the first node that reads it, else the node itself. */
export interface DataUse {
  readonly node: GraphNode;
  readonly data: DataReference;
  readonly span: Span;
}

/** The first use of each data reference of the graph, in the order of the nodes. O(nodes and their ins). */
export function dataUses(graph: Graph): readonly DataUse[] {
  const seen = new Set<DataReference>();
  const uses: DataUse[] = [];
  for (const node of graph.nodes) {
    for (const [position, value] of node.ins.entries()) {
      if (value === null) continue;
      for (const { source } of "source" in value ? [value] : value) {
        if (!("place" in source) || seen.has(source)) continue;
        seen.add(source);
        const name = node.transform.ins[position]?.name;
        const argument = node.statement.arguments.find((each) => each.name.text === name);
        uses.push({ node, data: source, span: (argument?.name ?? node.statement.name).span });
      }
    }
  }
  return uses;
}

/** A string that stands in the text as it is: no character of it needs an escape. */
export function needsNoEscape(text: string): boolean {
  return !/["\\\x00-\x1f]|\$\{/.test(text);
}
