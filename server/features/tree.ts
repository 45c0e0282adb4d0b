import { children } from "../language/children.js";
import type { Module } from "../language/program.js";
import { declarationAt } from "../language/symbols.js";
import type { Declaration, Span, SyntaxNode } from "../language/syntax.js";

/** A place in the tree: a declaration, and the nodes around an offset in it, its statement first. */
export interface TreePlace {
  readonly declaration: Declaration;
  readonly nodes: readonly SyntaxNode[];
}

/**
 * The nodes around an absolute offset, ends included, so that a cursor behind a name is on it. Where two nodes touch,
 * the one that begins there is meant.
 */
export function placeIn(module: Module, offset: number): TreePlace | undefined {
  const declaration = declarationAt(module, offset);
  if (declaration === undefined || offset > declaration.offset + declaration.length) return undefined;
  const at = offset - declaration.offset;
  const nodes: SyntaxNode[] = [];
  for (let node: SyntaxNode | undefined = declaration.statement; node !== undefined; ) {
    if (!touches(node.span, at)) break;
    nodes.push(node);
    node = children(node).findLast((child) => touches(child.span, at));
  }
  return { declaration, nodes };
}

function touches({ start, end }: Span, at: number): boolean {
  return start <= at && at <= end;
}

/** A span inside a declaration as one in the file. */
export function absolute({ offset }: Declaration, { start, end }: Span): Span {
  return { start: offset + start, end: offset + end };
}
