import assert from "node:assert/strict";
import { suite, suiteSetup, test } from "mocha";
import * as vscode from "vscode";
import { until } from "../lib/until.js";

/** Every provider of the language, asked as VS Code asks it, on the variants example. */
suite("features of the language", () => {
  let document: vscode.TextDocument;

  suiteSetup(async () => {
    const [file] = await vscode.workspace.findFiles("**/variants.reprod");
    assert.ok(file);
    document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    await until("lenses", async () => {
      const lenses = await ask<vscode.CodeLens[]>("vscode.executeCodeLensProvider", 100);
      return lenses.length > 0;
    });
  });

  const ask = <Result>(command: string, ...args: readonly unknown[]): Thenable<Result> =>
    vscode.commands.executeCommand<Result>(command, document.uri, ...args);

  const at = (text: string, inside = 1): vscode.Position => {
    const offset = document.getText().indexOf(text);
    assert.ok(offset >= 0, text);
    return document.positionAt(offset + inside);
  };

  test("the file is of our language", () => {
    assert.equal(document.languageId, "reprod");
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
  });

  test("two lenses at most for a node", async () => {
    const lenses = await ask<vscode.CodeLens[]>("vscode.executeCodeLensProvider", 100);
    const lines = new Map<number, number>();
    for (const { range, command } of lenses) {
      assert.ok(command?.title, "a lens needs no second question");
      lines.set(range.start.line, (lines.get(range.start.line) ?? 0) + 1);
    }
    assert.ok(
      [...lines.values()].every((count) => count <= 2),
      JSON.stringify([...lines]),
    );
  });

  test("inlay hints tell states and digests", async () => {
    const all = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await ask<vscode.InlayHint[]>("vscode.executeInlayHintProvider", all);
    const labels = hints.map(({ label }) =>
      typeof label === "string" ? label : label.map(({ value }) => value).join(""),
    );
    assert.ok(
      labels.some((label) => label.includes("sha256")),
      labels.join("\n"),
    );
    assert.ok(
      labels.some((label) => label.startsWith("○")),
      labels.join("\n"),
    );
  });

  test("hover tells what a name is", async () => {
    const hovers = await ask<vscode.Hover[]>("vscode.executeHoverProvider", at("min_depth: Int"));
    const text = hovers.flatMap(({ contents }) =>
      contents.map((part) => (typeof part === "string" ? part : part.value)),
    );
    assert.match(text.join("\n"), /Nor do calls that fewer reads/);
  });

  test("definition leads into the imported file", async () => {
    const found = await ask<(vscode.Location | vscode.LocationLink)[]>(
      "vscode.executeDefinitionProvider",
      at("Filter {"),
    );
    const [first] = found;
    assert.ok(first);
    const uri = "targetUri" in first ? first.targetUri : first.uri;
    assert.match(uri.path, /transforms\.reprod$/);
  });

  test("references are found in the file and in what imports it", async () => {
    const [library] = await vscode.workspace.findFiles("**/transforms.reprod");
    assert.ok(library);
    const found = await ask<vscode.Location[]>("vscode.executeReferenceProvider", at("Filter {"));
    const files = new Set(found.map(({ uri }) => uri.toString()));
    assert.ok(files.has(document.uri.toString()) && files.has(library.toString()), [...files].join("\n"));
  });

  test("rename reaches both files", async () => {
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      "vscode.executeDocumentRenameProvider",
      document.uri,
      at("Filter {"),
      "Sieve",
    );
    assert.equal(edit.entries().length, 2);
  });

  test("symbols, folding, selection, links, highlights and tokens are there", async () => {
    const symbols = await ask<vscode.DocumentSymbol[]>("vscode.executeDocumentSymbolProvider");
    assert.ok(
      symbols.some(({ name }) => name.startsWith("report")),
      symbols.map(({ name }) => name).join(", "),
    );
    const foldings = await ask<vscode.FoldingRange[]>("vscode.executeFoldingRangeProvider");
    assert.ok(foldings.length > 3, `${foldings.length} foldings`);
    const [selection] = await ask<vscode.SelectionRange[]>("vscode.executeSelectionRangeProvider", [
      at("min_quality"),
    ]);
    assert.ok(selection?.parent, "a selection that grows");
    const links = await ask<vscode.DocumentLink[]>("vscode.executeLinkProvider");
    assert.ok(links.length >= 3, `${links.length} links`);
    const highlights = await ask<vscode.DocumentHighlight[]>(
      "vscode.executeDocumentHighlights",
      at("input genome", 7),
    );
    assert.ok(highlights.length > 2, `${highlights.length} highlights`);
    const tokens = await ask<vscode.SemanticTokens>("vscode.provideDocumentSemanticTokens");
    assert.ok(tokens.data.length > 100);
    const found = await vscode.commands.executeCommand<vscode.SymbolInformation[]>(
      "vscode.executeWorkspaceSymbolProvider",
      "chart",
    );
    const files = found.map(({ location }) => location.uri.path).join("\n");
    assert.match(files, /weather\.reprod/);
  });

  test("call hierarchy goes up and down the graph", async () => {
    const [item] = await ask<vscode.CallHierarchyItem[]>(
      "vscode.prepareCallHierarchy",
      at("node filtered", 6),
    );
    assert.ok(item);
    const used = await vscode.commands.executeCommand<vscode.CallHierarchyIncomingCall[]>(
      "vscode.provideIncomingCalls",
      item,
    );
    const read = await vscode.commands.executeCommand<vscode.CallHierarchyOutgoingCall[]>(
      "vscode.provideOutgoingCalls",
      item,
    );
    assert.ok(
      used.some(({ from }) => from.name.startsWith("scored")),
      used.map(({ from }) => from.name).join(", "),
    );
    assert.ok(
      read.some(({ to }) => to.name.startsWith("called")),
      read.map(({ to }) => to.name).join(", "),
    );
  });

  test("problems, completion and layout follow the text", async () => {
    const editor = await vscode.window.showTextDocument(document);
    const end = document.lineAt(document.lineCount - 1).range.end;
    await editor.edit((edit) =>
      edit.insert(
        end,
        "\nnode   extra = Report { scores: scored[*].verdicts, genome_length: 1, min_quality, min_dep }\n",
      ),
    );
    await until("a problem", () =>
      vscode.languages.getDiagnostics(document.uri).some(({ message }) => /min_dep/.test(message)),
    );
    const { items } = await ask<vscode.CompletionList>(
      "vscode.executeCompletionItemProvider",
      at("min_dep }", 7),
    );
    assert.ok(items.some(({ label }) => (typeof label === "string" ? label : label.label) === "min_depth"));
    const edits = await ask<vscode.TextEdit[]>("vscode.executeFormatDocumentProvider", {
      tabSize: 2,
      insertSpaces: true,
    });
    assert.ok(edits.length > 0);
    const problem = vscode.languages
      .getDiagnostics(document.uri)
      .find(({ message }) => /min_dep/.test(message));
    assert.ok(problem);
    const actions = await ask<vscode.CodeAction[]>("vscode.executeCodeActionProvider", problem.range);
    assert.ok(actions.length > 0, "a quick fix for a misspelt name");
    await vscode.commands.executeCommand("undo");
    await until("no problem", () => vscode.languages.getDiagnostics(document.uri).length === 0);
  });

  test("signature help counts the arguments", async () => {
    const editor = await vscode.window.showTextDocument(document);
    const end = document.lineAt(document.lineCount - 1).range.end;
    await editor.edit((edit) => edit.insert(end, '\nlet words = join(["a"], '));
    const help = await ask<vscode.SignatureHelp>(
      "vscode.executeSignatureHelpProvider",
      document.lineAt(document.lineCount - 1).range.end,
      ",",
    );
    assert.equal(help.activeParameter, 1);
    await vscode.commands.executeCommand("undo");
  });
});
