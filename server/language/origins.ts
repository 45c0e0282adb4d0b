import type { BlockStatement, Expression, LetStatement, SyntaxNode } from "./syntax.js";

/**
 * The names of the file that the rows and nodes which an expression gives come from: tables and families, seen through
 * `let`, loops and comprehensions. Types cannot tell: two tables with the same columns, or two transforms with the same
 * members, have one type.
 *
 * `around` are the nodes around the expression, outermost first; `letValue` gives the value of a `let` of the file.
 */
export function originsOf(
  expression: Expression,
  around: readonly SyntaxNode[],
  letValue: (name: string) => Expression | undefined,
): ReadonlySet<string> {
  const search = new Search(letValue);
  search.follow(expression, around, undefined);
  return search.names;
}

class Search {
  readonly names = new Set<string>();
  /** A `let` may rest on itself: that is an error, not a loop for us. */
  readonly #seen = new Set<Expression>();

  constructor(readonly letValue: (name: string) => Expression | undefined) {}

  /** `part` is the place of what is meant among the elements of `zip(…)`: `for (a, b) in zip(as, bs)`. */
  follow(expression: Expression, around: readonly SyntaxNode[], part: number | undefined): void {
    if (this.#seen.has(expression)) return;
    this.#seen.add(expression);
    switch (expression.kind) {
      case "reference":
        this.#name(expression.name, around, part);
        return;
      case "index":
        this.follow(expression.object, around, part);
        return;
      case "list":
        for (const item of expression.items) this.follow(item, around, part);
        return;
      case "comprehension":
        this.follow(expression.element, [...around, expression], part);
        return;
      case "conditional":
        this.follow(expression.then, around, part);
        this.follow(expression.otherwise, around, part);
        return;
      case "binary":
        this.follow(expression.left, around, part);
        this.follow(expression.right, around, part);
        return;
      case "call": {
        const only = expression.callee.text === "zip" && part !== undefined ? part : undefined;
        for (const [at, argument] of expression.arguments.entries())
          if (argument.name === undefined && (only === undefined || only === at))
            this.follow(argument.value, around, only === undefined ? part : undefined);
        return;
      }
      default:
        // A member is a cell or an out, everything else a plain value: no row, no node.
        return;
    }
  }

  #name(name: string, around: readonly SyntaxNode[], part: number | undefined): void {
    for (let at = around.length - 1; at >= 0; at--) {
      const node = around[at];
      if (node === undefined) continue;
      const value = letInside(node, around[at + 1], name);
      if (value !== undefined) {
        this.follow(value.value, around.slice(0, at + 1), part);
        return;
      }
      for (const { names, source } of loopsOf(node)) {
        const place = names.findIndex((one) => one.text === name);
        if (place < 0) continue;
        const outside = around.slice(0, node.kind === "for" ? at : at + 1);
        this.follow(source, outside, names.length > 1 ? place : part);
        return;
      }
    }
    const value = this.letValue(name);
    if (value === undefined) this.names.add(name);
    else this.follow(value, [], part);
  }
}

function loopsOf(node: SyntaxNode) {
  return node.kind === "for" ? [node] : node.kind === "comprehension" ? node.clauses : [];
}

/** A `let` of this name in the block of `node` that `inner` stands in. */
function letInside(node: SyntaxNode, inner: SyntaxNode | undefined, name: string): LetStatement | undefined {
  const holds = (block: readonly BlockStatement[] | undefined) =>
    block?.some((one) => one === inner) === true;
  const block =
    node.kind === "for"
      ? node.body
      : node.kind === "if"
        ? holds(node.otherwise)
          ? node.otherwise
          : node.then
        : undefined;
  return block?.find((one): one is LetStatement => one.kind === "let" && one.name.text === name);
}
