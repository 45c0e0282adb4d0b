import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import type { Fact, TableText } from "../graph/facts.js";
import { lineAndColumn, parseJsonValue } from "./json-text.js";

/**
 * The text of a data file, without a byte order mark. What is not text is said with its place: a byte that is not
 * UTF-8 in one cell of a table is found by its line, not by "cannot decode".
 */
export function decodeText(bytes: Buffer): Fact<string> {
  if (!isUtf8(bytes)) {
    const offset = firstInvalidByte(bytes);
    const before = bytes.subarray(0, offset).toString("utf8");
    const { line, column } = lineAndColumn(before, before.length);
    return absent(line, column, `this byte is not UTF-8: "0x${(bytes[offset] ?? 0).toString(16)}"`);
  }
  const text = bytes.toString("utf8");
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    const { line, column } = lineAndColumn(text, zero);
    return absent(line, column, "it is not a text file: it has a zero byte");
  }
  return { kind: "known", value: text.startsWith("\ufeff") ? text.slice(1) : text };
}

/** Offset of the first byte that no UTF-8 text can have there. O(log n) checks of a prefix, each O(n). */
function firstInvalidByte(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    // A prefix may end within a character, which is no fault: it is cut back to where a character starts.
    if (isUtf8(bytes.subarray(0, characterStart(bytes, middle)))) good = middle;
    else bad = middle;
  }
  return characterStart(bytes, good);
}

/** Start of the character that the byte before `end` belongs to when it is not finished at `end`; else `end`. */
function characterStart(bytes: Buffer, end: number): number {
  for (let at = end - 1; at >= Math.max(0, end - 4); at--) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return at + length > end ? at : end;
  }
  return end;
}

/** Records with the line of each one's first character. */
interface Records {
  readonly records: readonly (readonly string[])[];
  readonly lines: readonly number[];
}

/**
 * Reads a table (language.md rule 16): RFC 4180, a header, CRLF or LF, empty lines passed over. The first thing
 * that is wrong is told with its line and column. O(size).
 */
export function parseTable(text: string, separator: "," | "\t"): Fact<TableText> {
  // Without a quote, RFC 4180 is lines and separators, and splitting is twenty times as fast as the parser:
  // that is what keeps a table of 100,000 rows within a plan's budget.
  const read = text.includes('"') ? quotedRecords(text, separator) : plainRecords(text, separator);
  if ("kind" in read) return read;
  return checked(read);
}

function plainRecords(text: string, separator: "," | "\t"): Records {
  const records: string[][] = [];
  const lines: number[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "") continue;
    records.push(line.split(separator));
    lines.push(index + 1);
  }
  return { records, lines };
}

function quotedRecords(text: string, separator: "," | "\t"): Records | Fact<never> {
  const bytes = Buffer.from(text, "utf8");
  const line = new LineCounter(bytes);
  const records: string[][] = [];
  const lines: number[] = [];
  let end = 0;
  try {
    parse(bytes, {
      delimiter: separator,
      skip_empty_lines: true,
      // Counts are compared by `checked`, whose message names the line and both numbers.
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n"],
      on_record: (record: string[], context) => {
        records.push(record);
        lines.push(line.ofRecordAfter(end));
        end = context.bytes;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return malformed(error, line.ofRecordAfter(end));
  }
  return { records, lines };
}

/** Counts lines by bytes: the parser's own count takes a CRLF within a cell for two. Offsets must not go back. */
class LineCounter {
  private at = 0;
  private line = 1;

  constructor(private readonly bytes: Buffer) {}

  /** Line of the first record that begins at or after this offset: empty lines are passed over. */
  ofRecordAfter(offset: number): number {
    let start = offset;
    while (this.bytes[start] === 0x0a || this.bytes[start] === 0x0d) start++;
    for (; this.at < start; this.at++) if (this.bytes[this.at] === 0x0a) this.line++;
    return this.line;
  }
}

/** The parser's error in our words; `line` is where the row begins. */
function malformed(error: CsvError, line: number): Fact<never> {
  const cell = typeof error.index === "number" ? `line ${line}, cell ${error.index + 1}` : `line ${line}`;
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return { kind: "absent", message: `${cell}: the quote that begins this cell is never closed` };
    case "CSV_INVALID_CLOSING_QUOTE":
      return { kind: "absent", message: `${cell}: text follows the closing quote of a cell` };
    case "INVALID_OPENING_QUOTE":
      return {
        kind: "absent",
        message: `${cell}: a quote stands in a cell that does not begin with one; the whole cell must be quoted, and the quote doubled`,
      };
    default:
      return { kind: "absent", message: `${cell}: ${error.message}` };
  }
}

function checked({ records, lines: allLines }: Records): Fact<TableText> {
  const [header, ...rows] = records;
  const [headerLine, ...lines] = allLines;
  if (header === undefined || headerLine === undefined) {
    return { kind: "absent", message: "the table is empty: it has no line with the names of its columns" };
  }
  const seen = new Map<string, number>();
  for (const [index, name] of header.entries()) {
    const before = seen.get(name);
    if (before !== undefined) {
      return {
        kind: "absent",
        message: `line ${headerLine}: columns ${before + 1} and ${index + 1} have the same name: "${name}"`,
      };
    }
    seen.set(name, index);
  }
  for (const [index, row] of rows.entries()) {
    if (row.length !== header.length) {
      return {
        kind: "absent",
        message: `line ${lines[index]}: the header has ${header.length} columns, this row has "${row.length}"`,
      };
    }
  }
  return { kind: "known", value: { header, rows, lines } };
}

/** Reads a JSON text; what is wrong is told with its line and column. */
export function parseJsonFact(text: string): Fact<unknown> {
  const read = parseJsonValue(text);
  if ("value" in read) return { kind: "known", value: read.value };
  return absent(read.problem.line, read.problem.column, read.problem.message);
}

/** The lines of a text, without their ends (LF or CRLF); an end at the end of the file starts no further line. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function absent(line: number, column: number, message: string): Fact<never> {
  return { kind: "absent", message: `line ${line}, column ${column}: ${message}` };
}
