import * as path from "node:path";
import type { Position, TextEdit } from "vscode-languageserver-types";
import type { Document, Workspace } from "../../server/features/document.js";
import { Lines } from "../../server/features/lines.js";
import { loadProgram, type Program } from "../../server/language/program.js";
import { sourceOf } from "./squiggles.js";

/** Stands where the cursor is; no file of a test has it. */
export const CURSOR = "‸";

/** A file with a cursor in it, and the files beside it. */
export interface CursorDocument {
  readonly document: Document;
  readonly workspace: Workspace;
  readonly offset: number;
  readonly position: Position;
  /** Of the text between two cursors; empty with one. */
  readonly end: number;
  /** Without the cursors. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Reads `main.reprod` up to the first line `--- NAME`, which begins another file of the folder `/`. Files that are
 * not `*.reprod` are there to be listed.
 */
export function cursorDocument(fixture: string): CursorDocument {
  const files = new Map<string, string>();
  for (const part of `--- main.reprod\n${fixture}`.split(/^--- /m).slice(1)) {
    const newline = part.indexOf("\n");
    const name = newline < 0 ? part : part.slice(0, newline);
    files.set(name.trim(), newline < 0 ? "" : part.slice(newline + 1));
  }
  const marked = files.get("main.reprod") ?? "";
  const offset = marked.indexOf(CURSOR);
  const second = marked.indexOf(CURSOR, offset + 1);
  files.set("main.reprod", marked.replaceAll(CURSOR, ""));
  const workspace = workspaceOf(files);
  const document = documentOf(files);
  return {
    document,
    workspace,
    offset: Math.max(0, offset),
    position: document.lines.position(Math.max(0, offset)),
    end: second < 0 ? Math.max(0, offset) : second - 1,
    files,
  };
}

export function documentOf(files: ReadonlyMap<string, string>, previous?: Program): Document {
  const text = files.get("main.reprod") ?? "";
  const program = loadProgram("/main.reprod", sourceOf(files), previous);
  return {
    path: "/main.reprod",
    uri: "file:///main.reprod",
    text,
    lines: new Lines(text),
    program,
    module: program.root,
  };
}

export function workspaceOf(files: ReadonlyMap<string, string>): Workspace {
  const source = sourceOf(files);
  const programs = [...files.keys()]
    .filter((name) => name.endsWith(".reprod"))
    .map((name) => loadProgram(`/${name}`, source));
  return {
    programs: () => programs,
    programsWith: (file) =>
      programs
        .filter(({ modules }) => modules.has(file))
        .sort((a, b) => Number(b.root.path === file) - Number(a.root.path === file)),
    lines: (file) => new Lines(files.get(file.slice(1)) ?? ""),
    uri: (file) => `file://${file}`,
    list: (folder) => {
      const inside = new Map<string, boolean>();
      for (const name of files.keys()) {
        const relative = path.posix.relative(folder, `/${name}`);
        if (relative.startsWith("..") || relative === "") continue;
        const [first = "", ...rest] = relative.split("/");
        inside.set(first, rest.length > 0);
      }
      return inside.size === 0 ? undefined : [...inside].map(([name, folder]) => ({ name, folder }));
    },
  };
}

/** The text with the edits made, last place first, as a client makes them. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  const lines = new Lines(text);
  const spans = edits.map(({ range, newText }) => ({ ...lines.span(range), newText }));
  spans.sort((a, b) => b.start - a.start || b.end - a.end);
  let result = text;
  let before = Number.POSITIVE_INFINITY;
  for (const { start, end, newText } of spans) {
    if (end > before) throw new Error("edits overlap");
    before = start;
    result = result.slice(0, start) + newText + result.slice(end);
  }
  return result;
}
