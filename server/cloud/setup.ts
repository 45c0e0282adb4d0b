import * as path from "node:path";
import { version } from "../../package.json";
import { Failure } from "../base/failure.js";
import { keepProjectId, type Project, prepareProject } from "../data/project.js";
import type { Account } from "./account.js";
import { groupsByName } from "./groups/index.js";
import { type Applied, type ApplyEnvironment, applyPlan } from "./reconcile/apply.js";
import { takeLock } from "./reconcile/lock.js";
import { type Clock, realClock } from "./reconcile/patience.js";
import { groupPlan, type Plan, planGroups, planTeardown, removals } from "./reconcile/plan.js";
import { openFiles, type Readings, readGroups } from "./reconcile/reading.js";
import { type Group, type GroupName, groupNames } from "./reconcile/resource.js";
import { makeScope, tagKeys } from "./reconcile/scope.js";
import { readBook } from "./reconcile/settings-file.js";
import { reasonsAgainst, refuseNeeded, type TornDown, tearDown } from "./reconcile/teardown.js";

/** What setting up or removing is about. */
export interface Request {
  readonly project: Project;
  readonly account: Account;
  readonly groups: readonly GroupName[];
  /** What a group is asked to remember instead of what its settings file says (named compute environments). */
  readonly declare?: ReadonlyMap<GroupName, unknown>;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** A plan with what it was made from. */
export interface Planned {
  readonly plan: Plan;
  readonly readings: Readings;
}

/** Reads groups and what they need, and plans. Changes nothing in the account. Throws a `Failure`. */
export async function planSetup(request: Request): Promise<Planned> {
  const readings = await read(request, withNeeds(request.groups), "set up");
  const wanted = new Set(request.groups);
  refuseMissingNeeds(readings, wanted);
  return { plan: planGroups(readings, wanted), readings };
}

/**
 * Carries out what was agreed to, under the project's lock: reads and plans anew, and throws `plan-changed` when
 * anything would be removed that was not agreed to (engine-rules.md F4). The project's id is kept in `reprod.json`.
 */
export async function applySetup(
  request: Request & Pick<ApplyEnvironment, "onProgress">,
  agreed: Plan,
): Promise<Applied> {
  const project = keepProjectId(request.project);
  return locked({ ...request, project }, async (signal) => {
    const own = { ...request, project, signal };
    const { plan, readings } = await planSetup(own);
    refuseOther(agreed, plan);
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

export interface PlannedTeardown extends Planned {
  /** Why it must not be done now, unless forced. */
  readonly against: readonly string[];
}

/** Reads all groups and plans the removal of some. Throws `needed-by` when another group uses them. */
export async function planRemoval(request: Request): Promise<PlannedTeardown> {
  const readings = await read(request, [...groupNames], "look");
  const wanted = new Set(request.groups);
  for (const { group, trouble } of readings.byKey.values()) {
    // What is another's stays where it is; what may not be seen may be ours.
    if (wanted.has(group.name) && trouble !== undefined && trouble.code !== "not-ours") throw trouble;
  }
  const plan = planTeardown(readings, wanted);
  refuseNeeded(readings, plan);
  return { plan, readings, against: await reasonsAgainst(readings, plan, request.signal) };
}

/** Carries out a removal that was agreed to. Throws `in-use` when something speaks against it and it is not forced. */
export async function applyRemoval(
  request: Request & Pick<ApplyEnvironment, "onProgress"> & { readonly force: boolean },
  agreed: Plan,
): Promise<TornDown> {
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

export function inUse(against: readonly string[]): Failure {
  return new Failure("in-use", `this is in use: "${against.join("; ")}"`, {
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
  const files = openFiles(groups, folder, { projectId: project.id, account: request.account });
  const declared = new Map<GroupName, unknown>([...files].map(([name, file]) => [name, file.declared]));
  for (const [name, value] of request.declare ?? []) declared.set(name, value);
  for (const { name, declaredByDefault } of groups) {
    if (request.declare?.has(name) === true) continue;
    const begins =
      purpose === "set up" && request.groups.includes(name) && (declared.get(name) ?? null) === null;
    if (begins && declaredByDefault !== undefined) declared.set(name, declaredByDefault);
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
  return readGroups(groups, scope, files, environmentOf(request), purpose === "look" ? "note" : "throw");
}

function environmentOf(request: Request & Pick<ApplyEnvironment, "onProgress">): ApplyEnvironment {
  const { clock = realClock, signal, onProgress } = request;
  return { clock, signal, ...(onProgress && { onProgress }) };
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
    await lock.release();
  }
}
