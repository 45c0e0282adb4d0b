import * as vscode from "vscode";
import {
  type RunKey,
  type RunNodeView,
  type RunState,
  type RunView,
  runNodesRequest,
} from "../../server/protocol.js";
import { bytes, duration, grouped } from "../format.js";
import { type Icon, stateIcon } from "../icons.js";
import type { RunsChange } from "../runs.js";
import {
  attemptDescription,
  type GroupName,
  groupWord,
  matches,
  nodeDescription,
  type RunFilter,
  runDescription,
  runName,
  runSentence,
  runStateWord,
  sameRun,
} from "../runs-model.js";
import type { Services } from "../services.js";
import { stateColor } from "../state-text.js";
import {
  type AttemptEntry,
  attemptsShown,
  childrenOf,
  contextOf,
  type Entry,
  type GroupEntry,
  type NodeEntry,
  newRun,
  parentOf,
  type RunEntry,
  setNodes,
} from "./runs-entries.js";

const { t } = vscode.l10n;

/** Runs, newest first → their nodes by what became of them → attempts. */
export function registerRunsView(services: Services): vscode.Disposable {
  const view = new RunsView(services);
  return vscode.Disposable.from(
    view,
    vscode.commands.registerCommand("reprod.filterRuns", () => view.askFilter().catch(services.report)),
    vscode.commands.registerCommand("reprod.clearRunsFilter", () => view.setFilter({})),
    vscode.commands.registerCommand("reprod.refreshRuns", () => services.runs.refresh()),
    vscode.commands.registerCommand("reprod.showMoreNodes", (group: GroupEntry) => view.showMore(group)),
  );
}

/** Between two looks at the nodes of a run that runs; more for runs that take long to read. */
const shortestLook = 1000;
/** How often "2 min ago" is said anew, while somebody looks. */
const clockTick = 60_000;

class RunsView implements vscode.TreeDataProvider<Entry>, vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<Entry | undefined>();
  readonly #tree: vscode.TreeView<Entry>;
  readonly #disposables: vscode.Disposable[];
  readonly #looks = new Map<string, { readonly at: number; readonly took: number; readonly of: RunView }>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  #entries: readonly RunEntry[] = [];
  #filter: RunFilter = {};
  #clock: NodeJS.Timeout | undefined;
  /** A run that is shown as soon as it is listed. */
  #awaited: RunKey | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    this.#tree = vscode.window.createTreeView("reprod.runs", {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.#disposables = [
      this.#changed,
      this.#tree,
      services.runs.onDidChange((change) => this.#take(change)),
      services.runs.onDidStart((run) => {
        this.#awaited = run;
        this.#reveal();
      }),
      services.server.onDidChangeState(() => this.#say()),
      this.#tree.onDidChangeVisibility(({ visible }) => {
        services.runs.watched = visible;
        this.#wind(visible);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#say()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#say()),
    ];
    this.#wind(this.#tree.visible);
    services.runs.watched = this.#tree.visible;
    this.#say();
  }

  dispose(): void {
    clearInterval(this.#clock);
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  showMore(group: GroupEntry): void {
    group.limit *= 4;
    this.#changed.fire(group);
  }

  async askFilter(): Promise<void> {
    const states: readonly RunState[] = ["running", "failed", "interrupted", "cancelled", "done"];
    const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly state?: RunState }>();
    const fixed = states.map((state) => ({
      label: `$(${runIcons[state]}) ${runStateWord(state, t)}`,
      state,
    }));
    pick.title = t("Filter Runs");
    pick.placeholder = t("A state, or text of a pipeline, target or file");
    pick.value = this.#filter.text ?? "";
    const offer = (): void => {
      const text = pick.value.trim();
      pick.items = [
        ...fixed,
        ...(text === "" ? [] : [{ label: t('Runs with "{0}"', text), alwaysShow: true }]),
      ];
    };
    offer();
    pick.onDidChangeValue(offer);
    const chosen = await new Promise<RunFilter | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        if (item?.state !== undefined) resolve({ state: item.state });
        else resolve(pick.value.trim() === "" ? {} : { text: pick.value.trim() });
        pick.hide();
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
    pick.dispose();
    if (chosen !== undefined) this.setFilter(chosen);
  }

  setFilter(filter: RunFilter): void {
    this.#filter = filter;
    const said = filter.state === undefined ? filter.text : runStateWord(filter.state, t);
    this.#tree.description = said ?? "";
    this.#setContext("reprod.runsFiltered", said !== undefined);
    this.#rebuild(this.#services.runs.all ?? []);
    this.#changed.fire(undefined);
    this.#say();
  }

  getParent(entry: Entry): Entry | undefined {
    return parentOf(entry);
  }

  async getChildren(entry?: Entry): Promise<Entry[]> {
    if (entry === undefined) return [...this.#entries];
    if (entry.kind !== "run") return [...childrenOf(entry)];
    try {
      await this.#look(entry);
    } catch (error) {
      this.#services.report(error);
    }
    return entry.groups.length > 0
      ? [...entry.groups]
      : [{ kind: "note", id: `${entry.id}/nothing`, of: entry }];
  }

  getTreeItem(entry: Entry): vscode.TreeItem {
    const item = itemOf(this.#services.context, entry, Date.now());
    item.id = entry.id;
    item.contextValue = contextOf(entry);
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, entry: Entry): vscode.TreeItem {
    const text = tooltip(entry, Date.now());
    if (text !== undefined) item.tooltip = text;
    return item;
  }

  /** Draws only what is new or different. */
  #take({ runs, before }: RunsChange): void {
    const known = new Map(before.map((run) => [run.run, JSON.stringify(run)]));
    const different = new Set(
      runs.filter((run) => known.get(run.run) !== JSON.stringify(run)).map(({ run }) => run),
    );
    if (this.#rebuild(runs)) this.#changed.fire(undefined);
    else for (const entry of this.#entries) if (different.has(entry.run)) this.#redraw(entry);
    this.#say();
    this.#reveal();
  }

  /** Selects the run that was just started. A view that is hidden stays hidden: the status bar tells that it runs. */
  #reveal(): void {
    const awaited = this.#awaited;
    const entry = awaited && this.#entries.find((known) => sameRun(known, awaited));
    if (entry === undefined) return;
    this.#awaited = undefined;
    if (!this.#tree.visible) return;
    this.#tree
      .reveal(entry, { select: true, focus: false, expand: true })
      .then(undefined, (error: unknown) => {
        this.#services.log.warn(`The run could not be revealed: ${String(error)}`);
      });
  }

  /** True when entries came, went or changed places. */
  #rebuild(runs: readonly RunView[]): boolean {
    const known = new Map(this.#entries.map((entry) => [entry.run, entry]));
    const before = this.#entries;
    this.#entries = runs
      .filter((run) => matches(run, this.#filter))
      .map((run) => {
        const entry = known.get(run.run);
        if (entry === undefined) return newRun(run);
        entry.view = run;
        return entry;
      });
    return before.length !== this.#entries.length || before.some((entry, at) => entry !== this.#entries[at]);
  }

  /** A run that runs tells often; it is drawn no more often than its nodes are looked at. */
  #redraw(entry: RunEntry): void {
    if (entry.view.state !== "running") {
      clearTimeout(this.#waiting.get(entry.run));
      this.#waiting.delete(entry.run);
      this.#changed.fire(entry);
      return;
    }
    if (this.#waiting.has(entry.run)) return;
    const look = this.#looks.get(entry.run);
    const pause = look === undefined ? 0 : Math.max(0, look.at + interval(look.took) - Date.now());
    this.#waiting.set(
      entry.run,
      setTimeout(() => {
        this.#waiting.delete(entry.run);
        this.#changed.fire(entry);
      }, pause),
    );
  }

  /** Reads the nodes of a run, unless nothing can have changed since they were read. */
  async #look(entry: RunEntry): Promise<void> {
    const look = this.#looks.get(entry.run);
    const { project, run, view } = entry;
    if (look !== undefined && look.of === view && view.state !== "running") return;
    const at = Date.now();
    const nodes = await this.#services.server.request(runNodesRequest, { project, run });
    this.#looks.set(run, { at, took: Date.now() - at, of: view });
    setNodes(entry, nodes);
  }

  /** Starts or stops the clock that keeps "2 min ago" true. */
  #wind(visible: boolean): void {
    clearInterval(this.#clock);
    this.#clock = undefined;
    if (!visible) return;
    if (this.#entries.length > 0) this.#changed.fire(undefined);
    this.#clock = setInterval(() => {
      for (const entry of this.#entries) if (entry.view.state !== "running") this.#changed.fire(entry);
    }, clockTick);
  }

  /** One word for what the view has to say when it has no entries; `viewsWelcome` has a text for each. */
  #say(): void {
    const { server, runs } = this.#services;
    const state =
      (vscode.workspace.workspaceFolders ?? []).length === 0
        ? "noFolder"
        : this.#entries.length > 0
          ? "ready"
          : (runs.all ?? []).length > 0
            ? "filtered"
            : server.state === "stopped"
              ? "stopped"
              : runs.all === undefined
                ? "starting"
                : vscode.workspace.isTrusted
                  ? "none"
                  : "untrusted";
    this.#setContext("reprod.runsView", state);
  }

  #setContext(key: string, value: unknown): void {
    vscode.commands.executeCommand("setContext", key, value).then(undefined, this.#services.report);
  }
}

function interval(took: number): number {
  return Math.max(shortestLook, took * 10);
}

// ---------------------------------------------------------------- items

/** Of VS Code's own icons, for the list of filters. */
const runIcons: { readonly [state in RunState]: string } = {
  running: "sync",
  interrupted: "debug-disconnect",
  done: "check",
  failed: "close",
  cancelled: "circle-slash",
};

/** The signs of states where they mean the same. */
function groupIcon(context: vscode.ExtensionContext, name: GroupName): Icon {
  switch (name) {
    case "done":
      return stateIcon(context, "cached");
    case "interrupted":
      return new vscode.ThemeIcon(runIcons.interrupted, new vscode.ThemeColor(stateColor("broken")));
    case "skipped":
      return new vscode.ThemeIcon("debug-step-over", new vscode.ThemeColor(stateColor("cancelled")));
    case "failed":
    case "running":
    case "queued":
    case "cancelled":
      return stateIcon(context, name);
  }
}

function itemOf(context: vscode.ExtensionContext, entry: Entry, now: number): vscode.TreeItem {
  switch (entry.kind) {
    case "run": {
      const { view } = entry;
      const item = new vscode.TreeItem(
        runName(view),
        view.state === "running"
          ? vscode.TreeItemCollapsibleState.Expanded
          : vscode.TreeItemCollapsibleState.Collapsed,
      );
      item.description = runDescription(view, now, t);
      item.iconPath = groupIcon(context, view.state);
      item.accessibilityInformation = { label: runSentence(view, now, t) };
      return item;
    }
    case "group":
      return groupItem(context, entry);
    case "node":
      return nodeItem(context, entry, now);
    case "attempt":
      return attemptItem(entry, now);
    case "note": {
      if (entry.of.kind === "group") {
        const item = new vscode.TreeItem(t("and {0} more", grouped(entry.more ?? 0)));
        item.iconPath = new vscode.ThemeIcon("ellipsis");
        item.command = {
          command: "reprod.showMoreNodes",
          title: t("Show More"),
          arguments: [entry.of],
        };
        return item;
      }
      const { view } = entry.of;
      const item = new vscode.TreeItem(
        view.state === "running" ? t("Nothing has begun yet") : t("Nothing had to be made"),
      );
      if (view.cached !== undefined) item.description = t("{0} cached", grouped(view.cached));
      return item;
    }
  }
}

function groupItem(context: vscode.ExtensionContext, { group }: GroupEntry): vscode.TreeItem {
  const open = group.name === "failed" || group.name === "running";
  const word = groupWord(group.name, t);
  const item = new vscode.TreeItem(
    `${word} (${grouped(group.nodes.length)})`,
    open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.iconPath = groupIcon(context, group.name);
  if (group.reused > 0) item.description = t("{0} reused", grouped(group.reused));
  item.accessibilityInformation = { label: `${word}: ${grouped(group.nodes.length)}` };
  return item;
}

function nodeItem(context: vscode.ExtensionContext, entry: NodeEntry, now: number): vscode.TreeItem {
  const { view, group, project, run, node } = entry;
  const item = new vscode.TreeItem(
    view.node,
    attemptsShown(view).length > 0
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.None,
  );
  item.description = nodeDescription(view, now, t);
  item.iconPath = groupIcon(context, group.group.name);
  if (view.attempts.length > 0) {
    item.command = { command: "reprod.openLogs", title: t("Open Logs"), arguments: [{ project, run, node }] };
  }
  item.accessibilityInformation = {
    label: [view.node, groupWord(group.group.name, t), nodeDescription(view, now, t)]
      .filter(Boolean)
      .join(", "),
  };
  return item;
}

function attemptItem({ view, project, run, node, attempt }: AttemptEntry, now: number): vscode.TreeItem {
  const item = new vscode.TreeItem(t("attempt {0}", view.number));
  item.description = attemptDescription(view, now, t);
  item.iconPath = new vscode.ThemeIcon("output");
  item.command = {
    command: "reprod.openLogs",
    title: t("Open Logs"),
    arguments: [{ project, run, node, attempt }],
  };
  item.accessibilityInformation = {
    label: `${t("attempt {0}", view.number)}, ${attemptDescription(view, now, t)}`,
  };
  return item;
}

function tooltip(entry: Entry, now: number): vscode.MarkdownString | undefined {
  switch (entry.kind) {
    case "run": {
      const { view } = entry;
      return lines(
        runSentence(view, now, t),
        view.targets.length === 0 ? undefined : t("Targets: {0}", view.targets.join(", ")),
        t("Run {0} on {1}, {2}", view.run, view.executor, new Date(view.startedAt).toLocaleString()),
        ...view.warnings,
      );
    }
    case "node":
      return nodeTooltip(entry.view);
    case "attempt": {
      const { startedAt, message, exitCode, wallMilliseconds, cpuMilliseconds, peakMemoryBytes } = entry.view;
      return lines(
        t("Attempt {0}, started {1}", entry.view.number, new Date(startedAt).toLocaleString()),
        message ?? (exitCode === undefined ? undefined : t("exit {0}", exitCode)),
        usage(wallMilliseconds, cpuMilliseconds, peakMemoryBytes),
      );
    }
    case "group":
    case "note":
      return undefined;
  }
}

function nodeTooltip({ node, message, attempts }: RunNodeView): vscode.MarkdownString {
  const last = attempts.at(-1);
  return lines(
    node,
    message,
    last === undefined ? undefined : usage(last.wallMilliseconds, last.cpuMilliseconds, last.peakMemoryBytes),
  );
}

function usage(
  wall: number | undefined,
  cpu: number | undefined,
  memory: number | undefined,
): string | undefined {
  const parts = [
    wall === undefined ? undefined : duration(wall, t),
    cpu === undefined ? undefined : t("{0} of cpu", duration(cpu, t)),
    memory === undefined ? undefined : t("{0} at most", bytes(memory)),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" · ");
}

/** Messages of scripts are text, never Markdown. */
function lines(title: string, ...more: readonly (string | undefined)[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString("**").appendText(title).appendMarkdown("**");
  for (const line of more)
    if (line !== undefined && line !== "") text.appendMarkdown("\n\n").appendText(line);
  return text;
}
