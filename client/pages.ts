import * as vscode from "vscode";
import { explainRequest, type Page, planRequest, provenanceRequest } from "../server/protocol.js";
import type { Server } from "./server.js";
import { setting } from "./settings.js";
import { type PageSource, pageScheme, pageSource, pageUri } from "./uris.js";

const { t } = vscode.l10n;

/** What a plan's page offers to do. */
export interface PlannedRun {
  /** `Run 5 Nodes` */
  readonly title: string;
  /** It asks first, and closes the page itself. */
  readonly asks?: true;
  readonly start: () => Promise<void>;
}

/**
 * Plans, explanations and provenance as read-only Markdown documents. Their uri says how they are made, so one that is
 * open when the window closes comes back; otherwise they stay as they were when they were asked for.
 */
export class Pages implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  readonly #server: Server;
  readonly #report: (error: unknown) => void;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #lensesChanged = new vscode.EventEmitter<void>();
  readonly #texts = new Map<string, string>();
  readonly #planned = new Map<string, PlannedRun>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;
  readonly onDidChangeCodeLenses = this.#lensesChanged.event;

  constructor(server: Server, report: (error: unknown) => void) {
    this.#server = server;
    this.#report = report;
    this.#disposables = [
      this.#changed,
      this.#lensesChanged,
      vscode.workspace.registerTextDocumentContentProvider(pageScheme, this),
      vscode.languages.registerCodeLensProvider({ scheme: pageScheme }, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#texts.delete(uri.toString());
        if (this.#planned.delete(uri.toString())) this.#sayPlanned();
      }),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** Shows a page; a plan with the run that it is the plan of. */
  async show(source: PageSource, page: Page, planned?: PlannedRun): Promise<vscode.Uri> {
    const uri = vscode.Uri.from(pageUri(page.title, source));
    this.#texts.set(uri.toString(), page.markdown);
    if (planned !== undefined) this.#planned.set(uri.toString(), planned);
    this.#sayPlanned();
    this.#changed.fire(uri);
    await openPage(uri);
    return uri;
  }

  /** Offers again what was taken and not done, as long as the page is open. */
  offer(uri: vscode.Uri, planned: PlannedRun): void {
    if (!this.#texts.has(uri.toString())) return;
    this.#planned.set(uri.toString(), planned);
    this.#sayPlanned();
  }

  /** The run that a plan's page offers, which is offered no longer. */
  takePlanned(uri: vscode.Uri): PlannedRun | undefined {
    const planned = this.#planned.get(uri.toString());
    if (this.#planned.delete(uri.toString())) this.#sayPlanned();
    return planned;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const known = this.#texts.get(uri.toString());
    if (known !== undefined) return known;
    const source = pageSource(uri);
    if (source === undefined) return t("This is the address of no page.");
    if (source.kind === "resources") {
      // Nothing is asked of AWS for an editor that comes back with the window.
      return t("This plan is from an earlier window, and the account may be different now. Plan again.");
    }
    try {
      const { markdown } = await this.#make(source);
      this.#texts.set(uri.toString(), markdown);
      return markdown;
    } catch (error) {
      // It is asked for by an editor that comes back with the window, not by a person: no message box.
      return t(
        "This page could not be made again: {0}",
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const planned = this.#planned.get(uri.toString());
    if (planned === undefined) return [];
    const top = new vscode.Range(0, 0, 0, 0);
    return [
      new vscode.CodeLens(top, {
        title: `$(play) ${planned.title}`,
        command: "reprod.runPlan",
        arguments: [uri],
      }),
      new vscode.CodeLens(top, { title: t("Cancel"), command: "reprod.discardPlan", arguments: [uri] }),
    ];
  }

  async #make(source: Exclude<PageSource, { readonly kind: "resources" }>): Promise<Page> {
    switch (source.kind) {
      case "plan":
        return (await this.#server.request(planRequest, source.of)).page;
      case "explain":
        return this.#server.request(explainRequest, source.of);
      case "provenance":
        return this.#server.request(provenanceRequest, source.of);
    }
  }

  #sayPlanned(): void {
    this.#lensesChanged.fire();
    vscode.commands
      .executeCommand("setContext", "reprod.plannedPages", [...this.#planned.keys()])
      .then(undefined, this.#report);
  }
}

const preview = "vscode.markdown.preview.editor";

async function openPage(uri: vscode.Uri): Promise<void> {
  if (setting("pages.open") === "preview") {
    // The preview as an editor of its own: menus know its uri, and it comes back with the window.
    await vscode.commands.executeCommand("vscode.openWith", uri, preview, { preview: true });
    return;
  }
  await vscode.window.showTextDocument(uri, { preview: true });
}

/** The page in front, in whichever way it is shown. */
export function activePage(): vscode.Uri | undefined {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri =
    input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  return uri?.scheme === pageScheme ? uri : undefined;
}

export async function closePage(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const open = tabs.filter(({ input }) => {
    const shows = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom;
    return shows && input.uri.toString() === uri.toString();
  });
  await vscode.window.tabGroups.close(open);
}
