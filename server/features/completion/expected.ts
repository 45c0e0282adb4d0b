import type { Expectation } from "../../language/infer.js";
import type { Inspection } from "../../language/probe.js";
import type { SyntaxNode } from "../../language/syntax.js";
import { isAssignable, type Type, withoutNull } from "../../language/types.js";

/**
 * What is asked for at the end of a path: of the expression itself, or of what it is one branch, side or element of.
 */
export function expectationOf(path: readonly SyntaxNode[], inspection: Inspection): Expectation | undefined {
  for (let at = path.length - 1; at >= 0; at--) {
    const node = path[at];
    if (node === undefined || !isExpression(node)) return undefined;
    const own = inspection.expectation(node);
    if (own !== undefined) return own;
    const parent = path[at - 1];
    switch (parent?.kind) {
      case "conditional":
        if (parent.condition === node) return undefined;
        break;
      case "binary":
        // Of a sum or a default the sides are what the whole is; of all else only the other side tells.
        if (parent.operator !== "??" && parent.operator !== "+") return undefined;
        break;
      case "comprehension":
      case "list": {
        if (parent.kind === "comprehension" && parent.element !== node) return undefined;
        const list = expectationOf(path.slice(0, at), inspection)?.type;
        const plain = list === undefined ? undefined : withoutNull(list);
        return plain?.kind === "list" ? expecting(plain.element) : undefined;
      }
      default:
        return undefined;
    }
  }
  return undefined;
}

export function expecting(type: Type): Expectation {
  return { type, fits: (given) => isAssignable(given, type) };
}

type ExpressionNode = Parameters<Inspection["type"]>[0];

const EXPRESSIONS: ReadonlySet<SyntaxNode["kind"]> = new Set<ExpressionNode["kind"]>([
  "null",
  "boolean",
  "number",
  "string",
  "list",
  "comprehension",
  "reference",
  "member",
  "index",
  "call",
  "unary",
  "binary",
  "conditional",
  "broken",
]);

export function isExpression(node: SyntaxNode): node is ExpressionNode {
  return EXPRESSIONS.has(node.kind);
}
