import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { keepProjectId, type Project } from "../data/project.js";
import { mostSimilar } from "../language/similar.js";
import type { Account } from "./account.js";
import { withoutSecrets } from "./failures.js";
import { groupsByName } from "./groups/index.js";
import { scopeOf, settingsFolderOf } from "./project-scope.js";
import { type Applied, type ApplyEnvironment, applyPlan } from "./reconcile/apply.js";
import { takeLock } from "./reconcile/lock.js";
import { type Clock, realClock } from "./reconcile/patience.js";
import { groupPlan, type Plan, planGroups, planTeardown, type Reason, removals } from "./reconcile/plan.js";
import { adoptionChanged, openFiles, type Readings, readGroups, rememberedOf } from "./reconcile/reading.js";
import { type Group, type GroupName, groupNames } from "./reconcile/resource.js";
import { type Scope, tagKeys } from "./reconcile/scope.js";
import { readBook } from "./reconcile/settings-file.js";
import {
  reasonsAgainst,
  refuseNeeded,
  refuseReplacedBelow,
  type TornDown,
  tearDown,
} from "./reconcile/teardown.js";

/** What setting up or removing is about. */
export interface Request {
  readonly project: Project;
  readonly account: Account;
  readonly groups: readonly GroupName[];
  /**
   * What a group is asked to remember (named compute environments), made of what its settings file says: asked again
   * under the lock, so that two who add one at the same time end with both.
   */
  readonly declare?: ReadonlyMap<GroupName, (declared: unknown) => unknown>;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Told what went wrong beside the work, and harms nothing of it. */
  readonly onRemark?: (text: string) => void;
}

/** A plan with what it was made from. */
export interface Planned {
  readonly plan: Plan;
  readonly readings: Readings;
  /** The plan's own. */
  readonly against: readonly Reason[];
}

/**
 * Reads groups and what they need, and plans. Changes nothing in the account. Throws a `Failure`: `needs-group`, and
 * `needed-by` when something of a group that is not asked for uses what would be replaced.
 */
export async function planSetup(request: Request): Promise<Planned> {
  const wanted = new Set(request.groups);
  const readings = await read(request, withNeeds(request.groups), "set up");
  refuseMissingNeeds(readings, wanted);
  const plan = planGroups(readings, wanted);
  if (plan.steps.some(({ action }) => action === "replace" || action === "remove")) {
    refuseReplacedBelow(await read(request, [...groupNames], "look"), plan);
  }
  return weighed(plan, readings, request);
}

/** How a plan is carried out. `force`: of what speaks against the plan that was agreed to, the person was told. */
type Carrying = Request & Pick<ApplyEnvironment, "onProgress"> & { readonly force: boolean };

/**
 * Carries out what was agreed to, under the project's lock: reads and plans anew, and throws `plan-changed` when
 * anything would be removed that was not agreed to (engine-rules.md F4), or `in-use` when something speaks against it.
 * The project's id is kept in `reprod.json`.
 */
export async function applySetup(request: Carrying, agreed: Plan): Promise<Applied> {
  const project = keepProjectId(request.project);
  return locked({ ...request, project }, async (signal) => {
    const own = { ...request, project, signal };
    const { plan, readings } = await planSetup(own);
    const insisted = refuseOther(agreed, plan, request.force);
    for (const { name } of plan.groups) readings.files.get(name)?.declare(readings.scope.declared(name));
    const applied = await applyPlan(readings, plan, { ...environmentOf(own), insisted });
    if (applied.outcome === "done") {
      for (const { name } of plan.groups) {
        const { settled } = groupsByName[name];
        if (settled !== undefined) readings.files.get(name)?.declare(settled(readings.scope.declared(name)));
      }
    }
    return applied;
  });
}

/** Reads all groups and plans the removal of some. Throws `needed-by` when another group uses them. */
export async function planRemoval(request: Request): Promise<Planned> {
  const readings = await read(request, [...groupNames], "look");
  const wanted = new Set(request.groups);
  // Of those that stay it has to be known too, whether they use what goes.
  const asked = (name: GroupName): boolean =>
    wanted.has(name) || groupsByName[name].needs.some((needed) => wanted.has(needed));
  for (const [name, failure] of readings.unreadable) if (asked(name)) throw failure;
  for (const { group, trouble } of readings.byKey.values()) {
    // What is another's or gone stays as it is; what may not be seen may be ours.
    if (asked(group.name) && trouble !== undefined && !NOT_OURS.has(trouble.code)) throw trouble;
  }
  const plan = planTeardown(readings, wanted);
  refuseNeeded(readings, plan);
  return weighed(plan, readings, request);
}

/** A plan with what speaks against it. */
async function weighed(plan: Plan, readings: Readings, request: Request): Promise<Planned> {
  const against = await reasonsAgainst(readings, plan, environmentOf(request));
  return { plan: { ...plan, against }, readings, against };
}

const NOT_OURS = new Set([
  "not-ours",
  "adopted-missing",
  "adopted-elsewhere",
  "bucket-of-others",
  "bucket-elsewhere",
]);

/** Carries out a removal that was agreed to. Throws `in-use` when something speaks against it and it is not forced. */
export async function applyRemoval(request: Carrying, agreed: Plan): Promise<TornDown> {
  return locked(request, async (signal) => {
    const own = { ...request, signal };
    const { plan, readings } = await planRemoval(own);
    const insisted = refuseOther(agreed, plan, request.force);
    return tearDown(readings, plan, { ...environmentOf(own), insisted });
  });
}

/**
 * After a removal that was killed behind its last step: forgets what settings files still note, and takes away the locks of
 * processes that are gone. Removes nothing else; the plan has nothing to remove.
 */
export async function tidyUp(request: Request, { steps, groups }: Plan): Promise<void> {
  if (steps.length > 0) throw new Error("there is something to remove, which nobody has agreed to");
  await applyRemoval({ ...request, force: false }, { steps, groups, atRest: 0, notes: [], against: [] });
}

/** All groups as they are, or some with what they need. */
export async function readResources(
  request: Omit<Request, "groups"> & Partial<Pick<Request, "groups">>,
): Promise<Readings> {
  const { groups = groupNames } = request;
  return read({ ...request, groups }, withNeeds(groups), "look");
}

export function inUse(against: readonly Reason[]): Failure {
  return new Failure("in-use", `this is in use: "${against.map(({ why }) => why).join("; ")}"`, {
    why: "To remove it would lose data or break what runs.",
    fix: "Wait, or empty it, or say --force, which asks once more.",
  });
}

/** A group by the name that a person gives. Throws `unknown-group`. */
export function groupOf(name: string): Group {
  const known = groupNames.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new Failure("unknown-group", `there is no such group of resources: "${name}"`, {
      fix: `There are ${groupNames.join(", ")}, and all.`,
    });
  }
  return groupsByName[known];
}

/** What a group was asked for by name in earlier calls, as its settings file has it; null for nothing. */
export function declaredOf(project: Project, name: GroupName): unknown {
  const read = readBook(path.join(settingsFolderOf(project), groupsByName[name].settingsFile));
  return read === undefined || read === "broken" ? null : (read.book?.declared ?? null);
}

async function read(
  request: Request,
  names: readonly GroupName[],
  purpose: "set up" | "look",
): Promise<Readings> {
  const { project } = request;
  const groups = names.map((name) => groupsByName[name]);
  const folder = settingsFolderOf(project);
  const { account } = request;
  const unreadable = new Map<GroupName, Failure>();
  const looks = purpose === "look";
  const files = openFiles(groups, folder, { projectId: project.id, account }, looks ? unreadable : undefined);
  const declared = new Map<GroupName, unknown>();
  const scope = scopeOf(account, project, declared);
  refuseUnknownAdoptions(scope);
  if (!looks) refuseForgottenElsewhere(scope, names);
  const environment = environmentOf(request);
  for (const group of groups) {
    const { name, declaredByDefault } = group;
    const file = files.get(name);
    if (file === undefined) continue;
    try {
      const now = await rememberedOf(group, file, scope, environment);
      const asked = request.declare?.get(name);
      const begins = !looks && request.groups.includes(name) && now === null;
      declared.set(name, asked !== undefined ? asked(now) : begins ? (declaredByDefault ?? null) : now);
    } catch (error) {
      if (!looks || !(error instanceof Failure)) throw error;
      unreadable.set(name, error);
    }
  }
  return readGroups(groups, scope, files, environment, looks ? { unreadable } : "throw");
}

/** A misspelt line would be passed over, and what it was to take from elsewhere be made anew. Throws `cannot-adopt`. */
function refuseUnknownAdoptions(scope: Scope): void {
  const named = Object.keys(scope.settings.adopt ?? {});
  if (named.length === 0) return;
  const known = new Set<string>();
  const unclear = new Set<string>();
  for (const name of groupNames) {
    try {
      for (const { part, adoptable } of groupsByName[name].resources(scope))
        if (adoptable === true) known.add(`${name}/${part}`);
    } catch (error) {
      // It is told where the group itself is looked at.
      if (!(error instanceof Failure)) throw error;
      unclear.add(name);
    }
  }
  for (const key of named) {
    if (known.has(key) || unclear.has(key.split("/")[0] ?? "")) continue;
    const similar = mostSimilar(key, known);
    const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
    throw new Failure("cannot-adopt", `this cannot be taken from elsewhere: "${key}"${hint}`, {
      why: 'It stands in "cloud.adopt" of reprod.json, and would be passed over.',
      fix: `These can be: ${[...known].join(", ")}.`,
    });
  }
}

/** The names of what was adopted stand in policies of other groups, which must not be changed before it is itself. */
function refuseForgottenElsewhere({ folder, settings }: Scope, read: readonly GroupName[]): void {
  for (const name of groupNames) {
    if (read.includes(name)) continue;
    const known = readBook(path.join(folder, groupsByName[name].settingsFile));
    if (known === undefined || known === "broken") continue;
    for (const [part, { chosen }] of known.book?.entries ?? []) {
      const key = `${name}/${part}`;
      if (chosen !== undefined && chosen !== settings.adopt?.[key]) throw adoptionChanged(key, chosen);
    }
  }
}

/** Of a wait, the first is told, and then one every so often: they come by the dozen. */
const TOLD_EVERY = 10_000;

function environmentOf(request: Request & Partial<Carrying>): ApplyEnvironment {
  const { clock = realClock, signal, onProgress, onRemark } = request;
  let told = Number.NEGATIVE_INFINITY;
  const onWait = (error: unknown): void => {
    if (clock.now() - told < TOLD_EVERY) return;
    told = clock.now();
    onRemark?.(
      `waiting for AWS, which answers: ${withoutSecrets(error instanceof Error ? error.message || error.name : String(error))}`,
    );
  };
  return { clock, signal, onWait, ...(onProgress && { onProgress }) };
}

/** Groups and all that they need, in the order in which they are set up. */
function withNeeds(names: readonly GroupName[]): readonly GroupName[] {
  const all = new Set<GroupName>();
  const add = (name: GroupName): void => {
    if (all.has(name)) return;
    all.add(name);
    for (const needed of groupsByName[name].needs) add(needed);
  };
  for (const name of names) add(name);
  return groupNames.filter((name) => all.has(name));
}

function refuseMissingNeeds(readings: Readings, wanted: ReadonlySet<GroupName>): void {
  for (const { name } of readings.groups) {
    if (wanted.has(name)) continue;
    const { state, title } = groupPlan(name, readings);
    const absent = [...readings.byKey.values()].some(
      ({ group, found, stray }) => group.name === name && !stray && found === undefined,
    );
    if (!absent) continue;
    const needing = readings.groups.find((group) => wanted.has(group.name) && group.needs.includes(name));
    throw new Failure("needs-group", `this has to be set up before: "${name}"`, {
      why: `${needing?.title ?? [...wanted].join(", ")} uses resources of ${title}, which is ${state === "not-set-up" ? "not set up" : "not whole"}.`,
      fix: `Say \`reprod setup ${name}\` first, or \`reprod setup all\`.`,
    });
  }
}

/**
 * Throws `plan-changed` when more would go, or more data would be lost, than was agreed to, and `in-use` when something speaks
 * against it and nobody insists. Returns the keys of what was insisted on.
 */
function refuseOther(agreed: Plan, plan: Plan, force: boolean): ReadonlySet<string> {
  const consented = new Set(removals(agreed));
  const insisted = new Set(force ? agreed.against.map(({ key }) => key) : []);
  const more = [
    ...removals(plan).filter((removal) => !consented.has(removal)),
    ...plan.against.filter(({ key }) => force && !insisted.has(key)).map(({ why }) => why),
  ];
  if (more.length > 0) {
    throw new Failure("plan-changed", `the account is not as the plan that was shown: "${more.join("; ")}"`, {
      why: "Something would be removed or lost that was not agreed to. Nothing was done.",
      fix: "Look at the new plan, and agree to that.",
    });
  }
  if (plan.against.length > 0 && !force) throw inUse(plan.against);
  return insisted;
}

async function locked<Result>(
  request: Request,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { account, project, clock = realClock, signal } = request;
  const lock = await takeLock(account, project.id, {
    clock,
    signal,
    tags: { [tagKeys.project]: project.id, [tagKeys.region]: account.region },
  });
  try {
    const result = await work(signal === undefined ? lock.lost : AbortSignal.any([signal, lock.lost]));
    // A cancel ends quietly; to have lost the lock does not.
    lock.lost.throwIfAborted();
    return result;
  } finally {
    try {
      await lock.release();
    } catch (error) {
      // What was done is done, whatever becomes of the lock: it is nobody's when this process has ended.
      const why = error instanceof Error ? error.message : String(error);
      request.onRemark?.(
        `the lock of this project's resources could not be taken away: ${withoutSecrets(why)}`,
      );
    }
  }
}
