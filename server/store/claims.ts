import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { isRunId, type RunId } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import {
  isProcessIdentity,
  type Liveness,
  livenessOf,
  type ProcessIdentity,
  thisProcess,
} from "../base/process.js";
import { isAbsent, linkNew, listIfThere, readTextIfThere, storeFailure, unlinkIfThere } from "./files.js";
import type { Claim, ClaimAttempt, ClaimKey, Claims, Holder, LockAttempt } from "./local.js";

/**
 * Who works on what (engine-rules.md C1, C2, C3, E1). On disk, under `claims/`:
 *
 *     holders/<nonce>.json             who: host, boot, pid, start time, run, and a counter
 *     content/<2 hex>/<id>.<epoch>     what: the same file under a second name
 *     run/<run id>.<epoch>
 *     lock/exclusive.<epoch>, lock/shared.<nonce>-<n>
 *
 * A claim is a hard link to its holder's file: one system call to make it, create-only and never half-written, one to
 * give it up, and one write each 15 s renews the counter in all claims of a process.
 *
 * The rules that keep it right:
 * - The highest epoch of a key holds it, whichever others there are.
 * - Take-over of a dead holder's claim is creating the next epoch. It unlinks nothing.
 * - A process unlinks only claims that carry its own nonce. So a name is free only after its maker gave it up, and
 *   what a late process unlinks is never another's.
 * - Whoever has created a claim lists the key's epochs again: an epoch below the highest is given back at once.
 *   Without that, the first epoch, given back by the one who was taken over, could be made again beside the second.
 *
 * Claims save work only. Two processes that both believe they hold one make the same result twice, and the first
 * record wins (A3).
 */

const RENEW_MILLISECONDS = 15_000;
/** Eight renewals: longer than any pause that a living process has. */
const DEAD_AFTER_MILLISECONDS = 120_000;

/** Time and processes, which tests control. */
export interface ClaimsWorld {
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
  /** Calls `task` again and again without keeping the process alive; returns what stops it. */
  readonly every: (milliseconds: number, task: () => void) => () => void;
  readonly self: ProcessIdentity;
  readonly livenessOf: (identity: ProcessIdentity) => Liveness;
}

const realWorld = (): ClaimsWorld => ({
  monotonic: () => performance.now(),
  every: (milliseconds, task) => {
    const timer = setInterval(task, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
  self: thisProcess(),
  livenessOf,
});

export interface ClaimsOptions {
  readonly run?: RunId;
  readonly world?: ClaimsWorld;
}

/** `folder` is the store's. Nothing is written before the first claim or lock, so a reader needs no rights. */
export function openClaims(folder: string, options: ClaimsOptions = {}): Claims {
  return new ClaimsFolder(path.join(folder, "claims"), options.run, options.world ?? realWorld());
}

/** What this process itself saw of a holder that it cannot ask the kernel about. */
interface Observation {
  readonly text: string;
  readonly since: number;
}

class ClaimsFolder implements Claims {
  readonly holder: Holder;
  readonly #folder: string;
  readonly #world: ClaimsWorld;
  readonly #held = new Set<Claim>();
  readonly #shared = new Set<string>();
  readonly #observations = new Map<string, Observation>();
  #entered: { readonly descriptor: number; readonly stopRenewing: () => void } | undefined;
  #counter = 0;
  #sharedCounter = 0;

  constructor(folder: string, run: RunId | undefined, world: ClaimsWorld) {
    this.#folder = folder;
    this.#world = world;
    this.holder = { ...world.self, nonce: randomBytes(16).toString("hex"), run };
  }

  tryAcquire(key: ClaimKey): ClaimAttempt {
    try {
      return this.#acquire(key, placeOf(key));
    } catch (error) {
      throw storeFailure(error, this.#folder);
    }
  }

  stillHolds(claim: Claim): boolean {
    if (!this.#held.has(claim)) return false;
    const { folder, name } = placeOf(claim.key);
    return (
      this.#highest(folder, name) === claim.epoch && this.#isOwn(this.#epochFile(folder, name, claim.epoch))
    );
  }

  release(claim: Claim): void {
    if (!this.#held.delete(claim)) return;
    const { folder, name } = placeOf(claim.key);
    this.#giveBack(this.#epochFile(folder, name, claim.epoch));
  }

  holderOf(key: ClaimKey): Holder | undefined {
    const { folder, name } = placeOf(key);
    const epoch = this.#highest(folder, name);
    return epoch === 0 ? undefined : this.#liveHolder(this.#epochFile(folder, name, epoch));
  }

  lockShared(): LockAttempt {
    try {
      // E1: first the mark, then the look. Who locks exclusively does the same, so one of the two sees the other.
      const file = this.#path("lock", `shared.${this.holder.nonce}-${this.#sharedCounter++}`);
      this.#create(file);
      const epoch = this.#highest("lock", "exclusive");
      const by = epoch === 0 ? undefined : this.#liveHolder(this.#epochFile("lock", "exclusive", epoch));
      if (by !== undefined) {
        this.#giveBack(file);
        return { kind: "busy", by: [by] };
      }
      this.#shared.add(file);
      return {
        kind: "locked",
        release: () => {
          if (this.#shared.delete(file)) this.#giveBack(file);
        },
      };
    } catch (error) {
      throw storeFailure(error, this.#folder);
    }
  }

  lockExclusive(): LockAttempt {
    const attempt = this.tryAcquire({ kind: "exclusive" });
    if (attempt.kind === "taken") {
      return { kind: "busy", by: attempt.by === undefined ? [] : [attempt.by] };
    }
    const by: Holder[] = [];
    for (const name of listIfThere(this.#path("lock"))) {
      if (!name.startsWith("shared.")) continue;
      const holder = this.#liveHolder(this.#path("lock", name));
      if (holder !== undefined) by.push(holder);
    }
    if (by.length > 0) {
      this.release(attempt.claim);
      return { kind: "busy", by };
    }
    return { kind: "locked", release: () => this.release(attempt.claim) };
  }

  close(): void {
    for (const claim of [...this.#held]) this.release(claim);
    for (const file of this.#shared) this.#giveBack(file);
    this.#shared.clear();
    if (this.#entered === undefined) return;
    this.#leave();
    unlinkIfThere(this.#holderFile());
  }

  removeDead(): number {
    let removed = 0;
    for (const file of this.#files()) {
      if (this.#liveHolder(file) !== undefined) continue;
      unlinkIfThere(file);
      removed++;
    }
    return removed;
  }

  #acquire(key: ClaimKey, { folder, name }: Place): ClaimAttempt {
    // In all but few cases nobody has it: then this is one call to make it, and one to look.
    let epoch = 1;
    for (;;) {
      const file = this.#epochFile(folder, name, epoch);
      const created = this.#create(file);
      const highest = this.#highest(folder, name);
      if (created && highest === epoch) {
        const claim: Claim = { key, epoch };
        this.#held.add(claim);
        return { kind: "held", claim };
      }
      if (created) this.#giveBack(file);
      // Given back between our two calls: it is free now.
      if (highest === 0) continue;
      const by = this.#liveHolder(this.#epochFile(folder, name, highest));
      if (by !== undefined) return { kind: "taken", by };
      epoch = highest + 1;
    }
  }

  /** False when somebody has this epoch. */
  #create(file: string): boolean {
    this.#enter();
    try {
      return linkNew(this.#holderFile(), file);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      // A folder is made when its first claim is; and somebody may have deleted all claims, our own file too (C2).
      fs.mkdirSync(path.dirname(file), { recursive: true });
      if (!fs.existsSync(this.#holderFile())) this.#leave();
      this.#enter();
      return linkNew(this.#holderFile(), file);
    }
  }

  /** Writes the holder's file, once. */
  #enter(): void {
    if (this.#entered !== undefined) return;
    fs.mkdirSync(this.#path("holders"), { recursive: true });
    const descriptor = fs.openSync(this.#holderFile(), "wx", 0o644);
    // One write, before any claim is a link to it.
    fs.writeSync(descriptor, this.#holderText());
    const stopRenewing = this.#world.every(RENEW_MILLISECONDS, () => this.#renew());
    this.#entered = { descriptor, stopRenewing };
  }

  #leave(): void {
    if (this.#entered === undefined) return;
    this.#entered.stopRenewing();
    fs.closeSync(this.#entered.descriptor);
    this.#entered = undefined;
  }

  /** Over the old text, at the same length: a reader sees the one or the other. All our claims are this file. */
  #renew(): void {
    this.#counter++;
    if (this.#entered === undefined) return;
    try {
      fs.writeSync(this.#entered.descriptor, this.#holderText(), 0);
    } catch (error) {
      // A disk that fails here at most lets another take our claims over, which costs work and nothing else (C2);
      // the same disk will say so to whoever writes a result.
      if (systemCode(error) === undefined) throw error;
    }
  }

  #holderText(): string {
    const counter = String(this.#counter).padStart(12, "0");
    return `${JSON.stringify({ ...this.holder, counter })}\n`;
  }

  /** Only what carries our own nonce: after all claims were deleted by hand, the name may be another's. */
  #giveBack(file: string): void {
    if (this.#isOwn(file)) unlinkIfThere(file);
  }

  #isOwn(file: string): boolean {
    return readTextIfThere(file)?.includes(`"${this.holder.nonce}"`) ?? false;
  }

  /** 0 when nobody ever claimed it, or all gave it back. */
  #highest(folder: string, name: string): number {
    let highest = 0;
    for (const entry of listIfThere(this.#path(folder))) {
      if (!entry.startsWith(`${name}.`)) continue;
      const epoch = Number(entry.slice(name.length + 1));
      if (Number.isSafeInteger(epoch) && epoch > highest) highest = epoch;
    }
    return highest;
  }

  /** The holder of this claim, if it lives or may live (C3). */
  #liveHolder(file: string): Holder | undefined {
    const text = readTextIfThere(file);
    const holder = text === undefined ? undefined : readHolder(text);
    // Half a file is what a crash of the machine leaves.
    if (text === undefined || holder === undefined) return undefined;
    switch (this.#world.livenessOf(holder)) {
      case "alive":
        return holder;
      case "dead":
        return undefined;
      case "unknown":
        return this.#seenUnchanged(holder.nonce, text) ? undefined : holder;
    }
  }

  /** C3: only what this process itself saw, on a clock that never jumps; times written by others are not compared. */
  #seenUnchanged(nonce: string, text: string): boolean {
    const now = this.#world.monotonic();
    const seen = this.#observations.get(nonce);
    if (seen === undefined || seen.text !== text) {
      this.#observations.set(nonce, { text, since: now });
      return false;
    }
    return now - seen.since >= DEAD_AFTER_MILLISECONDS;
  }

  #holderFile(): string {
    return this.#path("holders", `${this.holder.nonce}.json`);
  }

  #epochFile(folder: string, name: string, epoch: number): string {
    return this.#path(folder, `${name}.${epoch}`);
  }

  #path(...parts: readonly string[]): string {
    return path.join(this.#folder, ...parts);
  }

  /** Every claim, mark and holder file. */
  *#files(): Generator<string> {
    for (const folder of ["run", "lock", "holders"]) {
      for (const name of listIfThere(this.#path(folder))) yield this.#path(folder, name);
    }
    for (const prefix of listIfThere(this.#path("content"))) {
      for (const name of listIfThere(this.#path("content", prefix)))
        yield this.#path("content", prefix, name);
    }
  }
}

function readHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isProcessIdentity(value) || !("nonce" in value) || typeof value.nonce !== "string") return undefined;
  const { hostId, bootId, pid, startTime, nonce } = value;
  const run = "run" in value && typeof value.run === "string" && isRunId(value.run) ? value.run : undefined;
  return { hostId, bootId, pid, startTime, nonce, run };
}

interface Place {
  /** Relative to `claims/`. */
  readonly folder: string;
  readonly name: string;
}

function placeOf(key: ClaimKey): Place {
  switch (key.kind) {
    case "content":
      return { folder: `content/${key.id.slice(0, 2)}`, name: key.id };
    case "run":
      return { folder: "run", name: key.id };
    case "exclusive":
      return { folder: "lock", name: "exclusive" };
  }
}
