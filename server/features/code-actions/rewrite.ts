import type { SyntaxNode } from "../../language/syntax.js";
import { t } from "../words.js";
import type { ActionPlace, Fix } from "./fix.js";

/** `depth` ↔ `depth: depth` */
export function shorthand(place: ActionPlace): readonly Fix[] {
  const argument = place.around("node-argument");
  if (argument === undefined || argument.name.text === "") return [];
  const name = argument.name.text;
  const long = `${name}: ${name}`;
  if (argument.shorthand)
    return [{ title: t('Write in full: "{0}"', long), edits: [place.rewrite(argument.span, long)] }];
  const { value } = argument;
  if (value.kind !== "reference" || value.name !== name || place.source(value.span) !== name) return [];
  return [{ title: t('Write short: "{0}"', name), edits: [place.rewrite(argument.span, name)] }];
}

const DOCUMENTED: ReadonlySet<SyntaxNode["kind"]> = new Set<SyntaxNode["kind"]>([
  "pipeline",
  "param",
  "input",
  "table",
  "let",
  "transform",
  "node",
  "in",
  "out",
  "column",
]);

/** A line above a declaration that has no documentation yet, from its keyword or its name. */
export function docComment(place: ActionPlace): readonly Fix[] {
  const declared = place.nodes.findLast(({ kind }) => DOCUMENTED.has(kind));
  if (declared === undefined || !("doc" in declared) || declared.doc !== undefined) return [];
  if (!("name" in declared) || typeof declared.name !== "object" || declared.name.text === "") return [];
  const { start } = place.absolute(declared.span);
  if (place.span.start > place.absolute(declared.name.span).end) return [];
  const lineStart = place.text.lastIndexOf("\n", start - 1) + 1;
  // Of several on one line the comment would document the first.
  if (place.text.slice(lineStart, start).trim() !== "") return [];
  const line = `/// ${t("What is it?")}${place.newline}${place.indentation(start)}`;
  return [{ title: t('Document "{0}"', declared.name.text), edits: [place.insert(start, line)] }];
}
