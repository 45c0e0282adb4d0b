import { randomBytes } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  type GraphPicture,
  graphRequest,
  pipelinesChanged,
  runsChanged,
  statesNotification,
} from "../../server/protocol.js";
import { failureMessage } from "../failure-text.js";
import { RequestFailure, ServerUnavailable } from "../failures.js";
import type { Services } from "../services.js";
import { isToPanel, type ToPage, type ToPanel } from "./messages.js";
import { pageText } from "./page.js";
import { Refresher } from "./refresher.js";

const { t } = vscode.l10n;

export const panelType = "reprod.graph";

/** What the graph needs of the rest of the client. */
export type GraphServices = Pick<Services, "report"> & {
  readonly server: Pick<Services["server"], "request" | "onNotification" | "onDidChangeState">;
};

/** Changes of one moment, such as all nodes that a run has made, are one new picture. */
const DELAY = 250;

/** The graph of one pipeline. The page draws and is driven; here it gets its pictures and what it asks for is done. */
export class GraphPanel {
  readonly uri: vscode.Uri;
  readonly #panel: vscode.WebviewPanel;
  readonly #services: GraphServices;
  readonly #refresher: Refresher;
  readonly #disposables: vscode.Disposable[] = [];
  #unfolded: readonly string[] = [];
  #picture: GraphPicture | undefined;
  /** To be selected once the page is there. */
  #wanted: string | undefined;
  #isReady = false;

  constructor(
    uri: vscode.Uri,
    panel: vscode.WebviewPanel,
    extension: vscode.Uri,
    services: GraphServices,
    closed: () => void,
  ) {
    this.uri = uri;
    this.#panel = panel;
    this.#services = services;
    this.#refresher = new Refresher((signal) => this.#refresh(signal), DELAY);
    const media = (name: string): vscode.Uri => vscode.Uri.joinPath(extension, "media", name);
    panel.iconPath = { light: media("file-light.svg"), dark: media("file-dark.svg") };
    panel.title = t("Graph of {0}", path.posix.basename(uri.path));
    this.#fill(extension);
    const isThis = (other: string): boolean => vscode.Uri.parse(other).toString() === uri.toString();
    this.#disposables.push(
      panel.webview.onDidReceiveMessage((message: unknown) => {
        if (isToPanel(message)) this.#told(message).catch(services.report);
      }),
      panel.onDidChangeViewState(() => {
        // A page that is not seen is gone, and says "ready" when it is back.
        if (panel.visible) return;
        this.#isReady = false;
        this.#refresher.watched = false;
      }),
      services.server.onNotification(pipelinesChanged, () => this.#refresher.soon()),
      services.server.onNotification(statesNotification, ({ uri: of }) => {
        if (isThis(of)) this.#refresher.soon();
      }),
      services.server.onNotification(runsChanged, ({ runs }) => {
        if (runs.some((run) => isThis(run.uri))) this.#refresher.soon();
      }),
      services.server.onDidChangeState((state) => {
        if (state === "running") this.#refresher.soon();
      }),
      panel.onDidDispose(() => {
        this.#refresher.close();
        for (const disposable of this.#disposables) disposable.dispose();
        closed();
      }),
    );
  }

  /** Brings it to the front, with the box of a node or family selected. */
  reveal(node: string | undefined): void {
    this.#panel.reveal(undefined, false);
    this.#wanted = node;
    if (this.#isReady) this.#selectWanted();
  }

  #fill(extension: vscode.Uri): void {
    const { webview } = this.#panel;
    const dist = vscode.Uri.joinPath(extension, "dist");
    const at = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    webview.html = pageText({
      uri: this.uri.toString(),
      language: vscode.env.language,
      bundle: vscode.l10n.bundle,
      script: at("graph-view.js"),
      styles: at("graph-view.css"),
      source: webview.cspSource,
      nonce: randomBytes(16).toString("hex"),
    });
  }

  async #told(message: ToPanel): Promise<void> {
    switch (message.type) {
      case "ready":
        this.#isReady = true;
        this.#unfolded = message.unfolded;
        // What was shown last is there at once, and may be old.
        if (this.#picture !== undefined) this.#post({ type: "picture", picture: this.#picture });
        this.#selectWanted();
        this.#refresher.watched = true;
        this.#refresher.now();
        break;
      case "unfolded":
        this.#unfolded = message.unfolded;
        this.#refresher.now();
        break;
      case "retry":
        this.#refresher.now();
        break;
      case "open":
        await this.#open(message.box);
        break;
      case "export":
        await this.#export(message.svg);
        break;
    }
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const source = new vscode.CancellationTokenSource();
    signal.addEventListener("abort", () => source.cancel());
    const params = { uri: this.uri.toString(), unfolded: this.#unfolded };
    try {
      const picture = await this.#services.server.request(graphRequest, params, source.token);
      if (signal.aborted) return;
      this.#picture = picture;
      this.#post({ type: "picture", picture });
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
    } finally {
      source.dispose();
    }
  }

  /** In the page, where it does not stand in the way; a defect is reported as all are. */
  #tell(error: unknown): void {
    if (error instanceof vscode.CancellationError) return;
    if (error instanceof RequestFailure) {
      this.#post({ type: "problem", text: failureMessage(error.data, t) });
    } else if (error instanceof ServerUnavailable) {
      this.#post({
        type: "problem",
        text: t("The language server of Reprod is not running. Runs that were started go on."),
      });
    } else {
      this.#post({ type: "problem", text: t("The graph could not be drawn.") });
      this.#services.report(error);
    }
  }

  #selectWanted(): void {
    if (this.#wanted === undefined) return;
    this.#post({ type: "select", name: this.#wanted });
    this.#wanted = undefined;
  }

  #post(message: ToPage): void {
    // False: the page went while the answer came. It asks again when it is back.
    this.#panel.webview.postMessage(message).then(undefined, this.#services.report);
  }

  /** Only places of the picture: the page cannot have any other file opened. */
  async #open(id: string): Promise<void> {
    const place = this.#picture?.boxes.find((box) => box.id === id)?.place;
    if (place === undefined) return;
    const { start, end } = place.range;
    const uri = vscode.Uri.parse(place.uri);
    const beside =
      this.#panel.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
    const shown = vscode.window.visibleTextEditors.find(
      (editor) => editor.document.uri.toString() === uri.toString(),
    );
    await vscode.commands.executeCommand("vscode.open", uri, {
      viewColumn: shown?.viewColumn ?? beside,
      selection: new vscode.Range(start.line, start.character, end.line, end.character),
    } satisfies vscode.TextDocumentShowOptions);
  }

  async #export(svg: string): Promise<void> {
    const name = `${path.posix.basename(this.uri.path, ".reprod")}.svg`;
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(this.uri, "..", name),
      filters: { SVG: ["svg"] },
      title: t("Export Graph as SVG"),
    });
    if (target === undefined) return;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(svg));
    const open = t("Open");
    const chosen = await vscode.window.showInformationMessage(
      t("The graph is in {0}.", vscode.workspace.asRelativePath(target)),
      open,
    );
    if (chosen === open) await vscode.commands.executeCommand("vscode.open", target);
  }
}
