import { grouped } from "../../base/format.js";
import { checkOf, type Module, type Program } from "../../language/program.js";
import { isMember } from "../../language/signature.js";
import type { SymbolAt, SymbolPlace } from "../../language/symbols.js";
import { declarationAt } from "../../language/symbols.js";
import type {
  ColumnSyntax,
  Declaration,
  ForStatement,
  LetStatement,
  NodeStatement,
  SyntaxNode,
  TableStatement,
} from "../../language/syntax.js";
import { plainText } from "../../language/text.js";
import { type Type, withoutNull } from "../../language/types.js";
import type { Document } from "../document.js";
import { codeBlock, codeSpan, docMarkdown, escapeMarkdown, inCell } from "../markdown.js";
import { typeText } from "../texts.js";
import { placeIn } from "../tree.js";
import { t } from "../words.js";
import { memberSignature, sourceText, transformSignature } from "./signatures.js";

/** What is known beyond the text. */
export interface ValueProviders {
  /**
   * The value of a param, input or let of the file, as text; undefined while it is not known. Not called `valueOf`:
   * every object has a function of that name.
   */
  readonly valueText?: ((name: string) => string | undefined) | undefined;
  /** How many rows a table of the file has. */
  readonly rowsOf?: ((table: string) => number | undefined) | undefined;
}

/** Declarations of one family that are shown one by one. */
const PLACES_SHOWN = 4;
const COLUMNS_SHOWN = 40;

/** Paragraphs of Markdown on what a name stands for; every text of a file in it is escaped. */
export function symbolMarkdown(
  { program, module, path }: Document,
  symbol: SymbolAt,
  providers: ValueProviders,
): string[] {
  const parts = new SymbolText(program, module, symbol).parts();
  if (parts.length === 0) return [];
  if (symbol.doc !== undefined && symbol.kind !== "function") parts.push(docMarkdown(symbol.doc));
  // Only the file's own names have a value: those of a transform differ from node to node.
  const [home] = symbol.definitions;
  if (home?.path !== path || !isOfFile(module, symbol, home)) return parts;
  if (symbol.kind === "table") {
    const rows = providers.rowsOf?.(symbol.name);
    if (rows !== undefined) parts.push(rows === 1 ? t("1 row") : t("{0} rows", grouped(rows)));
    return parts;
  }
  if (symbol.kind !== "param" && symbol.kind !== "input" && symbol.kind !== "let") return parts;
  const value = providers.valueText?.(symbol.name);
  if (value !== undefined && value !== "") parts.push(`${t("Value")}: ${codeSpan(value)}`);
  return parts;
}

function isOfFile(module: Module, { name }: SymbolAt, home: SymbolPlace): boolean {
  const [place] = checkOf(module)?.declarationsOf(name) ?? [];
  const declaration = place === undefined ? undefined : checkOf(module)?.declarationWith(place.statement);
  return place !== undefined && declaration !== undefined
    ? declaration.offset + place.name.span.start === home.span.start
    : false;
}

/** Where something is declared. */
interface Home {
  readonly module: Module;
  readonly declaration: Declaration;
  /** The statement, clause or column that declares it, and what is around it, outermost first. */
  readonly around: readonly SyntaxNode[];
}

class SymbolText {
  constructor(
    readonly program: Program,
    readonly module: Module,
    readonly symbol: SymbolAt,
  ) {}

  parts(): string[] {
    const { symbol } = this;
    if (symbol.kind === "function")
      return symbol.signature === undefined ? [] : [codeBlock(symbol.signature.shown), symbol.signature.doc];
    const homes = symbol.definitions.slice(0, PLACES_SHOWN + 1).flatMap((place) => this.#homeOf(place));
    const [home] = homes;
    if (home === undefined) return [];
    switch (symbol.kind) {
      case "node":
        return this.#node(homes);
      case "transform":
      case "import":
        return this.#transform(home);
      case "column":
        return this.#column(home);
      default:
        return this.#value(home);
    }
  }

  #homeOf({ path, span }: SymbolPlace): Home[] {
    const module = this.program.modules.get(path);
    const place = module === undefined ? undefined : placeIn(module, span.start);
    const declaration = module === undefined ? undefined : declarationAt(module, span.start);
    if (module === undefined || place === undefined || declaration === undefined) return [];
    return [{ module, declaration, around: place.nodes }];
  }

  #node(homes: readonly Home[]): string[] {
    const lines: string[] = [];
    for (const { module, declaration, around } of homes.slice(0, PLACES_SHOWN)) {
      const node = around.findLast((one): one is NodeStatement => one.kind === "node");
      if (node === undefined) continue;
      const keys = node.keys.map((key) => sourceText(module, declaration.offset, key.span));
      const name = keys.length === 0 ? node.name.text : `${node.name.text}[${keys.join(", ")}]`;
      lines.push(`node ${name} = ${node.transform.text}`);
    }
    if (lines.length === 0) return [];
    if (homes.length > PLACES_SHOWN) lines.push("…");
    const { type } = this.symbol;
    return type.kind === "family"
      ? [codeBlock(lines.join("\n")), escapeMarkdown(typeText(type))]
      : [codeBlock(lines.join("\n"))];
  }

  #transform({ module, declaration }: Home): string[] {
    const { statement } = declaration;
    if (statement.kind !== "transform") return [];
    const parts = [codeBlock(transformSignature(module, declaration.offset, statement))];
    const facts: string[] = [];
    for (const item of statement.items) {
      const image = item.kind === "image" ? plainText(item.reference) : undefined;
      if (image !== undefined && image !== "") facts.push(`${t("image")} ${codeSpan(image)}`);
      if (item.kind === "tools" && item.tools.length > 0)
        facts.push(`${t("tools")} ${item.tools.map(({ name }) => codeSpan(name.text)).join(", ")}`);
      if (item.kind === "run" && item.interpreter !== "")
        facts.push(`${t("run")} ${codeSpan(item.interpreter)}`);
    }
    if (module.path !== this.module.path) facts.push(`${t("from")} ${codeSpan(fileName(module.path))}`);
    if (facts.length > 0) parts.push(facts.join(" · "));
    return parts;
  }

  #column({ module, declaration, around }: Home): string[] {
    const column = around.findLast((one): one is ColumnSyntax => one.kind === "column");
    const { statement } = declaration;
    if (column === undefined || statement.kind !== "table") return [];
    const { offset } = declaration;
    const header = column.header === undefined ? "" : ` = ${sourceText(module, offset, column.header.span)}`;
    const text = `${column.name.text}: ${sourceText(module, offset, column.type.span)}${header}`;
    return [
      codeBlock(text),
      this.#here(t('column of the table "{0}"', statement.name.text), column.type.span, module, offset),
    ];
  }

  /** What a member is, and its type here where that is another: that of a whole column, say. */
  #here(
    what: string,
    declared: { readonly start: number; readonly end: number },
    module: Module,
    offset: number,
  ): string {
    const shown = typeText(this.symbol.type);
    const written = sourceText(module, offset, declared);
    const isOther =
      this.symbol.type.kind !== "unknown" && shown.replace(/[()]/g, "") !== written.replace(/[()]/g, "");
    return escapeMarkdown(what) + (isOther ? ` · ${t("here")} ${codeSpan(shown)}` : "");
  }

  #value({ module, declaration, around }: Home): string[] {
    const { offset, statement } = declaration;
    const { symbol } = this;
    const type = symbol.type.kind === "unknown" ? "" : `: ${typeText(symbol.type)}`;
    if (statement.kind === "transform") {
      const item = around.findLast((one) => one.kind === "in" || one.kind === "param" || one.kind === "out");
      if (item === undefined || !isMember(item)) return [];
      return [
        codeBlock(memberSignature(module, offset, item)),
        this.#here(t('of the transform "{0}"', statement.name.text), item.type.span, module, offset),
      ];
    }
    switch (symbol.kind) {
      case "param":
        return statement.kind === "param" ? [codeBlock(memberSignature(module, offset, statement))] : [];
      case "input":
        return statement.kind === "input"
          ? [codeBlock(`input ${symbol.name}${type} = ${sourceText(module, offset, statement.value.span)}`)]
          : [];
      case "table":
        return statement.kind === "table" ? this.#table(module, offset, statement) : [];
      case "let": {
        const found = around.findLast((one): one is LetStatement => one.kind === "let");
        return found === undefined
          ? []
          : [codeBlock(`let ${symbol.name}${type} = ${sourceText(module, offset, found.value.span)}`)];
      }
      case "loop":
        return this.#loop(module, offset, around);
      default:
        return [];
    }
  }

  #loop(module: Module, offset: number, around: readonly SyntaxNode[]): string[] {
    const loop = around.findLast(
      (one): one is ForStatement | Extract<SyntaxNode, { kind: "clause" }> =>
        one.kind === "for" || one.kind === "clause",
    );
    if (loop === undefined) return [];
    const names = loop.names.map(({ text }) => text).join(", ");
    const head = `for ${loop.names.length === 1 ? names : `(${names})`} in ${sourceText(module, offset, loop.source.span)}`;
    return [codeBlock(head), columnsText(this.symbol.type)];
  }

  #table(module: Module, offset: number, table: TableStatement): string[] {
    const head = codeBlock(`table ${table.name.text} = ${sourceText(module, offset, table.source.span)}`);
    const columns = table.columns ?? [];
    if (columns.length === 0) return [head];
    const cell = (text: string): string => inCell(text);
    const rows = columns.slice(0, COLUMNS_SHOWN).map((column) => {
      const header = column.header === undefined ? undefined : plainText(column.header);
      return `| ${[
        cell(codeSpan(column.name.text)),
        cell(codeSpan(sourceText(module, offset, column.type.span))),
        header === undefined ? "" : cell(codeSpan(header)),
        // A cell is one line.
        cell(escapeMarkdown(column.doc ?? "")),
      ].join(" | ")} |`;
    });
    const titles = [t("column"), t("type"), t("header"), ""].join(" | ");
    const more = columns.length > COLUMNS_SHOWN ? [t("and {0} more", columns.length - COLUMNS_SHOWN)] : [];
    return [head, [`| ${titles} |`, "| --- | --- | --- | --- |", ...rows].join("\n"), ...more];
  }
}

/** A type in code; of a row its columns, since that is what is asked for. */
function columnsText(type: Type): string {
  const plain = withoutNull(type);
  if (plain.kind !== "row" || plain.columns.size === 0) return codeSpan(typeText(type));
  const columns = [...plain.columns].slice(0, COLUMNS_SHOWN);
  return columns.map(([name, column]) => codeSpan(`${name}: ${typeText(column)}`)).join(", ");
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
