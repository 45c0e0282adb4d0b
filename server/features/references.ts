import type { Location, Position } from "vscode-languageserver-types";
import { symbolsAt } from "../language/symbols.js";
import { type Document, locationIn, type Workspace } from "./document.js";
import { isPlace, usesEverywhere } from "./uses.js";

/**
 * Every place in the workspace that names what the name at a position stands for; of an argument alone both things
 * that it stands for. Costs a check of each declaration whose text has the name.
 */
export function references(
  document: Document,
  position: Position,
  workspace: Workspace,
  includeDeclaration: boolean,
): Location[] {
  const found = new Map<string, Location>();
  for (const { definitions } of symbolsAt(document.program, document.path, document.lines.offset(position)))
    for (const { place } of usesEverywhere(workspace, definitions))
      if (includeDeclaration || !isPlace(place, definitions))
        found.set(`${place.span.start} ${place.path}`, locationIn(workspace, place.path, place.span));
  return [...found.values()];
}
