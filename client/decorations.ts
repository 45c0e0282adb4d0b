import * as vscode from "vscode";
import { type ShownState, type StateMark, shownStates, statesNotification } from "../server/protocol.js";
import { stateFiles } from "./icons.js";
import { byState, isNewer, type Marks, markAt } from "./marks.js";
import type { Server } from "./server.js";
import { setting } from "./settings.js";
import { stateColor } from "./state-text.js";

/** What commands ask of the signs in the editor. */
export interface StateMarks extends vscode.Disposable {
  /** The node statement at a place of an open document. */
  readonly at: (document: vscode.TextDocument, line: number) => StateMark | undefined;
}

/**
 * A sign for each node statement, in the gutter and in the overview ruler. Each state has another shape; what it stands
 * for is in the hover, the lens and the inlay hint too, for those who do not see the gutter.
 */
export function registerDecorations(context: vscode.ExtensionContext, server: Server): StateMarks {
  const types = new Map<ShownState, vscode.TextEditorDecorationType>();
  const known = new Map<string, Marks>();

  const draw = (editor: vscode.TextEditor): void => {
    const { document } = editor;
    if (document.languageId !== "reprod") return;
    const marks = known.get(document.uri.toString());
    // Signs of an older text stay where the editor has moved them; the server sends those of this text soon.
    if (marks !== undefined && marks.version !== document.version) return;
    const wanted = setting("gutter.enabled", document);
    const groups = byState(wanted ? (marks?.marks ?? []) : []);
    for (const state of shownStates) {
      const group = groups.get(state);
      const type = types.get(state);
      if (group === undefined && type === undefined) continue;
      editor.setDecorations(
        type ?? made(state),
        (group ?? []).map((mark) => place(document, mark)),
      );
    }
  };

  const made = (state: ShownState): vscode.TextEditorDecorationType => {
    const { light, dark } = stateFiles(context.extensionUri, state);
    const type = vscode.window.createTextEditorDecorationType({
      gutterIconSize: "contain",
      light: { gutterIconPath: light },
      dark: { gutterIconPath: dark },
      rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
      // Cached is how things should be: the ruler shows what is not.
      ...(state === "cached"
        ? {}
        : {
            overviewRulerColor: new vscode.ThemeColor(stateColor(state)),
            overviewRulerLane: vscode.OverviewRulerLane.Left,
          }),
    });
    types.set(state, type);
    return type;
  };

  const drawAll = (): void => {
    for (const editor of vscode.window.visibleTextEditors) draw(editor);
  };

  const subscriptions = vscode.Disposable.from(
    server.onNotification(statesNotification, ({ uri, version, marks }) => {
      // The server writes uris as the protocol has it; what VS Code calls the document may be written otherwise.
      const key = vscode.Uri.parse(uri).toString();
      const next = { version, marks };
      if (!isNewer(known.get(key), next)) return;
      known.set(key, next);
      for (const editor of vscode.window.visibleTextEditors) {
        if (editor.document.uri.toString() === key) draw(editor);
      }
    }),
    vscode.window.onDidChangeVisibleTextEditors(drawAll),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => known.delete(uri.toString())),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("reprod.gutter.enabled")) drawAll();
    }),
  );

  return {
    at: (document, line) => {
      const marks = known.get(document.uri.toString());
      return marks === undefined ? undefined : markAt(marks.marks, line);
    },
    dispose: () => {
      subscriptions.dispose();
      for (const type of types.values()) type.dispose();
    },
  };
}

/**
 * At the beginning of the statement only: a sign beside each line would say that there are many nodes. The place has no
 * width and no text of its own, because what could be said there is in the hover of the server already.
 */
function place(document: vscode.TextDocument, { range }: StateMark): vscode.Range {
  const line = Math.min(range.start.line, document.lineCount - 1);
  return new vscode.Range(line, 0, line, 0);
}
