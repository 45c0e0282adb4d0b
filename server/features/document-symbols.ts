import { type DocumentSymbol, SymbolKind } from "vscode-languageserver-types";
import { checkOf } from "../language/program.js";
import { isMember } from "../language/signature.js";
import type {
  BlockStatement,
  Declaration,
  IfStatement,
  Name,
  Span,
  Statement,
  TypeSyntax,
} from "../language/syntax.js";
import { showType } from "../language/types.js";
import type { Document } from "./document.js";
import { absolute } from "./tree.js";

/** The outline: what a file declares, with columns in their tables and nodes in their blocks. O(size of the tree). */
export function documentSymbols(document: Document): DocumentSymbol[] {
  return document.module.file.declarations.flatMap((declaration) =>
    new Outline(document, declaration).statement(declaration.statement),
  );
}

/** The sign that a kind of declaration has in outlines and lists. */
export const symbolKinds = {
  pipeline: SymbolKind.Module,
  param: SymbolKind.Variable,
  input: SymbolKind.File,
  table: SymbolKind.Struct,
  column: SymbolKind.Field,
  let: SymbolKind.Constant,
  node: SymbolKind.Object,
  family: SymbolKind.Array,
  transform: SymbolKind.Class,
  in: SymbolKind.Property,
  out: SymbolKind.Field,
  block: SymbolKind.Namespace,
} as const;

/** Characters of a loop or condition that are shown. */
const LONGEST_HEAD = 60;

class Outline {
  constructor(
    readonly document: Document,
    readonly declaration: Declaration,
  ) {}

  statement(statement: Statement): DocumentSymbol[] {
    const { span } = statement;
    switch (statement.kind) {
      case "pipeline":
        return [this.#named("pipeline", statement.name, span, undefined)];
      case "param":
        return [this.#named("param", statement.name, span, this.#type(statement.type))];
      case "input":
      case "let":
        return [this.#named(statement.kind, statement.name, span, this.#inferred(statement.name))];
      case "table": {
        const columns = statement.columns?.map((column) =>
          this.#named("column", column.name, column.span, this.#type(column.type)),
        );
        return [this.#named("table", statement.name, span, undefined, columns)];
      }
      case "transform": {
        const items = statement.items
          .filter(isMember)
          .map((item) => this.#named(item.kind, item.name, item.span, this.#type(item.type)));
        return [this.#named("transform", statement.name, span, undefined, items)];
      }
      case "node":
      case "for":
      case "if":
        return this.#inBlock(statement);
      default:
        return [];
    }
  }

  #inBlock(statement: BlockStatement): DocumentSymbol[] {
    const { span } = statement;
    switch (statement.kind) {
      case "let":
        return [this.#named("let", statement.name, span, undefined)];
      case "node": {
        const kind = statement.keys.length > 0 ? "family" : "node";
        return [this.#named(kind, statement.name, span, statement.transform.text)];
      }
      case "for": {
        const head = { start: span.start, end: statement.source.span.end };
        return this.#block(this.#text(head), span, head, this.#all(statement.body));
      }
      case "if":
        return this.#if(statement, "");
      case "check":
        return [];
    }
  }

  /** `else` stands in its `if`, as it does in the text. */
  #if(statement: IfStatement, prefix: string): DocumentSymbol[] {
    const { span, condition, then, otherwise } = statement;
    const head = { start: span.start, end: condition.span.end };
    const inside = this.#all(then);
    const [first] = otherwise ?? [];
    if (first?.kind === "if" && this.#text({ start: 0, end: first.span.start }).endsWith("else"))
      inside.push(...this.#if(first, "else "));
    else if (first !== undefined) {
      const rest = { start: first.span.start, end: span.end };
      inside.push(...this.#block("else", rest, first.span, this.#all(otherwise ?? [])));
    }
    return this.#block(prefix + this.#text(head), span, head, inside);
  }

  #all(statements: readonly BlockStatement[]): DocumentSymbol[] {
    return statements.flatMap((statement) => this.#inBlock(statement));
  }

  /** A block that declares nothing is no part of an outline. */
  #block(name: string, range: Span, selection: Span, children: DocumentSymbol[]): DocumentSymbol[] {
    if (children.length === 0) return [];
    const cut = name.slice(0, LONGEST_HEAD).replace(/(?:\s|[\ud800-\udbff])+$/, "");
    const shown = name.length > LONGEST_HEAD ? `${cut}…` : name;
    return [this.#symbol("block", shown, range, selection, undefined, children)];
  }

  #named(
    kind: keyof typeof symbolKinds,
    { text, span }: Name,
    range: Span,
    detail: string | undefined,
    children?: DocumentSymbol[],
  ): DocumentSymbol {
    // A client refuses symbols without a name, and half-typed ones have none.
    return this.#symbol(kind, text === "" ? "…" : text, range, span, detail, children);
  }

  #symbol(
    kind: keyof typeof symbolKinds,
    name: string,
    range: Span,
    selection: Span,
    detail: string | undefined,
    children: DocumentSymbol[] | undefined,
  ): DocumentSymbol {
    const { lines } = this.document;
    return {
      name,
      kind: symbolKinds[kind],
      range: lines.range(absolute(this.declaration, range)),
      selectionRange: lines.range(absolute(this.declaration, selection)),
      ...(detail === undefined || detail === "" ? {} : { detail }),
      ...(children === undefined || children.length === 0 ? {} : { children }),
    };
  }

  #type(type: TypeSyntax): string {
    return this.#text(type.span);
  }

  #inferred(name: Name): string | undefined {
    const type = checkOf(this.document.module)?.fileName(name.text)?.type;
    return type === undefined || type.kind === "unknown" ? undefined : showType(type);
  }

  /** On one line. */
  #text(span: Span): string {
    const { start, end } = absolute(this.declaration, span);
    return this.document.text.slice(start, end).replace(/\s+/g, " ").trim();
  }
}
