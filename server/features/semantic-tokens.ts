import type { Range } from "vscode-languageserver-types";
import { walk } from "../language/children.js";
import { functions } from "../language/functions.js";
import type { Resolution } from "../language/infer.js";
import { commentsOf } from "../language/lexer.js";
import type { ModuleCheck } from "../language/module-check.js";
import type { Problem } from "../language/problems.js";
import { checkOf } from "../language/program.js";
import type { FileNameKind, LocalKind } from "../language/scope.js";
import { scriptNames, scriptOffsets } from "../language/script-names.js";
import { isMember } from "../language/signature.js";
import type { Declaration, Span, Statement, TransformStatement } from "../language/syntax.js";
import { NAMED_TYPES } from "../language/types.js";
import type { Document } from "./document.js";
import type { Lines } from "./lines.js";

/** In the order of their numbers. All are standard, so that every theme has colours for them. */
export const semanticTokensLegend = {
  tokenTypes: ["namespace", "class", "type", "parameter", "variable", "property", "function", "comment"],
  tokenModifiers: ["declaration", "readonly", "defaultLibrary", "documentation"],
} as const satisfies { readonly tokenTypes: readonly string[]; readonly tokenModifiers: readonly string[] };

type TokenType = (typeof semanticTokensLegend.tokenTypes)[number];
type TokenModifier = (typeof semanticTokensLegend.tokenModifiers)[number];

/**
 * What each name is, as the five numbers a token that the protocol has; in scripts their variables too. The grammar
 * colours the rest. A name that stands for nothing gets no token.
 *
 * The tokens of a declaration are kept with it, so that an edit costs a check of what it touched; putting them
 * together is linear in their number.
 */
export function semanticTokens(document: Document): number[] {
  const check = checkOf(document.module);
  const encoder = new Encoder(document.lines);
  let end = 0;
  if (check !== undefined)
    for (const declaration of document.module.file.declarations) {
      encoder.tokens(docsBetween(document.text, end, declaration.offset), end);
      encoder.kept(tokensOf(document.text, check, declaration), declaration.offset);
      end = declaration.offset + declaration.length;
    }
  encoder.tokens(docsBetween(document.text, end, document.text.length), end);
  return encoder.data;
}

/** The same of what is in sight. */
export function semanticTokensInRange(document: Document, range: Range): number[] {
  const check = checkOf(document.module);
  const encoder = new Encoder(document.lines);
  const { start, end } = document.lines.span(range);
  const add = (tokens: readonly Token[], base: number): void =>
    encoder.tokens(
      tokens.filter((token) => base + token.end >= start && base + token.start <= end),
      base,
    );
  let from = 0;
  for (const declaration of document.module.file.declarations) {
    const { offset, length } = declaration;
    if (from > end) break;
    if (offset >= start) add(docsBetween(document.text, from, offset), from);
    from = offset + length;
    if (check !== undefined && from >= start && offset <= end)
      add(tokensOf(document.text, check, declaration).tokens, offset);
  }
  if (from <= end) add(docsBetween(document.text, from, document.text.length), from);
  return encoder.data;
}

// ---------------------------------------------------------------- the tokens of a declaration

interface Token extends Span {
  readonly type: number;
  readonly modifiers: number;
}

interface KeptTokens {
  /** Relative to the declaration, in the order of the text. */
  readonly tokens: readonly Token[];
  /** The same as the protocol has them, but for the place of the first; undefined where that depends on the client. */
  readonly data: readonly number[] | undefined;
  /**
   * A check makes a new list whenever it looks at a declaration again, and it does so when anything has changed that
   * its names rest on. The same list therefore means the same tokens.
   */
  readonly problems: readonly Problem[];
}

const kept = new WeakMap<Statement, KeptTokens>();

function tokensOf(text: string, check: ModuleCheck, declaration: Declaration): KeptTokens {
  const { statement, offset, length } = declaration;
  const problems = check.problemsOf(declaration);
  const known = kept.get(statement);
  if (known?.problems === problems) return known;
  const own = text.slice(offset, offset + length);
  const tokens = new Finder(check, declaration, own).find();
  const data = /^[\x00-\x7f]*$/.test(own) ? dataOf(own, tokens) : undefined;
  const found: KeptTokens = { tokens, data, problems };
  // What an import brings is said by another file, which its own check does not ask.
  if (statement.kind !== "import") kept.set(statement, found);
  return found;
}

/** The `///` lines between two declarations: behind the first, or before a place where nothing follows. */
function docsBetween(text: string, from: number, to: number): readonly Token[] {
  const between = text.slice(from, to);
  return between.includes("///") ? docsIn(between) : NONE;
}

const NONE: readonly Token[] = [];

function docsIn(text: string): readonly Token[] {
  return commentsOf(text).flatMap(({ span, isDoc }) =>
    isDoc ? [token(span, "comment", "documentation")] : [],
  );
}

function token({ start, end }: Span, type: TokenType, ...modifiers: readonly TokenModifier[]): Token {
  let bits = 0;
  for (const modifier of modifiers) bits |= 1 << semanticTokensLegend.tokenModifiers.indexOf(modifier);
  return { start, end, type: semanticTokensLegend.tokenTypes.indexOf(type), modifiers: bits };
}

/** What a name of the file looks like; an `unsure` one like nothing. */
const FILE_NAMES: { readonly [Kind in FileNameKind]: readonly [TokenType, ...TokenModifier[]] } = {
  param: ["parameter"],
  input: ["variable", "readonly"],
  table: ["variable", "readonly"],
  let: ["variable", "readonly"],
  node: ["variable", "readonly"],
  transform: ["class"],
  import: ["class"],
};

const LOCALS: { readonly [Kind in LocalKind]: readonly [TokenType, ...TokenModifier[]] } = {
  loop: ["variable"],
  let: ["variable", "readonly"],
  in: ["parameter"],
  param: ["parameter"],
  out: ["property"],
};

class Finder {
  /** By start: a name that is checked twice is one. */
  readonly #tokens = new Map<number, Token>();

  constructor(
    readonly check: ModuleCheck,
    readonly declaration: Declaration,
    readonly text: string,
  ) {}

  find(): readonly Token[] {
    const { check, declaration } = this;
    const { statement } = declaration;
    this.#declared(statement);
    this.#syntax(statement);
    check.resolve(declaration, { resolved: (span, resolution) => this.#resolved(span, resolution) });
    if (statement.kind === "transform") this.#scripts(statement);
    for (const doc of docsIn(this.text)) this.#tokens.set(doc.start, doc);
    return [...this.#tokens.values()].sort((a, b) => a.start - b.start);
  }

  #add(span: Span, type: TokenType, ...modifiers: readonly TokenModifier[]): void {
    if (span.end > span.start && !this.#tokens.has(span.start))
      this.#tokens.set(span.start, token(span, type, ...modifiers));
  }

  #declared(statement: Statement): void {
    if (statement.kind === "pipeline") this.#add(statement.name.span, "namespace", "declaration");
    else if (statement.kind === "import") {
      for (const { name, alias } of statement.items) {
        if (this.check.fileName((alias ?? name).text)?.signature === undefined) continue;
        this.#add(name.span, "class");
        if (alias !== undefined) this.#add(alias.span, "class", "declaration");
      }
    } else {
      for (const { kind, name } of this.check.declarationsInside(statement))
        this.#add(name.span, ...FILE_NAMES[kind], "declaration");
      if (statement.kind === "table")
        for (const { name } of statement.columns ?? []) this.#add(name.span, "property", "declaration");
    }
  }

  /** What needs no check: types, and the arguments that functions have by name. */
  #syntax(statement: Statement): void {
    walk(statement, (node) => {
      if (node.kind === "named-type") {
        if (NAMED_TYPES.has(node.name)) this.#add(node.span, "type", "defaultLibrary");
      } else if (node.kind === "call") {
        const named = functions.get(node.callee.text)?.named ?? [];
        for (const { name } of node.arguments)
          if (name !== undefined && named.some((one) => one.name === name.text))
            this.#add(name.span, "parameter");
      }
      return true;
    });
  }

  #resolved(span: Span, resolution: Resolution): void {
    switch (resolution.kind) {
      case "file-name": {
        const found = this.check.fileName(resolution.name);
        if (found === undefined || found.kind === "unsure") return;
        if (found.kind === "import" && found.signature === undefined) return;
        this.#add(span, ...FILE_NAMES[found.kind]);
        return;
      }
      case "local": {
        const { kind, name } = resolution.local;
        const isDeclared = name.span.start === span.start;
        this.#add(span, ...LOCALS[kind], ...(isDeclared ? (["declaration"] as const) : []));
        return;
      }
      case "function":
        this.#add(span, "function", "defaultLibrary");
        return;
      case "transform-member":
        // Behind a dot it is read; else it is the name of an argument.
        this.#add(span, isBehindDot(this.text, span.start) ? "property" : "parameter");
        return;
      case "column":
        this.#add(span, "property");
    }
  }

  #scripts(transform: TransformStatement): void {
    const kinds = new Map(
      transform.items.filter(isMember).map(({ name, kind }) => [name.text, kind] as const),
    );
    const names = new Set(kinds.keys());
    for (const run of transform.items) {
      if (run.kind !== "run") continue;
      const found = scriptNames(run, names);
      if (found.length === 0) continue;
      const offset = scriptOffsets(run, this.text);
      for (const { name, start, end, certain } of found) {
        const from = offset(start);
        const kind = kinds.get(name);
        if (certain && kind !== undefined)
          this.#add({ start: from, end: from + end - start }, ...LOCALS[kind]);
      }
    }
  }
}

function isBehindDot(text: string, start: number): boolean {
  let at = start - 1;
  while (/\s/.test(text.charAt(at))) at--;
  return text.charAt(at) === ".";
}

// ---------------------------------------------------------------- as numbers

/** Numbers a token: lines and characters from the one before, length, type, modifiers. */
const NUMBERS = 5;

/** For a text in which every client counts alike. */
function dataOf(text: string, tokens: readonly Token[]): readonly number[] {
  const data: number[] = [];
  let lineStart = 0;
  let previous = 0;
  let previousLineStart = 0;
  for (const { start, end, type, modifiers } of tokens) {
    let lines = 0;
    for (let at = text.indexOf("\n", lineStart); at >= 0 && at < start; at = text.indexOf("\n", lineStart)) {
      lineStart = at + 1;
      lines++;
    }
    const isFirst = data.length === 0;
    data.push(
      isFirst ? 0 : lines,
      isFirst ? 0 : lineStart === previousLineStart ? start - previous : start - lineStart,
      end - start,
      type,
      modifiers,
    );
    previous = start;
    previousLineStart = lineStart;
  }
  return data;
}

class Encoder {
  readonly data: number[] = [];
  #line = 0;
  #character = 0;

  constructor(readonly lines: Lines) {}

  /** Tokens whose offsets count from `base`. */
  tokens(tokens: readonly Token[], base: number): void {
    for (const { start, end, type, modifiers } of tokens) {
      const { line, character } = this.lines.position(base + start);
      this.#push(line, character, this.lines.position(base + end).character - character, type, modifiers);
    }
  }

  #push(line: number, character: number, length: number, type: number, modifiers: number): void {
    this.data.push(
      line - this.#line,
      line === this.#line ? character - this.#character : character,
      length,
      type,
      modifiers,
    );
    this.#line = line;
    this.#character = character;
  }

  /** Only the first place is looked up: the others are told from it. */
  kept({ tokens, data: kept }: KeptTokens, base: number): void {
    const [first] = tokens;
    if (kept === undefined || first === undefined) {
      this.tokens(tokens, base);
      return;
    }
    this.tokens([first], base);
    const { data } = this;
    for (let at = NUMBERS; at < kept.length; at += NUMBERS) {
      const lines = kept[at] ?? 0;
      const characters = kept[at + 1] ?? 0;
      data.push(lines, characters, kept[at + 2] ?? 0, kept[at + 3] ?? 0, kept[at + 4] ?? 0);
      this.#line += lines;
      this.#character = lines === 0 ? this.#character + characters : characters;
    }
  }
}
