import { symbolAt, usesOf } from "../../language/symbols.js";
import type { Expression } from "../../language/syntax.js";
import { placeIn } from "../tree.js";
import { t } from "../words.js";
import type { ActionPlace, Edit, Fix } from "./fix.js";

/** Every use of a `let` becomes its value, and the `let` goes. */
export function inlineLet(place: ActionPlace): readonly Fix[] {
  const { document, span, module } = place;
  const symbol = symbolAt(document.program, document.path, span.start);
  const home = symbol?.definitions[0];
  if (symbol?.kind !== "let" || home === undefined || symbol.definitions.length > 1) return [];
  const found = placeIn(module, home.span.start);
  const statement = found?.nodes.findLast((node) => node.kind === "let");
  if (found === undefined || statement?.kind !== "let") return [];
  const at = new Map<number, Edit>();
  const { offset } = found.declaration;
  const { value } = statement;
  if (value.kind === "broken") return [];
  const source = place.text.slice(offset + value.span.start, offset + value.span.end);
  for (const { place: use } of usesOf(document.program, symbol.definitions)) {
    if (use.span.start === home.span.start) continue;
    const edit = inlined(place, use.span.start, value, source);
    if (edit === undefined) return [];
    at.set(use.span.start, edit);
  }
  if (at.size === 0) return [];
  const { start, end } = statement.span;
  return [
    {
      title: t('Inline "{0}"', symbol.name),
      edits: [...at.values(), place.remove({ start: offset + start, end: offset + end })],
    },
  ];
}

function inlined(place: ActionPlace, offset: number, value: Expression, source: string): Edit | undefined {
  const found = placeIn(place.module, offset);
  const reference = found?.nodes.findLast((node) => node.kind === "reference");
  if (found === undefined || reference?.kind !== "reference") return undefined;
  const parent = found.nodes[found.nodes.indexOf(reference) - 1];
  const span = {
    start: found.declaration.offset + reference.span.start,
    end: found.declaration.offset + reference.span.end,
  };
  const isLoose = value.kind === "binary" || value.kind === "conditional" || value.kind === "unary";
  const binds =
    parent?.kind === "binary" ||
    parent?.kind === "unary" ||
    parent?.kind === "conditional" ||
    parent?.kind === "member" ||
    parent?.kind === "index";
  const text = isLoose && binds && !/^\(.*\)$/s.test(source) ? `(${source})` : source;
  if (parent?.kind === "node-argument" && parent.shorthand)
    return place.replace(span, `${parent.name.text}: ${text}`);
  return place.replace(span, text);
}
