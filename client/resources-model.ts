import {
  type AccountView,
  type FailureData,
  type ProjectResources,
  type ResourceGroupName,
  type ResourceGroupState,
  type ResourceGroupView,
  type ResourceState,
  type ResourcesApplied,
  type ResourcesPlanView,
  type ResourcesProgress,
  type ResourceView,
  resourceGroups,
} from "../server/protocol.js";
import { asSentence } from "./failure-text.js";
import { grouped } from "./format.js";
import type { Translate } from "./translate.js";

/** Entries of the Resources view. `project`, `group` and `id` make them arguments of commands. */
export interface ProjectEntry {
  readonly kind: "project";
  readonly key: string;
  readonly project: string;
  readonly view: ProjectResources;
}
export interface GroupEntry {
  readonly kind: "group";
  readonly key: string;
  readonly project: string;
  readonly group: ResourceGroupName;
  readonly view: ResourceGroupView;
  readonly progress: ResourcesProgress | undefined;
  readonly of: ProjectEntry;
}
export interface ResourceEntry {
  readonly kind: "resource";
  readonly key: string;
  readonly project: string;
  readonly view: ResourceView;
  readonly of: GroupEntry;
}
/** Why there is nothing below a project. */
export interface NoteEntry {
  readonly kind: "note";
  readonly key: string;
  readonly text: string;
  readonly of: ProjectEntry;
}
/** What leads on from a failure, as a row to press: a view that says something shows no buttons beside it. */
export interface ActionEntry {
  readonly kind: "action";
  readonly key: string;
  readonly action: "signIn" | "again" | "choose" | "log";
  /** What to say in a terminal. */
  readonly command?: string;
  readonly of: ProjectEntry;
}
export type Entry = ProjectEntry | GroupEntry | ResourceEntry | NoteEntry | ActionEntry;

/**
 * One project: its groups are the outermost rows, and what went wrong is told above them. Several: each has a row, with
 * what went wrong below it.
 */
export function topEntries(
  projects: readonly ProjectResources[],
  progress: ReadonlyMap<string, ResourcesProgress>,
): readonly Entry[] {
  const entries = projects.map(projectEntry);
  const [only, ...more] = entries;
  if (only === undefined || more.length > 0) return entries;
  return childrenOf(only, progress).filter(({ kind }) => kind !== "note");
}

function projectEntry(view: ProjectResources): ProjectEntry {
  return { kind: "project", key: view.project, project: view.project, view };
}

export function childrenOf(entry: Entry, progress: ReadonlyMap<string, ResourcesProgress>): readonly Entry[] {
  switch (entry.kind) {
    case "project": {
      const { project, view } = entry;
      const failure = failureOf(view);
      const now = progress.get(project);
      const groups = view.groups.map(
        (group): GroupEntry => ({
          kind: "group",
          key: `${project}\u0000${group.name}`,
          project,
          group: group.name,
          view: group,
          progress: now?.group === group.name ? now : undefined,
          of: entry,
        }),
      );
      if (failure === undefined) return groups;
      const note: NoteEntry = {
        kind: "note",
        key: `${project}\u0000failure`,
        text: failure.message,
        of: entry,
      };
      return [note, ...actionsOf(entry), ...groups];
    }
    case "group":
      return entry.view.resources.map((view) => ({
        kind: "resource",
        key: `${entry.project}\u0000${view.key}`,
        project: entry.project,
        view,
        of: entry,
      }));
    case "resource":
    case "note":
    case "action":
      return [];
  }
}

function actionsOf(of: ProjectEntry): readonly ActionEntry[] {
  const { command, failure } = of.view.account;
  const action = (action: ActionEntry["action"]): ActionEntry => ({
    kind: "action",
    key: `${of.project}\u0000${action}`,
    action,
    ...(action === "signIn" && command !== undefined && { command }),
    of,
  });
  return [
    ...(command === undefined ? [] : [action("signIn")]),
    action("again"),
    action(failure === undefined ? "log" : "choose"),
  ];
}

export function parentOf(entry: Entry, single: boolean): Entry | undefined {
  switch (entry.kind) {
    case "project":
      return undefined;
    case "resource":
      return entry.of;
    case "group":
    case "note":
    case "action":
      return single ? undefined : entry.of;
  }
}

export function failureOf({ account, failure }: ProjectResources): FailureData | undefined {
  return account.failure ?? failure;
}

/** Words that menus test with `viewItem =~`. */
export function contextOf(entry: Entry): string {
  switch (entry.kind) {
    case "project":
      return "project";
    case "note":
      return "note";
    case "action":
      return entry.action === "signIn" ? "action signIn" : "action";
    case "group":
      return entry.progress === undefined ? groupContext(entry.view) : "group busy";
    case "resource":
      return [
        "resource",
        ...(entry.view.console === undefined ? [] : ["console"]),
        ...(entry.view.id === undefined ? [] : ["copyable"]),
      ].join(" ");
  }
}

function groupContext({ state, settingsFile }: ResourceGroupView): string {
  const can: { readonly [state in ResourceGroupState]: readonly string[] } = {
    "not-set-up": ["previewable", "settable"],
    ready: ["previewable", "removable"],
    drifted: ["previewable", "repairable", "removable"],
    partly: ["previewable", "settable", "removable"],
    removing: ["settable", "removable"],
    unknown: ["previewable"],
  };
  return ["group", ...can[state], ...(settingsFile === undefined ? [] : ["file"])].join(" ");
}

// ---------------------------------------------------------------- icons

/** A codicon for each state, another shape each, with the colour of the like state of nodes. */
export const groupIcons: {
  readonly [state in ResourceGroupState]: { readonly icon: string; readonly color: string };
} = {
  ready: { icon: "pass", color: "reprod.cachedForeground" },
  drifted: { icon: "warning", color: "reprod.staleForeground" },
  partly: { icon: "color-mode", color: "reprod.waitingForeground" },
  removing: { icon: "trash", color: "reprod.failedForeground" },
  unknown: { icon: "question", color: "reprod.unknownForeground" },
  "not-set-up": { icon: "circle-large-outline", color: "reprod.missingForeground" },
};

export const resourceIcons: {
  readonly [state in ResourceState]: { readonly icon: string; readonly color: string };
} = {
  ready: { icon: "check", color: "reprod.cachedForeground" },
  adopted: { icon: "link", color: "reprod.cachedForeground" },
  drifted: { icon: "warning", color: "reprod.staleForeground" },
  missing: { icon: "close", color: "reprod.failedForeground" },
  stray: { icon: "circle-slash", color: "reprod.waitingForeground" },
  unknown: { icon: "question", color: "reprod.unknownForeground" },
  "not-set-up": { icon: "circle-large-outline", color: "reprod.missingForeground" },
};

// ---------------------------------------------------------------- words

export function groupStateWord(state: ResourceGroupState, t: Translate): string {
  switch (state) {
    case "ready":
      return t("ready");
    case "drifted":
      return t("drifted");
    case "partly":
      return t("partly set up");
    case "removing":
      return t("removing");
    case "unknown":
      return t("unknown");
    case "not-set-up":
      return t("not set up");
  }
}

export function resourceStateWord(state: ResourceState, t: Translate): string {
  switch (state) {
    case "ready":
      return t("ready");
    case "adopted":
      return t("adopted");
    case "drifted":
      return t("drifted");
    case "missing":
      return t("gone");
    case "stray":
      return t("not declared any more");
    case "not-set-up":
      return t("not set up");
    case "unknown":
      return t("unknown");
  }
}

/** `ready · 7 resources`, `drifted · security group gone`, `4 of 11 · creating subnet …`. */
export function groupDescription(
  { state, resources, fileDiffers, trouble }: ResourceGroupView,
  progress: ResourcesProgress | undefined,
  t: Translate,
): string {
  if (progress !== undefined) return progressText(progress, t);
  const word = groupStateWord(state, t);
  const wrong = resources.filter((one) => one.state !== "ready" && one.state !== "adopted");
  const [first, ...more] = wrong;
  switch (state) {
    case "ready":
      return resources.length === 0 ? word : `${word} · ${resourcesText(resources.length, t)}`;
    case "drifted":
    case "partly":
    case "removing": {
      if (first === undefined) return fileDiffers ? `${word} · ${t("settings file")}` : word;
      const what = `${first.kind} ${wrongWord(first, t)}`;
      return more.length === 0
        ? `${word} · ${what}`
        : `${word} · ${t("{0} and {1} more", what, grouped(more.length))}`;
    }
    case "unknown": {
      const why = trouble ?? resources.find((one) => one.trouble !== undefined)?.trouble;
      return why === undefined ? word : `${word} · ${why.message}`;
    }
    case "not-set-up":
      return word;
  }
}

function wrongWord({ state, differences }: ResourceView, t: Translate): string {
  const [first] = differences;
  return state === "drifted" && first !== undefined ? first.what : resourceStateWord(state, t);
}

/** `sg-0ab12 · ingress rules: none → 443`; the state only where it is not what one expects. */
export function resourceDescription(view: ResourceView, t: Translate): string {
  const { id, short, state, differences, trouble } = view;
  // Rows are narrow: that it is gone must not be what is cut off.
  if (id === undefined) {
    const why = trouble === undefined ? "" : ` · ${trouble.message}`;
    return `${resourceStateWord(state, t)} · ${short}${why}`;
  }
  const parts = [short];
  const [first, ...more] = differences;
  if (first !== undefined) {
    parts.push(differenceText(first));
    if (more.length > 0) parts.push(t("{0} more", grouped(more.length)));
  } else if (state !== "ready") parts.push(resourceStateWord(state, t));
  return parts.join(" · ");
}

export function differenceText({ what, is, shouldBe }: ResourceView["differences"][number]): string {
  return `${what}: ${is} → ${shouldBe}`;
}

/** `4 of 11 · creating subnet`. */
export function progressText({ done, total, action, kind, phase }: ResourcesProgress, t: Translate): string {
  const what = phase === "waiting" ? t("waiting for {0}", kind) : doingText(action, kind, t);
  return `${t("{0} of {1}", grouped(done), grouped(total))} · ${what}`;
}

function doingText(action: ResourcesProgress["action"], kind: string, t: Translate): string {
  switch (action) {
    case "create":
      return t("creating {0}", kind);
    case "adopt":
      return t("adopting {0}", kind);
    case "change":
      return t("changing {0}", kind);
    case "replace":
      return t("replacing {0}", kind);
    case "remove":
      return t("removing {0}", kind);
    case "release":
      return t("letting go of {0}", kind);
  }
}

export function resourcesText(count: number, t: Translate): string {
  return count === 1 ? t("1 resource") : t("{0} resources", grouped(count));
}

// ---------------------------------------------------------------- questions

/** `Create 11 Resources`: what the button does. */
export function applyTitle(plan: ResourcesPlanView, t: Translate): string {
  const { create, adopt, change, replace, remove, release, files } = plan;
  const all = create + adopt + change + replace + remove + release;
  if (all === 0) return files === 1 ? t("Write Settings File") : t("Write Settings Files");
  const what = all === 1 ? t("1 Resource") : t("{0} Resources", grouped(all));
  if (all === create) return t("Create {0}", what);
  if (all === remove) return t("Remove {0}", what);
  if (all === change) return t("Change {0}", what);
  if (all === adopt) return t("Adopt {0}", what);
  if (all === release) return t("Let Go of {0}", what);
  return t("Carry Out {0} Changes", grouped(all));
}

/** `Create 11 resources in account 123456789012 (us-west-2) as profile "reprod"?` */
export function applyQuestion(plan: ResourcesPlanView, t: Translate): string {
  return t("{0} {1}?", whatText(plan, t), whereText(plan.account, t));
}

function whatText(
  { create, adopt, change, replace, remove, release }: ResourcesPlanView,
  t: Translate,
): string {
  const all = create + adopt + change + replace + remove + release;
  const what = resourcesText(all, t);
  if (all === 0) return t("Write settings files of what is");
  if (all === create) return t("Create {0}", what);
  if (all === remove) return t("Remove {0}", what);
  if (all === change) return t("Change {0}", what);
  if (all === adopt) return t("Adopt {0}", what);
  if (all === release) return t("Let go of {0}", what);
  const parts = [
    create === 0 ? undefined : t("create {0}", grouped(create)),
    adopt === 0 ? undefined : t("adopt {0}", grouped(adopt)),
    change === 0 ? undefined : t("change {0}", grouped(change)),
    replace === 0 ? undefined : t("replace {0}", grouped(replace)),
    remove === 0 ? undefined : t("remove {0}", grouped(remove)),
    release === 0 ? undefined : t("let go of {0}", grouped(release)),
  ].filter((part) => part !== undefined);
  const text = parts.join(", ");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** `in account 123456789012 (us-west-2) as profile "reprod"` */
export function whereText({ accountId, region, profile, caller }: AccountView, t: Translate): string {
  const [account, where] = [accountId ?? "?", region ?? "?"];
  if (profile !== undefined) return t('in account {0} ({1}) as profile "{2}"', account, where, profile);
  return t("in account {0} ({1}) as {2}", account, where, caller ?? "?");
}

/** The reason why nothing is known, and what to do about it: as sentences of a tooltip. */
export function troubleLines(trouble: FailureData | undefined): readonly string[] {
  if (trouble === undefined) return [];
  return [trouble.message, trouble.why, trouble.fix].filter((text) => text !== undefined).map(asSentence);
}

/** What stands below the question: cost, and what goes with it. */
export function applyDetail(plan: ResourcesPlanView, teardown: boolean, t: Translate): string {
  const { money, costsUse, release, losesData, replace } = plan;
  const lines = [
    money === "" ? undefined : `${money.slice(0, 1).toUpperCase()}${money.slice(1)}.`,
    costsUse ? t("The plan says what its use costs.") : undefined,
    replace === 0 ? undefined : t("What is replaced is removed and made again, with a new id."),
    release === 0 ? undefined : t("What was adopted stays in the account as it was before."),
    teardown ? t("It cannot be undone. Only what was made for this project is removed.") : undefined,
    losesData.length === 0
      ? undefined
      : t("Data is lost with: {0}.", losesData.map(({ name }) => name).join(", ")),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

/** `Roles, Network`, `5 groups`, `All groups`. */
export function groupsText(titles: readonly string[], t: Translate): string {
  if (titles.length === resourceGroups.length) return t("All groups");
  return titles.length > 3 ? t("{0} groups", titles.length) : titles.join(", ");
}

/** What became of it, in a sentence. */
export function appliedText(
  titles: readonly string[],
  { outcome, done, left }: ResourcesApplied,
  teardown: boolean,
  t: Translate,
): string {
  const what = groupsText(titles, t);
  if (outcome === "cancelled") {
    return done === 0
      ? t("{0}: cancelled before anything was done.", what)
      : t(
          "{0}: cancelled after {1} of {2} steps. What was done stays and is noted in the settings file: do the same again to go on, or remove it.",
          what,
          grouped(done),
          grouped(done + left.length),
        );
  }
  const [first] = left;
  if (first !== undefined) {
    const why = first.why === undefined ? "" : `: ${first.why}`;
    return left.length === 1
      ? t("{0}: {1} stays{2}.", what, first.what, why)
      : t("{0}: {1} stays{2} (and {3} more).", what, first.what, why, grouped(left.length - 1));
  }
  return teardown ? t("{0}: removed.", what) : t("{0}: ready.", what);
}

// ---------------------------------------------------------------- account

/** `reprod · us-west-2 · 123456789012`: behind the name of the view. */
export function accountText({ profile, region, accountId }: AccountView): string {
  return [profile, region, accountId].filter((part) => part !== undefined).join(" · ");
}

/** Whether nobody has said whose account is meant: then the view offers to choose. */
export function isNobody({ by, failure }: AccountView): boolean {
  return failure !== undefined && by === "machine";
}

/** A command line that may be started for a person, and not only typed for them: nothing of a shell is in it. */
export function isPlainCommand(command: string): boolean {
  return /^aws [\w .,@+:=/-]+$/.test(command);
}
