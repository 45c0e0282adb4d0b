import * as vscode from "vscode";
import { logRequest } from "../server/protocol.js";
import { grouped } from "./format.js";
import { followLog } from "./log-follow.js";
import { LogText } from "./log-text.js";
import type { Services } from "./services.js";
import { type LogPlace, logPlace, logScheme, logUri } from "./uris.js";

const { t } = vscode.l10n;

/** A document that is opened waits this long for its first text, so that it does not open empty. */
const patience = 1500;

/**
 * Logs as read-only documents that grow: of attempts that run, have failed, were cancelled or have ended alike. A log
 * is followed while somebody sees it, and taken up again where it was left.
 */
export function registerLogs(services: Services): vscode.Disposable {
  const logs = new Logs(services);
  return vscode.Disposable.from(logs, vscode.workspace.registerTextDocumentContentProvider(logScheme, logs));
}

export async function openLog(place: LogPlace): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.from(logUri(place)));
  const { end } = document.lineAt(document.lineCount - 1).range;
  // The cursor too: at the first word, all words like it would be marked, and a screen reader would begin there.
  await vscode.window.showTextDocument(document, { preview: true, selection: new vscode.Range(end, end) });
}

interface Log {
  readonly uri: vscode.Uri;
  readonly place: LogPlace;
  readonly text: LogText;
  cursor: string | undefined;
  ended: boolean;
  /** Why it could not be read on. */
  problem: string | undefined;
  following: vscode.CancellationTokenSource | undefined;
}

class Logs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #logs = new Map<string, Log>();
  /** Editors that stood at the end of a log before it grew. */
  readonly #atEnd = new Set<vscode.TextEditor>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    this.#disposables = [
      this.#changed,
      vscode.window.onDidChangeVisibleTextEditors(() => this.#followVisible()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#scroll(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      services.server.onDidChangeState((state) => {
        if (state === "running") this.#followVisible();
      }),
    ];
  }

  dispose(): void {
    for (const log of this.#logs.values()) stop(log);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const known = this.#logs.get(uri.toString());
    if (known !== undefined) return shown(known);
    const place = logPlace(uri);
    if (place === undefined) return t("This is the address of no log.");
    const log: Log = {
      uri,
      place,
      text: new LogText(),
      cursor: undefined,
      ended: false,
      problem: undefined,
      following: undefined,
    };
    this.#logs.set(uri.toString(), log);
    await this.#first(log);
    return shown(log);
  }

  /** Follows until there is something to show or patience ends; it is followed on as long as it is visible. */
  #first(log: Log): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#follow(log, done).then(done, this.#services.report);
    });
  }

  #followVisible(): void {
    const visible = new Set(vscode.window.visibleTextEditors.map(({ document }) => document.uri.toString()));
    for (const [key, log] of this.#logs) {
      if (!visible.has(key)) stop(log);
      else if (!log.ended && log.following === undefined) {
        this.#follow(log).catch(this.#services.report);
      }
    }
  }

  async #follow(log: Log, first?: () => void): Promise<void> {
    const { server } = this.#services;
    const source = new vscode.CancellationTokenSource();
    log.following = source;
    log.problem = undefined;
    try {
      await followLog(log.cursor, {
        ask: (cursor) =>
          server.request(
            logRequest,
            { ...log.place, ...(cursor === undefined ? {} : { cursor }) },
            source.token,
          ),
        took: ({ text, cursor, ended }) => {
          log.cursor = cursor;
          log.ended = ended && text === "";
          if (text !== "") log.text.append(text);
          if (text !== "" || log.ended) this.#redraw(log);
          first?.();
        },
        stopped: () => source.token.isCancellationRequested,
        pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
        now: Date.now,
      });
    } catch (error) {
      if (!source.token.isCancellationRequested) {
        // It stands in the document, beside what could be read; it is tried again when the document is looked at again.
        log.problem = error instanceof Error ? error.message : String(error);
        this.#services.log.error(`The log of ${log.place.node} could not be read: ${log.problem}`);
        this.#redraw(log);
      }
    } finally {
      if (log.following === source) log.following = undefined;
      source.dispose();
    }
  }

  #redraw(log: Log): void {
    const key = log.uri.toString();
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() !== key) continue;
      const last = editor.visibleRanges.at(-1)?.end.line ?? 0;
      if (last >= editor.document.lineCount - 2) this.#atEnd.add(editor);
    }
    this.#changed.fire(log.uri);
  }

  /** Who reads further up is left there. */
  #scroll(document: vscode.TextDocument): void {
    if (document.uri.scheme !== logScheme) return;
    for (const editor of this.#atEnd) {
      if (editor.document !== document) continue;
      this.#atEnd.delete(editor);
      const end = document.lineAt(document.lineCount - 1).range.end;
      editor.revealRange(new vscode.Range(end, end));
    }
  }

  #forget(uri: vscode.Uri): void {
    const log = this.#logs.get(uri.toString());
    if (log !== undefined) stop(log);
    this.#logs.delete(uri.toString());
  }
}

/** What is on its way is dropped; the next who follows asks for it again. */
function stop(log: Log): void {
  log.following?.cancel();
  log.following = undefined;
}

function shown({ text, ended, problem }: Log): string {
  const parts: string[] = [];
  if (text.dropped > 0) {
    parts.push(t("… {0} characters before this are not shown here.", grouped(text.dropped)), "\n");
  }
  parts.push(text.text);
  if (text.text === "" && problem === undefined) {
    parts.push(ended ? t("(The script wrote nothing.)") : t("(Nothing has been written yet.)"));
  }
  if (problem !== undefined) parts.push("\n", t("— This log could not be read on: {0}", problem));
  return parts.join("");
}
