import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { CancellationToken } from "vscode-languageserver/node";
import type { AbsolutePath } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import type { Account } from "../cloud/account.js";
import type { Accounts } from "../cloud/accounts.js";
import type { Progress } from "../cloud/reconcile/apply.js";
import type { Plan, Step } from "../cloud/reconcile/plan.js";
import type { Reading, Readings } from "../cloud/reconcile/reading.js";
import type { Group, GroupName } from "../cloud/reconcile/resource.js";
import type { Request } from "../cloud/setup.js";
import { PROJECT_FILE, type Project, readProject } from "../data/project.js";
import * as protocol from "../protocol.js";
import { failureData, signalOf, untrusted } from "./failures.js";
import { Later } from "./later.js";
import { resourcesPlanPage } from "./pages/resources-plan.js";
import type { LanguageServer } from "./server.js";

/** A settings file is written at each step of a set-up that somebody does in a terminal. */
const CHANGED_MILLISECONDS = 400;
/** Plans that can still be agreed to. Each holds its steps, which are some hundred at most. */
const PLANS_KEPT = 20;

/** A project of the workspace with the folder whose settings count for it. */
interface Place {
  readonly project: Project;
  readonly folder: string;
}

interface Planned {
  readonly project: string;
  /** Names of the plan have it in them; a project that was never run keeps it only with the set-up. */
  readonly projectId: string;
  readonly groups: readonly GroupName[];
  readonly declare: NonNullable<Request["declare"]>;
  readonly teardown: boolean;
  readonly plan: Plan;
  /** Of the account that was shown with the plan. */
  readonly accountId: string;
  readonly region: string;
}

/**
 * Accounts and resources in AWS, for the client's view and commands. Nothing of `cloud/` is loaded, and nothing is asked
 * of AWS, before the client asks; and never by a timer.
 */
export class Resources {
  readonly #server: LanguageServer;
  #accounts: Promise<Accounts> | undefined;
  readonly #planned = new Map<string, Planned>();
  /** Projects that something is applied to: their settings files change all the time. */
  readonly #applying = new Map<string, AbortController>();
  readonly #watched = new Map<string, () => void>();
  readonly #changedSoon: Later;
  /** Profile and region of each folder, as they were last. */
  #chosen = "";

  constructor(server: LanguageServer) {
    this.#server = server;
    this.#changedSoon = new Later(() => {
      this.#send(protocol.resourcesChanged, {});
    }, CHANGED_MILLISECONDS);
  }

  // ------------------------------------------------------------ profiles and accounts

  async profiles({ folder }: { readonly folder?: string }): Promise<protocol.ProfilesView> {
    this.#requireTrust();
    await this.#server.readSettings();
    const [{ readProfiles }, { hasFargate, knownRegions }] = await Promise.all([
      import("../cloud/profiles.js"),
      import("../cloud/regions.js"),
    ]);
    const { files, profiles, warnings } = await readProfiles();
    const told = (name: string | undefined): readonly protocol.ProfileWarningView[] =>
      warnings.filter(({ profile }) => profile === name).map(({ message, fix }) => ({ message, fix }));
    return {
      files: [files.config, files.credentials],
      profiles: profiles.map(({ name, region, kind, mfa }) => ({
        name,
        ...(region !== undefined && { region }),
        kind,
        mfa,
        warnings: told(name),
      })),
      warnings: told(undefined),
      chosen: await this.#choice(this.#folderOf(folder)),
      regions: [...knownRegions].map((name) => ({ name, fargate: hasFargate(name) })),
    };
  }

  async account(
    { folder, again }: { readonly folder?: string; readonly again: boolean },
    token: CancellationToken,
  ): Promise<protocol.AccountView> {
    this.#requireTrust();
    await this.#server.readSettings();
    return (await this.#open(this.#folderOf(folder), again, signalOf(token))).view;
  }

  /** Another profile or region was chosen: every client ends at once, but of what is being carried out. */
  settingsChanged(): void {
    const chosen = this.#settings();
    if (chosen === this.#chosen) return;
    this.#chosen = chosen;
    // Nobody has looked yet.
    if (this.#accounts === undefined) return;
    this.#accounts.then((accounts) => accounts.drop()).catch((error: unknown) => this.#server.defect(error));
    this.#planned.clear();
    this.#changedSoon.ask(0);
  }

  #settings(): string {
    const { folders } = this.#server;
    return JSON.stringify(
      folders.map((folder) => {
        const { profile, region } = this.#server.settings(folder);
        return [folder, profile, region];
      }),
    );
  }

  /** Which profile counts and why, without asking AWS. */
  async #choice(folder: string): Promise<protocol.ProfilesView["chosen"]> {
    const [{ readProfiles }, { chosenProfile, chosenRegion }] = await Promise.all([
      import("../cloud/profiles.js"),
      import("../cloud/credentials.js"),
    ]);
    const settings = this.#server.settings(folder);
    const { profiles } = await readProfiles();
    const byName = new Map(profiles.map((profile) => [profile.name, profile]));
    const { profile, by } = chosenProfile(settings.profile, byName);
    const known = profile === undefined ? undefined : byName.get(profile);
    const region = chosenRegion(settings.region, known && { region: known.region });
    return {
      by: by === "argument" ? "setting" : by,
      ...(profile !== undefined && { profile }),
      ...(region !== undefined && { region }),
    };
  }

  async #open(
    folder: string,
    again: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly view: protocol.AccountView; readonly account?: Account }> {
    let chosen: protocol.ProfilesView["chosen"] | undefined;
    try {
      chosen = await this.#choice(folder);
      const { profile, region } = this.#server.settings(folder);
      const accounts = await this.#allAccounts();
      const account = await (again
        ? accounts.again(profile, region, signal)
        : accounts.get(profile, region, signal));
      return { view: accountView(chosen.by, account), account };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const command = commandIn(error);
      return {
        view: {
          by: "setting",
          ...chosen,
          failure: failureData(error),
          ...(command !== undefined && { command }),
        },
      };
    }
  }

  #allAccounts(): Promise<Accounts> {
    this.#chosen = this.#accounts === undefined ? this.#settings() : this.#chosen;
    this.#accounts ??= import("../cloud/accounts.js").then(
      ({ Accounts }) => new Accounts({ mfa: (serial) => this.#askForCode(serial) }),
    );
    return this.#accounts;
  }

  async #askForCode(serial: string): Promise<string> {
    const code: unknown = await this.#server.connection.sendRequest(protocol.mfaRequest.method, { serial });
    if (typeof code === "string" && code.trim() !== "") return code.trim();
    throw new Failure("mfa-needed", "no code of the MFA device was given", {
      why: "The profile assumes a role that asks for one.",
      fix: "Try again when the device is at hand.",
    });
  }

  // ------------------------------------------------------------ what is there

  async projects(): Promise<readonly protocol.ResourceProject[]> {
    return [...(await this.#places())].map(([root, { project, folder }]) => ({
      project: root,
      name: project instanceof Failure ? path.basename(root) : project.name,
      folder: this.#server.uri(folder),
    }));
  }

  async resources(
    { again }: { readonly again: boolean },
    token: CancellationToken,
  ): Promise<{ readonly projects: readonly protocol.ProjectResources[] }> {
    this.#requireTrust();
    await this.#server.readSettings();
    const places = await this.#places();
    const signal = signalOf(token);
    const projects = await Promise.all(
      [...places].map(([root, place]) =>
        place.project instanceof Failure
          ? brokenProject(root, this.#server.uri(place.folder), place.project)
          : this.#projectResources({ project: place.project, folder: place.folder }, again, signal),
      ),
    );
    return { projects };
  }

  async #projectResources(
    { project, folder }: Place,
    again: boolean,
    signal: AbortSignal,
  ): Promise<protocol.ProjectResources> {
    const { view, account } = await this.#open(folder, again, signal);
    const known = {
      project: project.root,
      name: project.name,
      folder: this.#server.uri(folder),
      account: view,
    };
    if (account === undefined) return { ...known, groups: [] };
    const [{ readResources }, { groupPlan }, { groupsByName }, { resourceState }] = await Promise.all([
      import("../cloud/setup.js"),
      import("../cloud/reconcile/plan.js"),
      import("../cloud/groups/index.js"),
      import("../cloud/plan-words.js"),
    ]);
    this.#watch(project);
    try {
      const readings = await readResources({ project, account, signal });
      return {
        ...known,
        groups: protocol.resourceGroups.map((name) => {
          const trouble = readings.unreadable.get(name);
          return trouble === undefined
            ? groupView(
                groupPlan(name, readings),
                groupsByName[name].purpose,
                readings,
                resourceState,
                (file) => this.#server.uri(file),
              )
            : unreadGroup(groupsByName[name], trouble);
        }),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const command = commandIn(error);
      return {
        ...known,
        account: { ...view, ...(command !== undefined && { command }) },
        groups: [],
        failure: failureData(error),
      };
    }
  }

  /**
   * By root: the projects of the workspace's folders, and of those within them that have something to do with AWS. Each
   * costs some dozen calls, and a folder of examples has many. Their settings are those on disk at this moment: what is
   * planned and carried out in an account must not rest on the last good ones, as the checks of pipelines do.
   */
  async #places(): Promise<
    ReadonlyMap<string, { readonly project: Project | Failure; readonly folder: string }>
  > {
    const places = new Map<string, { readonly project: Project | Failure; readonly folder: string }>();
    for (const folder of this.#server.folders) {
      const found = this.#server.projectOrFailure(path.join(folder, "reprod"));
      if (found instanceof Failure) places.set(folder, { project: found, folder });
      else if (found !== undefined && !places.has(found.root)) {
        places.set(found.root, { project: onDisk(found.root), folder });
      }
    }
    for (const { root, project } of await this.#server.allProjects()) {
      const folder = this.#server.folderOf(root);
      if (folder === undefined || places.has(root) || project.settings.cloud === undefined) continue;
      places.set(root, { project: onDisk(root), folder });
    }
    return places;
  }

  /** Throws for a folder that is no project of the workspace: a client's text is no way into others. */
  async #place(root: string): Promise<Place> {
    const found = (await this.#places()).get(root);
    if (found?.project instanceof Failure) throw found.project;
    if (found !== undefined) return { project: found.project, folder: found.folder };
    throw new Failure("unknown-run", `this is no project of the workspace: "${root}"`, {
      fix: "Open its folder.",
    });
  }

  /**
   * What is to be is written in `reprod.json`, and settings files that others write (a terminal, another checkout, by
   * hand) may say that something is different.
   */
  #watch({ root, settings }: Project): void {
    for (const folder of [root, path.resolve(root, settings.cloud?.folder ?? ".")]) {
      if (this.#watched.has(folder)) continue;
      const stop = this.#server.watch.watch(folder, (name) => {
        if (name !== undefined && name !== PROJECT_FILE && !isSettingsFile(name)) return;
        if (!this.#applying.has(root)) this.#changedSoon.ask();
      });
      this.#watched.set(folder, stop);
    }
  }

  // ------------------------------------------------------------ plans

  async environments(
    { project: root }: { readonly project: string },
    token: CancellationToken,
  ): Promise<{
    readonly environments: readonly {
      readonly name: string;
      readonly type: string;
      readonly maxVcpus: number;
    }[];
  }> {
    this.#requireTrust();
    const { project, folder } = await this.#place(root);
    const signal = signalOf(token);
    const { account } = await this.#opened(folder, signal);
    const [{ readResources }, { parseEnvironmentSpecs }] = await Promise.all([
      import("../cloud/setup.js"),
      import("../cloud/groups/support/environment-specs.js"),
    ]);
    const group = "compute-environment";
    const { scope, unreadable } = await readResources({ project, account, groups: [group], signal });
    const failure = unreadable.get(group);
    if (failure !== undefined) throw failure;
    const specs = parseEnvironmentSpecs(scope.declared(group));
    return {
      environments: Object.entries(specs).map(([name, { type, maxVcpus }]) => ({ name, type, maxVcpus })),
    };
  }

  async plan(
    asked: protocol.ResourcesArguments,
    token: CancellationToken,
  ): Promise<protocol.ResourcesPlanView> {
    this.#requireTrust();
    await this.#server.readSettings();
    const { project, folder } = await this.#place(asked.project);
    const groups = await groupsOf(asked);
    const declare = await declaredBy(asked, project);
    const signal = signalOf(token);
    const { view, account } = await this.#opened(folder, signal);
    const request: Request = { project, account, groups, declare, signal };
    const [setup, { doesNothing }, { lossesOf }, words] = await Promise.all([
      import("../cloud/setup.js"),
      import("../cloud/reconcile/plan.js"),
      import("../cloud/reconcile/teardown.js"),
      import("../cloud/plan-words.js"),
    ]);
    const teardown = asked.teardown === true;
    const { plan, against: reasons } = await (teardown
      ? setup.planRemoval(request)
      : setup.planSetup(request));
    const against = reasons.map(({ why }) => why);
    const key = randomUUID();
    this.#keep(key, {
      project: project.root,
      projectId: project.id,
      groups,
      declare,
      teardown,
      plan,
      accountId: account.accountId,
      region: account.region,
    });
    const number = (action: Step["action"]): number =>
      plan.steps.filter((step) => step.action === action).length;
    const lost = lossesOf(plan, reasons);
    const money = teardown ? "" : words.moneyText(plan);
    return {
      page: resourcesPlanPage({ plan, account, teardown, against, lost, money, words, root: project.root }),
      token: key,
      account: view,
      titles: plan.groups.map(({ title }) => title),
      create: number("create"),
      adopt: number("adopt"),
      change: number("change"),
      replace: number("replace"),
      remove: number("remove"),
      release: number("release"),
      kept: number("keep"),
      files: plan.groups.filter(({ writesFile }) => writesFile).length,
      forgets:
        teardown &&
        plan.steps.length === 0 &&
        plan.groups.some(({ settingsFile }) => fs.existsSync(settingsFile)),
      nothing: (teardown ? plan.steps.length === 0 : doesNothing(plan)) && declare.size === 0,
      money: money.split("; ")[0] ?? "",
      costsUse: plan.steps.some(({ action, cost }) => action !== "remove" && cost?.use !== undefined),
      losesData: lost.map(({ kind, name }) => ({ kind, name })),
      against,
    };
  }

  #keep(key: string, planned: Planned): void {
    this.#planned.set(key, planned);
    const [oldest] = this.#planned.keys();
    if (this.#planned.size > PLANS_KEPT && oldest !== undefined) this.#planned.delete(oldest);
  }

  async apply(
    { token: key, force }: { readonly token: string; readonly force?: boolean },
    token: CancellationToken,
  ): Promise<protocol.ResourcesApplied> {
    this.#requireTrust();
    const planned = this.#planned.get(key);
    if (planned === undefined) throw planIsOld("It was made before another profile was chosen, or long ago.");
    // A plan is done once: what is true of the account afterwards is another plan.
    this.#planned.delete(key);
    await this.#server.readSettings();
    const { project: now, folder } = await this.#place(planned.project);
    const isKept = now.settings.projectId !== undefined || now.local.projectId !== undefined;
    const project = isKept ? now : { ...now, id: planned.projectId };
    const asked = signalOf(token);
    const accounts = await this.#allAccounts();
    const { account } = await this.#opened(folder, asked);
    if (account.accountId !== planned.accountId || account.region !== planned.region) {
      throw planIsOld(
        `It was of account ${planned.accountId} in ${planned.region}, and now this is ${account.accountId} in ${account.region}.`,
      );
    }
    if (this.#applying.has(project.root)) {
      throw new Failure("setup-busy", `something is being set up or removed already: "${project.name}"`, {
        fix: "Wait until it is done, or cancel it.",
      });
    }
    const ended = new AbortController();
    this.#applying.set(project.root, ended);
    const letGo = accounts.hold(account);
    let last: Progress | undefined;
    const request = {
      project,
      account,
      groups: planned.groups,
      declare: planned.declare,
      force: force === true,
      signal: AbortSignal.any([asked, ended.signal]),
      onProgress: (progress: Progress) => {
        last = progress;
        this.#send(protocol.resourcesProgress, progressOf(project.root, key, progress));
      },
      onRemark: (text: string) => this.#server.connection.console.warn(text),
    };
    try {
      const { applyRemoval, applySetup } = await import("../cloud/setup.js");
      if (planned.teardown) {
        const { outcome, done, left } = await applyRemoval(request, planned.plan);
        return {
          outcome,
          done: done.length,
          left: left.map(({ step, why }) => ({ what: subject(step), why })),
        };
      }
      const { outcome, done, left } = await applySetup(request, planned.plan);
      return { outcome, done: done.length, left: left.map((step) => ({ what: subject(step) })) };
    } catch (error) {
      // Before the first step: nothing was done, and nothing stays.
      if (token.isCancellationRequested && !(error instanceof Failure)) {
        return { outcome: "cancelled", done: 0, left: [] };
      }
      throw error instanceof Failure && last !== undefined
        ? await inTheMidst(error, last, planned.teardown)
        : error;
    } finally {
      letGo();
      this.#applying.delete(project.root);
      this.#changedSoon.ask();
    }
  }

  close(): void {
    this.#changedSoon.close();
    for (const ended of this.#applying.values()) ended.abort();
    for (const stop of this.#watched.values()) stop();
    this.#watched.clear();
    this.#accounts?.then(
      (accounts) => accounts.drop(),
      () => {
        // It was told to who asked for it.
      },
    );
  }

  // ------------------------------------------------------------ helpers

  async #opened(
    folder: string,
    signal: AbortSignal,
  ): Promise<{ readonly view: protocol.AccountView; readonly account: Account }> {
    const { view, account } = await this.#open(folder, true, signal);
    if (account !== undefined) return { view, account };
    const { code = "defect", message = "there is no account", ...more } = view.failure ?? {};
    throw new Failure(code, message, more);
  }

  #folderOf(uri: string | undefined): string {
    const folder = uri === undefined ? undefined : this.#server.uris.path(uri);
    return folder !== undefined && this.#server.folders.includes(folder)
      ? folder
      : (this.#server.folders[0] ?? "");
  }

  #requireTrust(): void {
    if (!this.#server.trusted) throw untrusted();
  }

  #send<Params>(message: protocol.NotificationMessage<Params>, params: NoInfer<Params>): void {
    this.#server.connection
      .sendNotification(message.method, params)
      .catch((error: unknown) => this.#server.connection.console.warn(String(error)));
  }
}

// ---------------------------------------------------------------- views

function accountView(by: protocol.ProfileChoice, account: Account): protocol.AccountView {
  const { profile, region, accountId, callerArn } = account;
  return { by, ...(profile !== undefined && { profile }), region, accountId, caller: callerArn };
}

/** The command line that a failure says would mend it. */
function commandIn({ fix = "" }: Failure): string | undefined {
  return /`(aws [^`\n]+)`/.exec(fix)?.[1];
}

function brokenProject(root: string, folder: string, failure: Failure): protocol.ProjectResources {
  return {
    project: root,
    name: path.basename(root),
    folder,
    account: { by: "setting" },
    groups: [],
    failure: failureData(failure),
  };
}

function groupView(
  { name, title, state, settingsFile, fileDiffers }: Plan["groups"][number],
  purpose: string,
  readings: Readings,
  stateOf: StateOf,
  uri: (file: string) => string,
): protocol.ResourceGroupView {
  const own = [...readings.byKey.values()].filter(({ group }) => group.name === name);
  const prefix = readings.scope.name("");
  const resources =
    state === "not-set-up" ? [] : own.flatMap((reading) => resourceView(reading, prefix, stateOf));
  return {
    name,
    title,
    purpose,
    state,
    ...(fs.existsSync(settingsFile) && { settingsFile: uri(settingsFile) }),
    fileDiffers,
    resources,
  };
}

/** A group of which nothing can be told, with the reason. */
function unreadGroup({ name, title, purpose }: Group, trouble: Failure): protocol.ResourceGroupView {
  return {
    name,
    title,
    purpose,
    state: "unknown",
    fileDiffers: false,
    resources: [],
    trouble: failureData(trouble),
  };
}

function resourceView(reading: Reading, prefix: string, stateOf: StateOf): readonly protocol.ResourceView[] {
  const { key, resource, found, differences, stray, trouble } = reading;
  if (stray && found === undefined && trouble === undefined) return [];
  const page = found === undefined ? undefined : resource.console?.(found);
  return [
    {
      key,
      kind: resource.kind,
      name: resource.name,
      short: (found?.id ?? resource.name).split(prefix)[1] || (found?.id ?? resource.name),
      ...(resource.detail !== undefined && { detail: resource.detail }),
      ...(found !== undefined && { id: found.id }),
      state: stateOf(reading),
      differences: differences.map(({ what, is, shouldBe }) => ({ what, is, shouldBe })),
      ...(page?.startsWith("https://") === true && { console: page }),
      ...(trouble !== undefined && { trouble: failureData(trouble) }),
    },
  ];
}

/** `plan-words.ts` has it, which is loaded when it is needed. */
type StateOf = (reading: Reading) => protocol.ResourceState;

/** What was done stays, whatever ended it: who reads of the failure reads of that too, in what a message has room for. */
async function inTheMidst(failure: Failure, { done, total }: Progress, teardown: boolean): Promise<Failure> {
  const { goesOn } = await import("../cloud/plan-words.js");
  const { code, message, ...more } = failureData(failure);
  const fix = [...(more.fix === undefined ? [] : [more.fix]), goesOn(done, total, teardown)].join(" ");
  return new Failure(code, message, { ...more, fix, cause: failure });
}

function progressOf(
  project: string,
  token: string,
  { done, total, step, phase }: Progress,
): protocol.ResourcesProgress {
  const { group, action, kind, name } = step;
  return {
    project,
    token,
    group,
    done,
    total,
    action: action === "keep" ? "change" : action,
    kind,
    name,
    phase,
  };
}

function subject({ kind, name, id }: Step): string {
  return `${kind} ${id ?? name}`;
}

/** In the order in which they are set up, with what they need when that is wanted. */
async function groupsOf({
  groups,
  withNeeds,
}: protocol.ResourcesArguments): Promise<readonly protocol.ResourceGroupName[]> {
  const wanted = new Set<protocol.ResourceGroupName>(groups);
  if (withNeeds === true) {
    const { groupsByName } = await import("../cloud/groups/index.js");
    // A set that grows is gone through to its end.
    for (const name of wanted) for (const needed of groupsByName[name].needs) wanted.add(needed);
  }
  return protocol.resourceGroups.filter((name) => wanted.has(name));
}

/**
 * What the compute environments are to be, where the request is about one of them: made of what is declared when it is
 * done. Throws for what cannot be.
 */
async function declaredBy(
  { createEnvironment, deleteEnvironment }: protocol.ResourcesArguments,
  project: Project,
): Promise<NonNullable<Request["declare"]>> {
  if (createEnvironment === undefined && deleteEnvironment === undefined) return new Map();
  const [{ declaredOf }, { withEnvironment, withoutEnvironment }] = await Promise.all([
    import("../cloud/setup.js"),
    import("../cloud/groups/support/environment-specs.js"),
  ]);
  const change = (declared: unknown): unknown => {
    let changed = declared;
    if (createEnvironment !== undefined) {
      const { name, ...spec } = createEnvironment;
      changed = withEnvironment(changed, name, spec);
    }
    return deleteEnvironment === undefined ? changed : withoutEnvironment(changed, deleteEnvironment);
  };
  // What cannot be is told at once; of one that is to go, AWS may know more than the settings file.
  if (createEnvironment !== undefined) change(declaredOf(project, "compute-environment"));
  return new Map<GroupName, typeof change>([["compute-environment", change]]);
}

function onDisk(root: AbsolutePath): Project | Failure {
  try {
    return readProject(root);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** By its name: the groups themselves are not loaded for every file that changes. */
function isSettingsFile(name: string): boolean {
  return name.endsWith("-settings.json") || name === "compute-environments.json";
}

function planIsOld(why: string): Failure {
  return new Failure("plan-changed", "this plan is not in force any more", {
    why: `${why} Nothing was done.`,
    fix: "Look at the new plan, and agree to that.",
  });
}
