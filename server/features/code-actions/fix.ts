import type { Command, WorkspaceEdit } from "vscode-languageserver-types";
import { type Inspection, inspect } from "../../language/probe.js";
import type { PlacedProblem } from "../../language/problems.js";
import type { Module } from "../../language/program.js";
import { declarationAt } from "../../language/symbols.js";
import type { Declaration, Span, SyntaxNode } from "../../language/syntax.js";
import type { Document, Workspace } from "../document.js";
import { absolute, placeIn } from "../tree.js";

/** A change of one place; offsets are absolute. */
export interface Edit {
  readonly path: string;
  readonly span: Span;
  readonly text: string;
}

/** A way to mend a problem, or another change that somebody may want. */
export interface Fix {
  /** In the imperative: `Change to "depth"`. */
  readonly title: string;
  readonly edits?: readonly Edit[];
  /** Instead of `edits`: what another feature has made and checked. */
  readonly edit?: WorkspaceEdit;
  /** A file that is not there yet. */
  readonly created?: { readonly path: string; readonly text: string };
  readonly command?: Command;
  /** What is most likely meant: editors make it without asking twice. */
  readonly preferred?: boolean;
  /** It can be made together with all others of its kind without a look at each. */
  readonly safe?: boolean;
}

export interface CodeActionOptions {
  /** The client has the commands of `protocol.ts`. */
  readonly commands: boolean;
  /** It can make files. */
  readonly createFiles: boolean;
}

/** A place that something is to be done about. */
export class ActionPlace {
  readonly declaration: Declaration | undefined;
  /** The nodes around the start of the place, the statement first. */
  readonly nodes: readonly SyntaxNode[];
  #inspection: Inspection | undefined;

  constructor(
    readonly document: Document,
    readonly span: Span,
    readonly workspace: Workspace,
    readonly options: CodeActionOptions,
  ) {
    this.declaration = declarationAt(document.module, span.start);
    this.nodes = placeIn(document.module, span.start)?.nodes ?? [];
  }

  get module(): Module {
    return this.document.module;
  }
  get text(): string {
    return this.document.text;
  }
  get newline(): string {
    return this.text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** The nearest node of a kind around the place. */
  around<Kind extends SyntaxNode["kind"]>(
    ...kinds: readonly Kind[]
  ): Extract<SyntaxNode, { kind: Kind }> | undefined {
    const wanted: readonly string[] = kinds;
    const found = this.nodes.findLast(({ kind }) => wanted.includes(kind));
    return found as Extract<SyntaxNode, { kind: Kind }> | undefined;
  }

  /** The node at the place that has exactly its span; the innermost of several. */
  exact(): SyntaxNode | undefined {
    return this.nodes.findLast((node) => {
      const { start, end } = this.absolute(node.span);
      return start === this.span.start && end === this.span.end;
    });
  }

  absolute(span: Span): Span {
    return this.declaration === undefined ? span : absolute(this.declaration, span);
  }

  source(span: Span): string {
    const { start, end } = this.absolute(span);
    return this.text.slice(start, end);
  }

  get inspection(): Inspection | undefined {
    const { declaration, module } = this;
    if (declaration === undefined) return undefined;
    const { offset, length } = declaration;
    this.#inspection ??= inspect(
      module,
      declaration,
      this.text.slice(offset, offset + length),
      this.span.start - offset,
    );
    return this.#inspection;
  }

  // -------------------------------------------------------------- edits of this file

  replace(span: Span, text: string): Edit {
    return { path: this.document.path, span, text };
  }
  insert(offset: number, text: string): Edit {
    return this.replace({ start: offset, end: offset }, text);
  }
  /** Of a span relative to the declaration. */
  rewrite(span: Span, text: string): Edit {
    return this.replace(this.absolute(span), text);
  }

  /** Blanks at the start of the line that holds an offset. */
  indentation(offset: number): string {
    const start = this.text.lastIndexOf("\n", offset - 1) + 1;
    return /^[ \t]*/.exec(this.text.slice(start, offset))?.[0] ?? "";
  }

  /** Behind the last character of the line that holds an offset. */
  endOfLine(offset: number): number {
    const newline = this.text.indexOf("\n", offset);
    const end = newline < 0 ? this.text.length : newline;
    return end > offset && this.text[end - 1] === "\r" ? end - 1 : end;
  }

  /**
   * Takes out an item of a block, list or file: with its whole lines and the comments that document it where it has lines
   * of its own, else with the comma that parts it from the next.
   */
  remove({ start, end }: Span): Edit {
    const { text } = this;
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const lineEnd = this.endOfLine(end);
    const behind = text.slice(end, lineEnd);
    if (text.slice(lineStart, start).trim() === "" && /^[ \t]*,?[ \t]*(?:\/\/.*)?$/.test(behind)) {
      let from = lineStart;
      for (;;) {
        const before = text.lastIndexOf("\n", from - 2) + 1;
        if (from === 0 || !/^[ \t]*\/\/\/(?!\/)/.test(text.slice(before, from))) break;
        from = before;
      }
      const next = text.indexOf("\n", lineEnd);
      let to = next < 0 ? text.length : next + 1;
      // Of the blank lines around it one side goes as well.
      if (/(?:^|\n)[ \t]*\r?\n$/.test(text.slice(0, from)))
        to += /^(?:[ \t]*\r?\n)*/.exec(text.slice(to))?.[0].length ?? 0;
      return this.replace({ start: from, end: to }, "");
    }
    const comma = /^\s*,[ \t]*/.exec(text.slice(end));
    if (comma !== null) return this.replace({ start, end: end + comma[0].length }, "");
    const before = /[ \t]*,\s*$/.exec(text.slice(0, start)) ?? /[ \t]*$/.exec(text.slice(0, start));
    return this.replace({ start: start - (before?.[0].length ?? 0), end }, "");
  }
}

/** What a fix is asked about. */
export class ProblemPlace extends ActionPlace {
  constructor(
    document: Document,
    readonly problem: PlacedProblem,
    workspace: Workspace,
    options: CodeActionOptions,
  ) {
    super(document, problem.span, workspace, options);
  }
}

/** The ways to mend one kind of problem. */
export type FixesOf = (place: ProblemPlace) => readonly Fix[];
