import { Failure } from "../base/failure.js";
import { importCycle } from "./checks/import-cycle.js";
import { importFile } from "./checks/import-file.js";
import { importName } from "./checks/import-name.js";
import { checkModule, type ModuleCheck } from "./module-check.js";
import { parse } from "./parser.js";
import type { PlacedProblem, Problem, RelatedPlace } from "./problems.js";
import { problem } from "./problems.js";
import { reparse } from "./reuse.js";
import { mostSimilar } from "./similar.js";
import type { Declaration, ImportStatement, SourceFile, TransformStatement } from "./syntax.js";
import { plainText } from "./text.js";

/** Gives texts of files to the language without it doing IO: a disk, open buffers over a disk, or a test's map. */
export interface TextSource {
  /**
   * The text of the file at `path` (absolute), or undefined when there is none. Throws a `Failure` when something is
   * there that is no readable text.
   */
  read(path: string): string | undefined;
  /** `reference` as written in an import of the file at `from`, as an absolute path. */
  resolve(from: string, reference: string): string;
}

/** A file with what its imports resolve to. */
export interface Module {
  readonly path: string;
  readonly file: SourceFile;
  /** Every transform that can be named here: its own and the imported, by the name used here. */
  readonly transforms: ReadonlyMap<string, TransformSymbol>;
}

export interface TransformSymbol {
  readonly module: string;
  readonly declaration: Declaration;
  readonly statement: TransformStatement;
}

/** A pipeline file with everything it imports, parsed, resolved and checked. */
export interface Program {
  readonly root: Module;
  readonly modules: ReadonlyMap<string, Module>;
  /** By path, then by place. */
  readonly problems: readonly PlacedProblem[];
}

/** What is kept of a module from one version of a program to the next, and for `symbols.ts`. */
const checks = new WeakMap<Module, ModuleCheck>();

export function checkOf(module: Module): ModuleCheck | undefined {
  return checks.get(module);
}

/**
 * Parses and checks the file at `path` and everything that it imports, each file once. With the `previous` program
 * of the same file, only declarations that changed are parsed again, and only those are checked again that changed
 * or rest on a name whose meaning did. An imported file that is missing or
 * unreadable is empty, with a problem at its import; a root that is unreadable is the source's `Failure`.
 */
export function loadProgram(path: string, source: TextSource, previous?: Program): Program {
  const loader = new Loader(source, previous);
  loader.load(path);
  return loader.finish(path);
}

/** An import with the file that it names. */
interface ResolvedImport {
  readonly declaration: Declaration;
  readonly statement: ImportStatement;
  /** Undefined when the path is not there yet or is no plain text. */
  readonly path: string | undefined;
}

interface LoadedFile {
  readonly file: SourceFile;
  readonly imports: readonly ResolvedImport[];
  /** The transforms that the file itself declares; of two with one name the first. */
  readonly own: ReadonlyMap<string, TransformSymbol>;
}

class Loader {
  /** In the order of first use. */
  readonly #files = new Map<string, LoadedFile>();
  /** Imported files that have no text, with what to say of them. */
  readonly #missing = new Map<string, string | undefined>();

  constructor(
    readonly source: TextSource,
    readonly previous: Program | undefined,
  ) {}

  /** Loads a file and what it imports: a work list, so that no chain of imports is too long. */
  load(root: string): void {
    const waiting = [root];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (this.#files.has(path) || this.#missing.has(path)) continue;
      const text = path === root ? this.source.read(path) : this.#readImported(path);
      if (text === undefined && path !== root) continue;
      const file = this.#parse(path, text ?? "");
      const imports: ResolvedImport[] = [];
      const own = new Map<string, TransformSymbol>();
      for (const declaration of file.declarations) {
        const { statement } = declaration;
        if (statement.kind === "transform" && !own.has(statement.name.text))
          own.set(statement.name.text, { module: path, declaration, statement });
        if (statement.kind !== "import") continue;
        const reference = plainText(statement.path);
        const resolved =
          reference === undefined || reference === "" ? undefined : this.source.resolve(path, reference);
        imports.push({ declaration, statement, path: resolved });
      }
      this.#files.set(path, { file, imports, own });
      for (const { path: imported } of [...imports].reverse())
        if (imported !== undefined) waiting.push(imported);
    }
  }

  #readImported(path: string): string | undefined {
    try {
      const text = this.source.read(path);
      if (text === undefined) this.#missing.set(path, undefined);
      return text;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#missing.set(path, error.why === undefined ? error.message : `${error.message}. ${error.why}`);
      return undefined;
    }
  }

  #parse(path: string, text: string): SourceFile {
    const old = this.previous?.modules.get(path)?.file;
    if (old === undefined) return parse(text);
    return old.text === text ? old : reparse(old, text);
  }

  finish(rootPath: string): Program {
    const circles = importCircles(this.#files);
    const modules = new Map<string, Module>();
    const placed: PlacedProblem[] = [];
    for (const path of [...this.#files.keys()].sort()) {
      const loaded = this.#files.get(path);
      if (loaded === undefined) continue;
      const transforms = new Map<string, TransformSymbol | undefined>(loaded.own);
      const importProblems = new Map<Declaration, Problem[]>();
      for (const resolved of loaded.imports)
        importProblems.set(
          resolved.declaration,
          this.#import(resolved, transforms, circles.get(resolved.declaration)),
        );
      const previous = this.previous?.modules.get(path);
      const check = checkModule(
        path,
        loaded.file,
        transforms,
        previous === undefined ? undefined : checks.get(previous),
      );
      const known = new Map<string, TransformSymbol>();
      for (const [name, symbol] of transforms) if (symbol !== undefined) known.set(name, symbol);
      const module: Module = { path, file: loaded.file, transforms: known };
      checks.set(module, check);
      modules.set(path, module);
      place(path, loaded.file, importProblems, check, placed);
    }
    const root = modules.get(rootPath);
    if (root === undefined) throw new Error("the root file is always loaded");
    return { root, modules, problems: placed };
  }

  /** Adds what an import brings to `transforms`; a name that cannot be resolved stands for an unknown transform. */
  #import(
    { statement, path }: ResolvedImport,
    transforms: Map<string, TransformSymbol | undefined>,
    circle: readonly string[] | undefined,
  ): Problem[] {
    const problems: Problem[] = [];
    const target = path === undefined ? undefined : this.#files.get(path);
    if (path !== undefined && target === undefined)
      problems.push(
        problem(
          importFile,
          statement.path.span,
          this.#missing.get(path) ?? `there is no such file: ${JSON.stringify(plainText(statement.path))}`,
        ),
      );
    if (circle !== undefined)
      problems.push(
        problem(
          importCycle,
          statement.path.span,
          `these files import each other: ${JSON.stringify(withoutFolder(circle).join(" → "))}`,
        ),
      );
    for (const item of statement.items) {
      if (item.name.text === "") continue;
      const symbol = target?.own.get(item.name.text);
      if (target !== undefined && symbol === undefined) {
        const similar = mostSimilar(item.name.text, target.own.keys());
        const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
        problems.push(
          problem(
            importName,
            item.name.span,
            `that file declares no transform "${item.name.text}"${hint}`,
            similar,
          ),
        );
      }
      const name = item.alias ?? item.name;
      if (name.text !== "" && !transforms.has(name.text)) transforms.set(name.text, symbol);
    }
    return problems;
  }
}

/** Paths without the folder that all of them lie in. */
function withoutFolder(paths: readonly string[]): readonly string[] {
  const [first = ""] = paths;
  let common = first.lastIndexOf("/") + 1;
  while (common > 0 && !paths.every((path) => path.startsWith(first.slice(0, common))))
    common = first.lastIndexOf("/", common - 2) + 1;
  return paths.map((path) => path.slice(common));
}

/**
 * Imports that close a circle, each with the files of the circle. One depth-first walk over files and imports,
 * without recursion.
 */
function importCircles(files: ReadonlyMap<string, LoadedFile>): ReadonlyMap<Declaration, readonly string[]> {
  const circles = new Map<Declaration, readonly string[]>();
  const done = new Set<string>();
  for (const start of files.keys()) {
    if (done.has(start)) continue;
    const path: { readonly file: string; next: number }[] = [{ file: start, next: 0 }];
    const open = new Set([start]);
    for (let top = path[path.length - 1]; top !== undefined; top = path[path.length - 1]) {
      const step = files.get(top.file)?.imports[top.next++];
      if (step === undefined) {
        open.delete(top.file);
        done.add(top.file);
        path.pop();
        continue;
      }
      if (step.path === undefined || done.has(step.path)) continue;
      if (!open.has(step.path)) {
        open.add(step.path);
        path.push({ file: step.path, next: 0 });
        continue;
      }
      const from = path.findIndex(({ file }) => file === step.path);
      circles.set(step.declaration, [...path.slice(from).map(({ file }) => file), step.path]);
    }
  }
  return circles;
}

/** Gives every problem of a file its place in it, in the order of the text. */
function place(
  path: string,
  file: SourceFile,
  imports: ReadonlyMap<Declaration, readonly Problem[]>,
  check: ModuleCheck,
  placed: PlacedProblem[],
): void {
  const from = placed.length;
  for (const declaration of file.declarations) {
    const add = (problems: readonly Problem[] | undefined): void => {
      for (const { rule, span, message, related, suggestion } of problems ?? [])
        placed.push({
          path,
          span: { start: declaration.offset + span.start, end: declaration.offset + span.end },
          rule,
          message,
          related: related ?? NO_PLACES,
          suggestion,
        });
    };
    add(declaration.problems);
    add(imports.get(declaration));
    add(check.problemsOf(declaration));
    add(check.fileProblems.get(declaration.statement));
  }
  const own = placed.splice(from);
  own.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  for (const one of own) placed.push(one);
}

const NO_PLACES: readonly RelatedPlace[] = [];
