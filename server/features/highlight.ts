import { type DocumentHighlight, DocumentHighlightKind, type Position } from "vscode-languageserver-types";
import { symbolAt, usesOf } from "../language/symbols.js";
import type { Document } from "./document.js";
import { placeIn } from "./tree.js";
import { isPlace } from "./uses.js";

/** The places of the file with the name at a position: declarations and imports write it, all others read it. */
export function documentHighlights(document: Document, position: Position): DocumentHighlight[] {
  const { program, path, lines, module } = document;
  const symbol = symbolAt(program, path, lines.offset(position));
  if (symbol === undefined) return [];
  const found = new Map<number, DocumentHighlight>();
  for (const { place } of usesOf(program, symbol.definitions, (other) => other === path)) {
    const imports = placeIn(module, place.span.start)?.declaration.statement.kind === "import";
    const kind =
      imports || isPlace(place, symbol.definitions)
        ? DocumentHighlightKind.Write
        : DocumentHighlightKind.Read;
    found.set(place.span.start, { range: lines.range(place.span), kind });
  }
  return [...found.values()];
}
