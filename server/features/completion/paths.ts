import * as path from "node:path";
import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import type { StringTemplate } from "../../language/syntax.js";
import { inString } from "../texts.js";
import type { CompletionPlace, Rank } from "./place.js";

/** What a string names. */
export type PathOf = "file" | "folder" | "glob" | "import" | "table" | "json";

const LIKELY: { readonly [kind in PathOf]?: RegExp } = {
  table: /\.(?:csv|tsv|txt)$/i,
  json: /\.json$/i,
};

/** The next part of the path in a string: what lies in the folder that is typed so far. */
export function pathItems(place: CompletionPlace, template: StringTemplate, kind: PathOf): CompletionItem[] {
  const { document, offset, providers } = place;
  const content = place.absolute(template.span).start + 1;
  const typed = document.text.slice(content, offset);
  // An escape or a value in it says a path that only the evaluation knows; addresses have no folder to look into.
  if (/[\\]|\$\{|^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(typed)) return [];
  const slash = typed.lastIndexOf("/") + 1;
  const before = typed.slice(0, slash);
  if (kind === "glob" && /[*?[\]{}()!]/.test(before)) return [];
  const here = path.dirname(document.path);
  const entries = providers.workspace.list(path.resolve(here, before));
  const start = content + slash;
  const span = { start, end: offset + restOfPart(document.text.slice(offset)) };
  const part = document.text.slice(start, offset);
  const items: CompletionItem[] = [];
  const add = (name: string, isFolder: boolean, rank: Rank): void => {
    const label = isFolder ? `${name}/` : name;
    items.push(
      place.item({
        label,
        kind: isFolder ? CompletionItemKind.Folder : CompletionItemKind.File,
        rank,
        // `./` is how imports are written; what is typed without it stays so.
        text: inString(kind === "import" && typed === "" ? `./${label}` : label),
        span,
        ...(isFolder ? {} : { commit: ['"'] }),
      }),
    );
  };
  if (part.startsWith(".") && (before === "" || /^(?:\.\.\/)+$/.test(before))) add("..", true, 3);
  for (const { name, folder } of entries ?? []) {
    if (name.startsWith(".") && !part.startsWith(".")) continue;
    if (!folder && kind === "folder") continue;
    if (!folder && kind === "import") {
      const isOther = path.resolve(here, before, name) !== document.path;
      if (!name.endsWith(".reprod") || !isOther) continue;
    }
    add(name, folder, !folder && LIKELY[kind]?.test(name) === true ? 1 : 2);
  }
  return items;
}

/** How much of the part of the path stands behind the cursor. */
function restOfPart(text: string): number {
  return /^[^/"\\\r\n$]*/.exec(text)?.[0].length ?? 0;
}
