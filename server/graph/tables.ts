import * as path from "node:path";
import { wrongType } from "../language/checks/wrong-type.js";
import { mostSimilar } from "../language/similar.js";
import type { Span, TableStatement } from "../language/syntax.js";
import { type Type, typeFromSyntax } from "../language/types.js";
import { badCell } from "./checks/bad-cell.js";
import { badTable } from "./checks/bad-table.js";
import { fromText } from "./coerce.js";
import type { Base } from "./data-references.js";
import { Halt } from "./demand.js";
import type { Expressions } from "./expressions.js";
import type { TableText } from "./facts.js";
import { sourceOf } from "./functions.js";
import type { Reports } from "./reports.js";
import { Trouble } from "./reports.js";
import type { Scope } from "./scopes.js";
import { type DataReference, RowValue, type Value } from "./value.js";

const COLUMNS_SHOWN = 8;

interface Column {
  readonly name: string;
  readonly type: Type;
  /** Position in the file. */
  readonly at: number;
  readonly span: Span;
}

/** The rows of a table that types no columns: every cell is a String. */
export function plainRows({ header, rows }: TableText): readonly RowValue[] {
  return rows.map((cells) => new RowValue(new Map(header.map((name, at) => [name, cells[at] ?? ""]))));
}

/**
 * The rows of a `table` declaration with typed cells (rule 16). Every bad cell is reported, then there is no table.
 * Grows with the cells of the declared columns.
 */
export function tableRows(
  statement: TableStatement,
  scope: Scope,
  expressions: Expressions,
  reports: Reports,
): readonly Value[] {
  const { source } = statement;
  if (source.kind !== "call" || (source.callee.text !== "csv" && source.callee.text !== "tsv"))
    return expressions.list(source, scope);
  const argument = source.arguments.find(({ name }) => name === undefined);
  if (argument === undefined) throw Halt.instance;
  const given = expressions.evaluate(argument.value, scope);
  const base: Base = { kind: "folder", folder: scope.place.folder };
  const data = sourceOf(given, { expressions, base });
  if (data instanceof Trouble) throw expressions.fail(argument.value, scope, data);
  const fact = expressions.facts.table(data.place, source.callee.text === "csv" ? "," : "\t");
  const what = `the table "${data.baseName}"`;
  const text = expressions.known(fact, what);
  if (text instanceof Trouble) throw expressions.fail(source, scope, { ...text, rule: badTable });
  const over = expressions.budget.elements(text.rows.length);
  if (over !== undefined) throw expressions.fail(source, scope, over);
  if (statement.columns === undefined) return plainRows(text);
  const columns = columnsOf(statement, text, what, scope, expressions);
  const reader = { data: expressions.data, base: baseOf(data) };
  const rows: RowValue[] = [];
  let bad = false;
  for (const [row, cells] of text.rows.entries()) {
    const values = new Map<string, Value>();
    for (const column of columns) {
      const value = cellValue(cells[column.at] ?? "", column.type, reader);
      if (value instanceof Trouble) {
        bad = true;
        reportCell(value, column, row, text, data, scope, reports);
      } else values.set(column.name, value);
    }
    rows.push(new RowValue(values));
  }
  if (bad) throw Halt.instance;
  return rows;
}

/** What the table has instead; a file of other columns altogether shows itself by its first ones. */
function instead(wanted: string, header: readonly string[]): string {
  const similar = mostSimilar(wanted, header);
  if (similar !== undefined) return `, did you mean "${similar}"?`;
  const shown = header.slice(0, COLUMNS_SHOWN).map((name) => `"${name}"`);
  return `; it has ${shown.join(", ")}${header.length > shown.length ? ", …" : ""}`;
}

function columnsOf(
  statement: TableStatement,
  text: TableText,
  what: string,
  scope: Scope,
  expressions: Expressions,
): readonly Column[] {
  const columns: Column[] = [];
  const missing: Halt[] = [];
  for (const { name, type, header, span } of statement.columns ?? []) {
    const wanted =
      header === undefined
        ? name.text
        : header.parts.map((part) => (part.kind === "text" ? part.value : "")).join("");
    const at = text.header.indexOf(wanted);
    if (at < 0) {
      const message = `${what} has no column "${wanted}"${instead(wanted, text.header)}`;
      missing.push(expressions.failAt(name.span, scope, { rule: badTable, message }));
    } else columns.push({ name: name.text, type: typeFromSyntax(type), at, span });
  }
  const [halt] = missing;
  if (halt !== undefined) throw halt;
  return columns;
}

/** An empty cell is null where the type allows it, and an empty text for String. */
function cellValue(cell: string, type: Type, reader: Parameters<typeof fromText>[2]): Value | Trouble {
  if (cell !== "" || type.kind === "string") return fromText(cell, type, reader);
  if (type.kind === "optional") return null;
  return new Trouble(wrongType, "this cell is empty");
}

function reportCell(
  trouble: Trouble,
  column: Column,
  row: number,
  text: TableText,
  data: DataReference,
  scope: Scope,
  reports: Reports,
): void {
  const line = text.lines[row];
  const where = `column "${column.name}" in line ${line ?? "?"} of "${data.baseName}"`;
  const message = `${trouble.message}, ${where}`;
  if (data.place.kind === "local" && text.cellSpan !== undefined)
    reports.addAt(data.place.path, text.cellSpan(row, column.at), badCell, message);
  else reports.add(scope.place, column.span, badCell, message);
}

/** Cells of type File start from where the table is (rule 15). */
function baseOf({ place }: DataReference): Base {
  if (place.kind !== "local") return { kind: "address", url: place.url };
  return { kind: "folder", folder: path.dirname(place.path) };
}
