import { type SymbolAt, type SymbolPlace, usesOf } from "../language/symbols.js";
import type { Workspace } from "./document.js";

/**
 * Every place of the workspace that names one of these things, by file and place: in all programs with the files that
 * declare them. What names mean in a file follows from it and what it imports, so each file is looked at once.
 */
export function usesEverywhere(
  workspace: Workspace,
  definitions: readonly SymbolPlace[],
): readonly SymbolAt[] {
  const seen = new Set<string>();
  const uses: SymbolAt[] = [];
  for (const home of new Set(definitions.map(({ path }) => path)))
    for (const program of workspace.programsWith(home)) {
      uses.push(...usesOf(program, definitions, (path) => !seen.has(path)));
      for (const path of program.modules.keys()) seen.add(path);
    }
  return uses;
}

export function isPlace(place: SymbolPlace, among: readonly SymbolPlace[]): boolean {
  return among.some(({ path, span }) => path === place.path && span.start === place.span.start);
}
