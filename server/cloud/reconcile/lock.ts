import { randomUUID } from "node:crypto";
import * as os from "node:os";
import type { SSM } from "@aws-sdk/client-ssm";
import { Failure } from "../../base/failure.js";
import { isProcessIdentity, livenessOf, type ProcessIdentity, thisProcess } from "../../base/process.js";
import type { Account } from "../account.js";
import { awsFailure, isNotThere } from "../failures.js";
import { type Clock, type Patience, untilReady } from "./patience.js";
import { type Tags, tagList } from "./scope.js";

/**
 * A lock that is renewed every minute and was not for this long is nobody's. Both times are AWS's: the clock of this
 * machine may be wrong by any amount, and the SDK makes up for that in silence.
 */
const EXPIRES = 10 * 60_000;
const RENEWED = 60_000;
/** Whoever could not renew for this long, by either clock of its machine, stops before others may take over. */
const GIVEN_UP = 8 * 60_000;
/** `GetParametersByPath` lags behind: so long after a put, all who look are taken to see it. */
const SETTLES = 500;
const ATTEMPTS = 5;
/** The monotonic clock, and with it every timer, stands still while a machine sleeps: its other clock is watched. */
const WATCHED = 1_000;
/** Between two looks at the clock: only a machine that slept, or a process that was stopped, leaves such a gap. */
const GAP = 10_000;

/** Nonces of the locks that this process holds: one of an earlier work of it that is still there is over. */
const held = new Set<string>();

/** Who sets up or removes the resources of a project. */
interface Holder {
  readonly nonce: string;
  readonly caller: string;
  readonly host: string;
  readonly process: ProcessIdentity;
}

/** A parameter's place in the row. */
interface Place {
  readonly name: string;
  readonly epoch: number;
}

interface Own extends Place {
  readonly nonce: string;
  readonly value: string;
}

interface Seen extends Place {
  readonly holder: Holder | undefined;
  /** When it was renewed last. */
  readonly at: Date | undefined;
  /** Nobody's any more. */
  readonly isOver: boolean;
}

export interface Lock {
  /** Aborts when somebody else took it or may have: nothing more may be done. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock of a project's resources in one account and region (engine-rules.md F4): a parameter
 * `/reprod/<project id>/lock/<region>/<epoch>-<nonce>`. Who finds one living is refused. Who finds none puts its own,
 * above all that are there, looks once more when others see it, and steps back when another one lives: of two that
 * put theirs at the same moment, the later one sees the other. Should two hold it nevertheless, they meet when they
 * renew it, and the highest goes on; so whoever was taken for dead and comes back is below who came after it.
 *
 * One whose process is gone (on this machine), or that was not renewed for ten minutes, is nobody's, and is taken away
 * by who takes the lock next. Names are never used again, for AWS wants half a minute between the end of a parameter
 * and another one of its name: they are unique by the nonce, whatever clocks say. Throws `setup-busy` with who holds it.
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

async function take(account: Account, projectId: string, options: LockOptions): Promise<Lock> {
  const { clock, signal } = options;
  const row = new Row(await account.aws.ssm(), `/reprod/${projectId}/lock/${account.region}`);
  for (let attempt = 1; ; attempt++) {
    const seen = await untilReady(() => row.look(), { clock, signal });
    const holding = seen.findLast(({ isOver }) => !isOver);
    if (holding !== undefined) throw busy(holding);
    if (attempt > ATTEMPTS) throw busyWith("others");
    const lock = await tryToTake(account, row, seen.at(-1)?.epoch ?? 0, options);
    if (lock !== undefined) return lock;
    // Two began at the same moment: each steps back, and one is earlier the next time.
    await clock.sleep(200 + Math.random() * 800, signal);
  }
}

/** Undefined, and nothing left behind, when somebody else tries at the same time. */
async function tryToTake(
  account: Account,
  row: Row,
  highest: number,
  { clock, signal, tags }: LockOptions,
): Promise<Lock | undefined> {
  const patience: Patience = { clock, signal };
  const nonce = randomUUID();
  const holder: Holder = { nonce, caller: account.callerArn, host: os.hostname(), process: thisProcess() };
  // Above those that were there and are gone too, as far as clocks agree. Nothing rests on it.
  const own = row.place(Math.max(Date.now(), highest + 1), nonce, JSON.stringify(holder));
  const begun = momentOf(clock);
  // From the first moment on: another work of this process must not take it for one that is over.
  held.add(nonce);
  let lock: Lock | undefined;
  try {
    await untilReady(() => row.create(own, tags), patience);
    await clock.sleep(SETTLES, signal);
    const seen = await untilReady(() => row.look(), patience);
    const mine = seen.find(({ name }) => name === own.name);
    const others = seen.filter((lock) => lock !== mine);
    // Who does not see itself may not see others either, or slept until it was taken for dead.
    if (mine?.isOver === false && others.every(({ isOver }) => isOver)) {
      for (const { name } of others) await untilReady(() => row.remove(name), patience);
      lock = hold(row, own, begun, clock);
    }
  } finally {
    if (lock === undefined) {
      held.delete(nonce);
      // What cannot be taken away is over for this process, and for all when the process is.
      await row.remove(own.name).catch(() => undefined);
    }
  }
  return lock;
}

function hold(row: Row, own: Own, begun: Moment, clock: Clock): Lock {
  const lost = new AbortController();
  const ended = new AbortController();
  /** When the last renewal that went well was asked for: AWS's time of it is later. */
  let renewed = begun;
  let watched = Date.now();
  let renewing: Promise<void> | undefined;

  const stop = (): void => {
    ended.abort();
    clearInterval(watching);
  };
  const lose = (why: unknown): void => {
    stop();
    lost.abort(why);
  };
  const renew = async (): Promise<void> => {
    const asked = momentOf(clock);
    try {
      const why = await row.renew(own);
      if (why !== undefined) lose(why);
      renewed = asked;
    } catch {
      if (clock.now() - renewed.monotonic > GIVEN_UP) lose(tooSilent());
    }
  };
  const renewOnce = (): Promise<void> => {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  const watching = setInterval(() => {
    const now = Date.now();
    const slept = now - watched > GAP;
    watched = now;
    if (now - renewed.wall > GIVEN_UP) lose(tooSilent());
    // Nobody may have taken it yet. The next renewal is due when the machine was awake for a minute: that may be late.
    else if (slept) void renewOnce();
  }, WATCHED);
  const renewals = (async () => {
    while (!ended.signal.aborted) {
      await clock.sleep(RENEWED, ended.signal);
      await renewOnce();
    }
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) lose(error);
  });

  return {
    lost: lost.signal,
    release: async () => {
      stop();
      // A renewal that is under way would bring back what is taken away.
      await renewals;
      await renewing;
      held.delete(own.nonce);
      await untilReady(() => row.remove(own.name), { clock, signal: undefined });
    },
  };
}

interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

function momentOf(clock: Clock): Moment {
  return { monotonic: clock.now(), wall: Date.now() };
}

/** The locks of a project in one region, those of the dead too. */
class Row {
  readonly #ssm: SSM;
  readonly #folder: string;

  constructor(ssm: SSM, folder: string) {
    this.#ssm = ssm;
    this.#folder = folder;
    noteDates(ssm);
  }

  place(epoch: number, nonce: string, value: string): Own {
    return { name: `${this.#folder}/${epoch}-${nonce}`, epoch, nonce, value };
  }

  /** The highest last. */
  async look(): Promise<readonly Seen[]> {
    const seen: Seen[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.#ssm.getParametersByPath({ Path: this.#folder, NextToken });
      for (const { Name = "", Value, LastModifiedDate: at } of page.Parameters ?? []) {
        const holder = readHolder(Value);
        seen.push({
          name: Name,
          epoch: Number.parseInt(Name.slice(this.#folder.length + 1), 10) || 0,
          holder,
          at,
          isOver: (holder !== undefined && isGone(holder)) || isSilent(at, dates.get(page)),
        });
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return seen.sort((a, b) => (isAbove(a, b) ? 1 : -1));
  }

  async create({ name, value }: Own, tags: Tags): Promise<void> {
    try {
      await this.#ssm.putParameter({
        Name: name,
        Value: value,
        Type: "String",
        Overwrite: false,
        Tags: tagList(tags),
      });
    } catch (error) {
      // An answer was lost: nobody else makes one of our nonce.
      if (!(error instanceof Error && error.name === "ParameterAlreadyExists")) throw error;
    }
  }

  /** Answers with why it is not held any more, if so. */
  async renew(own: Own): Promise<Failure | undefined> {
    if (!(await this.#isThere(own))) return busyWith("somebody who found this one silent for too long");
    // Taken away since then, it is there again now; whoever did so put one above it before.
    await this.#ssm.putParameter({ Name: own.name, Value: own.value, Type: "String", Overwrite: true });
    const above = (await this.look()).findLast((other) => !other.isOver && isAbove(other, own));
    return above && busy(above);
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#ssm.deleteParameter({ Name: name });
    } catch (error) {
      if (!isNotThere(error)) throw error;
    }
  }

  async #isThere({ name, value }: Own): Promise<boolean> {
    try {
      return (await this.#ssm.getParameter({ Name: name })).Parameter?.Value === value;
    } catch (error) {
      if (isNotThere(error)) return false;
      throw error;
    }
  }
}

function isAbove(one: Place, other: Place): boolean {
  return one.epoch === other.epoch ? one.name > other.name : one.epoch > other.epoch;
}

function isGone({ nonce, process: its }: Holder): boolean {
  const liveness = livenessOf(its);
  return its.pid === process.pid && liveness === "alive" ? !held.has(nonce) : liveness === "dead";
}

/** Of an answer without a date nothing is known: better refused once too often. */
function isSilent(at: Date | undefined, now: number | undefined): boolean {
  return at !== undefined && now !== undefined && now - at.getTime() > EXPIRES;
}

/** When AWS gave an answer, by its own clock. */
const dates = new WeakMap<object, number>();

function noteDates({ middlewareStack }: SSM): void {
  middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const date = dateOf(answer.response);
      if (date !== undefined && answer.output !== undefined) dates.set(answer.output, date);
      return answer;
    },
    // Outside of what makes the output.
    { step: "deserialize", priority: "high", name: "reprodLockDate", override: true },
  );
}

function dateOf(response: unknown): number | undefined {
  if (typeof response !== "object" || response === null || !("headers" in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== "object" || headers === null || !("date" in headers)) return undefined;
  const date = Date.parse(String(headers.date));
  return Number.isNaN(date) ? undefined : date;
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
  return busyWith(at === undefined ? who : `${who}, last heard of at ${at.toISOString()}`);
}

function busyWith(who: string): Failure {
  return new Failure("setup-busy", `the resources of this project are being changed by "${who}"`, {
    why: "Two who create and remove at the same time would undo each other's work.",
    fix: "Wait until it is done. One that was killed on another machine is given up after ten minutes of silence.",
  });
}

function tooSilent(): Failure {
  return new Failure("setup-busy", "others may change the resources of this project by now", {
    why: "This machine slept, had its clock set, or did not reach AWS for eight minutes; work that is silent for ten is taken over.",
    fix: "Say the same again: it goes on from what is there.",
  });
}
