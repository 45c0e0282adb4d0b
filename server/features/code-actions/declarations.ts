import * as path from "node:path";
import { walk } from "../../language/children.js";
import { fargateMostDiskBytes, fargateSizes } from "../../language/fargate-sizes.js";
import { inspect } from "../../language/probe.js";
import { mostSimilar } from "../../language/similar.js";
import type { Expression, NodeStatement, OutClause, TransformStatement } from "../../language/syntax.js";
import { plainText } from "../../language/text.js";
import { typeFromSyntax } from "../../language/types.js";
import { sizeText } from "../../language/units.js";
import { placeholderOf } from "../completion/arguments.js";
import { referenceTo } from "../completion/auto-import.js";
import { inString } from "../texts.js";
import { t } from "../words.js";
import type { ActionPlace, Fix, FixesOf } from "./fix.js";
import { secondPart } from "./remove.js";
import { changeTo } from "./suggestion.js";
import { typeSyntax } from "./types.js";

/** Data is an `in`, any other value a `param`. */
export const inOrParam: FixesOf = (place) => {
  const clause = place.around("in", "param");
  if (clause === undefined) return [];
  const word = clause.kind === "in" ? "param" : "in";
  const { start } = place.absolute(clause.span);
  return [
    {
      title: changeTo(word),
      edits: [place.replace({ start, end: start + clause.kind.length }, word)],
      preferred: true,
    },
  ];
};

/** The largest that there is. */
export const fargateSize: FixesOf = (place) => {
  const entry = place.around("entry");
  const largest = fargateSizes.at(-1);
  if (entry === undefined || largest === undefined) return [];
  const most: ReadonlyMap<string, string> = new Map([
    ["cpus", String(largest.cpus)],
    ["memory", sizeText(largest.mostMemoryBytes)],
    ["disk", sizeText(fargateMostDiskBytes)],
  ]);
  const value = most.get(entry.name.text);
  if (value === undefined) return [];
  return [
    {
      title: t('Lower "{0}" to {1}', entry.name.text, value),
      edits: [place.rewrite(entry.value.span, value)],
    },
  ];
};

/** A value to be replaced by the one that is meant. */
export const missingValue: FixesOf = (place) => {
  const { declaration } = place;
  const param = declaration?.statement;
  if (param?.kind !== "param" || param.value !== undefined) return [];
  const value = placeholderOf(typeFromSyntax(param.type));
  return [
    {
      title: t("Add a default: {0}", value),
      edits: [place.insert(place.absolute(param.type.span).end, ` = ${value}`)],
    },
  ];
};

// ---------------------------------------------------------------- parts of a transform

/** The second of two parts goes; a script that is missing is begun. */
export const transformParts: FixesOf = (place) => {
  const transform = place.around("transform");
  if (transform === undefined) return [];
  // What is there twice is shown at itself, what is missing at the name.
  if (place.absolute(transform.name.span).start !== place.span.start) return secondPart(place);
  if (transform.items.some(({ kind }) => kind === "run")) return [];
  const brace = closingBrace(place, transform);
  if (brace === undefined) return [];
  const { newline } = place;
  const outs = transform.items.filter((item): item is OutClause => item.kind === "out");
  const out = outs.length === 0 ? `  ${NEW_OUT}${newline}` : "";
  const script = scriptLines(outs).join(newline);
  const onLine = place.text.slice(place.text.lastIndexOf("\n", brace - 1) + 1, brace).trim() === "";
  const text = `${onLine ? "" : newline}${out}${newline}${script}${newline}`;
  return [
    {
      title: t("Add a script"),
      edits: [place.insert(brace - (onLine ? place.indentation(brace).length : 0), text)],
    },
  ];
};

const NEW_OUT = 'out result: File = "result.txt"';

/** A script that leaves every out behind, empty. */
function scriptLines(outs: readonly OutClause[]): readonly string[] {
  const commands = outs.flatMap(({ name, type, value }) => {
    if (value.kind === "call" || name.text === "") return [];
    return [
      type.kind === "named-type" && type.name === "Dir" ? `mkdir "$${name.text}"` : `touch "$${name.text}"`,
    ];
  });
  const lines = outs.length === 0 ? ['touch "$result"'] : commands;
  return ["  run bash ```", ...lines.map((line) => `    ${line}`), "  ```"];
}

function closingBrace(place: ActionPlace, transform: TransformStatement): number | undefined {
  const { end } = place.absolute(transform.span);
  return place.text[end - 1] === "}" ? end - 1 : undefined;
}

// ---------------------------------------------------------------- files and transforms that are not there

/** Another file that is there, or a new one with the transforms that are imported from it. */
export const importFile: FixesOf = (place) => {
  const { document, workspace, options } = place;
  const statement = place.declaration?.statement;
  const reference = statement?.kind === "import" ? plainText(statement.path) : undefined;
  if (statement?.kind !== "import" || reference === undefined || reference === "") return [];
  const file = path.resolve(path.dirname(document.path), reference);
  const beside = (workspace.list(path.dirname(file)) ?? []).flatMap(({ name, folder }) =>
    !folder && name.endsWith(".reprod") && path.join(path.dirname(file), name) !== document.path
      ? [name]
      : [],
  );
  const similar = mostSimilar(path.basename(file), beside);
  const fixes: Fix[] = [];
  if (similar !== undefined) {
    const other = referenceTo(document.path, path.join(path.dirname(file), similar));
    fixes.push({
      title: changeTo(other),
      edits: [place.rewrite(statement.path.span, `"${inString(other)}"`)],
      preferred: true,
    });
  }
  if (options.createFiles && reference.endsWith(".reprod") && path.extname(file) === ".reprod") {
    const transforms = statement.items.flatMap(({ name, alias }) =>
      name.text === "" ? [] : [transformText(place, name.text, (alias ?? name).text, "\n")],
    );
    fixes.push({
      title: t('Create the file "{0}"', reference),
      created: { path: file, text: transforms.join("\n") },
    });
  }
  return fixes;
};

/** A transform that takes what the nodes of this file give it, with a script to be written. */
export function transformText(place: ActionPlace, name: string, usedAs: string, newline: string): string {
  const lines = [...givenTo(place, usedAs)].map(
    ([argument, { text, data }]) => `  ${data ? "in" : "param"} ${argument}: ${text}`,
  );
  return [`transform ${name} {`, ...lines, `  ${NEW_OUT}`, "", ...scriptLines([]), "}", ""].join(newline);
}

/** The arguments that nodes give to a transform of this name, with the types of the first that has one. */
function givenTo(place: ActionPlace, transform: string) {
  const types = new Map<string, { readonly text: string; readonly data: boolean }>();
  for (const { node, typeOf } of nodesOf(place, transform))
    for (const argument of node.arguments) {
      if (argument.name.text === "" || types.has(argument.name.text)) continue;
      types.set(argument.name.text, typeOf(argument.value) ?? { text: "String", data: false });
    }
  return types;
}

/** The nodes of the file that name this transform, with the types of what stands in them. */
function* nodesOf({ module }: ActionPlace, transform: string) {
  for (const declaration of module.file.declarations) {
    const { offset, length, statement } = declaration;
    const nodes: NodeStatement[] = [];
    walk(statement, (node) => {
      if (node.kind === "node" && node.transform.text === transform) nodes.push(node);
      return node.kind !== "transform";
    });
    if (nodes.length === 0) continue;
    const inspection = inspect(module, declaration, module.file.text.slice(offset, offset + length), -1);
    const typeOf = (value: Expression) => {
      const type = inspection.type(value);
      return type === undefined ? undefined : typeSyntax(type);
    };
    for (const node of nodes) yield { node, typeOf };
  }
}
