import type { GraphNode, InItem, RecordedFile } from "./model.js";
import type { MadeOuts } from "./recipe.js";
import type { OutReference } from "./value.js";

/**
 * The files that an out turned out to be: none for an optional out that is missing, several for a glob. Undefined
 * while it is not known what its node made.
 */
export function madeItems(
  reference: OutReference,
  made: (upstream: GraphNode) => MadeOuts | undefined,
): readonly RecordedFile[] | undefined {
  const outs = made(reference.node);
  const name = reference.node.outs[reference.index]?.name;
  if (outs === undefined || name === undefined || !Object.hasOwn(outs, name)) return undefined;
  const out = outs[name];
  if (out === undefined) return undefined;
  if (out === null) return [];
  return isFileList(out) ? out : [out];
}

/** Bytes of an out as far as it is made: what `size(in)` in `resources` asks for (rule 22). */
export function sizesOf(
  made: (upstream: GraphNode) => MadeOuts | undefined,
): (out: OutReference) => number | undefined {
  return (out) => madeItems(out, made)?.reduce((sum, { size }) => sum + size, 0);
}

function isFileList(out: RecordedFile | readonly RecordedFile[]): out is readonly RecordedFile[] {
  return Array.isArray(out);
}

/**
 * Where a file of an in is staged. The elements of a glob lie in the in's folder under their path below the fixed
 * part of the pattern (`parts/*.csv` gives `a.csv`, `parts/**` gives `x/a.csv`), so two of them never meet.
 */
export function stagedPathOf(item: InItem, file: Pick<RecordedFile, "path">): string {
  if (!item.staged.endsWith("/") || !("index" in item.source)) return item.staged;
  const pattern = item.source.node.outs[item.source.index]?.path ?? "";
  return item.staged + file.path.slice(fixedFolder(pattern).length);
}

/** The leading folders of a glob pattern that hold no wildcard, with a trailing slash unless empty: `parts/`. */
export function fixedFolder(pattern: string): string {
  const special = pattern.search(/[*?[\]{}()!+@\\]/);
  const fixed = special < 0 ? pattern : pattern.slice(0, special);
  return fixed.slice(0, fixed.lastIndexOf("/") + 1);
}
