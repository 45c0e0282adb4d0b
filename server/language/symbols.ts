import { children } from "./children.js";
import type { FunctionSignature } from "./functions.js";
import type { Resolution } from "./infer.js";
import type { ModuleCheck } from "./module-check.js";
import { originsOf } from "./origins.js";
import { checkOf, type Module, type Program } from "./program.js";
import type { FileNameKind, LocalKind } from "./scope.js";
import { scriptNames, scriptOffsets } from "./script-names.js";
import { isMember } from "./signature.js";
import type {
  Declaration,
  Expression,
  Member,
  NodeStatement,
  Span,
  Statement,
  SyntaxNode,
  TransformStatement,
} from "./syntax.js";
import { type Type, typeFromSyntax, UNKNOWN } from "./types.js";

/** A place in a file of the program; offsets are absolute. */
export interface SymbolPlace {
  readonly path: string;
  readonly span: Span;
  /** Of an argument `ARG` alone, which names two things: whether the in or param, or what it is given, is meant. */
  readonly shorthand?: "argument" | "value";
}

/** What a name at some place stands for. */
export interface SymbolAt {
  readonly kind: FileNameKind | LocalKind | "unsure" | "function" | "column";
  readonly name: string;
  readonly type: Type;
  /** The name itself. */
  readonly place: SymbolPlace;
  /** Where it is declared: several places for a family, none for a function. */
  readonly definitions: readonly SymbolPlace[];
  /** The documentation of its declaration. */
  readonly doc: string | undefined;
  /** Of a function. */
  readonly signature: FunctionSignature | undefined;
}

/**
 * What the name at an absolute offset stands for, or undefined when no name is there. Nothing is kept for this
 * while a program is checked: the one declaration at the offset is checked again, which takes well under a millisecond.
 */
export function symbolAt(program: Program, path: string, offset: number): SymbolAt | undefined {
  return symbolsAt(program, path, offset)[0];
}

/** The same with both things that an argument `ARG` alone names: first the value, then the in or param. */
export function symbolsAt(program: Program, path: string, offset: number): readonly SymbolAt[] {
  const module = program.modules.get(path);
  const check = module === undefined ? undefined : checkOf(module);
  if (module === undefined || check === undefined) return [];
  const declaration = declarationAt(module, offset);
  if (declaration === undefined) return [];
  const found: SymbolAt[] = [];
  eachSymbol(module, check, declaration, (symbol) => {
    const { start, end } = symbol.place.span;
    if (offset < start || end < offset) return;
    // Of `a.b` both end at one place at most: the smaller one is meant.
    const [best] = found;
    if (best !== undefined && end - start > length(best)) return;
    if (best !== undefined && end - start < length(best)) found.length = 0;
    if (!found.some((one) => one.place.shorthand === symbol.place.shorthand)) found.push(symbol);
  });
  return found.sort((a, b) => Number(isArgument(a)) - Number(isArgument(b)));
}

function isArgument({ place }: SymbolAt): boolean {
  return place.shorthand === "argument";
}

/**
 * Every place of the program that names one of these things, declarations among them, by file and place; in these files
 * only if they are told. Declarations whose text does not have the name are not looked at.
 */
export function usesOf(
  program: Program,
  definitions: readonly SymbolPlace[],
  isWanted: (path: string) => boolean = () => true,
): readonly SymbolAt[] {
  const names = new Set(definitions.map((definition) => writtenAt(program, definition)));
  names.delete("");
  const homes = new Set(definitions.map(placeKey));
  const found = new Map<string, SymbolAt>();
  for (const module of program.modules.values()) {
    const check = checkOf(module);
    if (check === undefined || !isWanted(module.path)) continue;
    const written = new Set(names);
    for (const { statement } of module.file.declarations)
      if (statement.kind === "import")
        for (const { name, alias } of statement.items)
          if (alias !== undefined && names.has(name.text)) written.add(alias.text);
    for (const declaration of module.file.declarations) {
      const text = textOf(module, declaration);
      if (![...written].some((name) => text.includes(name))) continue;
      eachSymbol(module, check, declaration, (symbol) => {
        if (!symbol.definitions.some((definition) => homes.has(placeKey(definition)))) return;
        const key = `${placeKey(symbol.place)} ${symbol.place.shorthand ?? ""}`;
        if (!found.has(key)) found.set(key, symbol);
      });
    }
  }
  return [...found.values()].sort(({ place: a }, { place: b }) =>
    a.path === b.path ? a.span.start - b.span.start : a.path < b.path ? -1 : 1,
  );
}

function length({ place }: SymbolAt): number {
  return place.span.end - place.span.start;
}

function placeKey({ path, span }: SymbolPlace): string {
  return `${span.start} ${path}`;
}

function writtenAt(program: Program, { path, span }: SymbolPlace): string {
  return program.modules.get(path)?.file.text.slice(span.start, span.end) ?? "";
}

/** The declaration around an offset, or the one before it: binary search. */
export function declarationAt(module: Module, offset: number): Declaration | undefined {
  const { declarations } = module.file;
  let low = 0;
  let high = declarations.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((declarations[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const found = declarations[low];
  return found !== undefined && found.offset <= offset ? found : undefined;
}

function textOf(module: Module, { offset, length }: Declaration): string {
  return module.file.text.slice(offset, offset + length);
}

/** What of a declaration its syntax alone tells, and what its names need. */
interface Names {
  /** Starts of arguments `ARG` alone. */
  readonly shorthands: ReadonlySet<number>;
  readonly nodes: readonly NodeStatement[];
  /** With the nodes around each. */
  readonly members: readonly { readonly member: Member; readonly around: readonly SyntaxNode[] }[];
}

function namesIn(statement: Statement): Names {
  const shorthands = new Set<number>();
  const nodes: NodeStatement[] = [];
  const members: { readonly member: Member; readonly around: readonly SyntaxNode[] }[] = [];
  const around: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.kind === "node") nodes.push(node);
    else if (node.kind === "member") members.push({ member: node, around: [...around] });
    else if (node.kind === "node-argument" && node.shorthand) shorthands.add(node.name.span.start);
    around.push(node);
    for (const child of children(node)) visit(child);
    around.pop();
  };
  visit(statement);
  return { shorthands, nodes, members };
}

/** Calls `visit` with every name in a declaration that stands for something; a place may come twice. */
function eachSymbol(
  module: Module,
  check: ModuleCheck,
  declaration: Declaration,
  visit: (symbol: SymbolAt) => void,
): void {
  const placed = (span: Span): SymbolPlace => placeIn(module.path, declaration, span);
  const fileName = (name: string, place: SymbolPlace): void => {
    const found = check.fileName(name);
    if (found === undefined) return;
    const { definitions, doc } = definitionsOf(module, check, name);
    visit({ kind: found.kind, name, type: found.type, place, definitions, doc, signature: undefined });
  };
  const { statement } = declaration;
  if (statement.kind === "import") {
    for (const item of statement.items) {
      if (item.name.text === "") continue;
      fileName((item.alias ?? item.name).text, placed(item.name.span));
      if (item.alias !== undefined) fileName(item.alias.text, placed(item.alias.span));
    }
    return;
  }
  if (statement.kind === "table") {
    const type = check.fileName(statement.name.text)?.type ?? UNKNOWN;
    const row = type.kind === "list" ? type.element : UNKNOWN;
    for (const { name, doc } of statement.columns ?? [])
      visit({
        kind: "column",
        name: name.text,
        type: (row.kind === "row" ? row.columns.get(name.text) : undefined) ?? UNKNOWN,
        place: placed(name.span),
        definitions: [placed(name.span)],
        doc,
        signature: undefined,
      });
  }
  for (const declared of check.declarationsInside(statement))
    fileName(declared.name.text, placed(declared.name.span));
  const { shorthands, nodes, members } = namesIn(statement);
  const resolved = new Map<number, { readonly resolution: Resolution; readonly type: Type }>();
  check.resolve(declaration, {
    resolved: (span: Span, resolution: Resolution, type: Type) => {
      const place: SymbolPlace = shorthands.has(span.start)
        ? { ...placed(span), shorthand: "value" }
        : placed(span);
      switch (resolution.kind) {
        case "file-name":
          fileName(resolution.name, place);
          return;
        case "local": {
          const { kind, name } = resolution.local;
          visit({
            kind,
            name: name.text,
            type,
            place,
            definitions: [placed(name.span)],
            doc: memberOf(statement, name.text)?.doc,
            signature: undefined,
          });
          return;
        }
        case "function": {
          const { signature } = resolution;
          const { name, doc } = signature;
          visit({ kind: "function", name, type, place, definitions: [], doc, signature });
          return;
        }
        default:
          // Types do not tell whose member it is: the syntax does, below.
          resolved.set(span.start, { resolution, type });
      }
    },
  });
  for (const node of nodes) {
    const transform = module.transforms.get(node.transform.text);
    for (const { name, shorthand } of node.arguments) {
      const item = memberOf(transform?.statement, name.text);
      if (transform === undefined || item === undefined || item.kind === "out") continue;
      visit({
        kind: item.kind,
        name: name.text,
        type: typeFromSyntax(item.type),
        place: shorthand ? { ...placed(name.span), shorthand: "argument" } : placed(name.span),
        definitions: [placeIn(transform.module, transform.declaration, item.name.span)],
        doc: item.doc,
        signature: undefined,
      });
    }
  }
  for (const { member, around } of members) {
    const { resolution, type } = resolved.get(member.member.span.start) ?? {};
    if (resolution === undefined || type === undefined) continue;
    const origins = originsOf(member.object, around, (name) => letValue(check, name));
    const symbol =
      resolution.kind === "column"
        ? columnOf(module, check, origins, resolution.name)
        : outOf(module, check, origins, member.member.text);
    if (symbol !== undefined)
      visit({
        ...symbol,
        name: member.member.text,
        type,
        place: placed(member.member.span),
        signature: undefined,
      });
  }
  if (statement.kind === "transform")
    eachScriptName(module, declaration, statement, (name, span) => {
      const item = memberOf(statement, name);
      if (item === undefined) return;
      visit({
        kind: item.kind,
        name,
        type: typeFromSyntax(item.type),
        place: placed(span),
        definitions: [placed(item.name.span)],
        doc: item.doc,
        signature: undefined,
      });
    });
}

/** The variables of a transform's scripts that are surely its ins, params and outs. */
function eachScriptName(
  module: Module,
  declaration: Declaration,
  transform: TransformStatement,
  visit: (name: string, span: Span) => void,
): void {
  const names = new Set(transform.items.flatMap((item) => (isMember(item) ? [item.name.text] : [])));
  for (const run of transform.items) {
    if (run.kind !== "run") continue;
    const found = scriptNames(run, names);
    if (found.length === 0) continue;
    const offset = scriptOffsets(run, textOf(module, declaration));
    for (const { name, start, end, certain } of found) {
      const from = offset(start);
      if (certain) visit(name, { start: from, end: from + end - start });
    }
  }
}

function placeIn(path: string, { offset }: Declaration, { start, end }: Span): SymbolPlace {
  return { path, span: { start: offset + start, end: offset + end } };
}

interface Declared {
  readonly kind: SymbolAt["kind"];
  readonly definitions: readonly SymbolPlace[];
  readonly doc: string | undefined;
}

/** Of an import, the transform in the other file. */
function definitionsOf(module: Module, check: ModuleCheck, name: string): Omit<Declared, "kind"> {
  const places = check.declarationsOf(name);
  const symbol = module.transforms.get(name);
  if (places[0]?.kind === "import" && symbol !== undefined)
    return {
      definitions: [placeIn(symbol.module, symbol.declaration, symbol.statement.name.span)],
      doc: symbol.statement.doc,
    };
  const definitions: SymbolPlace[] = [];
  let doc: string | undefined;
  for (const place of places) {
    const declaration = check.declarationWith(place.statement);
    if (declaration !== undefined) definitions.push(placeIn(module.path, declaration, place.name.span));
    doc ??= (place.node ?? place.statement).doc;
  }
  return { definitions, doc };
}

/** The in, param or out of a transform that has this name; of two the first. */
function memberOf(statement: Statement | undefined, name: string) {
  if (statement?.kind !== "transform" || name === "") return undefined;
  for (const item of statement.items) if (isMember(item) && item.name.text === name) return item;
  return undefined;
}

function letValue(check: ModuleCheck, name: string): Expression | undefined {
  const statement = check.declarationsOf(name)[0]?.statement;
  return statement?.kind === "let" ? statement.value : undefined;
}

/** A member of nodes of these families, in each of the transforms that make them. */
function outOf(
  module: Module,
  check: ModuleCheck,
  families: ReadonlySet<string>,
  name: string,
): Declared | undefined {
  let found: Declared | undefined;
  const seen = new Set<TransformStatement>();
  for (const family of families)
    for (const { node } of check.declarationsOf(family)) {
      const transform = node === undefined ? undefined : module.transforms.get(node.transform.text);
      const item = memberOf(transform?.statement, name);
      if (transform === undefined || item === undefined || seen.has(transform.statement)) continue;
      seen.add(transform.statement);
      const place = placeIn(transform.module, transform.declaration, item.name.span);
      found = added(found, item.kind, place, item.doc);
    }
  return found;
}

/** A column of these tables, where they declare it. */
function columnOf(
  module: Module,
  check: ModuleCheck,
  tables: ReadonlySet<string>,
  name: string,
): Declared | undefined {
  let found: Declared | undefined;
  for (const table of tables)
    for (const { statement } of check.declarationsOf(table)) {
      const columns = statement.kind === "table" ? statement.columns : undefined;
      const column = columns?.find((one) => one.name.text === name);
      const declaration = check.declarationWith(statement);
      if (column === undefined || declaration === undefined) continue;
      found = added(found, "column", placeIn(module.path, declaration, column.name.span), column.doc);
    }
  return found;
}

function added(
  found: Declared | undefined,
  kind: Declared["kind"],
  place: SymbolPlace,
  doc: string | undefined,
): Declared {
  return found === undefined
    ? { kind, definitions: [place], doc }
    : { kind: found.kind, definitions: [...found.definitions, place], doc: found.doc ?? doc };
}
