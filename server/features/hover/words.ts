import { grouped } from "../../base/format.js";
import { functions } from "../../language/functions.js";
import { Scanner } from "../../language/lexer.js";
import type { Module } from "../../language/program.js";
import type { NumberLiteral, Span, SyntaxNode } from "../../language/syntax.js";
import { isSizeUnit, literalValue } from "../../language/units.js";
import { codeBlock, codeSpan } from "../markdown.js";
import { placeIn } from "../tree.js";
import { t } from "../words.js";
import * as vocabulary from "./vocabulary.js";

/** A word of the language, or a number with a unit, with what there is to say of it. */
export interface WordHover {
  readonly span: Span;
  readonly parts: readonly string[];
}

/** What the language itself means by the word at an offset. */
export function wordAt(module: Module, offset: number): WordHover | undefined {
  const place = placeIn(module, offset);
  if (place === undefined) return undefined;
  const { declaration, nodes } = place;
  const last = nodes.at(-1);
  const { text } = module.file;
  const absolute = ({ start, end }: Span): Span => ({
    start: declaration.offset + start,
    end: declaration.offset + end,
  });
  if (last?.kind === "number" && last.unit !== undefined)
    return { span: absolute(last.span), parts: [amount(last)] };
  if (last?.kind === "text" || last?.kind === "string") return undefined;
  const span = wordSpan(text, offset);
  if (span === undefined) return undefined;
  const word = text.slice(span.start, span.end);
  if (
    last?.kind === "run" &&
    !inside(absolute(last.interpreterSpan), span) &&
    !startsWith(absolute(last.span), span)
  )
    return undefined;
  if (!isToken(text, declaration.offset, span)) return undefined;
  const meaning = meaningOf(word, nodes, span, absolute);
  return meaning === undefined ? undefined : { span, parts: meaning };
}

/** Within a list, `for` and `if` choose elements. */
const loops: ReadonlyMap<string, string> = new Map([
  ["for", "Makes an element for each element of a list."],
  ["if", "Leaves out elements for which the condition is false."],
]);

function meaningOf(
  word: string,
  nodes: readonly SyntaxNode[],
  span: Span,
  absolute: (span: Span) => Span,
): readonly string[] | undefined {
  const last = nodes.at(-1);
  const parent = nodes.at(-2);
  const sentence = (found: string | undefined): readonly string[] | undefined =>
    found === undefined ? undefined : [`${codeSpan(word)} — ${found}`];
  switch (last?.kind) {
    case "named-type":
      return sentence(vocabulary.types.get(word));
    case "name":
      if (parent?.kind === "entry" && nodes.at(-3)?.kind === "resources")
        return sentence(vocabulary.resources.get(word));
      if (parent?.kind === "retry-entry") return sentence(vocabulary.retry.get(word));
      if (parent?.kind === "argument") return functionOf(nodes.at(-3));
      return undefined;
    case "reference":
      return nodes.some(({ kind }) => kind === "retry-entry")
        ? sentence(vocabulary.failures.get(word))
        : undefined;
    case "factor":
      return undefined;
    case "boolean":
    case "null":
      return sentence(vocabulary.operators.get(word));
    case "run":
      if (inside(absolute(last.interpreterSpan), span)) return sentence(vocabulary.interpreters.get(word));
      break;
    default:
  }
  if (last?.kind === "clause" && loops.has(word)) return sentence(loops.get(word));
  const isBeginning = last !== undefined && startsWith(absolute(last.span), span);
  if (isBeginning || word === "else") {
    const isOfTransform = last?.kind === "param" && nodes.length > 1;
    const found = isOfTransform ? undefined : vocabulary.declarations.get(word);
    const meaning = found ?? vocabulary.transformParts.get(word);
    if (meaning !== undefined) return sentence(meaning);
  }
  return sentence(vocabulary.operators.get(word));
}

function functionOf(call: SyntaxNode | undefined): readonly string[] | undefined {
  const signature = call?.kind === "call" ? functions.get(call.callee.text) : undefined;
  return signature === undefined ? undefined : [codeBlock(signature.shown), signature.doc];
}

function amount(literal: NumberLiteral): string {
  const value = literalValue(literal);
  if (literal.unit !== undefined && isSizeUnit(literal.unit))
    return t("{0} bytes", grouped(Math.floor(value)));
  return t("{0} seconds", value % 1000 === 0 ? grouped(value / 1000) : String(value / 1000));
}

function wordSpan(text: string, offset: number): Span | undefined {
  let start = offset;
  while (start > 0 && /\w/.test(text.charAt(start - 1))) start--;
  let end = offset;
  while (end < text.length && /\w/.test(text.charAt(end))) end++;
  return start === end ? undefined : { start, end };
}

/** Whether the word is a token of its own: not one of a comment, a text or a script. */
function isToken(text: string, from: number, { start, end }: Span): boolean {
  const scanner = new Scanner(text, from, text.length);
  while (scanner.next() !== "end" && scanner.start < start);
  return scanner.start === start && scanner.end === end;
}

function inside(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function startsWith(outer: Span, inner: Span): boolean {
  return outer.start === inner.start;
}
