import * as path from "node:path";
import type { LocationLink, Position } from "vscode-languageserver-types";
import { type SymbolPlace, symbolsAt } from "../language/symbols.js";
import type { Span, SyntaxNode } from "../language/syntax.js";
import type { Document, Workspace } from "./document.js";
import { literalLinks } from "./literal-links.js";
import { absolute, placeIn } from "./tree.js";

/**
 * Where what the name or path at a position stands for is declared: every statement of a family, both things that an
 * argument alone stands for, the file that a path names. Costs the check of one declaration.
 */
export function definition(document: Document, position: Position, workspace: Workspace): LocationLink[] {
  const offset = document.lines.offset(position);
  const file = fileAt(document, offset, workspace);
  if (file !== undefined) return [file];
  const links: LocationLink[] = [];
  for (const { place, definitions } of symbolsAt(document.program, document.path, offset))
    for (const target of definitions) links.push(linkTo(document, place.span, target, workspace));
  return links;
}

function linkTo(document: Document, origin: Span, target: SymbolPlace, workspace: Workspace): LocationLink {
  const lines = workspace.lines(target.path);
  return {
    originSelectionRange: document.lines.range(origin),
    targetUri: workspace.uri(target.path),
    targetRange: lines.range(declarationOf(document, target)),
    targetSelectionRange: lines.range(target.span),
  };
}

/** All of the declaration that a name stands in; of a loop its head, since its body is about other things. */
function declarationOf({ program }: Pick<Document, "program">, { path, span }: SymbolPlace): Span {
  const module = program.modules.get(path);
  const place = module === undefined ? undefined : placeIn(module, span.start);
  const node = place?.nodes.findLast((one) => DECLARING.has(one.kind));
  if (place === undefined || node === undefined) return span;
  const whole = node.kind === "for" ? { start: node.span.start, end: node.source.span.end } : node.span;
  return absolute(place.declaration, whole);
}

const DECLARING: ReadonlySet<SyntaxNode["kind"]> = new Set<SyntaxNode["kind"]>([
  "import-item",
  "param",
  "input",
  "table",
  "column",
  "let",
  "node",
  "for",
  "clause",
  "transform",
  "in",
  "out",
]);

/** The file that a path in the text names, if it is there. */
function fileAt(document: Document, offset: number, workspace: Workspace): LocationLink | undefined {
  const place = placeIn(document.module, offset);
  if (place === undefined) return undefined;
  const link = literalLinks(document.module, place.declaration).find(
    ({ span }) => span.start <= offset && offset <= span.end,
  );
  if (link?.target.kind !== "file" && link?.target.kind !== "import") return undefined;
  const { target, span } = link;
  const entries = workspace.list(path.dirname(target.path));
  if (entries?.some(({ name, folder }) => name === path.basename(target.path) && !folder) !== true)
    return undefined;
  const start = { line: 0, character: 0 };
  return {
    originSelectionRange: document.lines.range(span),
    targetUri: workspace.uri(target.path),
    targetRange: { start, end: start },
    targetSelectionRange: { start, end: start },
  };
}
