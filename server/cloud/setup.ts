import * as path from "node:path";
import { version } from "../../package.json";
import { Failure } from "../base/failure.js";
import { keepProjectId, type Project, prepareProject } from "../data/project.js";
import type { Account } from "./account.js";
import { withoutSecrets } from "./failures.js";
import { groupsByName } from "./groups/index.js";
import { type Applied, type ApplyEnvironment, applyPlan } from "./reconcile/apply.js";
import { takeLock } from "./reconcile/lock.js";
import { type Clock, realClock } from "./reconcile/patience.js";
import { groupPlan, type Plan, planGroups, planTeardown, removals } from "./reconcile/plan.js";
import { openFiles, type Readings, readGroups } from "./reconcile/reading.js";
import { type Group, type GroupName, groupNames } from "./reconcile/resource.js";
import { makeScope, tagKeys } from "./reconcile/scope.js";
import { readBook } from "./reconcile/settings-file.js";
import {
  type Reason,
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
  /** Why it must not be done now, unless forced: something is in use that would be removed or replaced. */
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
  return { plan, readings, against: await reasonsAgainst(readings, plan, environmentOf(request)) };
}

/** How a plan is carried out. `force`: what speaks against it was told and agreed to. */
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
    const { plan, readings, against } = await planSetup(own);
    refuseOther(agreed, plan);
    if (against.length > 0 && !request.force) throw inUse(against);
    for (const { name } of plan.groups) readings.files.get(name)?.declare(readings.scope.declared(name));
    const applied = await applyPlan(readings, plan, environmentOf(own));
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
  return { plan, readings, against: await reasonsAgainst(readings, plan, environmentOf(request)) };
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
    const { plan, readings, against } = await planRemoval(own);
    refuseOther(agreed, plan);
    if (against.length > 0 && !request.force) throw inUse(against);
    return tearDown(readings, plan, environmentOf(own));
  });
}

/**
 * After a removal that was killed behind its last step: forgets what settings files still note, and takes away the locks of
 * processes that are gone. Removes nothing else; the plan has nothing to remove.
 */
export async function tidyUp(request: Request, { steps, groups }: Plan): Promise<void> {
  if (steps.length > 0) throw new Error("there is something to remove, which nobody has agreed to");
  await applyRemoval({ ...request, force: false }, { steps, groups, atRest: 0, notes: [] });
}

/** All groups as they are. */
export async function readResources(request: Omit<Request, "groups">): Promise<Readings> {
  return read({ ...request, groups: groupNames }, [...groupNames], "look");
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
  const read = readBook(path.join(folderOf(project), groupsByName[name].settingsFile));
  return read === undefined || read === "broken" ? null : (read.book?.declared ?? null);
}

function folderOf({ root, settings }: Project): string {
  return path.resolve(root, settings.cloud?.folder ?? ".");
}

async function read(
  request: Request,
  names: readonly GroupName[],
  purpose: "set up" | "look",
): Promise<Readings> {
  // A project's id is part of every name, so the plan must not show one that is forgotten again.
  const project =
    request.project.settings.projectId === undefined ? prepareProject(request.project) : request.project;
  const groups = names.map((name) => groupsByName[name]);
  const folder = folderOf(project);
  const { account } = request;
  const unreadable = new Map<GroupName, Failure>();
  const looks = purpose === "look";
  const files = openFiles(groups, folder, { projectId: project.id, account }, looks ? unreadable : undefined);
  const declared = new Map<GroupName, unknown>();
  for (const { name, declaredByDefault } of groups) {
    const now = files.get(name)?.declared ?? null;
    const asked = request.declare?.get(name);
    const begins = !looks && request.groups.includes(name) && now === null;
    declared.set(name, asked !== undefined ? asked(now) : begins ? (declaredByDefault ?? null) : now);
  }
  const scope = makeScope({
    projectId: project.id,
    projectName: project.name,
    folder,
    account: request.account,
    settings: project.settings.cloud ?? {},
    version,
    declared,
  });
  return readGroups(groups, scope, files, environmentOf(request), looks ? { unreadable } : "throw");
}

function environmentOf(request: Request & Partial<Carrying>): ApplyEnvironment {
  const { clock = realClock, signal, onProgress, force = false } = request;
  return { clock, signal, force, ...(onProgress && { onProgress }) };
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

function refuseOther(agreed: Plan, plan: Plan): void {
  const consented = new Set(removals(agreed));
  const more = removals(plan).filter((removal) => !consented.has(removal));
  if (more.length === 0) return;
  throw new Failure("plan-changed", `the account is not as the plan that was shown: "${more.join("; ")}"`, {
    why: "Something would be removed that was not agreed to. Nothing was done.",
    fix: "Look at the new plan, and agree to that.",
  });
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
