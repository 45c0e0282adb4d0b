import type { Sha256 } from "../base/brand.js";
import type { Span } from "../language/syntax.js";
import type { FileDigest } from "./model.js";
import type { DataPlace, DataReference } from "./value.js";

/**
 * What is known of the world outside the text. `data/` gathers it; `language/` and `graph/` only ask, at once and
 * without waiting. What is unknown never makes a problem: it makes a node's state *unknown*.
 */
export type Fact<T> =
  | { readonly kind: "known"; readonly value: T }
  | { readonly kind: "unknown"; readonly reason: string }
  /** It is known not to be there, or not to be usable; `message` says what is wrong with it. */
  | { readonly kind: "absent"; readonly message: string };

export interface TableText {
  readonly header: readonly string[];
  /** Cells as text; every row has as many cells as the header. */
  readonly rows: readonly (readonly string[])[];
  /** Line in the file of each row's first character, from 1. */
  readonly lines: readonly number[];
  /**
   * Absolute UTF-16 offsets of a cell in the file's text, both positions from 0, so that a bad cell is shown at
   * itself. Without it the problem is shown at the column's declaration and names the line.
   */
  readonly cellSpan?: (row: number, column: number) => Span;
}

export interface HostFacts {
  /** `linux/amd64`, `darwin/arm64` */
  readonly platform: string;
}

export interface ToolFact {
  /** Real path of the file. */
  readonly path: string;
  readonly sha256: Sha256;
}

export interface Facts {
  /** A table's text; an `absent` of a malformed table names line and column. */
  table(place: DataPlace, separator: "," | "\t"): Fact<TableText>;
  json(place: DataPlace): Fact<unknown>;
  lines(place: DataPlace): Fact<readonly string[]>;
  /** Paths that match, relative to `folder` (absolute), sorted bytewise. */
  glob(folder: string, pattern: string): Fact<readonly string[]>;
  /** Whether local data is there; remote data is `unknown` until fetched or locked. */
  exists(data: DataReference): Fact<true>;
  digest(data: DataReference): Fact<FileDigest>;
  /** `path` is the platform manifest's digest from the lock, `sha256:…`. */
  image(reference: string, platform: string): Fact<string>;
  tool(name: string): Fact<ToolFact>;
  readonly host: HostFacts;
}
