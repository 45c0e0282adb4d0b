import type { Position, SelectionRange } from "vscode-languageserver-types";
import type { Span, SyntaxNode } from "../language/syntax.js";
import type { Document } from "./document.js";
import { absolute, placeIn } from "./tree.js";

/**
 * What "expand selection" goes through at each position: word, expression, argument, statement, the inside of its
 * block, declaration, file; in a script word, line, script and clause.
 */
export function selectionRanges(document: Document, positions: readonly Position[]): SelectionRange[] {
  return positions.map((position) => {
    const { lines } = document;
    const offset = lines.offset(position);
    let range: SelectionRange = { range: lines.range({ start: offset, end: offset }) };
    let outer: SelectionRange | undefined;
    for (const span of spansAt(document, offset)) {
      range = { range: lines.range(span), ...(outer === undefined ? {} : { parent: outer }) };
      outer = range;
    }
    return range;
  });
}

/** From the file down to the word, each within the one before it and smaller. */
function spansAt(document: Document, offset: number): Span[] {
  const { text, module, lines } = document;
  const spans: Span[] = [{ start: 0, end: text.length }];
  const add = (span: Span): void => {
    const outer = spans.at(-1) ?? span;
    const inside =
      outer.start <= span.start && span.end <= outer.end && span.start <= offset && offset <= span.end;
    if (inside && (span.start > outer.start || span.end < outer.end)) spans.push(span);
  };
  const place = placeIn(module, offset);
  if (place !== undefined) {
    const { declaration, nodes } = place;
    add({ start: declaration.offset, end: declaration.offset + declaration.length });
    for (const [at, node] of nodes.entries()) {
      add(absolute(declaration, node.span));
      if (node.kind === "run")
        for (const span of insideScript(text, absolute(declaration, node.scriptSpan), offset)) add(span);
      if (node.kind === "string" && text.endsWith('"', declaration.offset + node.span.end))
        add(absolute(declaration, { start: node.span.start + 1, end: node.span.end - 1 }));
      const block = blockAround(node, nodes[at + 1]);
      if (block !== undefined) add(absolute(declaration, block));
    }
  }
  const line = lines.line(offset);
  const content = text.slice(lines.start(line), lines.end(line));
  // A comment is in no tree.
  const comment = /(?:^|\s)(\/\/.*)$/.exec(content)?.[1];
  if (comment !== undefined && place?.nodes.at(-1)?.kind !== "run")
    add({ start: lines.end(line) - comment.length, end: lines.end(line) });
  add(wordAt(text, offset));
  return spans;
}

/** The script, and the line of it without its indentation. */
function insideScript(text: string, script: Span, offset: number): Span[] {
  if (offset < script.start || script.end < offset) return [];
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const line = text.slice(start, end < 0 ? text.length : end);
  const indent = line.length - line.trimStart().length;
  return [script, { start: start + indent, end: start + line.trimEnd().length }];
}

/** The items of the list that a child stands in, when there are several: the inside of a block or of brackets. */
function blockAround(node: SyntaxNode, child: SyntaxNode | undefined): Span | undefined {
  if (child === undefined) return undefined;
  const block = blocksOf(node).find((one) => one.includes(child));
  const [first] = block ?? [];
  const last = block?.at(-1);
  return first === undefined || last === undefined
    ? undefined
    : { start: first.span.start, end: last.span.end };
}

function blocksOf(node: SyntaxNode): readonly (readonly SyntaxNode[])[] {
  switch (node.kind) {
    case "for":
      return [node.body];
    case "if":
      return [node.then, node.otherwise ?? []];
    case "transform":
    case "list":
    case "import":
      return [node.items];
    case "table":
      return [node.columns ?? []];
    case "node":
    case "call":
      return [node.arguments];
    case "index":
      return [node.keys];
    case "resources":
    case "retry":
    case "env":
      return [node.entries];
    case "target":
      return [node.targets];
    default:
      return [];
  }
}

const WORD = /[\p{L}\p{N}_]/u;

function wordAt(text: string, offset: number): Span {
  let start = offset;
  let end = offset;
  while (start > 0 && WORD.test(text.charAt(start - 1))) start--;
  while (end < text.length && WORD.test(text.charAt(end))) end++;
  return { start, end };
}
