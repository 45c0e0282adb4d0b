import type { Program } from "../../language/program.js";
import type { Declaration, Span } from "../../language/syntax.js";
import { plainText } from "../../language/text.js";

/** An image that a transform names, with its place. */
export interface NamedImage {
  readonly module: string;
  readonly declaration: Declaration;
  readonly span: Span;
  /** As written. */
  readonly reference: string;
  /** Whether the text has a digest, which says all. */
  readonly pinned: boolean;
}

/** The images of all transforms of the program. */
export function namedImages(program: Program): readonly NamedImage[] {
  const found: NamedImage[] = [];
  for (const module of program.modules.values()) {
    for (const declaration of module.file.declarations) {
      if (declaration.statement.kind !== "transform") continue;
      for (const item of declaration.statement.items) {
        const reference = item.kind === "image" ? plainText(item.reference) : undefined;
        if (item.kind !== "image" || reference === undefined || reference === "") continue;
        const pinned = /@sha256:[0-9a-f]{64}$/.test(reference);
        found.push({ module: module.path, declaration, span: item.reference.span, reference, pinned });
      }
    }
  }
  return found;
}
