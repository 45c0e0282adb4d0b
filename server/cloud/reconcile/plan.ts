import { dependenciesOf, type Reading, type Readings } from "./reading.js";
import type { Cost, Difference, GroupName } from "./resource.js";

export type Action = "create" | "adopt" | "change" | "replace" | "remove" | "release" | "keep";

/** What a plan does with one resource. */
export interface Step {
  readonly key: string;
  readonly group: GroupName;
  readonly kind: string;
  readonly name: string;
  readonly detail?: string;
  readonly id?: string;
  readonly action: Action;
  /** Of a change or replacement: what is not as it should be. */
  readonly differences: readonly Pick<Difference, "what" | "is" | "shouldBe">[];
  /** Why, where the action does not say it: that it was deleted by hand, or needs what is replaced. */
  readonly why?: string;
  readonly cost?: Cost;
  /** Data of the user is lost with it. */
  readonly losesData: boolean;
}

export type GroupState = "not-set-up" | "ready" | "drifted" | "partly" | "removing" | "unknown";

export interface GroupPlan {
  readonly name: GroupName;
  readonly title: string;
  readonly state: GroupState;
  readonly settingsFile: string;
  /** A set-up would write its settings file. */
  readonly writesFile: boolean;
  /** All of it is there as declared, and its settings file is missing or says something else. */
  readonly fileDiffers: boolean;
}

export interface Plan {
  readonly groups: readonly GroupPlan[];
  readonly steps: readonly Step[];
  /** US dollars a month for what is there afterwards, unused. */
  readonly atRest: number;
  /** What the person should know: a settings file that was broken, a policy that is left out. */
  readonly notes: readonly string[];
  /** Why it must not be done now, unless somebody insists: what would go is in use or holds data. */
  readonly against: readonly Reason[];
}

/** What speaks against the removal of one resource. */
export interface Reason {
  readonly key: string;
  /** A sentence: `the bucket x holds objects`. */
  readonly why: string;
}

/** What would be done so that groups are as declared. Asks nothing more of AWS. */
export function planGroups(readings: Readings, wanted: ReadonlySet<GroupName>): Plan {
  const all = [...readings.byKey.values()].filter(({ group }) => wanted.has(group.name));
  const replaced = replacedKeys(all);
  const steps = all.map((reading) => stepOf(reading, readings, replaced));
  const groups = readings.groups.filter(({ name }) => wanted.has(name));
  return {
    groups: groups.map((group) => groupPlan(group.name, readings)),
    steps,
    atRest: steps.reduce((sum, { action, cost }) => sum + (action === "remove" ? 0 : (cost?.atRest ?? 0)), 0),
    notes: [
      ...all.flatMap(({ stray, found, resource }) => {
        const remark = stray || found === undefined ? undefined : resource.remark?.(found);
        return remark === undefined ? [] : [`the ${resource.kind} ${resource.name}: ${remark}`];
      }),
      ...all.flatMap(({ stray, found, resource, group }) =>
        stray && found !== undefined && resource.staysUntilAsked === true
          ? [
              `the ${resource.kind} ${found.id} is this project's and is not declared any more; it stays, with what is in it, until \`reprod teardown ${group.name}\``,
            ]
          : [],
      ),
      ...groups.flatMap(({ name }) => {
        const file = readings.files.get(name);
        return file?.aside === undefined
          ? []
          : [`${file.path}: ${file.aside.why}, and the file is kept as ${file.aside.file}`];
      }),
    ],
    against: [],
  };
}

/** What cannot be changed, and all that needs it and is there. */
function replacedKeys(all: readonly Reading[]): ReadonlySet<string> {
  const replaced = new Set(
    all
      .filter(
        ({ found, differences }) => found?.owner !== "adopted" && differences.some(({ replace }) => replace),
      )
      .map(({ key }) => key),
  );
  for (let size = -1; size !== replaced.size; ) {
    size = replaced.size;
    for (const reading of all) {
      if (reading.found !== undefined && dependenciesOf(reading).some((key) => replaced.has(key))) {
        replaced.add(reading.key);
      }
    }
  }
  return replaced;
}

function stepOf(reading: Reading, readings: Readings, replaced: ReadonlySet<string>): Step {
  const { resource, key, group, found, differences, file } = reading;
  const entry = file.entry(resource.part);
  const action = actionOf(reading, replaced);
  const because = dependenciesOf(reading).find((needed) => replaced.has(needed));
  const adopts = action === "adopt" || found?.owner === "adopted";
  const why =
    action === "create" && entry?.ref !== undefined && entry.step === undefined
      ? `${entry.ref.id} is gone`
      : action === "replace" && !differences.some(({ replace }) => replace) && because !== undefined
        ? `it needs ${readings.byKey.get(because)?.resource.kind ?? because}`
        : action === "remove" || (action === "keep" && reading.stray && found !== undefined)
          ? "it is not declared any more"
          : action === "replace"
            ? resource.afterwards
            : undefined;
  const { cost, detail } = resource;
  return {
    key,
    group: group.name,
    kind: resource.kind,
    name: adopts ? (found?.id ?? resource.name) : resource.name,
    ...(detail !== undefined && { detail }),
    ...(found !== undefined && { id: found.id }),
    action,
    differences: differences.map(({ what, is, shouldBe }) => ({ what, is, shouldBe })),
    ...(why !== undefined && { why }),
    // What was there before costs what it did.
    ...(cost !== undefined && !adopts && { cost }),
    losesData:
      resource.holdsData === true && found?.owner === "ours" && (action === "remove" || action === "replace"),
  };
}

function actionOf(
  { key, found, differences, stray, file, resource }: Reading,
  replaced: ReadonlySet<string>,
): Action {
  if (stray) return found === undefined || resource.staysUntilAsked === true ? "keep" : "remove";
  if (found === undefined) return "create";
  if (replaced.has(key)) return "replace";
  if (found.owner === "adopted" && file.entry(resource.part)?.adopted !== true) return "adopt";
  return differences.length > 0 ? "change" : "keep";
}

/** What would be done to remove groups: what is ours goes, what was adopted is as it was before. */
export function planTeardown(readings: Readings, wanted: ReadonlySet<GroupName>): Plan {
  const all = [...readings.byKey.values()].filter(({ group }) => wanted.has(group.name)).reverse();
  const steps = all
    .filter(({ found }) => found !== undefined)
    .map(({ resource, key, group, found }): Step => {
      const ours = found?.owner !== "adopted";
      return {
        key,
        group: group.name,
        kind: resource.kind,
        name: ours ? resource.name : (found?.id ?? resource.name),
        ...(found !== undefined && { id: found.id }),
        action: ours ? "remove" : "release",
        differences: [],
        ...(!ours && { why: "it was there before: it stays, as it was" }),
        ...(ours && resource.afterwards !== undefined && { why: resource.afterwards }),
        losesData: ours && resource.holdsData === true,
      };
    });
  return {
    groups: readings.groups
      .filter(({ name }) => wanted.has(name))
      // What is gone has no settings to write.
      .map(({ name }) => ({ ...groupPlan(name, readings), writesFile: false })),
    steps,
    atRest: 0,
    notes: [],
    against: [],
  };
}

/** How a group stands, from what was read of it. */
export function groupPlan(name: GroupName, readings: Readings): GroupPlan {
  const group = readings.groups.find((candidate) => candidate.name === name);
  const file = readings.files.get(name);
  if (group === undefined || file === undefined) throw new Error(`${name} was not read`);
  const own = [...readings.byKey.values()].filter((reading) => reading.group.name === name);
  const declared = own.filter(({ stray }) => !stray);
  const whole =
    own.every(
      ({ stray, found, resource }) => !stray || found === undefined || resource.staysUntilAsked === true,
    ) && declared.every(({ found, differences }) => found !== undefined && differences.length === 0);
  const shown = whole ? JSON.stringify(settingsOf(name, readings)) : undefined;
  const over = leftOver(name, readings);
  const fileSaysSo = file.aside === undefined && shown !== undefined && shown === JSON.stringify(file.shown);
  return {
    name,
    title: group.title,
    state: own.some(({ trouble }) => trouble !== undefined)
      ? "unknown"
      : stateOf(own, file.isWhole, whole && (fileSaysSo || declared.length === 0), [
          ...file.entries.values(),
        ]),
    settingsFile: file.path,
    writesFile: (declared.length > 0 && !fileSaysSo) || over.length > 0,
    fileDiffers: declared.length > 0 && whole && !fileSaysSo,
  };
}

/**
 * Parts that a settings file notes and that are nowhere: the removal of something undeclared was noted and done, or its
 * create was noted and refused. Where nobody lists what is undeclared, an id may be all that is known of it, and stays.
 */
export function leftOver(name: GroupName, { groups, files, byKey }: Readings): readonly string[] {
  const lists = groups.find((group) => group.name === name)?.strays !== undefined;
  return [...(files.get(name)?.entries ?? [])]
    .filter(
      ([part, { ref, step }]) =>
        !byKey.has(`${name}/${part}`) && (lists || ref === undefined || step === "remove"),
    )
    .map(([part]) => part);
}

function stateOf(
  own: readonly Reading[],
  wasWhole: boolean,
  isWhole: boolean,
  entries: readonly { readonly step?: "create" | "remove" }[],
): GroupState {
  if (entries.some(({ step }) => step === "remove")) return "removing";
  if (own.length > 0 && isWhole) return "ready";
  if (wasWhole) return "drifted";
  return own.some(({ found }) => found !== undefined) || entries.length > 0 ? "partly" : "not-set-up";
}

/** What the settings file of a group that is whole says. */
export function settingsOf(
  name: GroupName,
  { scope, byKey, groups }: Readings,
): { readonly [key: string]: unknown } {
  const group = groups.find((candidate) => candidate.name === name);
  if (group === undefined) throw new Error(`${name} was not read`);
  return group.settings((part) => {
    const found = byKey.get(`${name}/${part}`)?.found;
    if (found === undefined) throw new Error(`${name} is not whole: ${part}`);
    return found;
  }, scope);
}

/** Whether a plan would do anything at all. */
export function doesNothing({ steps, groups }: Plan): boolean {
  return steps.every(({ action }) => action === "keep") && groups.every(({ writesFile }) => !writesFile);
}

/** What a person has agreed to that cannot be undone: it has to be the same when it is done (engine-rules.md F4). */
export function removals({ steps }: Plan): readonly string[] {
  return steps
    .filter(({ action }) => action === "remove" || action === "replace" || action === "release")
    .map(({ key, action, id }) => `${action} ${key} ${id ?? ""}`)
    .sort();
}
