import { Failure } from "../../base/failure.js";
import { awsFailure, isNotThere, isStillUsed } from "../failures.js";
import { type ApplyEnvironment, type Progress, removeOne, untilCancelled } from "./apply.js";
import type { Plan, Reason, Step } from "./plan.js";
import { at, dependenciesOf, type Environment, PARALLEL, type Reading, type Readings } from "./reading.js";

export interface TornDown {
  readonly outcome: "done" | "cancelled";
  readonly done: readonly Step[];
  /** What stays, and why. */
  readonly left: readonly { readonly step: Step; readonly why: string }[];
}

/** Why a plan must not be carried out now; empty when nothing speaks against it. */
export async function reasonsAgainst(
  readings: Readings,
  plan: Plan,
  environment: Environment,
): Promise<readonly Reason[]> {
  const { byKey, scope } = readings;
  const reasons: Reason[] = [];
  for (const { key, action } of plan.steps) {
    const reading = byKey.get(key);
    if (reading?.found === undefined || reading.resource.inUse === undefined) continue;
    if (action !== "remove" && action !== "replace" && action !== "release") continue;
    try {
      const why = await reading.resource.inUse(
        reading.found,
        at(byKey, reading.group, reading, scope, environment),
      );
      if (why !== undefined) reasons.push({ key, why });
    } catch (error) {
      environment.signal?.throwIfAborted();
      // Gone in the meantime, it is used by nobody.
      if (isNotThere(error)) continue;
      throw awsFailure(error, {
        doing: `see whether the ${reading.resource.kind} ${reading.found.id} is in use`,
        account: scope.account,
      });
    }
  }
  return reasons;
}

/** What data is lost by a plan: it holds data, and has some now. The name of each is typed before it goes (F5). */
export function lossesOf({ steps }: Pick<Plan, "steps">, against: readonly Reason[]): readonly Step[] {
  return steps.filter(({ key, losesData }) => losesData && against.some((reason) => reason.key === key));
}

/**
 * Throws `needed-by` when something of a group that is not planned needs what a plan replaces: it would be left with what
 * is gone.
 */
export function refuseReplacedBelow({ byKey }: Readings, { steps, groups }: Plan): void {
  const planned = new Set(groups.map(({ name }) => name));
  const replaced = new Set(
    steps.filter(({ action }) => action === "replace" || action === "remove").map(({ key }) => key),
  );
  for (const reading of byKey.values()) {
    if (planned.has(reading.group.name) || reading.found === undefined) continue;
    const needed = dependenciesOf(reading).find((key) => replaced.has(key));
    if (needed === undefined) continue;
    const { name, title } = reading.group;
    throw new Failure("needed-by", `${needed} would be replaced, and this uses it: "${reading.key}"`, {
      why: `${title} is set up and would be left with what is gone.`,
      fix: `Set both up together, which replaces what uses it too: reprod setup ${[...planned, name].join(" ")}.`,
    });
  }
}

/** Throws `needed-by` when a group that stays is there and uses one that goes. */
export function refuseNeeded(readings: Readings, plan: Plan): void {
  const going = new Set(plan.groups.map(({ name }) => name));
  for (const group of readings.groups) {
    const needs = group.needs.filter((name) => going.has(name));
    if (going.has(group.name) || needs.length === 0) continue;
    const there = [...readings.byKey.values()].some(
      (reading) => reading.group === group && reading.found !== undefined,
    );
    if (!there) continue;
    throw new Failure(
      "needed-by",
      `${needs.join(", ")} cannot be removed, because this uses it: "${group.name}"`,
      {
        why: `${group.title} is set up and would be left without what it needs.`,
        fix: `Remove it first (reprod teardown ${group.name}), or all of them (reprod teardown all).`,
      },
    );
  }
}

/**
 * Removes groups, last made first. What is still in use after a minute is left, with what it needs, and told; so is
 * nothing begun after a cancel. Saying it again goes on (engine-rules.md F5). Throws a `Failure` for what AWS refuses.
 */
export async function tearDown(
  readings: Readings,
  plan: Plan,
  environment: ApplyEnvironment,
): Promise<TornDown> {
  const { byKey, files } = readings;
  const done: Step[] = [];
  const left = new Map<string, string>();
  const tell = (step: Step, phase: Progress["phase"]): void =>
    environment.onProgress?.({ done: done.length, total: plan.steps.length, step, phase });
  const work = plan.steps.map((step) => ({ step, reading: readingOf(byKey, step.key) }));
  await untilCancelled(environment, {
    items: work.map(({ step, reading }) => ({
      key: step.key,
      after: work
        .filter((other) => dependenciesOf(other.reading).includes(step.key))
        .map((other) => other.step.key),
      step,
      reading,
    })),
    parallel: PARALLEL,
    stopped: () => environment.signal?.aborted === true,
    run: async ({ step, reading, after }) => {
      const user = after.find((key) => left.has(key));
      if (user !== undefined) {
        left.set(step.key, `${readingOf(byKey, user).resource.kind} ${user} uses it`);
        return;
      }
      tell(step, "begun");
      try {
        await removeOne(reading, byKey, readings, environment, () => tell(step, "waiting"));
      } catch (error) {
        const cause = error instanceof Failure ? error.cause : error;
        if (!isStillUsed(cause)) throw error;
        left.set(step.key, "it is still in use; try again later");
        return;
      }
      done.push(step);
      tell(step, "done");
    },
  });
  const cancelled = environment.signal?.aborted === true;
  if (!cancelled && left.size === 0) {
    // Intents of what was never made, and what was asked for by name, go with the last of it.
    for (const { name } of plan.groups) {
      const file = files.get(name);
      if (file === undefined) continue;
      file.show({});
      for (const part of [...file.entries.keys()]) file.delete(part);
      file.declare(null);
    }
  }
  const rest = plan.steps.filter((step) => !done.includes(step));
  return {
    outcome: cancelled && rest.length > 0 ? "cancelled" : "done",
    done,
    left: rest.map((step) => ({ step, why: left.get(step.key) ?? "it was cancelled before" })),
  };
}

function readingOf(byKey: ReadonlyMap<string, Reading>, key: string): Reading {
  const reading = byKey.get(key);
  if (reading === undefined) throw new Error(`${key} was planned and not read`);
  return reading;
}
