import { randomUUID } from "node:crypto";
import * as os from "node:os";
import { Failure } from "../../base/failure.js";
import { isProcessIdentity, livenessOf, type ProcessIdentity, thisProcess } from "../../base/process.js";
import type { Account } from "../account.js";
import { awsFailure, isNotThere } from "../failures.js";
import { type Clock, untilReady } from "./patience.js";
import { type Tags, tagList } from "./scope.js";

/** A lock that is renewed every minute and was not for this long is nobody's: SigV4 allows clocks to be 5 minutes apart. */
const EXPIRES = 10 * 60_000;
const RENEWED = 60_000;
/** Whoever could not renew for this long stops before others may take over. */
const GIVEN_UP = 8 * 60_000;

/** Nonces of the locks that this process holds: one of an earlier work of it that is still there is over. */
const held = new Set<string>();

/** Who sets up or removes the resources of a project. */
interface Holder {
  readonly nonce: string;
  readonly caller: string;
  readonly host: string;
  readonly process: ProcessIdentity;
}

interface Seen {
  readonly name: string;
  readonly epoch: number;
  readonly holder: Holder | undefined;
  /** When it was renewed last: milliseconds since 1970. */
  readonly at: number;
}

export interface Lock {
  /** Aborts when somebody else took it: nothing more may be done. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock of a project's resources in one account and region (engine-rules.md F4): parameters
 * `/reprod/<project id>/lock/<region>/<epoch>`, created without overwriting, so that one of two wins. The highest epoch
 * holds. One whose process is gone (on this machine), or that was not renewed for ten minutes, is superseded by a
 * higher epoch; nothing is deleted to be created again. Throws `setup-busy` with who holds it.
 */
export async function takeLock(account: Account, projectId: string, options: LockOptions): Promise<Lock> {
  try {
    return await take(account, projectId, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw awsFailure(error, { doing: "take the lock of this project's resources", account });
  }
}

interface LockOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly tags: Tags;
}

async function take(
  account: Account,
  projectId: string,
  { clock, signal, tags }: LockOptions,
): Promise<Lock> {
  const folder = `/reprod/${projectId}/lock/${account.region}`;
  const holder: Holder = {
    nonce: randomUUID(),
    caller: account.callerArn,
    host: os.hostname(),
    process: thisProcess(),
  };
  // From the first moment on: another work of this process must not take it for one that is over.
  held.add(holder.nonce);
  try {
    return await takeAs(account, folder, holder, { clock, signal, tags });
  } catch (error) {
    held.delete(holder.nonce);
    throw error;
  }
}

async function takeAs(
  account: Account,
  folder: string,
  holder: Holder,
  { clock, signal, tags }: LockOptions,
): Promise<Lock> {
  const ssm = await account.aws.ssm();
  const value = JSON.stringify(holder);
  const patience = { clock, signal };

  const list = async (): Promise<readonly Seen[]> =>
    untilReady(async () => {
      const seen: Seen[] = [];
      let NextToken: string | undefined;
      do {
        const page = await ssm.getParametersByPath({ Path: folder, NextToken });
        for (const { Name = "", Value, LastModifiedDate } of page.Parameters ?? []) {
          seen.push({
            name: Name,
            epoch: Number(Name.slice(folder.length + 1)),
            holder: readHolder(Value),
            at: LastModifiedDate?.getTime() ?? 0,
          });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return seen.sort((a, b) => a.epoch - b.epoch);
    }, patience);

  const remove = (name: string): Promise<void> =>
    untilReady(() => unlessGone(ssm.deleteParameter({ Name: name })), patience);

  for (let attempt = 1; ; attempt++) {
    const seen = await list();
    const living = seen.filter((lock) => !isOver(lock));
    const [holding] = living;
    if (holding !== undefined) throw busy(holding);
    const name = `${folder}/${(seen.at(-1)?.epoch ?? 0) + 1}`;
    const created = await untilReady(async () => {
      try {
        await ssm.putParameter({
          Name: name,
          Value: value,
          Type: "String",
          Overwrite: false,
          Tags: tagList(tags),
        });
        return true;
      } catch (error) {
        if (!(error instanceof Error && error.name === "ParameterAlreadyExists")) throw error;
        // An answer that was lost: the parameter may be ours.
        const now = await list();
        return now.find((lock) => lock.name === name)?.holder?.nonce === holder.nonce;
      }
    }, patience);
    if (created) {
      const others = (await list()).filter((lock) => lock.holder?.nonce !== holder.nonce);
      const rivals = others.filter((lock) => !isOver(lock));
      if (rivals.length === 0) {
        for (const { name: over } of others) await remove(over);
        return hold(account, name, holder.nonce, value, clock);
      }
      await remove(name);
    }
    // Two began at the same moment: each steps back, and one is earlier the next time.
    if (attempt === 5) {
      const [rival] = (await list()).filter((lock) => !isOver(lock));
      throw rival === undefined ? busyWith("others") : busy(rival);
    }
    await clock.sleep(200 + Math.random() * 800, signal);
  }
}

function hold(account: Account, name: string, nonce: string, value: string, clock: Clock): Lock {
  const lost = new AbortController();
  const ended = new AbortController();
  const renew = async (): Promise<void> => {
    const ssm = await account.aws.ssm();
    const { Parameter } = await ssm.getParameter({ Name: name });
    if (Parameter?.Value !== value) throw taken;
    await ssm.putParameter({ Name: name, Value: value, Type: "String", Overwrite: true });
  };
  const renewing = (async () => {
    let renewed = clock.now();
    for (;;) {
      await clock.sleep(RENEWED, ended.signal);
      try {
        await renew();
        renewed = clock.now();
      } catch (error) {
        if (error === taken || isNotThere(error) || clock.now() - renewed > GIVEN_UP) {
          lost.abort(busyWith("somebody who found this one silent for too long"));
          return;
        }
      }
    }
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) lost.abort(error);
  });
  return {
    lost: lost.signal,
    release: async () => {
      ended.abort();
      // A renewal that is under way would bring back what is taken away.
      await renewing;
      held.delete(nonce);
      const ssm = await account.aws.ssm();
      await untilReady(() => unlessGone(ssm.deleteParameter({ Name: name })), { clock, signal: undefined });
    },
  };
}

const taken = new Error("it has another value");

async function unlessGone(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

function isOver({ holder, at }: Seen): boolean {
  if (holder !== undefined) {
    const mine = holder.process.pid === process.pid && livenessOf(holder.process) === "alive";
    if (mine ? !held.has(holder.nonce) : livenessOf(holder.process) === "dead") return true;
  }
  return Date.now() - at > EXPIRES;
}

function readHolder(text: string | undefined): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("nonce" in value && "caller" in value && "host" in value && "process" in value)) return undefined;
  const { nonce, caller, host, process } = value;
  if (typeof nonce !== "string" || typeof caller !== "string" || typeof host !== "string") return undefined;
  return isProcessIdentity(process) ? { nonce, caller, host, process } : undefined;
}

function busy({ holder, at }: Seen): Failure {
  const who = holder === undefined ? "somebody" : `${holder.caller} on ${holder.host}`;
  return busyWith(`${who}, last heard of at ${new Date(at).toISOString()}`);
}

function busyWith(who: string): Failure {
  return new Failure("setup-busy", `the resources of this project are being changed by "${who}"`, {
    why: "Two who create and remove at the same time would undo each other's work.",
    fix: "Wait until it is done. One that was killed on another machine is given up after ten minutes of silence.",
  });
}
