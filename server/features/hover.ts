import type { Hover, Position } from "vscode-languageserver-types";
import { inspect } from "../language/probe.js";
import { type SymbolAt, symbolsAt } from "../language/symbols.js";
import type { Type } from "../language/types.js";
import type { Document } from "./document.js";
import { symbolMarkdown, type ValueProviders } from "./hover/symbols.js";
import { wordAt } from "./hover/words.js";
import { placeIn } from "./tree.js";

export interface HoverProviders extends ValueProviders {
  /**
   * The states of a node or family of the document, as Markdown that is ready to be shown: what comes from files in
   * it is escaped already.
   */
  readonly nodes?: ((name: string) => Promise<string | undefined>) | undefined;
}

/** What stands at a position, of a node with its states, which take time. */
export async function hover(
  document: Document,
  position: Position,
  providers: HoverProviders = {},
): Promise<Hover | undefined> {
  const offset = document.lines.offset(position);
  const symbols = symbolsAt(document.program, document.path, offset);
  const [symbol] = symbols;
  if (symbol?.kind !== "node") return hoverOf(document, offset, symbols, providers);
  const states = await providers.nodes?.(symbol.name);
  return hoverOf(document, offset, symbols, providers, states);
}

/** What a name is, with type, documentation and value; what a word of the language means. */
export function hoverAtOnce(
  document: Document,
  position: Position,
  providers: ValueProviders = {},
): Hover | undefined {
  const offset = document.lines.offset(position);
  return hoverOf(document, offset, symbolsAt(document.program, document.path, offset), providers);
}

function hoverOf(
  document: Document,
  offset: number,
  symbols: readonly SymbolAt[],
  providers: ValueProviders,
  states?: string,
): Hover | undefined {
  const [symbol] = symbols;
  const word = symbol === undefined ? wordAt(document.module, offset) : undefined;
  // An argument alone is both the value and the in or param: what is given, then what it is given to.
  const type = memberType(document, offset);
  const texts = symbols
    .map((one) => (type === undefined ? one : { ...one, type }))
    .map((one) => symbolMarkdown(document, one, providers).join("\n\n"))
    .concat(word?.parts.join("\n\n") ?? [], states ?? [])
    .filter((text) => text !== "");
  const span = symbol?.place.span ?? word?.span;
  if (texts.length === 0 || span === undefined) return undefined;
  return {
    range: document.lines.range(span),
    contents: { kind: "markdown", value: texts.join("\n\n---\n\n") },
  };
}

/** The type of `a.b` as a whole, which for a list, or what may be null, is another than that of its `b`. */
function memberType({ module }: Document, offset: number): Type | undefined {
  const place = placeIn(module, offset);
  const member = place?.nodes.at(-2);
  if (place === undefined || member?.kind !== "member" || member.member !== place.nodes.at(-1))
    return undefined;
  const { declaration } = place;
  const text = module.file.text.slice(declaration.offset, declaration.offset + declaration.length);
  return inspect(module, declaration, text, offset - declaration.offset).type(member);
}
