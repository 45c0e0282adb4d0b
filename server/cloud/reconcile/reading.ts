import * as path from "node:path";
import { Failure } from "../../base/failure.js";
import { withArticle } from "../../base/words.js";
import { awsFailure, isNotThere } from "../failures.js";
import { inOrder } from "./dag.js";
import { type Clock, untilReady } from "./patience.js";
import type { At, Difference, Found, Group, GroupName, Ref, Resource } from "./resource.js";
import type { Scope } from "./scope.js";
import { SettingsFile } from "./settings-file.js";

/** As many calls at once as AWS answers without throttling what else goes on in the account. */
export const PARALLEL = 4;

/** For all of a reading together: where AWS answers nobody, each resource would wait its own minute. */
const FOR_READING = 60_000;

/** An id that is younger may be unknown for a moment: it is asked for again before its absence counts as drift (F3). */
const YOUNG = 5 * 60_000;

/** Notes of what this process has waited for in vain: what is planned and then done is not waited for twice. */
const waitedFor = new Set<string>();

/** A resource as declared and as found. */
export interface Reading {
  readonly group: Group;
  readonly resource: Resource;
  /** `network/vpc` */
  readonly key: string;
  readonly file: SettingsFile;
  readonly found: Found<unknown> | undefined;
  readonly differences: readonly Difference[];
  /** Of ours, declared by an earlier version or setting and not any more. */
  readonly stray: boolean;
  /** Why nothing is known of it: AWS refuses to tell, or it is another's. Only where looking goes on in spite of that. */
  readonly trouble?: Failure;
}

/** Groups as they are in the account, by key, in the order in which they are declared. */
export interface Readings {
  readonly scope: Scope;
  readonly groups: readonly Group[];
  readonly byKey: ReadonlyMap<string, Reading>;
  readonly files: ReadonlyMap<GroupName, SettingsFile>;
  /** Groups of which nothing can be told, and why: a wrong line in `reprod.json`, a settings file of another account. */
  readonly unreadable: ReadonlyMap<GroupName, Failure>;
}

export interface Environment {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Keys of resources of which it was told, and agreed to, that something speaks against their removal. */
  readonly insisted?: ReadonlySet<string>;
  /** When waiting ends, by the clock: for a reading as a whole. */
  readonly until?: number;
  /** Told when AWS is waited for before anything is known. */
  readonly onWait?: (error: unknown) => void;
}

/**
 * The settings files of all groups that are asked for. What stands in the way of one is thrown, or noted in `unreadable`
 * when that is given.
 */
export function openFiles(
  groups: readonly Group[],
  folder: string,
  scope: { readonly projectId: string; readonly account: Scope["account"] },
  unreadable?: Map<GroupName, Failure>,
): Map<GroupName, SettingsFile> {
  const files = new Map<GroupName, SettingsFile>();
  for (const group of groups) {
    try {
      files.set(
        group.name,
        new SettingsFile(path.join(folder, group.settingsFile), scope.projectId, scope.account),
      );
    } catch (error) {
      if (unreadable === undefined || !(error instanceof Failure)) throw error;
      unreadable.set(group.name, error);
    }
  }
  return files;
}

/**
 * Reads all resources of groups: by the id that the settings file has, else by tag, else by name (F3). Calls grow with
 * the number of resources. Throws a `Failure` for what AWS refuses, and `adopted-missing`.
 */
export async function readGroups(
  groups: readonly Group[],
  scope: Scope,
  files: ReadonlyMap<GroupName, SettingsFile>,
  given: Environment,
  onTrouble: "throw" | { readonly unreadable: Map<GroupName, Failure> } = "throw",
): Promise<Readings> {
  const environment: Environment = { ...given, until: given.clock.now() + FOR_READING };
  const byKey = new Map<string, Reading>();
  const begun: Reading[] = [];
  const readable: Group[] = [];
  for (const group of groups) {
    if (onTrouble !== "throw" && onTrouble.unreadable.has(group.name)) continue;
    try {
      const file = fileOf(files, group);
      const own = group.resources(scope).map((resource) => unread(group, resource, file, false));
      for (const resource of await straysOf(group, byKey, scope, environment)) {
        own.push(unread(group, resource, file, true));
      }
      begun.push(...own);
      readable.push(group);
    } catch (error) {
      if (onTrouble === "throw" || !(error instanceof Failure) || OF_ALL.has(error.code)) throw error;
      onTrouble.unreadable.set(group.name, error);
    }
  }
  for (const reading of begun) byKey.set(reading.key, reading);
  await inOrder({
    items: begun.map((reading) => ({ key: reading.key, after: dependenciesOf(reading), reading })),
    parallel: PARALLEL * 2,
    stopped: () => environment.signal?.aborted === true,
    run: async ({ reading }) => {
      const read = readOne(reading, byKey, scope, environment);
      byKey.set(reading.key, onTrouble === "throw" ? await read : await read.catch(noted(reading)));
    },
  });
  environment.signal?.throwIfAborted();
  return {
    scope,
    groups: readable,
    byKey,
    files,
    unreadable: onTrouble === "throw" ? new Map() : onTrouble.unreadable,
  };
}

/** What stands in the way of all resources, whichever was asked for. Everything else is the matter of one alone. */
const OF_ALL = new Set([
  "aws-throttled",
  "aws-unreachable",
  "cancelled",
  "clock-wrong",
  "credentials-expired",
  "credentials-missing",
  "credentials-refused",
  "mfa-needed",
  "mfa-wrong",
  "region-unknown",
]);

function noted(reading: Reading): (error: unknown) => Reading {
  return (error) => {
    if (!(error instanceof Failure) || OF_ALL.has(error.code)) throw error;
    return { ...reading, trouble: error };
  };
}

/** What a group was asked for by name, also where its settings file was lost. Throws a `Failure`. */
export async function rememberedOf(
  group: Group,
  file: SettingsFile,
  scope: Scope,
  given: Environment,
): Promise<unknown> {
  const { recalled, title } = group;
  if (recalled === undefined) return file.declared;
  try {
    return await untilReady(() => recalled(file, scope), {
      ...given,
      until: given.clock.now() + FOR_READING,
    });
  } catch (error) {
    given.signal?.throwIfAborted();
    throw awsFailure(error, { doing: `look for what ${title} was asked for`, account: scope.account });
  }
}

async function straysOf(
  group: Group,
  byKey: ReadonlyMap<string, Reading>,
  scope: Scope,
  environment: Environment,
): Promise<readonly Resource[]> {
  const { signal } = environment;
  try {
    const place = at(byKey, group, undefined, scope, environment);
    return await untilReady(async () => (await group.strays?.(scope, place)) ?? [], environment);
  } catch (error) {
    signal?.throwIfAborted();
    throw awsFailure(error, {
      doing: `look for what ${group.title} has no use for any more`,
      account: scope.account,
    });
  }
}

function unread(group: Group, resource: Resource, file: SettingsFile, stray: boolean): Reading {
  const key = `${group.name}/${resource.part}`;
  return { group, resource, key, file, found: undefined, differences: [], stray };
}

function fileOf(files: ReadonlyMap<GroupName, SettingsFile>, group: Group): SettingsFile {
  const file = files.get(group.name);
  if (file === undefined) throw new Error(`the settings file of ${group.name} was not opened`);
  return file;
}

/** Keys of what a resource needs, within its group or beyond. */
export function dependenciesOf({ group, resource }: Pick<Reading, "group" | "resource">): readonly string[] {
  return (resource.needs ?? []).map((part) => keyOf(group, part));
}

function keyOf(group: Group, part: string): string {
  return part.includes("/") ? part : `${group.name}/${part}`;
}

/** Finds a resource anew, and compares it. Waits for ids that are young. */
export async function readOne(
  reading: Reading,
  byKey: ReadonlyMap<string, Reading>,
  scope: Scope,
  environment: Environment,
): Promise<Reading> {
  const { clock, signal } = environment;
  const { group, resource, file, key } = reading;
  const entry = file.entry(resource.part);
  const place = at(byKey, group, reading, scope, environment);
  // So may a thing be whose create was begun and whose answer was lost: to create it again would make two.
  const note = `${file.path} ${resource.part} ${entry?.at}`;
  const young =
    entry !== undefined &&
    entry.step !== "remove" &&
    Date.now() - Date.parse(entry.at) < YOUNG &&
    !waitedFor.has(note);
  try {
    const found = await untilReady(async () => {
      for (let tries = 1; ; tries++) {
        const seen = await absentAsUndefined(resource.find(place));
        if (seen !== undefined || !young) return seen;
        if (tries === 3) {
          waitedFor.add(note);
          return undefined;
        }
        await clock.sleep(tries * 700, signal);
      }
    }, environment);
    await refuseForgotten(reading, found, place, scope, environment);
    if (found === undefined) {
      // Of what was adopted once, is not named any more and is gone, one of our own can take the place.
      const named = scope.settings.adopt?.[key];
      if (named !== undefined && !reading.stray) throw adoptedMissing(reading, named);
      return { ...reading, found, differences: [] };
    }
    refuseForeign(reading, found);
    const differences = reading.stray
      ? []
      : await untilReady(async () => (await resource.compare?.(found, place)) ?? [], environment);
    return { ...reading, found, differences };
  } catch (error) {
    signal?.throwIfAborted();
    throw awsFailure(error, {
      doing: `look at the ${resource.kind} ${resource.name} (${key})`,
      account: scope.account,
    });
  }
}

async function absentAsUndefined<Result>(asked: Promise<Result | undefined>): Promise<Result | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

/** What a resource is told of its surroundings. */
export function at(
  byKey: ReadonlyMap<string, Reading>,
  group: Group,
  reading: Reading | undefined,
  scope: Scope,
  { signal, insisted }: Environment,
): At {
  const entry = reading?.file.entry(reading.resource.part);
  const chosen = reading === undefined || reading.stray ? undefined : scope.settings.adopt?.[reading.key];
  if (chosen !== undefined && reading !== undefined) checkAdoption(reading, chosen);
  const ref = (part: string): Ref | undefined => byKey.get(keyOf(group, part))?.found;
  return {
    ref,
    need: (part) => {
      const found = ref(part);
      if (found === undefined)
        throw new Error(`${reading?.key ?? group.name} uses ${part} and does not say that it needs it`);
      return found;
    },
    id: chosen ?? entry?.ref?.id,
    adopted: chosen !== undefined || entry?.adopted === true,
    forced: reading !== undefined && insisted?.has(reading.key) === true,
    signal,
  };
}

function checkAdoption({ resource, key, file }: Reading, chosen: string): void {
  const entry = file.entry(resource.part);
  if (entry?.ref !== undefined && entry.adopted !== true && entry.ref.id !== chosen) {
    throw new Failure(
      "adopt-after-setup",
      `reprod.json names another ${resource.kind} than the one that was set up: "${chosen}"`,
      {
        why: `${entry.ref.id} was made for this project and is in use.`,
        fix: `Remove the group first (reprod teardown ${key.split("/")[0] ?? ""}), or take the line out of "cloud.adopt".`,
      },
    );
  }
}

/**
 * What was adopted bears our marks and is named by policies: another line in `reprod.json` alone would leave it so for ever,
 * and what uses it with the wrong one. It is let go of first (engine-rules.md F2), unless it is gone.
 */
async function refuseForgotten(
  { resource, key, file, stray }: Reading,
  found: Found<unknown> | undefined,
  place: At,
  scope: Scope,
  environment: Environment,
): Promise<void> {
  const { ref, chosen: before } = file.entry(resource.part) ?? {};
  const now = scope.settings.adopt?.[key];
  if (stray || ref === undefined || before === undefined || before === now) return;
  // The same may be named in another way: by its name, or by its ARN.
  const isSame = found?.id === ref.id;
  if (isSame && now !== undefined) return;
  const old = isSame
    ? found
    : await untilReady(
        () => absentAsUndefined(resource.find({ ...place, id: ref.id, adopted: true })),
        environment,
      );
  if (old?.id === ref.id) throw adoptionChanged(key, before);
}

/** In `cloud.adopt`, another or nothing is named in the place of what is in use. */
export function adoptionChanged(key: string, before: string): Failure {
  const [group = ""] = key.split("/");
  return new Failure(
    "adopt-changed",
    `reprod.json does not name any more what is in use as ${key}: "${before}"`,
    {
      why: "It is marked as used by this project, and what was changed of it for that is undone only when it is let go of.",
      fix: `Put "${key}": "${before}" back into "cloud.adopt", say \`reprod teardown ${group}\`, and change the line then.`,
    },
  );
}

function adoptedMissing({ resource, key }: Reading, id: string): Failure {
  return new Failure("adopted-missing", `the ${resource.kind} that is to be used is not there: "${id}"`, {
    why: `"${key}" is named in "cloud.adopt" of reprod.json. What we did not make we do not make again.`,
    fix: "Correct the id or take the line out, or choose the profile and region that it is in.",
  });
}

/** F1: what has our name and is not ours is neither changed nor removed. */
function refuseForeign({ resource, file, stray }: Reading, found: Found<unknown>): void {
  if (found.owner === "ours" || found.owner === "adopted") return;
  const entry = file.entry(resource.part);
  // A create that was cut off may have left it without tags; only what was intended here counts (F3).
  const intended = entry?.step === "create" && entry.name === resource.name;
  if (found.owner === "unmarked" && (intended || stray)) return;
  throw new Failure(
    "not-ours",
    `${withArticle(resource.kind)} of this name is there and is not this project's: "${found.id}"`,
    {
      why: "It has no tag of this project, so somebody else made it. It is neither changed nor removed.",
      fix:
        resource.adoptable === true
          ? 'Name it in "cloud.adopt" of reprod.json to use it, or remove it yourself.'
          : "Remove or rename it yourself.",
    },
  );
}
