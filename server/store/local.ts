import type { ContentId, RecipeId, RunId, Sha256 } from "../base/brand.js";
import type { Failure } from "../base/failure.js";
import type { ProcessIdentity } from "../base/process.js";
import type { FailureKind, FileDigest } from "../graph/model.js";
import type { RecordedOut, ResultRecord } from "./record.js";
import type { ResultStore, StoredResult } from "./store.js";

/**
 * What the store on this machine can do beyond `ResultStore`: it takes outs in without copying them, stages inputs
 * so that no script can write through them, and knows who else works with it.
 */
export interface LocalStore extends ResultStore {
  /** Absolute. */
  readonly folder: string;
  readonly readOnly: boolean;
  readonly objects: Objects;

  /**
   * The record that a content id leads to, if it may be adopted (A4): its own content id is this one, and its objects
   * are there.
   */
  adoptable(content: ContentId): Promise<ResultRecord | undefined>;

  /**
   * Takes a record out of the way that stands under this recipe but was made from other bytes than its upstream has
   * now (A2), or that somebody asks to be made again. Without that, the first record would win for ever (A3) and the
   * node be stale for ever. It goes where broken records go, so nothing is lost. `keep`: the content id whose record
   * may stay. A broken record counts as absent.
   */
  supersede(recipe: RecipeId, keep: ContentId | undefined): Promise<"absent" | "kept" | "superseded">;

  /** For finding many results by content id, as of now: what was found or not is remembered. */
  contents(accepts?: (record: ResultRecord) => boolean): Contents;

  /** What it was to read results from and cannot, or not all of it. It grows as more is asked (A3). */
  readonly unread: readonly Failure[];
  /**
   * Makes sure that a result which lookups found is in this very store: from a store that is read from it is copied.
   * False when that had other bytes than its record says; it does not count from then on, so plan again.
   */
  bring(recipe: RecipeId): Promise<boolean>;
  /** The store that a result lies in: this one, or one that is read from. */
  holding(recipe: RecipeId): Promise<LocalStore>;

  /** Every recipe with a record whose id starts like this. Two characters spare all but one of 256 listings. */
  recipes(start?: string): Iterable<RecipeId>;
  /** A record as it lies there, for searching without reading it; undefined when it is gone. */
  recordBytes(recipe: RecipeId): Buffer | undefined;
  /** Names of pipelines with names files in this project. One that was too long to keep in full is left out. */
  pipelines(projectId: string): readonly string[];

  /** Resolves when everything committed so far is durable or has been rejected. */
  flush(): Promise<void>;
  /** Flushes and gives up what is held. The store is not to be used afterwards. */
  close(): Promise<void>;
}

export interface Contents {
  /** The result that a content id leads to, if it may be adopted (A4). */
  find(content: ContentId): StoredResult | undefined;
}

/** SHA-256 of a file's bytes. `data/` owns the worker threads that do it; a small file is hashed without asking. */
export type HashFile = (path: string) => Promise<Sha256>;

/** `objects/sha256/<2 hex>/<62 hex>`: bytes by their digest. Small files are handled at once, big ones off the main thread. */
export interface Objects {
  /** Absolute path of an object, there or not. It derives from the digest alone (C9). */
  pathOf(sha256: Sha256): string;
  has(sha256: Sha256, size: number): boolean;
  /**
   * Makes a file an object: by rename where that is possible, else by copying it (C11); `file` is gone afterwards
   * either way. The caller has hashed it, owns it, and nothing else links to it.
   */
  put(file: string, sha256: Sha256, size: number): Promise<void>;
  /** As `put`, but the file stays as it is: a reflink or a copy, and the copy is hashed. Throws `store-damaged` when it differs. */
  putCopy(file: string, sha256: Sha256, size: number, hash: HashFile): Promise<void>;
  /** A manifest or another small text. */
  putText(text: string): Sha256;
  /** All of it; for manifests. Undefined when it is not there. */
  read(sha256: Sha256): Buffer | undefined;
  /** Moves an object that is not what its digest says to `broken/`, so that it is absent from now on (A1). */
  quarantine(sha256: Sha256): void;
}

// ---------------------------------------------------------------- outs of an attempt

export type Ingested =
  | { readonly kind: "ingested"; readonly outs: { readonly [name: string]: RecordedOut } }
  | {
      readonly kind: "failed";
      readonly failure: Extract<FailureKind, "OutMissing" | "OutInvalid" | "DiskFull">;
      readonly message: string;
    };

// ---------------------------------------------------------------- inputs of an attempt

/** An in as it shall lie below the working folder; an executor's `StagedInput` is one. */
export interface InputToStage {
  /** Relative to the working folder. */
  readonly staged: string;
  readonly kind: "file" | "dir";
  readonly digest: FileDigest;
  readonly source:
    | { readonly kind: "object" }
    /** A user's own file or folder: copied, and verified on the way (A12). */
    | { readonly kind: "local"; readonly path: string; readonly exclude: readonly string[] };
}

/** An object that lies in a working folder as a hard link: what it was when it was linked (C7). */
export interface StagedLink {
  readonly sha256: Sha256;
  readonly staged: string;
  readonly size: number;
  readonly mtimeNs: string;
  readonly mode: number;
  readonly ino: string;
}

export type Staged =
  | { readonly kind: "staged"; readonly links: readonly StagedLink[] }
  /** `changed`: a user's file is not what was planned with (`InputChanged`). `failed`: an object is gone or the disk is full. */
  | { readonly kind: "changed"; readonly message: string }
  | { readonly kind: "failed"; readonly failure: "StageFailed" | "DiskFull"; readonly message: string };

// ---------------------------------------------------------------- claims

/** Who works: in a claim's holder file, and for messages. */
export interface Holder extends ProcessIdentity {
  /** 128 random bits in hex. */
  readonly nonce: string;
  readonly run: RunId | undefined;
}

/** What can be claimed: the execution of a content id, the lease of a run (C5). */
export type ClaimKey =
  | { readonly kind: "content"; readonly id: ContentId }
  | { readonly kind: "run"; readonly id: RunId }
  /** The whole store, for garbage collection (E1): use `lockExclusive`. */
  | { readonly kind: "exclusive" };

export interface Claim {
  readonly key: ClaimKey;
  readonly epoch: number;
}

export type ClaimAttempt =
  | { readonly kind: "held"; readonly claim: Claim }
  | { readonly kind: "taken"; readonly by: Holder | undefined };

/**
 * Claims save work and never carry correctness (C2). After acquiring a content's claim look it up again: who held it
 * before may have made it. All calls are short and synchronous.
 */
export interface Claims {
  readonly holder: Holder;
  /** Takes it, or tells who has it. A dead holder's claim is taken over (C3). Ask again each second or so. */
  tryAcquire(key: ClaimKey): ClaimAttempt;
  /** Reads the claim again: false when another took it over. To be asked before anything is launched or deleted late. */
  stillHolds(claim: Claim): boolean;
  release(claim: Claim): void;
  /** Who holds it alive, as far as can be told now. Never takes it. */
  holderOf(key: ClaimKey): Holder | undefined;
  /** Every run or other reader of the store holds it shared; garbage collection alone exclusively (E1). */
  lockShared(): LockAttempt;
  lockExclusive(): LockAttempt;
  /** Removes what dead holders left; tells how many claims. Only under the exclusive lock. */
  removeDead(): number;
  /** Gives everything up. */
  close(): void;
}

export type LockAttempt =
  | { readonly kind: "locked"; readonly release: () => void }
  | { readonly kind: "busy"; readonly by: readonly Holder[] };

// ---------------------------------------------------------------- upkeep

export interface Pins {
  readonly recipes: readonly RecipeId[];
  readonly objects: readonly Sha256[];
}
