import { children } from "../../language/children.js";
import { inspect } from "../../language/probe.js";
import { checkOf } from "../../language/program.js";
import type { Declaration, Expression, NodeArgument, Span, SyntaxNode } from "../../language/syntax.js";
import { plainTextOf } from "../../language/text.js";
import { withoutNull } from "../../language/types.js";
import { isPlainName } from "../completion/columns.js";
import { expectationOf, isExpression } from "../completion/expected.js";
import { absolute } from "../tree.js";
import { t } from "../words.js";
import type { ActionPlace, Fix } from "./fix.js";
import { paramAdded } from "./names.js";
import { typeSyntax } from "./types.js";

/**
 * A value that stands in the text becomes a param of the file, alone or together with the same value wherever nodes
 * give it to the same argument.
 */
export function extractParam(place: ActionPlace): readonly Fix[] {
  const { declaration, nodes, span } = place;
  if (declaration === undefined || declaration.statement.kind === "transform") return [];
  if (declaration.problems.length > 0) return [];
  // A path within `file("…")` is no value of its own.
  const at = nodes.findLastIndex((node, index) => isLiteral(node) && nodes[index - 1]?.kind !== "argument");
  const literal = nodes[at];
  const parent = nodes[at - 1];
  if (literal === undefined || !isExpression(literal) || parent === undefined) return [];
  const whole = place.absolute(literal.span);
  if (span.start < whole.start || whole.end < span.end) return [];
  if (isFixed(nodes, at)) return [];
  const type = typeOf(place, declaration, nodes.slice(0, at + 1), literal);
  if (type === undefined) return [];
  const argument = parent.kind === "node-argument" ? parent : undefined;
  const name = freeName(place, argument?.name.text ?? "value");
  const source = place.source(literal.span);
  const line = `param ${name}: ${type} = ${source}`;
  const edits = (uses: readonly Use[]) => [
    paramAdded(place, line),
    ...uses.map((use) => place.replace(use.span, use.text(name))),
  ];
  const own: Use =
    argument === undefined ? { span: whole, text: (given) => given } : useOf(argument, declaration);
  const fixes: Fix[] = [{ title: t('Extract the param "{0}"', name), edits: edits([own]) }];
  if (argument === undefined) return fixes;
  const equal = equalArguments(place, argument.name.text, source);
  if (equal.length > 1)
    fixes.push({
      title: t('Extract the param "{0}" from all {1} equal values', name, equal.length),
      edits: edits(equal),
    });
  return fixes;
}

interface Use {
  readonly span: Span;
  readonly text: (name: string) => string;
}

/** An argument of the param's own name is written short. */
function useOf(argument: NodeArgument, declaration: Declaration): Use {
  return {
    span: absolute(declaration, argument.span),
    text: (name) => (name === argument.name.text ? name : `${argument.name.text}: ${name}`),
  };
}

function equalArguments(place: ActionPlace, name: string, source: string): readonly Use[] {
  const uses: Use[] = [];
  for (const declaration of place.module.file.declarations) {
    if (declaration.statement.kind === "transform") continue;
    const waiting: SyntaxNode[] = [declaration.statement];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node.kind === "node-argument" && node.name.text === name && isLiteral(node.value)) {
        const { start, end } = absolute(declaration, node.value.span);
        if (place.text.slice(start, end) === source) uses.push(useOf(node, declaration));
      }
      waiting.push(...children(node));
    }
  }
  return uses;
}

/** Text without values in it, a number, a truth value, and a file or folder that is named by such a text. */
function isLiteral(node: SyntaxNode): boolean {
  switch (node.kind) {
    case "number":
    case "boolean":
      return true;
    case "string":
      return plainTextOf(node) !== undefined;
    case "unary":
      return node.operator === "-" && node.operand.kind === "number";
    case "call":
      return (
        (node.callee.text === "file" || node.callee.text === "dir") &&
        node.arguments.every(({ value }) => isLiteral(value))
      );
    default:
      return false;
  }
}

/** Where a value must stand in the text itself: a param's own default, an import, a header, a type, a path. */
function isFixed(nodes: readonly SyntaxNode[], at: number): boolean {
  const around = nodes.slice(0, at);
  if (around.some(({ kind }) => kind === "import" || kind === "choice-type" || kind === "column"))
    return true;
  if (around.some(({ kind }) => kind === "retry")) return true;
  const parent = around.at(-1);
  // `param x: Int = 3` is one already, and data has its own declarations.
  if (parent?.kind === "param" || parent?.kind === "input" || parent?.kind === "let") return true;
  return around.some((node) => node.kind === "table");
}

function typeOf(
  place: ActionPlace,
  declaration: Declaration,
  path: readonly SyntaxNode[],
  literal: Expression,
): string | undefined {
  const { offset, length } = declaration;
  const inspection = inspect(place.module, declaration, place.text.slice(offset, offset + length), -1);
  const type = inspection.type(literal);
  const wanted = expectationOf(path, inspection)?.type;
  const plain = wanted === undefined ? undefined : withoutNull(wanted);
  // What is asked for is more exact: a Float for `1`, a choice for a text.
  const usable = plain !== undefined && ["choice", "float", "json"].includes(plain.kind) ? plain : type;
  const syntax = usable === undefined ? undefined : typeSyntax(usable);
  return syntax?.text;
}

function freeName(place: ActionPlace, wanted: string): string {
  const check = checkOf(place.module);
  const base = isPlainName(wanted) ? wanted : "value";
  let name = base;
  for (let count = 2; check?.fileName(name) !== undefined || isLocal(place, name); count++)
    name = `${base}_${count}`;
  return name;
}

/** A name of a block would hide the param, and be an error. */
function isLocal({ module }: ActionPlace, name: string): boolean {
  for (const { statement } of module.file.declarations) {
    if (statement.kind === "transform") continue;
    const waiting: SyntaxNode[] = [statement];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if ((node.kind === "for" || node.kind === "clause") && node.names.some(({ text }) => text === name))
        return true;
      if (node.kind === "let" && node.name.text === name) return true;
      waiting.push(...children(node));
    }
  }
  return false;
}
