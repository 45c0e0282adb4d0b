import * as path from "node:path";
import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { RESERVED_WORDS } from "../../language/lexer.js";
import type { ColumnSyntax, Expression, TableStatement } from "../../language/syntax.js";
import { plainText, plainTextOf } from "../../language/text.js";
import { inString, quotedText } from "../texts.js";
import { type CompletionPlace, snippetText } from "./place.js";

const ADDRESS = /^[A-Za-z][A-Za-z0-9+.-]+:\/\//;

/** The columns that the table's file has and that the block does not declare yet. */
export function columnItems(
  place: CompletionPlace,
  table: TableStatement,
  column: ColumnSyntax,
): CompletionItem[] {
  const names = new Set<string>();
  const headers = new Set<string>();
  for (const other of table.columns ?? []) {
    if (other === column) continue;
    names.add(other.name.text);
    headers.add((other.header === undefined ? undefined : plainText(other.header)) ?? other.name.text);
  }
  const hasType = /^\s*:/.test(place.document.text.slice(place.probe.word.end));
  const items: CompletionItem[] = [];
  for (const [at, header] of (headerOfSource(place, table.source) ?? []).entries()) {
    if (header === "" || headers.has(header)) continue;
    const name = isPlainName(header) ? header : freeName(header, names);
    const from = name === header ? "" : ` = ${quotedText(header)}`;
    items.push({
      ...place.item({
        label: name,
        kind: CompletionItemKind.Field,
        rank: 1,
        detail: name === header ? undefined : quotedText(header),
        text: hasType ? name : `${name}: String${from}`,
        snippet: hasType ? undefined : `${name}: \${1:String}${snippetText(from)}`,
      }),
      // In the order of the file.
      sortText: `1${String(at).padStart(4, "0")}`,
    });
  }
  return items;
}

/** Headers, for `r1: File = "fastq 1"`. */
export function headerItems(place: CompletionPlace, table: TableStatement): CompletionItem[] {
  return (headerOfSource(place, table.source) ?? []).map((header) =>
    place.item({ label: header, kind: CompletionItemKind.Field, rank: 1, text: inString(header) }),
  );
}

/** The header of the file that `csv("…")` or `tsv("…")` reads, as far as the text says which file that is. */
export function headerOfSource(place: CompletionPlace, source: Expression): readonly string[] | undefined {
  if (source.kind !== "call" || (source.callee.text !== "csv" && source.callee.text !== "tsv"))
    return undefined;
  const text = pathOfData(place, source.arguments.find(({ name }) => name === undefined)?.value, 0);
  if (text === undefined || text === "") return undefined;
  const file = ADDRESS.test(text) ? text : path.resolve(path.dirname(place.document.path), text);
  return place.providers.headerOf?.(file, source.callee.text === "csv" ? "," : "\t");
}

/** `"a.csv"`, `file("a.csv")`, or the name of something that is one of these. */
function pathOfData(
  place: CompletionPlace,
  value: Expression | undefined,
  depth: number,
): string | undefined {
  switch (value?.kind) {
    case "string":
      return plainTextOf(value);
    case "call":
      return value.callee.text === "file" ? pathOfData(place, value.arguments[0]?.value, depth) : undefined;
    case "reference": {
      // A name may rest on itself while it is typed.
      const statement = depth > 8 ? undefined : place.check?.declarationsOf(value.name)[0]?.statement;
      return statement?.kind === "input" || statement?.kind === "let" || statement?.kind === "param"
        ? pathOfData(place, statement.value, depth + 1)
        : undefined;
    }
    default:
      return undefined;
  }
}

const reserved: ReadonlySet<string> = new Set(RESERVED_WORDS);

export function isPlainName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text) && !reserved.has(text);
}

/** `fastq 1` → `fastq_1`. */
function freeName(header: string, taken: ReadonlySet<string>): string {
  const words = header
    .replace(/\W+/g, "_")
    .replace(/^_+|_+$/g, "")
    .replace(/^(?=\d)/, "_");
  const base = words === "" ? "column" : reserved.has(words) ? `${words}_` : words;
  let name = base;
  for (let count = 2; taken.has(name); count++) name = `${base}_${count}`;
  return name;
}
