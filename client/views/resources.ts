import * as vscode from "vscode";
import type { FailureData } from "../../server/protocol.js";
import { asSentence, failureMessage } from "../failure-text.js";
import {
  type ActionEntry,
  accountText,
  childrenOf,
  contextOf,
  differenceText,
  type Entry,
  failureOf,
  type GroupEntry,
  groupDescription,
  groupIcons,
  groupStateWord,
  isNobody,
  parentOf,
  type ResourceEntry,
  resourceDescription,
  resourceIcons,
  resourceStateWord,
  topEntries,
  troubleLines,
} from "../resources-model.js";
import type { Services } from "../services.js";

const { t } = vscode.l10n;

/** Groups of resources in AWS with their state → their resources with ids. */
export function registerResourcesView(services: Services): vscode.Disposable {
  return new ResourcesView(services);
}

class ResourcesView implements vscode.TreeDataProvider<Entry>, vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<Entry | undefined>();
  readonly #tree: vscode.TreeView<Entry>;
  readonly #disposables: vscode.Disposable[];
  /** Rows of groups that are drawn, by project and name: progress redraws one of them. */
  readonly #groups = new Map<string, GroupEntry>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    const { resources, server } = services;
    this.#tree = vscode.window.createTreeView("reprod.resources", {
      treeDataProvider: this,
    });
    this.#disposables = [
      this.#changed,
      this.#tree,
      resources.onDidChange(() => this.#draw()),
      resources.onDidProgress(({ project, group }) => {
        const entry = this.#groups.get(keyOf(project, group));
        if (entry !== undefined) this.#changed.fire(entry);
      }),
      this.#tree.onDidChangeVisibility(({ visible }) => {
        resources.seen = visible;
        this.#say();
      }),
      server.onDidChangeState(() => {
        // The view may have been seen before there was anybody to ask.
        if (this.#tree.visible) resources.seen = true;
        this.#say();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        if (this.#tree.visible && resources.projects !== undefined)
          resources.refresh(false).catch(services.report);
        this.#say();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        if (this.#tree.visible) resources.seen = true;
        this.#say();
      }),
    ];
    if (this.#tree.visible) resources.seen = true;
    this.#say();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  getParent(entry: Entry): Entry | undefined {
    return parentOf(entry, (this.#services.resources.projects ?? []).length === 1);
  }

  getChildren(entry?: Entry): Entry[] {
    const { projects = [], progress } = this.#services.resources;
    const [only, ...more] = projects;
    // Nobody has said whose account is meant: the view's own text says what to do.
    if (entry === undefined && more.length === 0 && only !== undefined && isNobody(only.account)) return [];
    const entries = entry === undefined ? topEntries(projects, progress) : childrenOf(entry, progress);
    for (const one of entries) if (one.kind === "group") this.#groups.set(keyOf(one.project, one.group), one);
    return [...entries];
  }

  getTreeItem(entry: Entry): vscode.TreeItem {
    const { progress } = this.#services.resources;
    // An entry that is drawn again is an old one: what goes on is asked for anew.
    const now = entry.kind === "group" ? current(entry, progress.get(entry.project)) : entry;
    const item = itemOf(now);
    item.id = entry.key;
    item.contextValue = contextOf(now);
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, entry: Entry): vscode.TreeItem {
    item.tooltip = tooltip(entry);
    return item;
  }

  #draw(): void {
    this.#groups.clear();
    this.#changed.fire(undefined);
    this.#say();
  }

  /** One word for what the view has to say when it has no entries; `viewsWelcome` has a text for each. */
  #say(): void {
    const { server, resources } = this.#services;
    const { projects } = resources;
    const [only, ...more] = projects ?? [];
    const single = more.length === 0 ? only : undefined;
    const failure = single && failureOf(single);
    const state =
      (vscode.workspace.workspaceFolders ?? []).length === 0
        ? "noFolder"
        : !vscode.workspace.isTrusted
          ? "untrusted"
          : server.state === "stopped"
            ? "stopped"
            : projects === undefined
              ? "starting"
              : single !== undefined && isNobody(single.account)
                ? "noProfile"
                : "ready";
    this.#tree.message = state === "ready" && failure !== undefined ? messageOf(failure) : "";
    this.#tree.description = single === undefined ? "" : accountText(single.account);
    const { report } = this.#services;
    vscode.commands.executeCommand("setContext", "reprod.resourcesView", state).then(undefined, report);
  }
}

/** The command in it is a row below. */
function messageOf(failure: FailureData): string {
  return failureMessage(failure, t).replaceAll("`", "");
}

function keyOf(project: string, group: string): string {
  return `${project}\u0000${group}`;
}

function current(entry: GroupEntry, progress: GroupEntry["progress"]): GroupEntry {
  return { ...entry, progress: progress?.group === entry.group ? progress : undefined };
}

// ---------------------------------------------------------------- items

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

function itemOf(entry: Entry): vscode.TreeItem {
  switch (entry.kind) {
    case "project": {
      const item = new vscode.TreeItem(entry.view.name, Expanded);
      item.description = accountText(entry.view.account);
      item.iconPath = new vscode.ThemeIcon("root-folder");
      return item;
    }
    case "note": {
      const item = new vscode.TreeItem(asSentence(entry.text), None);
      item.iconPath = icon({ icon: "warning", color: "reprod.brokenForeground" });
      return item;
    }
    case "action":
      return actionItem(entry);
    case "group":
      return groupItem(entry);
    case "resource":
      return resourceItem(entry);
  }
}

function actionItem(entry: ActionEntry): vscode.TreeItem {
  const { action, command } = entry;
  const actions: {
    readonly [action in ActionEntry["action"]]: readonly [title: string, icon: string, command: string];
  } = {
    signIn: [t("Sign In"), "terminal", "reprod.signIn"],
    again: [t("Try Again"), "refresh", "reprod.refreshResources"],
    choose: [t("Choose Another Profile"), "account", "reprod.chooseProfile"],
    log: [t("Show Log"), "output", "reprod.showLog"],
  };
  const [title, name, id] = actions[action];
  const item = new vscode.TreeItem(title, None);
  if (command !== undefined) item.description = command;
  item.iconPath = new vscode.ThemeIcon(name);
  // Each project may need another sign-in, and has a folder of its own to choose for.
  const folder = vscode.Uri.parse(entry.of.view.folder);
  item.command = { title, command: id, arguments: [action === "choose" ? folder : entry] };
  item.accessibilityInformation = { label: [title, command].filter(Boolean).join(", "), role: "button" };
  return item;
}

function groupItem({ view, progress }: GroupEntry): vscode.TreeItem {
  const item = new vscode.TreeItem(view.title, view.resources.length === 0 ? None : Collapsed);
  item.description = groupDescription(view, progress, t);
  item.iconPath =
    progress === undefined
      ? icon(groupIcons[view.state])
      : icon({ icon: "sync~spin", color: "reprod.runningForeground" });
  item.accessibilityInformation = { label: `${view.title}, ${item.description}` };
  return item;
}

function resourceItem({ view }: ResourceEntry): vscode.TreeItem {
  const item = new vscode.TreeItem(view.kind, None);
  item.description = resourceDescription(view, t);
  item.iconPath = icon(resourceIcons[view.state]);
  item.accessibilityInformation = {
    label: `${view.kind}, ${item.description}, ${resourceStateWord(view.state, t)}`,
  };
  return item;
}

function icon({ icon, color }: { readonly icon: string; readonly color: string }): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}

function tooltip(entry: Entry): vscode.MarkdownString {
  switch (entry.kind) {
    case "project":
      return lines(entry.view.name, accountText(entry.view.account), entry.project);
    case "note": {
      const failure = failureOf(entry.of.view);
      return lines(entry.text, failure?.why, failure?.fix);
    }
    case "action":
      return lines(entry.command ?? failureOf(entry.of.view)?.message ?? "");
    case "group": {
      const { title, purpose, state, resources, fileDiffers, trouble } = entry.view;
      const wrong = resources.filter((one) => one.state !== "ready" && one.state !== "adopted");
      return lines(
        `${title}: ${groupStateWord(state, t)}`,
        purpose,
        ...troubleLines(trouble),
        ...wrong.slice(0, 10).map((one) => `${one.kind} · ${resourceDescription(one, t)}`),
        fileDiffers ? t("The settings file does not say what is there.") : undefined,
      );
    }
    case "resource": {
      const { kind, name, id, detail, state, differences, trouble } = entry.view;
      return lines(
        `${kind}: ${resourceStateWord(state, t)}`,
        name,
        id === name ? undefined : id,
        detail,
        ...differences.map(differenceText),
        ...troubleLines(trouble),
      );
    }
  }
}

/** What AWS says is text, never Markdown. */
function lines(title: string, ...more: readonly (string | undefined)[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString("**").appendText(title).appendMarkdown("**");
  for (const line of more)
    if (line !== undefined && line !== "") text.appendMarkdown("\n\n").appendText(line);
  return text;
}
