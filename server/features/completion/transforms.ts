import * as path from "node:path";
import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { checkOf } from "../../language/program.js";
import { signatureOf } from "../../language/signature.js";
import type { ImportItem, ImportStatement, TransformStatement } from "../../language/syntax.js";
import { plainText } from "../../language/text.js";
import { showType, typeFromSyntax } from "../../language/types.js";
import { blockSnippet } from "./arguments.js";
import { importable, importEdits } from "./auto-import.js";
import type { CompletionPlace } from "./place.js";

/** Behind `node x = `: the transforms of the file, and those of other files together with their import. */
export function transformItems(place: CompletionPlace): CompletionItem[] {
  const { document, module, probe, options, providers } = place;
  // Where the line ends here, the block with what must be given is written as well.
  const endsLine = /^[ \t]*(?:\r?\n|$)/.test(document.text.slice(probe.word.end));
  const items: CompletionItem[] = [];
  const snippet = (name: string, statement: TransformStatement): string | undefined =>
    endsLine && options.snippets ? `${name}${blockSnippet(signatureOf(statement), [])}` : undefined;
  for (const [name, { module: home, statement }] of module.transforms)
    items.push(
      place.item({
        label: name,
        kind: CompletionItemKind.Class,
        rank: 1,
        detail: shortSignature(statement),
        snippet: snippet(name, statement),
        data: { path: document.path, kind: "member", module: home, transform: statement.name.text, name: "" },
      }),
    );
  for (const one of importable(document, providers.workspace))
    items.push({
      ...place.item({
        label: one.name,
        kind: CompletionItemKind.Class,
        rank: 3,
        detail: shortSignature(one.symbol.statement),
        snippet: snippet(one.name, one.symbol.statement),
        data: {
          path: document.path,
          kind: "member",
          module: one.symbol.module,
          transform: one.name,
          name: "",
        },
        more: importEdits(document, one),
      }),
      labelDetails: { description: one.reference },
    });
  return items;
}

/** Between the braces of an import: the transforms of its file that it does not import yet. */
export function importedItems(
  place: CompletionPlace,
  statement: ImportStatement,
  item: ImportItem,
): CompletionItem[] {
  const reference = plainText(statement.path);
  if (reference === undefined || reference === "") return [];
  const given = new Set(statement.items.filter((one) => one !== item).map(({ name }) => name.text));
  return importsOf(place, reference)
    .filter(({ name }) => !given.has(name.text))
    .map((transform) =>
      place.item({
        label: transform.name.text,
        kind: CompletionItemKind.Class,
        rank: 1,
        detail: shortSignature(transform),
        commit: [","],
      }),
    );
}

/** The transforms of a file by the path that an import gives, when some program has read it. */
function importsOf(place: CompletionPlace, reference: string): readonly TransformStatement[] {
  const { document, providers } = place;
  const file = path.resolve(path.dirname(document.path), reference);
  for (const program of [document.program, ...providers.workspace.programs()]) {
    const module = program.modules.get(file);
    if (module === undefined || checkOf(module) === undefined) continue;
    return module.file.declarations.flatMap(({ statement }) =>
      statement.kind === "transform" && statement.name.text !== "" ? [statement] : [],
    );
  }
  return [];
}

/** `(genome: File, reads: [File]) → bam, stats` */
function shortSignature({ items }: TransformStatement): string {
  const given: string[] = [];
  const made: string[] = [];
  for (const item of items) {
    if (item.kind === "out") made.push(item.name.text);
    if (item.kind !== "in" && item.kind !== "param") continue;
    const type = typeFromSyntax(item.type);
    const optional = item.value !== undefined && type.kind !== "optional" ? "?" : "";
    given.push(`${item.name.text}${optional}: ${showType(type)}`);
  }
  return `(${given.join(", ")}) → ${made.join(", ")}`;
}
