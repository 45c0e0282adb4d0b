import * as path from "node:path";
import type { Position, Range, TextDocumentEdit, WorkspaceEdit } from "vscode-languageserver-types";
import { Failure } from "../base/failure.js";
import { checkReservedName } from "../language/checks/reserved-name.js";
import { RESERVED_WORDS } from "../language/lexer.js";
import { positionAt } from "../language/place.js";
import type { PlacedProblem } from "../language/problems.js";
import { loadProgram, type Module, type Program, type TextSource } from "../language/program.js";
import { scriptNames, scriptOffsets } from "../language/script-names.js";
import {
  declarationAt,
  type SymbolAt,
  type SymbolPlace,
  symbolAt,
  symbolsAt,
  usesOf,
} from "../language/symbols.js";
import type { Declaration, Span, TransformStatement } from "../language/syntax.js";
import { plainText } from "../language/text.js";
import type { Document, Workspace } from "./document.js";
import { absolute, placeIn, type TreePlace } from "./tree.js";
import { isPlace, usesEverywhere } from "./uses.js";
import { t } from "./words.js";

/** What is selected in the text and offered as the name. Throws a `Failure` (`rename-refused`) for what has no other. */
export function prepareRename(document: Document, position: Position): { range: Range; placeholder: string } {
  const { span, name } = targetAt(document, position);
  return { range: document.lines.range(span), placeholder: name };
}

/**
 * The edits that give a thing another name wherever it is named, scripts included. A column goes on reading the header
 * that it had. Where a script may mean something else, the edit asks to be confirmed.
 *
 * The files are checked with the edits before they are given out: a rename that makes a problem, or lets a name mean
 * another thing, throws a `Failure` (`rename-refused`), as do names that cannot be. Costs that check.
 */
export function rename(
  document: Document,
  position: Position,
  newName: string,
  workspace: Workspace,
): WorkspaceEdit {
  const target = targetAt(document, position);
  if (newName === target.name) return {};
  checkName(newName);
  return new Rename(document, target, newName, workspace).edit();
}

function refused(what: string, why: string, fix?: string): Failure {
  return new Failure("rename-refused", what, fix === undefined ? { why } : { why, fix });
}

// ---------------------------------------------------------------- what is renamed

interface Target {
  readonly symbol: SymbolAt;
  /** Where the name stands that was pointed at. */
  readonly span: Span;
  /** As it is written there. */
  readonly name: string;
  /** A name that an import gives, for its file alone. */
  readonly isAlias: boolean;
}

function targetAt({ program, path: file, lines, text, module }: Document, position: Position): Target {
  const offset = lines.offset(position);
  const symbol = symbolAt(program, file, offset);
  if (symbol === undefined) throw notNamed(module, offset);
  const { span } = symbol.place;
  const name = text.slice(span.start, span.end);
  const [home] = symbol.definitions;
  if (symbol.kind === "function")
    throw refused(
      `this name belongs to the language: "${name}"`,
      "Functions are the same in every pipeline.",
    );
  if (home === undefined)
    throw refused(
      `this name is not surely declared: "${name}"`,
      "Text that cannot be parsed may declare it.",
      "Correct the syntax of the file first.",
    );
  if (home.path === file && placeIn(module, home.span.start)?.declaration.statement.kind === "import")
    throw refused(`this import leads nowhere: "${name}"`, "What is imported cannot be found.");
  const declared = program.modules.get(home.path)?.file.text.slice(home.span.start, home.span.end);
  return { symbol, span, name, isAlias: declared !== name };
}

/** Why the text at an offset names nothing. */
function notNamed(module: Module, offset: number): Failure {
  const { text } = module.file;
  const place = placeIn(module, offset);
  const inner = place?.nodes.at(-1);
  if (place === undefined || inner === undefined)
    return refused("there is no name here", "Only names that a pipeline file declares can be renamed.");
  const word = text.slice(
    place.declaration.offset + inner.span.start,
    place.declaration.offset + inner.span.end,
  );
  if (inner.kind === "unparsed")
    return refused(
      "this text cannot be parsed",
      "What its names stand for is not known.",
      "Correct its syntax first.",
    );
  if (inner.kind !== "name" && inner.kind !== "reference")
    return refused("there is no name here", "Words of the language, texts and comments have no other name.");
  if (place.nodes.at(-2)?.kind === "member")
    return refused(
      `nothing declares this member: "${word}"`,
      "A table without a block of columns takes its columns from its file.",
      "Declare the column in a block of the table, as `table NAME = csv(…) { COLUMN: String }`.",
    );
  return refused(
    `nothing in these files declares this name: "${word}"`,
    "Only what a file declares can be renamed everywhere.",
  );
}

function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw refused(
      `this is no name: ${JSON.stringify(name)}`,
      "A name is made of letters, digits and _, and does not begin with a digit.",
    );
  if (RESERVED_WORDS.some((word) => word === name))
    throw refused(`this word is reserved: "${name}"`, "Nothing can have a word of the language as its name.");
}

// ---------------------------------------------------------------- the edits

interface Edit extends Span {
  readonly text: string;
  /** A place in a script that may be something else. */
  readonly unsure?: true;
}

/** A transform whose in, param or out is renamed. */
interface Owner {
  readonly module: Module;
  readonly declaration: Declaration;
  readonly transform: TransformStatement;
}

const UNSURE = "unsure";

class Rename {
  /** By path; in the order of the text once they are all there. */
  readonly #edits = new Map<string, Edit[]>();
  readonly #definitions: readonly SymbolPlace[];
  readonly #uses: readonly SymbolAt[];
  /** Every file of every program that a name could stand in, as it is now. */
  readonly #modules = new Map<string, Module>();

  constructor(
    readonly document: Document,
    readonly target: Target,
    readonly newName: string,
    readonly workspace: Workspace,
  ) {
    this.#definitions = this.#linked();
    for (const file of [document.path, ...this.#definitions.map((one) => one.path)])
      for (const program of workspace.programsWith(file))
        for (const [one, module] of program.modules)
          if (!this.#modules.has(one)) this.#modules.set(one, module);
    this.#uses = target.isAlias
      ? usesOf(document.program, this.#definitions, (file) => file === document.path)
      : usesEverywhere(workspace, this.#definitions);
  }

  edit(): WorkspaceEdit {
    this.#refuseUnparsed();
    for (const owner of this.#owners()) this.#scripts(owner);
    for (const use of this.#uses) if (this.#written(use.place) === this.target.name) this.#use(use);
    for (const edits of this.#edits.values()) edits.sort((a, b) => a.start - b.start);
    this.#verify();
    return this.#workspaceEdit();
  }

  /** Outs of several transforms that make one family, columns of tables that are read as one, have one name. */
  #linked(): readonly SymbolPlace[] {
    let known: readonly SymbolPlace[] = this.target.symbol.definitions;
    if (this.target.isAlias) return known;
    for (;;) {
      const uses = usesEverywhere(this.workspace, known).flatMap(({ definitions }) => definitions);
      const more = uses.filter((place, at) => !isPlace(place, known) && !isPlace(place, uses.slice(0, at)));
      if (more.length === 0) return known;
      known = [...known, ...more];
    }
  }

  #written({ path: file, span }: SymbolPlace): string | undefined {
    return this.#modules.get(file)?.file.text.slice(span.start, span.end);
  }

  #add(file: string, edit: Edit): void {
    const edits = this.#edits.get(file);
    if (edits === undefined) this.#edits.set(file, [edit]);
    else edits.push(edit);
  }

  #use({ place, kind }: SymbolAt): void {
    const { newName, target } = this;
    const { span, shorthand, path: file } = place;
    if (shorthand !== undefined) {
      const text = shorthand === "value" ? `${target.name}: ${newName}` : `${newName}: ${target.name}`;
      this.#add(file, { ...span, text });
      return;
    }
    const module = this.#modules.get(file);
    const tree = module === undefined ? undefined : placeIn(module, span.start);
    if (module === undefined || tree === undefined) return;
    if (kind === "column") this.#header(module, tree.declaration, span);
    this.#add(file, this.#shortened(module, tree, span) ?? { ...span, text: newName });
  }

  /** `genome: genome` is written `genome`; so renaming there and back leaves nothing behind. */
  #shortened(module: Module, { declaration, nodes }: TreePlace, renamed: Span): Edit | undefined {
    const argument = nodes.find((one) => one.kind === "node-argument");
    if (argument?.value.kind !== "reference") return undefined;
    const whole = absolute(declaration, argument.span);
    if (!/^\w+:\s*\w+$/.test(module.file.text.slice(whole.start, whole.end))) return undefined;
    const isName = renamed.start === whole.start;
    const other = isName ? argument.value.name : argument.name.text;
    return other === this.newName ? { ...whole, text: this.newName } : undefined;
  }

  /** A column is found by its header, which is its name unless the text says otherwise. */
  #header(module: Module, declaration: Declaration, renamed: Span): void {
    const { statement } = declaration;
    const column =
      statement.kind === "table"
        ? statement.columns?.find(({ name }) => declaration.offset + name.span.start === renamed.start)
        : undefined;
    if (column === undefined) return;
    const end = declaration.offset + column.type.span.end;
    if (column.header === undefined) {
      this.#add(module.path, { start: end, end, text: ` = ${JSON.stringify(this.target.name)}` });
      return;
    }
    const headerEnd = declaration.offset + column.header.span.end;
    const isPlain = /^\s*=\s*"[^"]*"$/.test(module.file.text.slice(end, headerEnd));
    if (isPlain && plainText(column.header) === this.newName)
      this.#add(module.path, { start: end, end: headerEnd, text: "" });
  }

  // -------------------------------------------------------------- scripts

  /** The transforms whose ins, params or outs these are. */
  #owners(): readonly Owner[] {
    const owners: Owner[] = [];
    if (!["in", "param", "out"].includes(this.target.symbol.kind)) return owners;
    for (const { path: file, span } of this.#definitions) {
      const module = this.#modules.get(file);
      const declaration = module === undefined ? undefined : declarationAt(module, span.start);
      if (module !== undefined && declaration?.statement.kind === "transform")
        owners.push({ module, declaration, transform: declaration.statement });
    }
    return owners;
  }

  /** Names of variables have rules of their own, and a script may have used the new one already. */
  #scripts({ module, declaration, transform }: Owner): void {
    const { newName, target } = this;
    const old = new Set([target.name]);
    const { offset, length } = declaration;
    for (const item of transform.items) {
      if (item.kind === "env" && item.entries.some(({ name }) => name.text === newName))
        throw this.#taken(`The environment of "${transform.name.text}" has a variable of this name.`);
      if (item.kind !== "run") continue;
      this.#checkVariable(item.quoted ? "" : item.interpreter);
      if (!item.quoted && scriptNames(item, new Set([newName])).length > 0)
        throw this.#taken(`The script of "${transform.name.text}" uses this name for something else.`);
      const places = scriptOffsets(item, module.file.text.slice(offset, offset + length));
      for (const { start, end, certain } of scriptNames(item, old)) {
        if (certain) continue;
        const from = offset + places(start);
        this.#add(module.path, { start: from, end: from + end - start, text: newName, unsure: true });
      }
    }
    if (!transform.items.some(({ kind }) => kind === "run")) this.#checkVariable("");
  }

  #checkVariable(interpreter: string): void {
    const name = { kind: "name", span: { start: 0, end: 0 }, text: this.newName } as const;
    checkReservedName(name, interpreter, ({ message }) => {
      throw refused(
        `this name cannot be that of an in, param or out: "${this.newName}"`,
        `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
        "Choose another name.",
      );
    });
  }

  #taken(why: string): Failure {
    return refused(`this name is taken: "${this.newName}"`, why, "Choose another name.");
  }

  // -------------------------------------------------------------- before it is done

  /** What a declaration with syntax problems names is known as far as it could be read. */
  #refuseUnparsed(): void {
    const { target } = this;
    const word = new RegExp(`\\b${target.name}\\b`, "g");
    const files = new Set([this.document.path, ...this.#uses.map(({ place }) => place.path)]);
    const isLocal = target.symbol.kind === "loop" || this.#isLetOfBlock();
    for (const file of files) {
      const module = this.#modules.get(file);
      if (module === undefined) continue;
      for (const declaration of module.file.declarations) {
        const { offset, length, problems } = declaration;
        const holds = this.#definitions.some(
          ({ path: home, span }) => home === file && declarationAt(module, span.start) === declaration,
        );
        if (problems.length === 0 || (isLocal && !holds)) continue;
        for (const { index } of module.file.text.slice(offset, offset + length).matchAll(word)) {
          const start = offset + index;
          const isKnown = this.workspace
            .programsWith(file)
            .some((program) => symbolsAt(program, file, start).length > 0);
          if (isKnown) continue;
          const { line } = positionAt(module.file.text, start);
          throw refused(
            `this name also stands in text that cannot be parsed: "${target.name}"`,
            `What it is there, ${path.basename(file)} line ${line}, is not known.`,
            "Correct the syntax there first.",
          );
        }
      }
    }
  }

  #isLetOfBlock(): boolean {
    const [home] = this.#definitions;
    const module = home === undefined ? undefined : this.#modules.get(home.path);
    const declaration =
      module === undefined || home === undefined ? undefined : declarationAt(module, home.span.start);
    return this.target.symbol.kind === "let" && declaration?.statement.kind !== "let";
  }

  /** Reads the files as they will be: no new problem, and every name means what it meant. */
  #verify(): void {
    const texts = new Map<string, string>();
    for (const [file, edits] of this.#edits) {
      const text = this.#modules.get(file)?.file.text;
      if (text !== undefined) texts.set(file, applied(text, edits));
    }
    const before = [...new Set([...texts.keys()].flatMap((file) => this.workspace.programsWith(file)))];
    const after = before.map((program) => loadProgram(program.root.path, overlay(program, texts), program));
    for (const [at, program] of after.entries()) {
      const known = counted(before[at]);
      for (const problem of program.problems) {
        const key = problemKey(problem, program.modules.get(problem.path)?.file.text ?? "");
        const left = known.get(key) ?? 0;
        if (left === 0) throw this.#problem(problem);
        known.set(key, left - 1);
      }
    }
    const definitions = this.#definitions.map(({ path: file, span }) => {
      const start = moved(span.start, this.#edits.get(file) ?? []);
      const length = this.target.isAlias ? span.end - span.start : this.newName.length;
      return { path: file, span: { start, end: start + length } };
    });
    const old = usesIn(before, this.#definitions);
    const now = usesIn(after, definitions);
    if (old !== now) throw this.#taken("Another name would then mean this one, or this one another.");
  }

  #problem({ message, path: file }: PlacedProblem): Failure {
    const place = file === this.document.path ? "" : ` in ${path.basename(file)}`;
    return refused(
      `this name cannot be given here: "${this.newName}"`,
      `There would be a problem${place}: ${message}.`,
      "Choose another name.",
    );
  }

  #workspaceEdit(): WorkspaceEdit {
    let isUnsure = false;
    const documentChanges: TextDocumentEdit[] = [];
    for (const [file, edits] of this.#edits) {
      const lines = this.workspace.lines(file);
      documentChanges.push({
        textDocument: { uri: this.workspace.uri(file), version: null },
        edits: edits.map(({ start, end, text: newText, unsure }) => {
          const range = lines.range({ start, end });
          if (unsure === undefined) return { range, newText };
          isUnsure = true;
          return { range, newText, annotationId: UNSURE };
        }),
      });
    }
    if (!isUnsure) return { documentChanges };
    const label = t("Names in scripts that may be something else");
    const description = t(
      'It cannot be told whether these are the "{0}" of the transform.',
      this.target.name,
    );
    return {
      documentChanges,
      changeAnnotations: { [UNSURE]: { label, description, needsConfirmation: true } },
    };
  }
}

function applied(text: string, edits: readonly Edit[]): string {
  let result = "";
  let from = 0;
  for (const { start, end, text: written } of edits) {
    result += text.slice(from, start) + written;
    from = end;
  }
  return result + text.slice(from);
}

/** Where an offset is after edits; the start of an edit stays one. */
function moved(offset: number, edits: readonly Edit[]): number {
  let shift = 0;
  for (const { start, end, text } of edits)
    if (end <= offset && start < offset) shift += text.length - (end - start);
  return offset + shift;
}

/** The texts of a program with some of them changed. Nothing else is read: what was not there is not there now. */
function overlay(program: Program, texts: ReadonlyMap<string, string>): TextSource {
  return {
    read: (file) => texts.get(file) ?? program.modules.get(file)?.file.text,
    resolve: (from, reference) => path.resolve(path.dirname(from), reference),
  };
}

/** By file, line and kind: edits add no lines, but move what is behind them on theirs. */
function problemKey({ path: file, rule, span }: PlacedProblem, text: string): string {
  return `${rule.code} ${positionAt(text, span.start).line} ${file}`;
}

function counted(program: Program | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const problem of program?.problems ?? []) {
    const key = problemKey(problem, program?.modules.get(problem.path)?.file.text ?? "");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The lines on which programs name these things, as one text. */
function usesIn(programs: readonly Program[], definitions: readonly SymbolPlace[]): string {
  const seen = new Set<string>();
  const places: string[] = [];
  for (const program of programs) {
    for (const { place } of usesOf(program, definitions, (file) => !seen.has(file))) {
      const text = program.modules.get(place.path)?.file.text ?? "";
      places.push(`${place.path} ${positionAt(text, place.span.start).line}`);
    }
    for (const file of program.modules.keys()) seen.add(file);
  }
  return places.sort().join("\n");
}
