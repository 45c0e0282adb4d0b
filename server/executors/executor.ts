import type { Sha256 } from "../base/brand.js";
import type { FileDigest, InterpreterKind } from "../graph/model.js";
import type { FloatValue } from "../graph/value.js";
import type { Staged, StagedLink } from "../store/local.js";
import type { Usage } from "../store/record.js";

/**
 * A value as a script gets it (language.md rule 20). Paths are relative to the working folder. A `number` is an Int;
 * a Float keeps its class, so that Python gets `2.0` where the pipeline says Float.
 */
export type HandedValue =
  | null
  | boolean
  | number
  | FloatValue
  | string
  | readonly HandedValue[]
  | { readonly [key: string]: HandedValue };

/** One attempt at a node, ready to start: everything is decided, nothing is looked up any more. */
export interface AttemptSpec {
  /** Unique among all attempts of this machine; safe as a file name. */
  readonly id: string;
  /** For messages and container labels only: no script sees it (A6). */
  readonly node: string;
  readonly attempt: number;
  /** Absolute; made by the executor, must not exist. The working folder is `work/` in it. */
  readonly folder: string;
  readonly interpreter: { readonly kind: InterpreterKind; readonly command: readonly string[] };
  readonly script: string;
  /** Every in, param and out by name, with `cpus` and `memory_mb`. */
  readonly values: { readonly [name: string]: HandedValue };
  readonly env: { readonly [name: string]: string };
  /** Never written to disk, argv or log. */
  readonly secrets: { readonly [name: string]: string };
  readonly inputs: readonly StagedInput[];
  /** Folders that must exist before the script starts, relative to the working folder (parents of outs). */
  readonly folders: readonly string[];
  readonly where:
    | { readonly kind: "host"; readonly path: readonly string[] }
    | {
        readonly kind: "image";
        readonly image: string;
        readonly engine: "docker" | "podman";
        readonly platform: string;
        readonly asImageUser: boolean;
      };
  readonly network: boolean;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly timeoutMilliseconds: number | undefined;
}

export interface StagedInput {
  /** Relative to the working folder. */
  readonly staged: string;
  readonly kind: "file" | "dir";
  readonly digest: FileDigest;
  readonly source: /** In the store by its digest. */
    | { readonly kind: "object" }
    /** A user's own file or folder: copied, and verified on the way (A12). `exclude` as in `dir(…, exclude: …)`. */
    | { readonly kind: "local"; readonly path: string; readonly exclude: readonly string[] };
}

/**
 * The store's part of an attempt (engine-rules.md C7), bound to one store and given to an executor, so that it knows
 * neither layout nor locks: `stageInputs`, `checkLinks` and `objects.pathOf` of the local store.
 */
export interface Stager {
  /** Puts inputs below `work`, an absolute folder. */
  stage(work: string, inputs: readonly StagedInput[]): Promise<Staged>;
  /** Messages about links that the script wrote through. */
  check(links: readonly StagedLink[]): readonly string[];
  /** Absolute path of an object, for a read-only mount in a container. */
  objectPath(sha256: Sha256): string;
}

/** How an attempt ended. Exhaustive: `switch` over it without a default. */
export type AttemptEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "cancelled" }
  /** The kernel's own evidence only (C12). */
  | { readonly kind: "out-of-memory" }
  | { readonly kind: "input-changed"; readonly message: string }
  | { readonly kind: "input-modified"; readonly message: string }
  | { readonly kind: "disk-full"; readonly message: string }
  | { readonly kind: "stage-failed"; readonly message: string }
  | { readonly kind: "start-failed"; readonly message: string }
  /** Nobody knows: the supervisor itself was killed. */
  | { readonly kind: "lost"; readonly message: string };

export interface AttemptResult {
  readonly end: AttemptEnd;
  readonly usage: Usage;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** An attempt that runs, or ran, on this executor; survives the runner's own death. */
export interface AttemptHandle {
  readonly id: string;
  readonly folder: string;
  /** Resolves when no process of the attempt is left. Never rejects for what the script does. */
  readonly ended: Promise<AttemptResult>;
  /** Ends the whole process group: TERM, then KILL after the grace. */
  cancel(): void;
}

/** Where nodes run. `run/` knows executors by this interface only; there is one file an executor. */
export interface Executor {
  readonly name: "local" | "ecs" | "batch";
  /** What can run at once; the scheduler admits by it. */
  readonly capacity: { readonly cpus: number; readonly memoryBytes: number };
  /** Says which engine runs images, with its version, or `host`. */
  readonly engine: string;
  /**
   * Stages at once, and starts when `room` says true (at once without it); false ends it as cancelled. What keeps it
   * from starting is an `AttemptEnd` too.
   */
  start(spec: AttemptSpec, room?: Promise<boolean>): AttemptHandle;
  /**
   * Finds an attempt that an earlier runner left in `folder` (C4): one that still runs is adopted, one that ended is
   * harvested; anything else is killed, and undefined says that the folder can be discarded.
   */
  adopt(spec: AttemptSpec): Promise<AttemptHandle | undefined>;
  /** Deletes an attempt's folder, off the main thread and not at once; `close` waits for it. Its attempt has ended. */
  discard(folder: string): void;
  /** Releases what the executor holds; attempts that run go on. */
  close(): Promise<void>;
}
