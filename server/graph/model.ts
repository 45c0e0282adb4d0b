import type { ContentId, OwnId, RecipeId, Sha256 } from "../base/brand.js";
import type { TransformSymbol } from "../language/program.js";
import type { Declaration, NodeStatement, PublishStatement } from "../language/syntax.js";
import type { Type } from "../language/types.js";
import type { DataReference, OutReference, Value } from "./value.js";

/** One data object of a pipeline: a transform with its arguments evaluated. */
export interface GraphNode {
  /** Position in `Graph.nodes`, which is in topological order of evaluation. */
  readonly index: number;
  readonly family: string;
  /** String, Int, Float or Bool each. */
  readonly keys: readonly Value[];
  /** As written: `aligned["ANN0830", 2]` (rule 7). */
  readonly name: string;
  readonly transform: GraphTransform;
  /** By position in `transform.params`. */
  readonly params: readonly Value[];
  /** By position in `transform.ins`. Absent `File?` is null. */
  readonly ins: readonly InValue[];
  /** By position in `transform.outs`. */
  readonly outs: readonly NodeOut[];
  readonly env: ReadonlyMap<string, EnvValue>;
  /** Nodes whose outs this node reads, each once, in order of first use. */
  readonly upstream: readonly GraphNode[];
  readonly statement: NodeStatement;
  readonly declaration: Declaration;
  /** Absolute path of the file that declares the node. */
  readonly module: string;
  /**
   * Resources as declared by the transform and overridden by the node; evaluated when asked for, since `size(in)`
   * may ask for what an upstream node made: `sizeOf` gives its bytes, and without it such data counts as empty.
   * Throws `Failure` "bad-resources".
   */
  readonly resources: (sizeOf?: (out: OutReference) => number | undefined) => Resources;
  readonly retry: Retry;
}

/** What all nodes of one transform share; made once for a transform. */
export interface GraphTransform {
  readonly symbol: TransformSymbol;
  readonly name: string;
  /** As written, interpolation not allowed; undefined on the host. */
  readonly image: string | undefined;
  readonly tools: readonly ToolUse[];
  readonly interpreter: Interpreter;
  /** Dedented, LF only, no BOM. */
  readonly script: string;
  readonly params: readonly { readonly name: string; readonly type: Type }[];
  readonly ins: readonly TransformIn[];
  readonly network: boolean;
  readonly userImage: boolean;
}

export type InterpreterKind = "bash" | "sh" | "python" | "r" | "node" | "other";
export interface Interpreter {
  readonly kind: InterpreterKind;
  /** Command words: `["python3"]`; of `run "perl -w"`: `["perl", "-w"]`. */
  readonly command: readonly string[];
}
export interface ToolUse {
  readonly name: string;
  readonly also: readonly DataReference[];
}
export interface TransformIn {
  readonly name: string;
  readonly type: Type;
}

export type InItem = {
  readonly source: DataReference | OutReference;
  /**
   * Path below the working folder, `inputs/…`, the same on every executor (rule 19).
   * For a glob out it is the folder its elements go to, ending in `/`.
   */
  readonly staged: string;
};
export type InValue = null | InItem | readonly InItem[];

export interface NodeOut {
  readonly name: string;
  readonly kind: "file" | "dir" | "glob";
  /** May be missing after the script ended well. */
  readonly optional: boolean;
  /** Relative to the working folder, or the pattern of a glob. */
  readonly path: string;
}

export type EnvValue =
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "secret"; readonly name: string };

export interface Resources {
  /** May be fractional: 0.5. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** 0 when neither text nor project asks for any. */
  readonly diskBytes: number;
  readonly timeoutMilliseconds: number | undefined;
}

export interface Retry {
  /** Runs of the script at most; 1 is no retry. */
  readonly attempts: number;
  /** Empty: every kind of end. */
  readonly on: readonly FailureKind[];
  /** Each further attempt gets the last one's memory times this. */
  readonly memoryFactor: number;
}

/** Why an attempt ended without result; the words of `retry.on`. */
export type FailureKind =
  | "ScriptFailed"
  | "OutOfMemory"
  | "Timeout"
  | "OutMissing"
  | "OutInvalid"
  | "InputChanged"
  | "InputModified"
  | "DiskFull"
  | "StartFailed"
  | "SpotInterruption"
  | "NoCapacity"
  | "ImageNotFound"
  | "PermissionDenied"
  | "StageFailed"
  | "Lost"
  | "Cancelled";

export interface Graph {
  /** In topological order: an upstream node has a smaller index. */
  readonly nodes: readonly GraphNode[];
  readonly byName: ReadonlyMap<string, GraphNode>;
  /** Families and single nodes by their declared name, members in evaluation order. */
  readonly families: ReadonlyMap<string, readonly GraphNode[]>;
  /** What `target` says, or else every node that nothing uses. */
  readonly targets: readonly GraphNode[];
  readonly publish: readonly Publication[];
  /** Every data reference whose digest counts: what nodes stage and what their tools name by `also`; each place once. */
  readonly data: readonly DataReference[];
  readonly pipeline: string | undefined;
}

export interface Publication {
  readonly node: GraphNode;
  /** Position in `node.outs`. */
  readonly out: number;
  /** Absolute folder. */
  readonly folder: string;
  /** The `publish` that says so. */
  readonly statement: PublishStatement;
}

/** A file as identity sees it: never its time, owner or absolute path. */
export interface FileDigest {
  readonly sha256: Sha256;
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
}

/** The ids of a node; undefined while something they rest on has no digest yet. */
export interface NodeIds {
  readonly recipe: RecipeId;
  readonly own: OwnId;
  /** Known once every in has a digest. */
  readonly content: ContentId | undefined;
}

/**
 * The recipe as it is hashed and stored (engine-rules.md A5): plain JSON whose canonical text (RFC 8785), behind
 * the line `reprod-recipe-1`, has the recipe id as its SHA-256. The reason each field is in the key stands in
 * `recipe.ts`.
 */
export interface Recipe {
  readonly kind: "reprod-recipe-1";
  readonly semantics: number;
  readonly where: RecipeWhere;
  readonly interpreter: readonly string[];
  readonly script: string;
  readonly network: boolean;
  readonly env: { readonly [name: string]: string };
  readonly params: { readonly [name: string]: TaggedValue };
  readonly ins: { readonly [name: string]: RecipeIn };
  readonly outs: {
    readonly [name: string]: {
      readonly kind: NodeOut["kind"];
      readonly optional: boolean;
      readonly path: string;
    };
  };
}

export type RecipeWhere =
  | {
      readonly kind: "image";
      /** Platform manifest digest `sha256:…`, or the tag as written when nothing has pinned it. */
      readonly image: string;
      readonly unpinned: boolean;
      /** `linux/amd64` */
      readonly platform: string;
    }
  | {
      readonly kind: "host";
      /** `linux/amd64` */
      readonly platform: string;
      /** Digest of each tool's file; bash and sh count by name (A8). */
      readonly tools: { readonly [name: string]: string };
    };

/** `{"Int": "30"}`, `{"String": "x"}`, `{"List": […]}`, null: a value that says what type it has. */
export type TaggedValue = null | { readonly [tag: string]: unknown };

export type RecipeIn = null | RecipeFile | readonly RecipeFile[];
export type RecipeFile =
  | {
      /** Staged path. */
      readonly name: string;
      readonly kind: "file" | "dir";
      readonly executable: boolean;
      readonly sha256: Sha256;
    }
  | {
      /** Staged path; of a glob out its folder. */
      readonly name: string;
      readonly recipe: RecipeId;
      readonly out: string;
    };

// ---------------------------------------------------------------- what a node really made

/** null: an optional out that was not made. A list: what a glob found, sorted bytewise. */
export type RecordedOut = null | RecordedFile | readonly RecordedFile[];
export interface RecordedFile {
  /** Relative to the working folder. */
  readonly path: string;
  readonly kind: "file" | "dir";
  readonly executable: boolean;
  /** Of a Dir: the digest of its `reprod-tree-1` manifest, which is an object itself (C9). */
  readonly sha256: Sha256;
  /** Bytes; of a Dir the sum of its files. */
  readonly size: number;
}
