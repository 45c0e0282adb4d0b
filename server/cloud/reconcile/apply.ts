import { Failure } from "../../base/failure.js";
import { awsFailure, isNotThere } from "../failures.js";
import { type Dependent, inOrder, type Work } from "./dag.js";
import { untilReady, untilUnused } from "./patience.js";
import { leftOver, type Plan, type Step, settingsOf } from "./plan.js";
import {
  at,
  dependenciesOf,
  type Environment,
  PARALLEL,
  type Reading,
  type Readings,
  readOne,
} from "./reading.js";
import type { Found, GroupName, Ref } from "./resource.js";
import type { Scope } from "./scope.js";

/** What is told while plans are carried out. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly step: Step;
  readonly phase: "begun" | "waiting" | "done";
}

export interface Applied {
  readonly outcome: "done" | "cancelled";
  /** Carried out, in this order. */
  readonly done: readonly Step[];
  /** Not begun, because it was cancelled. */
  readonly left: readonly Step[];
}

export interface ApplyEnvironment extends Environment {
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Carries out a plan: removes first what is replaced or not declared any more, then creates and changes in the order of
 * dependencies, some at once. Each create is noted before and its id after, so that it may end at any moment and be
 * said again (engine-rules.md F3). Writes the settings file of each group that is whole. After a failure nothing new
 * is begun, and what runs is awaited. Throws a `Failure`.
 */
export async function applyPlan(
  readings: Readings,
  plan: Plan,
  environment: ApplyEnvironment,
): Promise<Applied> {
  const steps = plan.steps.filter(({ action }) => action !== "keep");
  const done: Step[] = [];
  const tell = (step: Step, phase: Progress["phase"]): void => {
    environment.onProgress?.({ done: done.length, total: steps.length, step, phase });
  };
  const byKey = new Map(readings.byKey);
  const after = (reading: Reading): readonly string[] => dependenciesOf(reading);
  const work = (step: Step) => ({ step, reading: readingOf(byKey, step.key) });
  const stopped = (): boolean => environment.signal?.aborted === true;

  try {
    const removed = steps.filter(({ action }) => action === "remove" || action === "replace").map(work);
    await untilCancelled(environment, {
      items: removed.map(({ step }) => ({
        key: step.key,
        // What needs it goes before it.
        after: removed
          .filter((other) => after(other.reading).includes(step.key))
          .map(({ step: { key } }) => key),
        step,
      })),
      parallel: PARALLEL,
      stopped,
      run: async ({ step }) => {
        tell(step, "begun");
        await removeOne(readingOf(byKey, step.key), byKey, readings, environment, () =>
          tell(step, "waiting"),
        );
        byKey.set(step.key, { ...readingOf(byKey, step.key), found: undefined, differences: [] });
        if (step.action === "replace") return;
        done.push(step);
        tell(step, "done");
      },
    });

    // Kept ones are passed over by the order: whoever needs them finds them as they were read.
    const changed = new Set<string>();
    const made = steps.filter(({ action }) => action !== "remove").map(work);
    await untilCancelled(environment, {
      items: made.map(({ step, reading }) => ({ key: step.key, after: after(reading), step })),
      parallel: PARALLEL,
      stopped,
      run: async ({ step }) => {
        tell(step, "begun");
        const reading = readingOf(byKey, step.key);
        // What it needs was not there, or another one, when it was compared: its differences know nothing of the new one.
        const stale = reading.found !== undefined && after(reading).some((key) => changed.has(key));
        const onWait = (): void => tell(step, "waiting");
        byKey.set(step.key, await makeOne(reading, stale, byKey, readings, environment, onWait));
        changed.add(step.key);
        done.push(step);
        tell(step, "done");
      },
    });
    rememberKept(byKey, new Set(plan.groups.map(({ name }) => name)), readings.scope);
  } finally {
    // After a failure too: a group that is whole is so for other tools, whatever became of the next one.
    for (const { name } of plan.groups) {
      if (steps.some((step) => step.group === name && !done.includes(step))) continue;
      forgetOver(name, readings);
      readings.files.get(name)?.show(settingsOf(name, { ...readings, byKey }));
    }
  }
  const left = steps.filter((step) => !done.includes(step));
  return { outcome: left.length > 0 ? "cancelled" : "done", done, left };
}

/** A cancel ends waits as well. What was cut off by it has noted what it was about. */
export async function untilCancelled<Item extends Dependent>(
  { signal }: Environment,
  work: Work<Item>,
): Promise<void> {
  try {
    await inOrder(work);
  } catch (error) {
    if (signal?.aborted !== true || !isAbort(error, signal)) throw error;
  }
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

function readingOf(byKey: ReadonlyMap<string, Reading>, key: string): Reading {
  const reading = byKey.get(key);
  if (reading === undefined) throw new Error(`${key} was planned and not read`);
  return reading;
}

/** A settings file that was lost or written by another checkout learns the ids of what is there. */
function rememberKept(
  byKey: ReadonlyMap<string, Reading>,
  wanted: ReadonlySet<GroupName>,
  scope: Scope,
): void {
  for (const reading of byKey.values()) {
    const { group, resource, file, found, stray } = reading;
    if (found === undefined || stray || !wanted.has(group.name)) continue;
    const entry = file.entry(resource.part);
    const isKnown = JSON.stringify(entry?.ref) === JSON.stringify(refOf(found));
    if (entry?.step === undefined && isKnown && entry?.chosen === chosenFor(reading, found, scope)) continue;
    remember(reading, found, scope);
  }
}

function remember(reading: Reading, found: Found<unknown>, scope: Scope, step?: "create"): void {
  const { file, resource } = reading;
  const chosen = chosenFor(reading, found, scope);
  file.set(resource.part, {
    name: resource.name,
    ...(step !== undefined && { step }),
    ref: refOf(found),
    ...(found.owner === "adopted" ? { adopted: true } : {}),
    ...(chosen !== undefined && { chosen }),
    at: new Date().toISOString(),
  });
}

/** As `reprod.json` names it; undefined of what is ours, and of what is used with something that was adopted. */
function chosenFor({ key }: Reading, { owner }: Found<unknown>, scope: Scope): string | undefined {
  return owner === "adopted" ? scope.settings.adopt?.[key] : undefined;
}

/** Of what is over, a process that was killed or a create that was refused may have left a note. */
function forgetOver(name: GroupName, readings: Readings): void {
  const file = readings.files.get(name);
  for (const part of leftOver(name, readings)) file?.delete(part);
}

function refOf({ id, arn, attributes }: Found<unknown>): Ref {
  return { id, ...(arn !== undefined && { arn }), ...(attributes !== undefined && { attributes }) };
}

/** It was mended and looks as before: another service has not heard of it yet, or the declaration is a defect. */
class NotTaken extends Error {}

async function makeOne(
  reading: Reading,
  stale: boolean,
  byKey: ReadonlyMap<string, Reading>,
  readings: Readings,
  environment: ApplyEnvironment,
  onWait: () => void,
): Promise<Reading> {
  const { group, resource, file } = reading;
  const { scope } = readings;
  const { clock, signal } = environment;
  const doing = `${reading.found === undefined ? "create" : "change"} the ${resource.kind} ${resource.name}`;
  let now = reading;
  let first = !stale;
  let made = false;
  // Of what is just being made, a call may hear that it is not there, and the next one that it is (F3).
  let isFresh = file.entry(resource.part)?.step === "create";
  try {
    return await untilReady(
      async () => {
        // The plan has just read it. After a failure nobody knows what has happened.
        if (!first) now = await readOne(now, byKey, scope, environment);
        first = false;
        if (now.found === undefined && made) {
          throw new NotTaken(`${resource.name} was created and is not to be seen`);
        }
        if (now.found === undefined) {
          file.set(resource.part, { name: resource.name, step: "create", at: new Date().toISOString() });
          const place = at(byKey, group, { ...now, found: undefined }, scope, environment);
          // Until it is seen with its tags, it counts as being made: these may come later than the thing itself.
          remember(now, await resource.create(place), scope, "create");
          // AWS has given an id: to create it once more would make a second one.
          made = true;
          isFresh = true;
          await dropDuplicates(now, byKey, readings, environment);
          now = await readOne(now, byKey, scope, environment);
          if (now.found === undefined)
            throw new NotTaken(`${resource.name} was created and is not to be seen`);
        }
        for (const difference of now.differences) await difference.mend();
        if (now.differences.length > 0) now = await readOne(now, byKey, scope, environment);
        if (now.found === undefined || now.differences.length > 0) {
          throw new NotTaken(
            now.differences.map(({ what, is, shouldBe }) => `${what}: ${is}, not ${shouldBe}`).join("; "),
          );
        }
        remember(now, now.found, scope);
        return now;
      },
      {
        clock,
        signal,
        worthIt: (error) => error instanceof NotTaken || (isFresh && isNotThere(error)),
        onWait,
      },
    );
  } catch (error) {
    if (signal?.aborted === true && isAbort(error, signal)) throw error;
    if (error instanceof NotTaken) {
      throw new Failure("aws-not-ready", `AWS was not done after a minute of waiting: "${doing}"`, {
        why: `It is not as it should be yet: ${error.message}.`,
        fix: "Say the same again in a few minutes: it goes on from what is there.",
        cause: error,
      });
    }
    throw awsFailure(error, { doing, account: scope.account });
  }
}

/** F3: an answer that was lost, or a process that was killed, may have left a second one. The oldest is kept. */
async function dropDuplicates(
  reading: Reading,
  byKey: ReadonlyMap<string, Reading>,
  { scope }: Readings,
  environment: ApplyEnvironment,
): Promise<void> {
  const { resource, group } = reading;
  if (resource.duplicates === undefined) return;
  const place = at(byKey, group, reading, scope, environment);
  const [oldest, ...others] = await resource.duplicates(place);
  if (oldest === undefined || others.length === 0) return;
  remember(reading, oldest, scope, "create");
  for (const other of others) await resource.remove(other, place);
}

/** Removes one, or lets go of it when it was adopted. Waits while something uses it. */
export async function removeOne(
  reading: Reading,
  byKey: ReadonlyMap<string, Reading>,
  { scope }: Readings,
  environment: ApplyEnvironment,
  onWait: () => void,
): Promise<void> {
  const { clock, signal } = environment;
  const { resource, group, file, found } = reading;
  if (found === undefined) return;
  const place = at(byKey, group, reading, scope, environment);
  const entry = file.entry(resource.part);
  file.show({});
  file.set(resource.part, {
    ...(entry ?? { name: resource.name, ref: refOf(found) }),
    step: "remove",
    at: new Date().toISOString(),
  });
  try {
    await untilUnused(
      async () => {
        try {
          if (found.owner === "adopted") await resource.release?.(found, place);
          else await resource.remove(found, place);
        } catch (error) {
          if (!isNotThere(error)) throw error;
        }
      },
      { clock, signal, onWait },
    );
  } catch (error) {
    if (signal?.aborted === true && isAbort(error, signal)) throw error;
    throw awsFailure(error, {
      doing: `${found.owner === "adopted" ? "let go of" : "remove"} the ${resource.kind} ${found.id}`,
      account: scope.account,
    });
  }
  file.delete(resource.part);
}
