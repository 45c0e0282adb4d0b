import * as vscode from "vscode";
import { membersRequest, pipelinesChanged } from "../../server/protocol.js";
import { grouped, nodesText } from "../format.js";
import { stateIcon } from "../icons.js";
import { pipelineViews } from "../pipeline-views.js";
import type { Services } from "../services.js";
import { countsInWords, stateWord, worstState } from "../state-text.js";
import {
  contextOf,
  type Entry,
  type FamilyEntry,
  familyDescription,
  type MemberEntry,
  memberDescription,
  memberEntries,
  type PipelineEntry,
  PipelinesModel,
  parentOf,
  pipelineDescription,
  pipelineLabel,
  pipelineSpoken,
} from "./pipelines-model.js";

const { t } = vscode.l10n;

/** Files → families → members, with their states. */
export function registerPipelinesView(services: Services): vscode.Disposable {
  const view = new PipelinesView(services);
  return vscode.Disposable.from(
    view,
    vscode.commands.registerCommand("reprod.showMoreMembers", (family: FamilyEntry) => view.showMore(family)),
    vscode.commands.registerCommand("reprod.refreshPipelines", () => view.refresh()),
  );
}

class PipelinesView implements vscode.TreeDataProvider<Entry>, vscode.Disposable {
  readonly #services: Services;
  readonly #model = new PipelinesModel();
  readonly #changed = new vscode.EventEmitter<Entry | undefined>();
  readonly #tree: vscode.TreeView<Entry>;
  readonly #disposables: vscode.Disposable[];
  #asking = false;
  #loaded = false;
  /** What is shown may be out of date. */
  #stale = true;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    this.#tree = vscode.window.createTreeView("reprod.pipelines", {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.#disposables = [
      this.#changed,
      this.#tree,
      services.server.onNotification(pipelinesChanged, () => this.refresh()),
      services.server.onDidChangeState(() => this.refresh()),
      this.#tree.onDidChangeVisibility(({ visible }) => {
        if (visible && this.#stale) this.refresh();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#say()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#say()),
    ];
    this.#say();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** Nothing is asked for a view that nobody sees. */
  refresh(): void {
    this.#stale = true;
    this.#say();
    if (!this.#asking) this.#ask().catch(this.#services.report);
  }

  /** One question at a time: what changes meanwhile is asked for after it. */
  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      while (this.#stale && this.#services.server.state === "running" && this.#tree.visible) {
        this.#stale = false;
        const views = await pipelineViews(this.#services.server);
        this.#loaded = true;
        const redraw = this.#model.update(views);
        this.#say();
        if (redraw === "all") this.#changed.fire(undefined);
        else for (const entry of redraw) this.#changed.fire(entry);
      }
    } catch (error) {
      this.#stale = true;
      throw error;
    } finally {
      this.#asking = false;
    }
  }

  showMore(family: FamilyEntry): void {
    family.limit *= 4;
    this.#changed.fire(family);
  }

  getParent(entry: Entry): Entry | undefined {
    return parentOf(entry);
  }

  async getChildren(entry?: Entry): Promise<Entry[]> {
    if (entry === undefined) return [...this.#model.pipelines];
    if (entry.kind === "pipeline") return [...entry.families];
    if (entry.kind !== "family" || entry.view.single) return [];
    try {
      const { uri, node: family, limit } = entry;
      const { members, total } = await this.#services.server.request(membersRequest, { uri, family, limit });
      return [...memberEntries(entry, members, total)];
    } catch (error) {
      this.#services.report(error);
      return [];
    }
  }

  getTreeItem(entry: Entry): vscode.TreeItem {
    const item = this.#item(entry);
    item.id = entry.id;
    item.contextValue = contextOf(entry);
    return item;
  }

  /** Tooltips are made when somebody points at an entry. */
  resolveTreeItem(item: vscode.TreeItem, entry: Entry): vscode.TreeItem {
    const text = tooltip(entry);
    if (text !== undefined) item.tooltip = text;
    return item;
  }

  #item(entry: Entry): vscode.TreeItem {
    switch (entry.kind) {
      case "pipeline":
        return this.#pipelineItem(entry);
      case "family":
        return familyItem(this.#services.context, entry);
      case "member":
        return memberItem(this.#services.context, entry);
      case "more": {
        const item = new vscode.TreeItem(t("and {0} more", grouped(entry.count)));
        item.iconPath = new vscode.ThemeIcon("ellipsis");
        item.command = {
          command: "reprod.showMoreMembers",
          title: t("Show More"),
          arguments: [entry.family],
        };
        return item;
      }
    }
  }

  #pipelineItem({ view }: PipelineEntry): vscode.TreeItem {
    const all = this.#model.pipelines;
    const label = pipelineLabel(
      view,
      all.map((other) => other.view),
    );
    const item = new vscode.TreeItem(
      label,
      view.families.length === 0
        ? vscode.TreeItemCollapsibleState.None
        : all.length === 1
          ? vscode.TreeItemCollapsibleState.Expanded
          : vscode.TreeItemCollapsibleState.Collapsed,
    );
    const uri = vscode.Uri.parse(view.uri);
    item.description = pipelineDescription(view, t);
    const isBroken = view.message !== undefined || (view.errors > 0 && view.nodes === 0);
    item.iconPath = isBroken ? icon("error") : stateIcon(this.#services.context, worstState(view.counts));
    item.command = { command: "vscode.open", title: t("Open"), arguments: [uri] };
    item.accessibilityInformation = { label: pipelineSpoken(label, view, t) };
    return item;
  }

  /** One word for what the view has to say when it has no entries; `viewsWelcome` has a text for each. */
  #say(): void {
    const { server } = this.#services;
    const state =
      (vscode.workspace.workspaceFolders ?? []).length === 0
        ? "noFolder"
        : this.#model.pipelines.length > 0
          ? "ready"
          : server.state === "stopped"
            ? "stopped"
            : !this.#loaded
              ? "starting"
              : vscode.workspace.isTrusted
                ? "none"
                : "untrusted";
    vscode.commands
      .executeCommand("setContext", "reprod.pipelinesView", state)
      .then(undefined, this.#services.report);
  }
}

function familyItem(context: vscode.ExtensionContext, { view, uri }: FamilyEntry): vscode.TreeItem {
  const item = new vscode.TreeItem(
    view.name,
    view.single ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.description = familyDescription(view, t);
  item.iconPath = stateIcon(context, worstState(view.counts));
  item.command = goTo(view.place.uri === "" ? uri : view.place.uri, view.place.range.start);
  item.accessibilityInformation = {
    label: [view.name, view.transform, countsInWords(view.counts, t), view.why].filter(Boolean).join(", "),
  };
  return item;
}

function memberItem(context: vscode.ExtensionContext, { view, family }: MemberEntry): vscode.TreeItem {
  const word = stateWord(view.state, t);
  const item = new vscode.TreeItem(view.keys === "" ? view.name : `[${view.keys}]`);
  item.description = memberDescription(view, word);
  item.iconPath = stateIcon(context, view.state);
  item.command = goTo(family.view.place.uri, family.view.place.range.start);
  item.accessibilityInformation = { label: [view.name, word, ...view.why].join(", ") };
  return item;
}

function goTo(uri: string, at: { readonly line: number; readonly character: number }): vscode.Command {
  const selection = new vscode.Range(at.line, at.character, at.line, at.character);
  return {
    command: "vscode.open",
    title: t("Go to Node"),
    arguments: [vscode.Uri.parse(uri), { selection }],
  };
}

function tooltip(entry: Entry): vscode.MarkdownString | undefined {
  switch (entry.kind) {
    case "pipeline": {
      const { name, path, doc, counts, nodes, message } = entry.view;
      return lines(name, doc, path, message ?? `${nodesText(nodes, t)}: ${countsInWords(counts, t)}`);
    }
    case "family": {
      const { name, transform, doc, counts, why } = entry.view;
      return lines(`${name} = ${transform}`, doc, countsInWords(counts, t), why);
    }
    case "member": {
      const { name, state, why, recipe, run } = entry.view;
      return lines(
        name,
        stateWord(state, t),
        ...why,
        run?.message,
        recipe === undefined ? undefined : t("Recipe {0}", recipe.slice(0, 12)),
      );
    }
    case "more":
      return undefined;
  }
}

/** The first line bold; what comes out of files is text, never Markdown. */
function lines(title: string, ...more: readonly (string | undefined)[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString("**").appendText(title).appendMarkdown("**");
  for (const line of more)
    if (line !== undefined && line !== "") text.appendMarkdown("\n\n").appendText(line);
  return text;
}

function icon(name: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, new vscode.ThemeColor("list.errorForeground"));
}
