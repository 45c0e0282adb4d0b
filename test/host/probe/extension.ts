// An extension that has one of everything that the harness reads and presses, and nothing else.
import * as vscode from "vscode";

export function activate({ subscriptions }: vscode.ExtensionContext): void {
  const command = (id: string, act: (...args: never[]) => unknown) =>
    subscriptions.push(vscode.commands.registerCommand(`probe.${id}`, act));
  const tell = (text: string) => vscode.window.showInformationMessage(text);

  command("toast", async () => {
    void vscode.window.showWarningMessage("one warning");
    const answer = await vscode.window.showErrorMessage("one error", "Try Again", "Leave");
    await tell(`pressed ${answer}`);
  });
  command("modal", async () => {
    const options = { modal: true, detail: "It costs nothing." };
    const answer = await vscode.window.showWarningMessage("Do it?", options, "Do It", "Do Half");
    await tell(`answered ${answer}`);
  });
  command("pick", async () => {
    const picked = await vscode.window.showQuickPick(
      [
        { label: "first", description: "of two" },
        { label: "second", detail: "the last one" },
      ],
      { title: "Which One", placeHolder: "one of them" },
    );
    const text = await vscode.window.showInputBox({
      title: "How Many",
      value: "1",
      validateInput: (value) => (/^\d+$/.test(value) ? undefined : "not a number"),
    });
    await tell(`chose ${picked?.label} ${text}`);
  });
  command("webview", () => {
    const panel = vscode.window.createWebviewPanel("probe", "Web Page", vscode.ViewColumn.One, {
      enableScripts: true,
    });
    panel.webview.onDidReceiveMessage((message) => tell(`page says ${message}`));
    panel.webview.html =
      "<h1>a heading</h1><button onclick=\"acquireVsCodeApi().postMessage('hello')\">Say Hello</button>";
  });
  command("facts", () => {
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.name).join("+");
    return tell(`trusted ${vscode.workspace.isTrusted}, folders ${folders}, env ${process.env.PROBE_ENV}`);
  });
  command("press", (row: string) => tell(`row ${row}`));
  command("refresh", () => tell("refreshed"));

  const status = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Left);
  status.text = "$(beaker) probe is up";
  status.accessibilityInformation = { label: "probe is ready" };
  status.show();

  const rows: Readonly<Record<string, readonly string[]>> = { "": ["group"], group: ["alpha", "beta"] };
  const tree: vscode.TreeDataProvider<string> = {
    getChildren: (row) => [...(rows[row ?? ""] ?? [])],
    getTreeItem: (row) => ({
      label: row,
      description: `about ${row}`,
      tooltip: `more of ${row}`,
      iconPath: new vscode.ThemeIcon(row === "group" ? "folder" : "check"),
      contextValue: row === "group" ? "group" : "leaf",
      accessibilityInformation: { label: `${row} spoken` },
      collapsibleState:
        row === "group" ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    }),
  };
  const none: vscode.TreeDataProvider<string> = {
    getChildren: () => [],
    getTreeItem: (row) => ({ label: row }),
  };
  const problems = vscode.languages.createDiagnosticCollection("probe");
  const sign = vscode.window.createTextEditorDecorationType({
    gutterIconPath: vscode.Uri.parse(
      `data:image/svg+xml;utf8,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><circle cx="4" cy="4" r="4"/></svg>')}`,
    ),
  });
  const ruleLines = (document: vscode.TextDocument) =>
    [...Array(document.lineCount).keys()].filter((line) => document.lineAt(line).text.startsWith("rule "));
  const look = (document: vscode.TextDocument) => {
    if (document.languageId !== "probe") return;
    const bad = /BAD/.exec(document.getText());
    const ranges =
      bad === null
        ? []
        : [new vscode.Range(document.positionAt(bad.index), document.positionAt(bad.index + 3))];
    problems.set(
      document.uri,
      ranges.map((range) => new vscode.Diagnostic(range, "BAD is bad", vscode.DiagnosticSeverity.Error)),
    );
    for (const editor of vscode.window.visibleTextEditors)
      if (editor.document === document)
        editor.setDecorations(
          sign,
          ruleLines(document).map((line) => document.lineAt(line).range),
        );
  };
  subscriptions.push(
    status,
    problems,
    sign,
    vscode.window.registerTreeDataProvider("probe.rows", tree),
    vscode.window.registerTreeDataProvider("probe.empty", none),
    vscode.workspace.onDidChangeTextDocument(({ document }) => look(document)),
    vscode.window.onDidChangeVisibleTextEditors((editors) => {
      for (const { document } of editors) look(document);
    }),
    vscode.languages.registerHoverProvider("probe", {
      provideHover: (document, position) => {
        const word = document.getText(document.getWordRangeAtPosition(position));
        return new vscode.Hover(`a hover on **${word}**`);
      },
    }),
    vscode.languages.registerCodeActionsProvider("probe", {
      provideCodeActions: (document, _range, { diagnostics }) =>
        diagnostics.map((diagnostic) => {
          const action = new vscode.CodeAction("Make it good", vscode.CodeActionKind.QuickFix);
          action.diagnostics = [diagnostic];
          action.edit = new vscode.WorkspaceEdit();
          action.edit.replace(document.uri, diagnostic.range, "GOOD");
          return action;
        }),
    }),
    vscode.languages.registerCompletionItemProvider("probe", {
      provideCompletionItems: () => [
        new vscode.CompletionItem("finest"),
        new vscode.CompletionItem("finished"),
      ],
    }),
    vscode.languages.registerInlayHintsProvider("probe", {
      provideInlayHints: (document) =>
        ruleLines(document).map(
          (line) => new vscode.InlayHint(document.lineAt(line).range.end, `hint ${line + 1}`),
        ),
    }),
    vscode.languages.registerCodeLensProvider("probe", {
      provideCodeLenses: (document) =>
        ruleLines(document).flatMap((line) => {
          const range = document.lineAt(line).range;
          return [
            new vscode.CodeLens(range, {
              title: `$(play) Run line ${line + 1}`,
              command: "probe.press",
              arguments: [`of line ${line + 1}`],
            }),
            new vscode.CodeLens(range, { title: "cached", command: "" }),
          ];
        }),
    }),
  );
  for (const { document } of vscode.window.visibleTextEditors) look(document);
}
