import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { checkOf, type Module } from "../../language/program.js";
import type { TransformSignature } from "../../language/signature.js";
import type { NodeArgument, NodeStatement } from "../../language/syntax.js";
import { isAssignable, showType, type Type, withoutNull } from "../../language/types.js";
import { quotedText } from "../texts.js";
import { t } from "../words.js";
import { type NameInSight, namesInSight } from "./names.js";
import { type CompletionPlace, snippetText } from "./place.js";

export function signatureOfNode(module: Module, node: NodeStatement): TransformSignature | undefined {
  const found = checkOf(module)?.fileName(node.transform.text);
  return found?.kind === "transform" || found?.kind === "import" ? found.signature : undefined;
}

/** The ins and params that the node does not give yet; those it must give come first, and all at once as one item. */
export function argumentItems(
  place: CompletionPlace,
  node: NodeStatement,
  argument: NodeArgument,
): CompletionItem[] {
  const signature = signatureOfNode(place.module, node);
  if (signature === undefined) return [];
  const hasColon = /^\s*:/.test(place.document.text.slice(place.probe.word.end));
  const insight = place.inspection?.surroundings(argument.value);
  const names = insight === undefined ? [] : namesInSight(place.module, insight);
  const given = new Set(node.arguments.filter((one) => one !== argument).map(({ name }) => name.text));
  const symbol = place.module.transforms.get(node.transform.text);
  const items: CompletionItem[] = [];
  const add = (at: number, parts: Parameters<CompletionPlace["item"]>[0]): void => {
    items.push({ ...place.item(parts), sortText: `${parts.rank}${String(at).padStart(3, "0")}` });
  };
  const missing: Argument[] = [];
  for (const [at, [name, { kind, type, required }]] of [...signature.arguments].entries()) {
    if (given.has(name)) continue;
    if (required) missing.push({ name, type });
    const short = names.find((one) => one.name === name && surelyFits(one.type, type));
    const parts = {
      kind: CompletionItemKind.Property,
      detail: `${kind} ${name}${required ? "" : "?"}: ${showType(type)}`,
      data:
        symbol === undefined
          ? undefined
          : ({
              path: place.document.path,
              kind: "member",
              module: symbol.module,
              transform: symbol.statement.name.text,
              name,
            } as const),
    };
    if (short !== undefined && !hasColon && !(node.keys.length === 0 && name === node.name.text))
      add(at, { ...parts, label: name, rank: required ? 0 : 2, commit: [","] });
    add(at, {
      ...parts,
      label: hasColon ? name : `${name}:`,
      text: hasColon ? name : `${name}: `,
      rank: required ? 1 : 3,
    });
  }
  if (missing.length > 1 && !hasColon) {
    const lines = missing.map((one) => argumentWith(one, names));
    const separator = isOnOneLine(place, node) ? ", " : "\n";
    let stop = 0;
    items.push({
      ...place.item({
        label: missing.map(({ name }) => name).join(", "),
        kind: CompletionItemKind.Snippet,
        rank: 0,
        detail: t("all missing arguments"),
        text: lines.map(({ before, value }) => before + value).join(separator),
        snippet: lines
          .map(({ before, value, sure }) =>
            sure ? snippetText(before + value) : `${snippetText(before)}${withStop(value, ++stop)}`,
          )
          .join(separator),
      }),
      sortText: "0",
    });
  }
  return items;
}

/** The block is written on the line of its brace. */
function isOnOneLine(place: CompletionPlace, node: NodeStatement): boolean {
  const { text } = place.document;
  const from = place.absolute(node.transform.span).end;
  return !text.slice(from, place.probe.word.start).includes("\n");
}

export interface Argument {
  readonly name: string;
  readonly type: Type;
}

/** An argument as it is written: `before` the value, which is `sure` when it is not only a place to fill in. */
export interface WrittenArgument {
  readonly before: string;
  readonly value: string;
  readonly sure: boolean;
}

/** What is most likely meant: a name that is called the same, a column of that name, else a value of the type. */
export function argumentWith({ name, type }: Argument, names: readonly NameInSight[]): WrittenArgument {
  if (names.some((one) => one.name === name && surelyFits(one.type, type)))
    return { before: "", value: name, sure: true };
  for (const one of names) {
    const column = one.type.kind === "row" ? one.type.columns.get(name) : undefined;
    if (column !== undefined && surelyFits(column, type))
      return { before: `${name}: `, value: `${one.name}.${name}`, sure: true };
  }
  return { before: `${name}: `, value: placeholderOf(type), sure: false };
}

function surelyFits(type: Type, wanted: Type): boolean {
  return type.kind !== "unknown" && isAssignable(type, wanted);
}

/** A value of a type, to be replaced by what is meant. */
export function placeholderOf(type: Type): string {
  switch (type.kind) {
    case "string":
      return '""';
    case "choice":
      return quotedText(type.choices[0] ?? "");
    case "int":
      return "0";
    case "float":
      return "0.0";
    case "bool":
      return "false";
    case "bytes":
      return "1 GiB";
    case "duration":
      return "1 h";
    case "file":
      return 'file("")';
    case "dir":
      return 'dir("")';
    case "list":
      return "[]";
    default:
      return "null";
  }
}

/** A placeholder with the cursor at what has to be filled in. */
function withStop(value: string, stop: number): string {
  const inside = /^(.*)(""|\[\])(.*)$/.exec(value);
  if (inside === null) return `\${${stop}:${snippetText(value)}}`;
  const [, before = "", [open = "", close = ""] = [], behind = ""] = inside;
  return `${snippetText(before)}${open}$${stop}${close}${snippetText(behind)}`;
}

/** `{ sample: $1 }` behind the name of a transform. */
export function blockSnippet(signature: TransformSignature, names: readonly NameInSight[]): string {
  const required = [...signature.arguments].filter(([, { required }]) => required);
  const lines = required.map(([name, { type }]) => argumentWith({ name, type: withoutNull(type) }, names));
  let stop = 0;
  const written = lines.map(({ before, value, sure }) =>
    sure ? snippetText(before + value) : `${snippetText(before)}${withStop(value, ++stop)}`,
  );
  if (written.length === 0) return " { $0 }";
  return written.length < 3
    ? ` { ${written.join(", ")} }$0`
    : ` {\n${written.map((line) => `  ${line}\n`).join("")}}$0`;
}
