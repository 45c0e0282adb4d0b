import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { isMember } from "../../language/signature.js";
import type { RunClause, TransformStatement } from "../../language/syntax.js";
import { showType, typeFromSyntax, withoutNull } from "../../language/types.js";
import { variables } from "../hover/vocabulary.js";
import type { CompletionData, CompletionPlace } from "./place.js";
import { shellPlace } from "./shell-place.js";

/** A variable that a script has. */
interface Variable {
  readonly name: string;
  readonly detail: string;
  readonly list: boolean;
  readonly kind: CompletionItemKind;
  readonly doc?: string | undefined;
  readonly data?: CompletionData | undefined;
}

/** Ins, params and outs, and what every script is given, in the form that the script's language has for them. */
export function scriptItems(
  place: CompletionPlace,
  transform: TransformStatement,
  run: RunClause,
): CompletionItem[] {
  if (run.quoted) return [];
  const variables = variablesOf(place, transform);
  switch (run.interpreter) {
    case "bash":
    case "sh":
      return shellItems(place, run, [...variables, ...environmentOf(transform)]);
    case "python":
    case "r":
    case "node":
      return nativeItems(place, variables);
    default:
      return [];
  }
}

function variablesOf(place: CompletionPlace, transform: TransformStatement): Variable[] {
  const { path } = place.document;
  const found: Variable[] = [];
  for (const item of transform.items) {
    if (!isMember(item) || item.name.text === "") continue;
    const type = typeFromSyntax(item.type);
    const name = item.name.text;
    found.push({
      name,
      detail: `${item.kind} ${name}: ${showType(type)}`,
      list: withoutNull(type).kind === "list",
      kind: item.kind === "param" ? CompletionItemKind.Constant : CompletionItemKind.File,
      data: { path, kind: "member", module: path, transform: transform.name.text, name },
    });
  }
  for (const [name, doc] of variables)
    found.push({ name, detail: "Int", list: false, kind: CompletionItemKind.Variable, doc });
  return found;
}

function environmentOf(transform: TransformStatement): Variable[] {
  return transform.items.flatMap((item) =>
    item.kind === "env"
      ? item.entries.map(({ name }) => ({
          name: name.text,
          detail: "env",
          list: false,
          kind: CompletionItemKind.Variable,
        }))
      : [],
  );
}

/** `"$genome"`, `"${reads[@]}"`; within double quotes without them, within `${…}` the name alone. */
function shellItems(place: CompletionPlace, run: RunClause, found: readonly Variable[]): CompletionItem[] {
  const { document, offset } = place;
  const start = place.absolute(run.scriptSpan).start;
  const before = document.text.slice(start, offset);
  const where = shellPlace(before);
  if (where === "literal") return [];
  const word = /(\$\{?)?(\w*)$/.exec(before);
  const sign = word?.[1] ?? "";
  const typed = word?.[2] ?? "";
  // A word in a text is hardly ever meant to be a variable, nor is one behind a `-`, `/` or `.`.
  if (
    sign === "" &&
    (where === "quoted" || !/(?:^|[\s;|&(<>=])$/.test(before.slice(0, before.length - typed.length)))
  )
    return [];
  const behind = document.text.slice(offset);
  const rest = /^\w*/.exec(behind)?.[0].length ?? 0;
  return found
    .filter(({ name }) => name !== "")
    .map(({ name, list, detail, kind, doc, data }) => {
      if (sign === "${") {
        const closes = behind.charAt(rest) === "}" || behind.charAt(rest) === "[";
        const span = { start: offset - typed.length, end: offset + rest };
        const subscript = list && behind.charAt(rest) !== "[" ? "[@]" : "";
        const text = `${name}${subscript}${closes ? "" : "}"}`;
        return place.item({ label: name, kind, rank: 1, detail, text, span, doc, data });
      }
      const variable = list ? `\${${name}[@]}` : `$${name}`;
      const text = where === "plain" ? `"${variable}"` : variable;
      const span = { start: offset - sign.length - typed.length, end: offset + rest };
      return place.item({
        label: sign === "" ? name : `$${name}`,
        kind,
        rank: 1,
        detail,
        text,
        span,
        filter: `${sign}${name}`,
        doc,
        data,
      });
    });
}

/** By name; what follows a point is a member of something else. */
function nativeItems(place: CompletionPlace, found: readonly Variable[]): CompletionItem[] {
  const { text } = place.document;
  const { word } = place.probe;
  const line = text.slice(text.lastIndexOf("\n", word.start - 1) + 1, word.start);
  if (/[.$@]\s*$/.test(line) || /^\s*(?:#|\/\/)/.test(line)) return [];
  return found.map(({ name, detail, kind, doc, data }) =>
    place.item({ label: name, kind, rank: 1, detail, doc, data }),
  );
}
