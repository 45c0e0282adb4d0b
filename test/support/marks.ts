import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import * as path from "node:path";
import type { Position, Range, TextDocumentEdit, TextEdit } from "vscode-languageserver-types";
import { Failure } from "../../server/base/failure.js";
import type { Document, Workspace } from "../../server/features/document.js";
import { Lines, type PositionEncoding } from "../../server/features/lines.js";
import { loadProgram, type Program, type TextSource } from "../../server/language/program.js";
import type { Span } from "../../server/language/syntax.js";

/**
 * Texts with marks in them: `$0` is a cursor, `«…»` a range. Several files follow each other, each below a line
 * `--- name`; without one all is `main.reprod`. A file that ends in `.txt`, `.csv` and so on is there but not read.
 */
export interface Marked {
  /** By name, without the marks. */
  readonly files: ReadonlyMap<string, string>;
  readonly cursors: readonly MarkedPlace[];
  readonly ranges: readonly MarkedPlace[];
}

/** A cursor is a range without length. */
export interface MarkedPlace {
  readonly file: string;
  readonly span: Span;
}

const MARK = /\$0|«|»/g;

export function readMarked(fixture: string): Marked {
  const files = new Map<string, string>();
  const cursors: MarkedPlace[] = [];
  const ranges: MarkedPlace[] = [];
  const parts = fixture.startsWith("--- ") ? fixture : `--- main.reprod\n${fixture}`;
  for (const part of parts.split(/^--- /m).slice(1)) {
    const newline = part.indexOf("\n");
    const file = part.slice(0, newline < 0 ? part.length : newline);
    const marked = newline < 0 ? "" : part.slice(newline + 1);
    let text = "";
    let from = 0;
    const open: number[] = [];
    for (const { 0: mark, index } of marked.matchAll(MARK)) {
      text += marked.slice(from, index);
      from = index + mark.length;
      if (mark === "$0") cursors.push({ file, span: { start: text.length, end: text.length } });
      else if (mark === "«") open.push(text.length);
      else ranges.push({ file, span: { start: open.pop() ?? 0, end: text.length } });
    }
    files.set(file, text + marked.slice(from));
  }
  return { files, cursors, ranges };
}

/** A workspace over files in memory, all in the folder `/`. */
export class World implements Workspace {
  readonly #files: Map<string, string>;
  readonly #programs = new Map<string, Program>();
  readonly #lines = new Map<string, { readonly text: string; readonly lines: Lines }>();
  readonly source: TextSource = {
    read: (file) => this.#files.get(file.slice(1)),
    resolve: (from, reference) => path.posix.resolve(path.posix.dirname(from), reference),
  };

  constructor(
    files: ReadonlyMap<string, string>,
    readonly encoding: PositionEncoding = "utf-16",
  ) {
    this.#files = new Map(files);
  }

  text(file: string): string {
    const text = this.#files.get(file);
    assert.ok(text !== undefined, `no file ${file}`);
    return text;
  }

  /** A new version of a file; programs are loaded anew with what they had before. */
  write(file: string, text: string): void {
    this.#files.set(file, text);
    for (const [root, program] of this.#programs)
      this.#programs.set(root, loadProgram(root, this.source, program));
  }

  names(): readonly string[] {
    return [...this.#files.keys()];
  }

  document(file = this.names()[0] ?? ""): Document {
    const program = this.#program(`/${file}`);
    const text = this.text(file);
    return {
      path: `/${file}`,
      uri: this.uri(`/${file}`),
      text,
      lines: this.lines(`/${file}`),
      program,
      module: program.root,
    };
  }

  position({ file, span }: MarkedPlace): Position {
    return this.lines(`/${file}`).position(span.start);
  }

  range({ file, span }: MarkedPlace): Range {
    return this.lines(`/${file}`).range(span);
  }

  programs(): readonly Program[] {
    return this.names()
      .filter((name) => name.endsWith(".reprod"))
      .map((name) => this.#program(`/${name}`));
  }

  programsWith(file: string): readonly Program[] {
    const own = this.#program(file);
    return [own, ...this.programs().filter((program) => program !== own && program.modules.has(file))];
  }

  lines(file: string): Lines {
    const text = this.text(file.slice(1));
    const known = this.#lines.get(file);
    if (known?.text === text) return known.lines;
    const lines = new Lines(text, this.encoding);
    this.#lines.set(file, { text, lines });
    return lines;
  }

  uri(file: string): string {
    return `file://${encodeURI(file)}`;
  }

  /** The file of a uri. */
  file(uri: string): string {
    assert.ok(uri.startsWith("file:///"), uri);
    return decodeURI(uri.slice("file:///".length));
  }

  list(folder: string) {
    const inside = [...this.#files.keys()]
      .map((name) => path.posix.relative(folder, `/${name}`))
      .filter((name) => !name.startsWith(".."));
    if (inside.length === 0) return undefined;
    const entries = new Map(inside.map((name) => [name.split("/")[0] ?? "", name.includes("/")]));
    return [...entries].map(([name, isFolder]) => ({ name, folder: isFolder }));
  }

  #program(file: string): Program {
    const known = this.#programs.get(file);
    if (known !== undefined) return known;
    const program = loadProgram(file, this.source);
    this.#programs.set(file, program);
    return program;
  }
}

/**
 * What `show` says of a marked text, which must not depend on how a client counts characters, nor on how lines end.
 * Expected failures are shown too.
 */
export function inEveryForm(fixture: string, show: (world: World, marked: Marked) => string): string {
  const shown = show(new World(readMarked(fixture).files, "utf-16"), readMarked(fixture));
  for (const [encoding, text] of [
    ["utf-8", fixture],
    ["utf-16", fixture.replaceAll("\n", "\r\n").replace(/^(---.*)\r$/gm, "$1")],
    ["utf-8", fixture.replaceAll("\n", "\r\n").replace(/^(---.*)\r$/gm, "$1")],
  ] as const) {
    const marked = readMarked(text);
    const again = show(new World(marked.files, encoding), marked);
    assert.equal(again.replaceAll("\r", ""), shown, `${encoding}${text === fixture ? "" : " with CRLF"}`);
  }
  return shown;
}

/** A place with what is said of it. */
export interface Note {
  readonly file: string;
  readonly range: Range;
  readonly text?: string;
}

/** The lines that the notes are about, each with its number, and the ranges drawn below. */
export function drawNotes(world: World, notes: readonly Note[]): string {
  let drawn = "";
  for (const file of world.names()) {
    const own = notes.filter((note) => note.file === file);
    if (own.length === 0) continue;
    if (world.names().length > 1) drawn += `--- ${file}\n`;
    const lines = world.lines(`/${file}`);
    const text = world.text(file);
    const spans = own.map((note) => ({ ...note, span: checkedSpan(lines, note.range) }));
    for (let line = 0; line < lines.count; line++) {
      const here = spans.filter(({ range }) => range.start.line === line);
      if (here.length === 0) continue;
      const [start, end] = [lines.start(line), lines.end(line)];
      drawn += `${String(line + 1).padStart(3)} | ${text.slice(start, end)}\n`.replaceAll("\t", "→");
      for (const { span, range, text: said } of here) {
        const width = Math.max(1, Math.min(span.end, end) - span.start);
        const far = range.end.line > line ? `…${range.end.line + 1}:${range.end.character}` : "";
        const squiggle = " ".repeat(span.start - start) + "~".repeat(width) + far;
        drawn += `    | ${squiggle}${said === undefined ? "" : ` ${said}`}\n`;
      }
    }
  }
  return drawn === "" ? "nothing\n" : drawn;
}

/** The span of a range, which must be a real place: no client understands one behind the end of a line. */
export function checkedSpan(lines: Lines, range: Range): Span {
  const span = lines.span(range);
  assert.deepEqual(lines.range(span), range, "the range is a place in the text");
  assert.ok(span.start <= span.end, "the range does not go backwards");
  return span;
}

/** The text after edits, which are places in the text before and do not overlap. */
export function applyEdits(text: string, lines: Lines, edits: readonly TextEdit[]): string {
  const sorted = edits
    .map(({ range, newText }) => ({ span: checkedSpan(lines, range), newText }))
    .sort((a, b) => a.span.start - b.span.start);
  let result = "";
  let from = 0;
  for (const { span, newText } of sorted) {
    assert.ok(span.start >= from, "edits do not overlap");
    result += text.slice(from, span.start) + newText;
    from = span.end;
  }
  return result + text.slice(from);
}

/** The texts that edits of several files change. */
export function applyWorkspaceEdit(
  world: World,
  changes: readonly TextDocumentEdit[],
): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  for (const { textDocument, edits } of changes) {
    const file = world.file(textDocument.uri);
    const plain = edits.filter((edit): edit is TextEdit => "newText" in edit);
    assert.equal(plain.length, edits.length);
    assert.ok(!changed.has(file), "a file is changed once");
    changed.set(file, applyEdits(world.text(file), world.lines(`/${file}`), plain));
  }
  return changed;
}

/**
 * Lines that two texts do not share, old ones with `-`, new ones with `+`, after those that both begin with. Space at
 * the end of a line is drawn as dots.
 */
export function drawChange(before: string, after: string): string {
  const linesOf = (text: string) =>
    text.split(/\r?\n/).map((line) => line.replace(/[ \t]+$/, (space) => "·".repeat(space.length)));
  const old = linesOf(before);
  const now = linesOf(after);
  if (old.length === now.length)
    return old
      .flatMap((line, at) => (line === now[at] ? [] : [`- ${line}`, `+ ${now[at]}`]))
      .map((line) => `${line}\n`)
      .join("");
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (
    end < Math.min(old.length, now.length) - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  )
    end++;
  return [
    ...old.slice(start, old.length - end).map((line) => `- ${line}\n`),
    ...now.slice(start, now.length - end).map((line) => `+ ${line}\n`),
  ].join("");
}

/** The pipelines that random tests start from: the examples, and one file with every form of the language. */
export function exampleWorlds(readFile: (file: string) => string): readonly ReadonlyMap<string, string>[] {
  const folder = (place: string) =>
    new Map(
      readdirSync(place)
        .filter((name) => name.endsWith(".reprod"))
        .map((name) => [name, readFile(path.join(place, name))] as const),
    );
  return [
    folder("examples/variants"),
    folder("examples/weather"),
    folder("test/fixtures/checked"),
    new Map([["everything.reprod", readFile("test/fixtures/everything.reprod")]]),
  ];
}

/** What `work` gives, or what the `Failure` says that it throws. */
export function refusal<Result>(work: () => Result): Result | string {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, why, fix } = error;
    return [`${code}: ${message}`, why, fix].filter((text) => text !== undefined).join("\n  ");
  }
}
