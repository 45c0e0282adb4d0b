import type {
  ParameterInformation,
  Position,
  SignatureHelp,
  SignatureInformation,
} from "vscode-languageserver-types";
import { type FunctionSignature, functions } from "../language/functions.js";
import { type Probe, probe } from "../language/probe.js";
import { isMember } from "../language/signature.js";
import type { Call, NodeStatement, SyntaxNode, TransformStatement } from "../language/syntax.js";
import { showType, typeFromSyntax } from "../language/types.js";
import type { Document } from "./document.js";
import { docMarkdown } from "./markdown.js";

/** The call or the block of a node around a position, with the value that is being given there. */
export function signatureHelp(document: Document, position: Position): SignatureHelp | undefined {
  const offset = document.lines.offset(position);
  const found = probe(document.module, offset);
  if (found.kind === "comment" || found.kind === "script") return undefined;
  const { path } = found;
  for (let at = path.length - 1; at >= 0; at--) {
    const node = path[at];
    if (node?.kind === "call" && isBetweenBrackets(document, found, node))
      return helpOfCall(document, found, node, path[at + 1]);
    if (node?.kind === "node" && isInBlock(document, found, node)) {
      const transform = document.module.transforms.get(node.transform.text)?.statement;
      return transform === undefined ? undefined : helpOfNode(document, found, node, transform, path[at + 1]);
    }
  }
  return undefined;
}

/** Behind the bracket that opens the values: not in the name, nor behind the one that closes them. */
function isBetweenBrackets({ text }: Document, { declaration, word }: Probe, call: Call): boolean {
  const start = (declaration?.offset ?? 0) + call.callee.span.end;
  return text.slice(start, word.start).includes("(");
}

/** Between the braces, not behind them in `resources` or `retry`. */
function isInBlock(
  document: Document,
  { declaration, word, path, before }: Probe,
  node: NodeStatement,
): boolean {
  if (path.some(({ kind }) => kind === "resources" || kind === "retry")) return false;
  const start = (declaration?.offset ?? 0) + node.transform.span.end;
  const last = node.arguments.at(-1);
  const between = document.text.slice(start, word.start);
  if (!between.trimStart().startsWith("{")) return false;
  // What was typed so far of an argument may not be one yet: then no brace has closed the block before it.
  return (
    before.kind !== "}" ||
    (last !== undefined && (declaration?.offset ?? 0) + last.span.start <= word.start && path.includes(last))
  );
}

// ---------------------------------------------------------------- functions

function helpOfCall(
  document: Document,
  { word, declaration, refused }: Probe,
  call: Call,
  within: SyntaxNode | undefined,
): SignatureHelp | undefined {
  const signature = functions.get(call.callee.text);
  if (signature === undefined) return undefined;
  const shapes = shapesOf(signature);
  const argument = within?.kind === "argument" ? within : undefined;
  const positional = call.arguments.filter(({ name }) => name === undefined);
  const isNew = argument?.span.start === word.start - (declaration?.offset ?? 0);
  // Right behind a value, without a comma, it is still that value that is given.
  const index =
    argument === undefined ? positional.length : positional.indexOf(argument) - (isNew && refused ? 1 : 0);
  const name =
    argument?.name === undefined || !isNew ? argument?.name?.text : document.text.slice(word.start, word.end);
  const fits = shapes.findIndex(
    ({ names, variadic }) => variadic || Math.max(index, positional.length - 1) < names.length,
  );
  const activeSignature = Math.max(0, fits);
  const shape = shapes[activeSignature];
  if (shape === undefined) return undefined;
  const active =
    name !== undefined
      ? shape.names.indexOf(name)
      : shape.variadic
        ? Math.min(index, shape.names.length - 1)
        : index;
  return {
    signatures: shapes.map(({ label, spans }) => information(label, spans, signature.doc)),
    activeSignature,
    ...activeParameter(active, shape.names.length),
  };
}

interface Shape {
  readonly label: string;
  /** Of the parameters in the label. */
  readonly spans: readonly (readonly [number, number])[];
  readonly names: readonly string[];
  readonly variadic: boolean;
}

/** `range(end: Int) or range(start: Int, end: Int): [Int]` are two shapes with one result. */
function shapesOf({ name, shown }: FunctionSignature): readonly Shape[] {
  const parts = shown.split(` or ${name}(`).map((part, at) => (at === 0 ? part : `${name}(${part}`));
  const result = /\): .*$/.exec(parts.at(-1) ?? "")?.[0].slice(1) ?? "";
  return parts.map((part) => shapeOf(part.endsWith(")") ? part + result : part));
}

function shapeOf(label: string): Shape {
  const spans: [number, number][] = [];
  const open = label.indexOf("(");
  let depth = 0;
  let start = open + 1;
  for (let at = open + 1; at < label.length; at++) {
    const character = label[at] ?? "";
    if (character === "(" || character === "[") depth++;
    else if (depth > 0 && (character === ")" || character === "]")) depth--;
    else if (depth === 0 && (character === "," || character === ")")) {
      if (at > start) spans.push([start, at]);
      start = at + 1;
      while (label[start] === " ") start++;
      if (character === ")") break;
    }
  }
  const names = spans.map(([from, to]) => /^\w+/.exec(label.slice(from, to))?.[0] ?? "…");
  return { label, spans, names, variadic: names.at(-1) === "…" };
}

// ---------------------------------------------------------------- nodes

function helpOfNode(
  document: Document,
  { word, declaration }: Probe,
  node: NodeStatement,
  transform: TransformStatement,
  within: SyntaxNode | undefined,
): SignatureHelp {
  const spans: [number, number][] = [];
  const docs: (string | undefined)[] = [];
  const names: string[] = [];
  let label = `${node.transform.text} {`;
  for (const item of transform.items) {
    if (!isMember(item) || item.kind === "out" || item.name.text === "") continue;
    const type = typeFromSyntax(item.type);
    const optional = item.value !== undefined && type.kind !== "optional" ? "?" : "";
    label += names.length === 0 ? " " : ", ";
    const start = label.length;
    label += `${item.name.text}${optional}: ${showType(type)}`;
    spans.push([start, label.length]);
    names.push(item.name.text);
    docs.push(item.doc);
  }
  label += " }";
  // While its name is typed, what is typed so far says which argument it will be.
  const typed =
    within?.kind !== "node-argument"
      ? undefined
      : within.shorthand
        ? document.text.slice(word.start, word.end)
        : within.name.span.start + (declaration?.offset ?? 0) === word.start
          ? document.text.slice(word.start, word.end)
          : within.name.text;
  const active = typed === undefined ? -1 : names.indexOf(typed);
  const { parameters = [], ...rest } = information(label, spans, undefined);
  const documented: ParameterInformation[] = parameters.map((parameter, at) => {
    const doc = docs[at];
    return doc === undefined
      ? parameter
      : { ...parameter, documentation: { kind: "markdown", value: docMarkdown(doc) } };
  });
  return {
    signatures: [
      {
        ...rest,
        parameters: documented,
        ...(transform.doc === undefined
          ? {}
          : { documentation: { kind: "markdown" as const, value: docMarkdown(transform.doc) } }),
      },
    ],
    activeSignature: 0,
    ...activeParameter(active, names.length),
  };
}

// ---------------------------------------------------------------- both

function information(
  label: string,
  spans: readonly (readonly [number, number])[],
  doc: string | undefined,
): SignatureInformation {
  return {
    label,
    parameters: spans.map(([start, end]) => ({ label: [start, end] })),
    ...(doc === undefined ? {} : { documentation: { kind: "markdown", value: doc } }),
  };
}

/** None is marked by a number that no parameter has: what is left out would mark the first. */
function activeParameter(active: number, parameters: number): { readonly activeParameter: number } {
  return { activeParameter: active >= 0 && active < parameters ? active : parameters };
}
