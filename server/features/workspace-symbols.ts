import type { SymbolKind, WorkspaceSymbol } from "vscode-languageserver-types";
import { outlineOf } from "../language/scope.js";
import type { Declaration, Name } from "../language/syntax.js";
import { locationIn, type Workspace } from "./document.js";
import { symbolKinds } from "./document-symbols.js";
import { absolute } from "./tree.js";

/**
 * The names of all files of the workspace that have the letters of the query in its order, whatever their case: what
 * can be used in the whole file, which leaves out columns, locals and the insides of transforms. Each file once.
 * O(declared names), since a declaration keeps what it declares.
 */
export function workspaceSymbols(query: string, workspace: Workspace): WorkspaceSymbol[] {
  const found: WorkspaceSymbol[] = [];
  const seen = new Set<string>();
  const letters = query.toLowerCase();
  for (const program of workspace.programs())
    for (const { path, file } of program.modules.values()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const containerName = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
      for (const declaration of file.declarations)
        for (const { kind, name } of declaredIn(declaration))
          if (name.text !== "" && isSubsequence(letters, name.text.toLowerCase()))
            found.push({
              name: name.text,
              kind,
              location: locationIn(workspace, path, absolute(declaration, name.span)),
              containerName,
            });
    }
  return found;
}

function declaredIn({ statement }: Declaration): { readonly kind: SymbolKind; readonly name: Name }[] {
  if (statement.kind === "pipeline") return [{ kind: symbolKinds.pipeline, name: statement.name }];
  return outlineOf(statement).declares.flatMap(({ kind, name, node }) =>
    kind === "import"
      ? []
      : [{ kind: symbolKinds[node !== undefined && node.keys.length > 0 ? "family" : kind], name }],
  );
}

function isSubsequence(letters: string, text: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at);
    if (at < 0) return false;
    at += letter.length;
  }
  return true;
}
