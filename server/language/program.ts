import type { PlacedProblem } from "./problems.js";
import type { Declaration, SourceFile, TransformStatement } from "./syntax.js";

/** Gives texts of files to the language without it doing IO: a disk, open buffers over a disk, or a test's map. */
export interface TextSource {
  /** The text of the file at `path` (absolute), or undefined when there is none. */
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
