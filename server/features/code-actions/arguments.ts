import { inspect, probe } from "../../language/probe.js";
import { signatureOf } from "../../language/signature.js";
import type { NodeStatement, TransformStatement } from "../../language/syntax.js";
import { argumentWith, signatureOfNode } from "../completion/arguments.js";
import { type NameInSight, namesInSight } from "../completion/names.js";
import { t } from "../words.js";
import type { ActionPlace, Edit, Fix, FixesOf, ProblemPlace } from "./fix.js";
import { removeArgument } from "./remove.js";
import { suggestion } from "./suggestion.js";
import { typeSyntax } from "./types.js";

/** The arguments that must be given, each as what has its name in sight, else with a value to be replaced. */
export const missingArgument: FixesOf = (place) => {
  const node = place.around("node");
  const signature = node === undefined ? undefined : signatureOfNode(place.module, node);
  if (node === undefined || signature === undefined) return [];
  const given = new Set(node.arguments.map(({ name }) => name.text));
  const names = namesInBlock(place, node).filter(
    ({ name }) => node.keys.length > 0 || name !== node.name.text,
  );
  const written = [...signature.arguments]
    .filter(([name, { required }]) => required && !given.has(name))
    .map(([name, { type }]) => argumentWith({ name, type }, names));
  const edit = argumentsAdded(
    place,
    node,
    written.map(({ before, value }) => before + value),
  );
  if (edit === undefined) return [];
  return [
    {
      title: written.length === 1 ? t("Add the missing argument") : t("Add the missing arguments"),
      edits: [edit],
      preferred: true,
    },
  ];
};

/** What can be named between the braces of a node. */
function namesInBlock(place: ActionPlace, node: NodeStatement): readonly NameInSight[] {
  const brace = openingBrace(place, node);
  if (brace === undefined) return [];
  const found = probe(place.module, brace + 1);
  const argument = found.path.findLast(({ kind }) => kind === "node-argument");
  if (found.declaration === undefined || argument?.kind !== "node-argument") return [];
  const at = found.word.start - found.declaration.offset;
  const insight = inspect(place.module, found.declaration, found.text, at).surroundings(argument.value);
  return insight === undefined ? [] : namesInSight(place.module, insight);
}

function openingBrace(place: ActionPlace, node: NodeStatement): number | undefined {
  const { end } = place.absolute(node.transform.span);
  const space = /^\s*\{/.exec(place.text.slice(end));
  return space === null ? undefined : end + space[0].length - 1;
}

/** Arguments behind those that are there, in the way that those are laid out. */
function argumentsAdded(place: ActionPlace, node: NodeStatement, added: readonly string[]): Edit | undefined {
  const brace = openingBrace(place, node);
  if (brace === undefined || added.length === 0) return undefined;
  const { text, newline } = place;
  const last = node.arguments.at(-1);
  if (last === undefined) {
    const closing = /^[ \t]*\}/.exec(text.slice(brace + 1));
    const end = brace + 1 + (closing === null ? 0 : closing[0].length - 1);
    const span = { start: brace + 1, end };
    if (closing !== null && added.length < 3) return place.replace(span, ` ${added.join(", ")} `);
    const indentation = place.indentation(brace);
    const lines = added.map((line) => `${newline}${indentation}  ${line}`).join("");
    return place.replace(span, closing === null ? lines : `${lines}${newline}${indentation}`);
  }
  const { start, end } = place.absolute(last.span);
  if (!text.slice(brace, start).includes("\n")) return place.insert(end, `, ${added.join(", ")}`);
  const lines = added.map((line) => `${newline}${place.indentation(start)}${line}`).join("");
  // A comment of the last line stays on it.
  const rest = text.slice(end, place.endOfLine(end));
  return place.insert(/^[ \t]*,?[ \t]*(?:\/\/.*)?$/.test(rest) ? place.endOfLine(end) : end, lines);
}

/** Spelled otherwise, taken out, or declared in the transform. */
export const unknownArgument: FixesOf = (place) => {
  const fixes: Fix[] = [...suggestion(place)];
  fixes.push(...declared(place), ...removeArgument(place));
  return fixes;
};

function declared(place: ProblemPlace): readonly Fix[] {
  const argument = place.around("node-argument");
  const node = place.around("node");
  const symbol = node === undefined ? undefined : place.module.transforms.get(node.transform.text);
  if (argument === undefined || node === undefined || symbol === undefined) return [];
  const isOut = signatureOf(symbol.statement).members.has(argument.name.text);
  const type = argument.shorthand
    ? namesInBlock(place, node).find(({ name }) => name === argument.name.text)?.type
    : place.inspection?.type(argument.value);
  const syntax = type === undefined ? undefined : typeSyntax(type);
  const module = place.document.program.modules.get(symbol.module);
  if (isOut || syntax === undefined || module === undefined) return [];
  const line = `${syntax.data ? "in" : "param"} ${argument.name.text}: ${syntax.text}`;
  return [
    {
      title: t('Declare {0} in the transform "{1}"', line, symbol.statement.name.text),
      edits: [partAdded(symbol.module, module.file.text, symbol.declaration.offset, symbol.statement, line)],
    },
  ];
}

/** A line behind the last in or param of a transform, or in front of its first part. */
export function partAdded(
  path: string,
  text: string,
  offset: number,
  transform: TransformStatement,
  line: string,
): Edit {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const last = transform.items.findLast(({ kind }) => kind === "in" || kind === "param");
  const anchor = last ?? transform.items[0];
  if (anchor === undefined) {
    const brace = text.indexOf("{", offset + transform.name.span.end) + 1;
    return { path, span: { start: brace, end: brace }, text: `${newline}  ${line}${newline}` };
  }
  const start = offset + anchor.span.start;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const indentation = /^[ \t]*/.exec(text.slice(lineStart, start))?.[0] ?? "";
  if (last === undefined)
    return { path, span: { start, end: start }, text: `${line}${newline}${indentation}` };
  const end = offset + last.span.end;
  const next = text.indexOf("\n", end);
  const lineEnd = next < 0 ? text.length : text[next - 1] === "\r" ? next - 1 : next;
  const behind = text.slice(end, lineEnd);
  // Parts that stand on one line are parted by commas.
  return /^[ \t]*,?[ \t]*(?:\/\/.*)?$/.test(behind)
    ? { path, span: { start: lineEnd, end: lineEnd }, text: `${newline}${indentation}${line}` }
    : { path, span: { start: end, end }, text: `, ${line}` };
}
