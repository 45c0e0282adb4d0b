import type { FunctionSignature } from "./functions.js";
import type { Resolution } from "./infer.js";
import type { ModuleCheck } from "./module-check.js";
import { checkOf, type Module, type Program } from "./program.js";
import type { FileNameKind, LocalKind } from "./scope.js";
import { isMember, transformWithMembers } from "./signature.js";
import type { ColumnSyntax, Declaration, Name, Span, Statement, TransformStatement } from "./syntax.js";
import { sameType, type Type, UNKNOWN } from "./types.js";

/** A place in a file of the program; offsets are absolute. */
export interface SymbolPlace {
  readonly path: string;
  readonly span: Span;
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
  const module = program.modules.get(path);
  const check = module === undefined ? undefined : checkOf(module);
  if (module === undefined || check === undefined) return undefined;
  const declaration = declarationAt(module, offset);
  if (declaration === undefined) return undefined;
  let found: SymbolAt | undefined;
  eachSymbol(program, module, check, declaration, (symbol) => {
    const { start, end } = symbol.place.span;
    // Of `a.b` both end at one place at most: the smaller one is meant.
    if (start <= offset && offset <= end && (found === undefined || end - start < length(found)))
      found = symbol;
  });
  return found;
}

/**
 * Every place of the program that names the same thing, declarations among them, by file and place. Declarations
 * whose text does not have the name are not looked at.
 */
export function referencesTo(program: Program, symbol: SymbolAt): readonly SymbolPlace[] {
  const home = symbol.definitions[0];
  if (home === undefined) return [];
  const places = new Map<string, SymbolPlace>();
  for (const module of program.modules.values()) {
    const check = checkOf(module);
    if (check === undefined) continue;
    for (const declaration of module.file.declarations) {
      // An alias has another name: its import is looked at whatever it says.
      const { text } = module.file;
      const here = text.slice(declaration.offset, declaration.offset + declaration.length);
      if (!here.includes(symbol.name) && check.usesOf(declaration).size === 0) continue;
      eachSymbol(program, module, check, declaration, ({ place, definitions }) => {
        if (definitions.some((definition) => samePlace(definition, home)))
          places.set(`${place.path}\0${place.span.start}`, place);
      });
    }
  }
  return [...places.values()].sort((a, b) =>
    a.path === b.path ? a.span.start - b.span.start : a.path < b.path ? -1 : 1,
  );
}

function length({ place }: SymbolAt): number {
  return place.span.end - place.span.start;
}

function samePlace(a: SymbolPlace, b: SymbolPlace): boolean {
  return a.path === b.path && a.span.start === b.span.start;
}

/** The declaration around an offset: binary search. */
function declarationAt(module: Module, offset: number): Declaration | undefined {
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

/** Calls `visit` with every name in a declaration that stands for something. */
function eachSymbol(
  program: Program,
  module: Module,
  check: ModuleCheck,
  declaration: Declaration,
  visit: (symbol: SymbolAt) => void,
): void {
  const placed = (span: Span): SymbolPlace => placeIn(module.path, declaration, span);
  const fileName = (name: string, span: Span): void => {
    const found = check.fileName(name);
    if (found === undefined) return;
    const { definitions, doc } = definitionsOf(module, check, name);
    visit({
      kind: found.kind,
      name,
      type: found.type,
      place: placed(span),
      definitions,
      doc,
      signature: undefined,
    });
  };
  const { statement } = declaration;
  if (statement.kind === "import") {
    for (const item of statement.items) {
      if (item.name.text === "") continue;
      fileName((item.alias ?? item.name).text, item.name.span);
      if (item.alias !== undefined) fileName(item.alias.text, item.alias.span);
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
    fileName(declared.name.text, declared.name.span);
  check.resolve(declaration, {
    resolved: (span: Span, resolution: Resolution, type: Type) => {
      const place = placed(span);
      switch (resolution.kind) {
        case "file-name":
          fileName(resolution.name, span);
          return;
        case "local": {
          const { kind, name } = resolution.local;
          const doc = docOf(statement, name);
          visit({
            kind,
            name: name.text,
            type,
            place,
            definitions: [placed(name.span)],
            doc,
            signature: undefined,
          });
          return;
        }
        case "function": {
          const { signature } = resolution;
          visit({
            kind: "function",
            name: signature.name,
            type,
            place,
            definitions: [],
            doc: signature.doc,
            signature,
          });
          return;
        }
        case "transform-member": {
          const transform = transformWithMembers(resolution.owner);
          const item = transform?.items.find((one) => isMember(one) && one.name.text === resolution.name);
          if (transform === undefined || item === undefined || !isMember(item)) return;
          visit({
            kind: item.kind,
            name: resolution.name,
            type,
            place,
            definitions: placesOf(program, transform, item.name),
            doc: item.doc,
            signature: undefined,
          });
          return;
        }
        case "column": {
          const column = columnOf(module, check, resolution.columns, resolution.name);
          if (column === undefined) return;
          visit({
            kind: "column",
            name: resolution.name,
            type,
            place,
            definitions: [placeIn(module.path, column.declaration, column.column.name.span)],
            doc: column.column.doc,
            signature: undefined,
          });
        }
      }
    },
  });
}

function placeIn(path: string, { offset }: Declaration, { start, end }: Span): SymbolPlace {
  return { path, span: { start: offset + start, end: offset + end } };
}

/** Of an import, the transform in the other file. */
function definitionsOf(
  module: Module,
  check: ModuleCheck,
  name: string,
): { readonly definitions: readonly SymbolPlace[]; readonly doc: string | undefined } {
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

function placesOf(program: Program, transform: TransformStatement, name: Name): readonly SymbolPlace[] {
  for (const module of program.modules.values()) {
    const declaration = checkOf(module)?.declarationWith(transform);
    if (declaration !== undefined) return [placeIn(module.path, declaration, name.span)];
  }
  return [];
}

/** The documentation of an in, param or out, by its name's place in the transform. */
function docOf(statement: Statement, name: Name): string | undefined {
  if (statement.kind !== "transform") return undefined;
  const item = statement.items.find((one) => isMember(one) && one.name === name);
  return item !== undefined && isMember(item) ? item.doc : undefined;
}

/** The column of the table that has exactly these columns. */
function columnOf(
  module: Module,
  check: ModuleCheck,
  columns: ReadonlyMap<string, Type>,
  name: string,
): { readonly declaration: Declaration; readonly column: ColumnSyntax } | undefined {
  const wanted: Type = { kind: "row", columns };
  for (const declaration of module.file.declarations) {
    const { statement } = declaration;
    if (statement.kind !== "table" || statement.columns === undefined) continue;
    const type = check.fileName(statement.name.text)?.type ?? UNKNOWN;
    const row = type.kind === "list" ? type.element : UNKNOWN;
    const column = statement.columns.find((one) => one.name.text === name);
    if (row.kind === "row" && column !== undefined && (row.columns === columns || sameType(row, wanted)))
      return { declaration, column };
  }
  return undefined;
}
