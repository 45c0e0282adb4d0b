import { Failure } from "../../base/failure.js";
import { checkOf } from "../../language/program.js";
import { isReservedWord } from "../../language/reserved-words.js";
import type { NameReference } from "../../language/syntax.js";
import { STRING } from "../../language/types.js";
import { placeholderOf } from "../completion/arguments.js";
import { importable, importEdits } from "../completion/auto-import.js";
import { expectationOf } from "../completion/expected.js";
import { rename } from "../rename.js";
import { t } from "../words.js";
import { partAdded } from "./arguments.js";
import { transformText } from "./declarations.js";
import type { ActionPlace, Edit, Fix, FixesOf, ProblemPlace } from "./fix.js";
import { suggestion } from "./suggestion.js";
import { typeSyntax } from "./types.js";

/** Spelled otherwise, imported from another file, or declared. */
export const unknownName: FixesOf = (place) => {
  const fixes: Fix[] = [...suggestion(place)];
  const { document, workspace, text, span, newline } = place;
  const name = text.slice(span.start, span.end);
  const node = place.around("node");
  if (node !== undefined && place.absolute(node.transform.span).start === span.start) {
    for (const one of importable(document, workspace).filter((each) => each.name === name))
      fixes.push({
        title: t('Import "{0}" from {1}', name, one.reference),
        edits: importEdits(document, one).map(({ range, newText }) =>
          place.replace(document.lines.span(range), newText),
        ),
        preferred: fixes.length === 0,
      });
    const end = text.trimEnd().length;
    fixes.push({
      title: t('Create the transform "{0}"', name),
      edits: [
        place.replace(
          { start: end, end: text.length },
          `${newline}${newline}${transformText(place, name, name, newline)}`,
        ),
      ],
    });
    return fixes;
  }
  const reference = place.exact();
  if (reference?.kind !== "reference") return fixes;
  return [...fixes, ...declared(place, name, reference)];
};

/** A param of the file, or of the transform that the name stands in, of the type that is asked for. */
function declared(place: ProblemPlace, name: string, reference: NameReference): readonly Fix[] {
  const { inspection, declaration } = place;
  if (inspection === undefined || declaration === undefined) return [];
  const at = place.nodes.indexOf(reference);
  const type = expectationOf(place.nodes.slice(0, at + 1), inspection)?.type ?? STRING;
  const syntax = typeSyntax(type);
  if (syntax === undefined) return [];
  const { statement } = declaration;
  if (statement.kind === "transform") {
    if (syntax.data) return [];
    const line = `param ${name}: ${syntax.text}`;
    return [
      {
        title: t("Declare {0}", line),
        edits: [partAdded(place.document.path, place.text, declaration.offset, statement, line)],
      },
    ];
  }
  const line = `param ${name}: ${syntax.text} = ${placeholderOf(type)}`;
  return [{ title: t("Declare {0}", line), edits: [paramAdded(place, line)] }];
}

/** A line behind the last param of the file, or before the declaration at the place. */
export function paramAdded(place: ActionPlace, line: string): Edit {
  const { module, newline, declaration } = place;
  const before = module.file.declarations.filter(({ offset }) => offset < (declaration?.offset ?? 0));
  const last = before.findLast(({ statement }) => statement.kind === "param");
  if (last !== undefined)
    return place.insert(place.endOfLine(last.offset + last.length), `${newline}${line}`);
  return place.insert(declaration?.offset ?? 0, `${line}${newline}${newline}`);
}

/** Another name that is free, given everywhere. */
export const otherName: FixesOf = (place) => {
  const { document, workspace, span } = place;
  const name = place.text.slice(span.start, span.end);
  const interpreter = interpreterOf(place);
  const lower = name.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (start) => start.toLowerCase());
  const base = lower === name || isReservedWord(interpreter, lower) ? `${lower}_` : lower;
  for (const newName of [base, `${base}2`, `${base}3`]) {
    if (!/^[a-z]/.test(newName) || checkOf(place.module)?.fileName(newName) !== undefined) continue;
    try {
      const edit = rename(document, document.lines.position(span.start), newName, workspace);
      return [{ title: t('Rename to "{0}"', newName), edit, preferred: true }];
    } catch (error) {
      // It would mean something else, or make another problem: then there is nothing to offer.
      if (!(error instanceof Failure)) throw error;
    }
  }
  return [];
};

function interpreterOf(place: ActionPlace): string {
  const run = place.around("transform")?.items.find((item) => item.kind === "run");
  return run?.kind === "run" && !run.quoted ? run.interpreter : "";
}
