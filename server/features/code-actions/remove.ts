import { outlineOf } from "../../language/scope.js";
import { symbolAt } from "../../language/symbols.js";
import type { Span, SyntaxNode } from "../../language/syntax.js";
import { usesEverywhere } from "../uses.js";
import { t } from "../words.js";
import type { ActionPlace, Fix, FixesOf, ProblemPlace } from "./fix.js";

/** Takes out what nothing uses. */
export const unusedName: FixesOf = (place) => {
  const { declaration } = place;
  const name = place.text.slice(place.span.start, place.span.end);
  const remove = (span: Span): readonly Fix[] => [
    { title: t('Remove "{0}"', name), edits: [place.remove(span)] },
  ];
  if (declaration === undefined) return [];
  const { statement } = declaration;
  if (statement.kind === "import") {
    const item = place.around("import-item");
    return statement.items.length > 1 && item !== undefined
      ? remove(place.absolute(item.span))
      : remove(place.absolute(statement.span));
  }
  const local = statement.kind === "let" ? undefined : place.around("let");
  if (local !== undefined) return remove(place.absolute(local.span));
  // A declaration of a name of the file stands for itself.
  return outlineOf(statement).declares.some((declared) => declared.statement === statement)
    ? remove(place.absolute(statement.span))
    : [];
};

/** Takes out the second of two: an argument, an entry, a choice, a column, an import. */
export const duplicateName: FixesOf = (place) => {
  const holder = duplicated(place);
  if (holder === undefined) return [];
  const name = place.text.slice(place.span.start, place.span.end);
  return [{ title: t("Remove the second {0}", name), edits: [removed(place, holder)] }];
};

const HOLDERS: ReadonlySet<SyntaxNode["kind"]> = new Set<SyntaxNode["kind"]>([
  "node-argument",
  "entry",
  "retry-entry",
  "column",
  "import-item",
  "pipeline",
]);

function duplicated(place: ProblemPlace): SyntaxNode | undefined {
  const choice = place.exact();
  if (choice?.kind === "string" && place.around("choice-type") !== undefined) return choice;
  const holder = place.nodes.findLast(({ kind }) => HOLDERS.has(kind));
  // The name at its start is the one that is there twice.
  return holder !== undefined &&
    (holder.kind === "pipeline" || place.absolute(holder.span).start === place.span.start)
    ? holder
    : undefined;
}

/** Choices are parted by bars. */
function removed(place: ActionPlace, holder: SyntaxNode) {
  if (holder.kind !== "string") return place.remove(place.absolute(holder.span));
  const { start, end } = place.absolute(holder.span);
  const bar = /\s*\|\s*$/.exec(place.text.slice(0, start))?.[0].length ?? 0;
  return place.replace({ start: start - bar, end }, "");
}

/** A part that a transform has twice. */
export function secondPart(place: ProblemPlace): readonly Fix[] {
  const part = place.nodes[1];
  if (part === undefined) return [];
  return [{ title: t("Remove the second {0}", part.kind), edits: [place.remove(place.absolute(part.span))] }];
}

/** An out that neither its script nor any pipeline names. */
export const outNotMentioned: FixesOf = (place) => {
  const out = place.around("out");
  const transform = place.around("transform");
  if (out === undefined || transform === undefined) return [];
  if (transform.items.filter(({ kind }) => kind === "out").length < 2) return [];
  const symbol = symbolAt(place.document.program, place.document.path, place.span.start);
  if (symbol === undefined || usesEverywhere(place.workspace, symbol.definitions).length > 1) return [];
  return [{ title: t('Remove "{0}"', out.name.text), edits: [place.remove(place.absolute(out.span))] }];
};

/** An argument that the transform does not take. */
export function removeArgument(place: ActionPlace): readonly Fix[] {
  const argument = place.around("node-argument");
  if (argument === undefined) return [];
  return [
    { title: t('Remove "{0}"', argument.name.text), edits: [place.remove(place.absolute(argument.span))] },
  ];
}
