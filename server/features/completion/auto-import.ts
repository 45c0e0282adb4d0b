import * as path from "node:path";
import type { TextEdit } from "vscode-languageserver-types";
import { checkOf, type Module, type TransformSymbol } from "../../language/program.js";
import { plainText } from "../../language/text.js";
import type { Document, Workspace } from "../document.js";
import { quotedText } from "../texts.js";

/** A transform of another file that this one could import. */
export interface Importable {
  readonly symbol: TransformSymbol;
  readonly name: string;
  /** As an import writes it: `./lib/transforms.reprod`. */
  readonly reference: string;
}

/**
 * The transforms of the workspace's other files that can be imported under their own names: the name is not taken here,
 * and the file does not itself import this one. Grows with the files and declarations of the workspace.
 */
export function importable(document: Document, workspace: Workspace): Importable[] {
  const modules = new Map<string, Module>();
  for (const program of workspace.programs())
    for (const module of program.modules.values())
      if (!modules.has(module.path)) modules.set(module.path, module);
  modules.delete(document.path);
  const circular = importersOf(document.path, modules);
  const taken = namesOf(document.module);
  const found: Importable[] = [];
  for (const module of modules.values()) {
    if (circular.has(module.path)) continue;
    const reference = referenceTo(document.path, module.path);
    for (const declaration of module.file.declarations) {
      const { statement } = declaration;
      if (statement.kind !== "transform" || statement.name.text === "" || taken.has(statement.name.text))
        continue;
      found.push({
        symbol: { module: module.path, declaration, statement },
        name: statement.name.text,
        reference,
      });
    }
  }
  return found.sort((a, b) => (a.reference < b.reference ? -1 : a.reference > b.reference ? 1 : 0));
}

/** Files that reach `target` by their imports. */
function importersOf(target: string, modules: ReadonlyMap<string, Module>): ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  for (const module of modules.values())
    for (const { statement } of module.file.declarations) {
      const reference = statement.kind === "import" ? plainText(statement.path) : undefined;
      if (reference === undefined || reference === "") continue;
      const imported = path.resolve(path.dirname(module.path), reference);
      importers.set(imported, [...(importers.get(imported) ?? []), module.path]);
    }
  const reached = new Set([target]);
  for (const file of reached) for (const importer of importers.get(file) ?? []) reached.add(importer);
  reached.delete(target);
  return reached;
}

function namesOf(module: Module): ReadonlySet<string> {
  const names = new Set(module.transforms.keys());
  const check = checkOf(module);
  for (const { statement } of module.file.declarations)
    for (const { name } of check?.declarationsInside(statement) ?? []) names.add(name.text);
  return names;
}

/** A path as imports write it, with forward slashes on every system. */
export function referenceTo(from: string, to: string): string {
  const relative = path.relative(path.dirname(from), to).split(path.sep).join("/");
  return relative.startsWith("../") ? relative : `./${relative}`;
}

/** Adds the transform to the import of its file, or an import behind the last one, behind `pipeline`, or on top. */
export function importEdits({ module, lines, text, path: file }: Document, one: Importable): TextEdit[] {
  const at = (offset: number, newText: string): TextEdit[] => [
    { range: lines.range({ start: offset, end: offset }), newText },
  ];
  let after: number | undefined;
  let pipeline: number | undefined;
  for (const { offset, length, statement } of module.file.declarations) {
    if (statement.kind === "pipeline") pipeline = offset + length;
    if (statement.kind !== "import") continue;
    after = offset + length;
    const reference = plainText(statement.path);
    const last = statement.items.at(-1);
    if (reference === undefined || reference === "" || last === undefined || last.name.text === "") continue;
    if (path.resolve(path.dirname(file), reference) === one.symbol.module)
      return at(offset + last.span.end, `, ${one.name}`);
  }
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const line = `import { ${one.name} } from ${quotedText(one.reference)}`;
  if (after !== undefined) return at(endOfLine(text, after), `${newline}${line}`);
  if (pipeline !== undefined) return at(endOfLine(text, pipeline), `${newline}${newline}${line}`);
  const first = module.file.declarations[0];
  return at(
    first?.offset ?? text.length,
    first === undefined ? `${line}${newline}` : `${line}${newline}${newline}`,
  );
}

/** Behind what else stands on the line: a comment, say. */
function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  const end = newline < 0 ? text.length : newline;
  return end > offset && text[end - 1] === "\r" ? end - 1 : end;
}
