import type { GraphNode } from "./model.js";

/**
 * What an expression evaluates to. Strings, booleans and null are JavaScript's own, an Int is a `number` that
 * is a safe integer; all else is a class, so that `1` (Int) and `1.0` (Float) are never the same value.
 */
export type Value =
  | null
  | boolean
  | string
  | number
  | FloatValue
  | BytesValue
  | DurationValue
  | JsonValue
  | DataReference
  | OutReference
  | NodeReference
  | RowValue
  | readonly Value[];

export class FloatValue {
  constructor(readonly value: number) {}
}
/** A size in bytes, exact. */
export class BytesValue {
  constructor(readonly bytes: number) {}
}
/** A time span in milliseconds. */
export class DurationValue {
  constructor(readonly milliseconds: number) {}
}
/** A value of type Json, as `JSON.parse` gives it. */
export class JsonValue {
  constructor(readonly value: unknown) {}
}
/** A row of a table. */
export class RowValue {
  constructor(readonly columns: ReadonlyMap<string, Value>) {}
}

/** Data that exists before the pipeline runs. */
export class DataReference {
  constructor(
    readonly kind: "file" | "dir",
    readonly place: DataPlace,
    /** The last component of the path or url: part of a file's identity (rule 24). */
    readonly baseName: string,
    /** Glob patterns that a Dir leaves out. */
    readonly exclude: readonly string[] = [],
  ) {}
}

export type DataPlace =
  | { readonly kind: "local"; readonly path: string }
  /** `verify` is a digest given in the text; it verifies, it never identifies (rule 26). */
  | { readonly kind: "http"; readonly url: string; readonly verify: string | undefined }
  | { readonly kind: "s3"; readonly url: string };

/** An out of a node, not made yet perhaps. `out` says which; its type says whether it is a list (glob). */
export class OutReference {
  constructor(
    readonly node: GraphNode,
    /** Position in `node.outs`. */
    readonly index: number,
  ) {}
}

/** A node as a value: only its members can be used (rule 10). */
export class NodeReference {
  constructor(readonly node: GraphNode) {}
}
