import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import {
  CallHierarchyIncomingCallsRequest,
  CallHierarchyOutgoingCallsRequest,
  CallHierarchyPrepareRequest,
  type CodeAction,
  CodeActionRequest,
  CodeLensRequest,
  type CompletionItem,
  CompletionRequest,
  CompletionResolveRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentHighlightRequest,
  DocumentLinkRequest,
  DocumentOnTypeFormattingRequest,
  DocumentRangeFormattingRequest,
  type DocumentSymbol,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  HoverRequest,
  InlayHintRequest,
  type LocationLink,
  type MarkupContent,
  PrepareRenameRequest,
  type Range,
  ReferencesRequest,
  RenameRequest,
  SelectionRangeRequest,
  SemanticTokensDeltaRequest,
  SemanticTokensRangeRequest,
  SemanticTokensRequest,
  SignatureHelpRequest,
  WorkspaceSymbolRequest,
} from "vscode-languageserver/node";
import {
  commands,
  type NodeArguments,
  type RunArguments,
  statesNotification,
} from "../../server/protocol.js";
import { copyOfExample } from "../support/example.js";
import type { ClientDocument } from "../support/language-client.js";
import { type Server, startServer } from "../support/language-server.js";
import { openFile, withCode } from "./pipelines.js";

interface Opened {
  readonly folder: string;
  readonly server: Server;
  readonly document: ClientDocument;
}

const options = { tabSize: 2, insertSpaces: true };

/** The example with a pipeline and a library, its states known. */
async function variants(t: TestContext, more: Parameters<typeof startServer>[1] = {}): Promise<Opened> {
  const folder = copyOfExample(t, "variants");
  const server = await startServer(t, {
    folders: [folder],
    initializationOptions: { clientCommands: true },
    ...more,
  });
  const document = openFile(server, folder, "variants.reprod");
  await server.when(statesNotification, ({ uri, marks }) => uri === document.uri && marks.length > 0);
  return { folder, server, document };
}

function wholeRange(document: ClientDocument): Range {
  return { start: { line: 0, character: 0 }, end: document.positionAt(document.text.length) };
}

/** What each capability of the server answers on the example; a new one has to be added here. */
const features: { readonly [capability: string]: (opened: Opened) => Promise<void> } = {
  async hoverProvider({ server, document }) {
    const hover = await server.request(HoverRequest.type, document.at("= Call {", 2));
    assert.ok(hover?.range);
    assert.equal(document.textIn(hover.range), "Call");
    const { kind, value } = hover.contents as MarkupContent;
    assert.equal(kind, "markdown");
    assert.match(value, /Calls the variants of one haploid sample\./);
    assert.equal(await server.request(HoverRequest.type, document.at("\n\nimport", 1)), null);
  },
  async definitionProvider({ folder, server, document }) {
    const found = await server.request(DefinitionRequest.type, document.at("= Call {", 2));
    const [link] = found as LocationLink[];
    assert.ok(link?.originSelectionRange);
    assert.equal(document.textIn(link.originSelectionRange), "Call");
    assert.equal(path.basename(link.targetUri), "transforms.reprod");
    const library = openFile(server, folder, "transforms.reprod");
    assert.equal(library.textIn(link.targetSelectionRange), "Call");
  },
  async referencesProvider({ server, document }) {
    const at = document.at("input genome", 8);
    const all = await server.request(ReferencesRequest.type, {
      ...at,
      context: { includeDeclaration: true },
    });
    const uses = await server.request(ReferencesRequest.type, {
      ...at,
      context: { includeDeclaration: false },
    });
    assert.equal(all?.length, (uses?.length ?? 0) + 1);
    assert.ok(all?.every(({ uri, range }) => uri === document.uri && document.textIn(range) === "genome"));
  },
  async documentHighlightProvider({ server, document }) {
    const found = await server.request(DocumentHighlightRequest.type, document.at("input genome", 8));
    assert.ok((found ?? []).length > 3);
    assert.ok(found?.every(({ range }) => document.textIn(range) === "genome"));
  },
  async documentSymbolProvider({ server, document }) {
    const symbols = (await server.request(DocumentSymbolRequest.type, document.id)) as DocumentSymbol[];
    const names = symbols.map(({ name }) => name);
    for (const name of ["variants", "min_quality", "genome", "samples"])
      assert.ok(names.includes(name), name);
    const check = (symbol: DocumentSymbol): void => {
      assert.ok(document.textIn(symbol.range).includes(document.textIn(symbol.selectionRange)), symbol.name);
      for (const child of symbol.children ?? []) check(child);
    };
    for (const symbol of symbols) check(symbol);
  },
  async workspaceSymbolProvider({ server }) {
    const found = await server.request(WorkspaceSymbolRequest.type, { query: "Align" });
    assert.ok(found?.some(({ name }) => name === "Align"));
  },
  async completionProvider({ server, document }) {
    const found = await server.request(CompletionRequest.type, document.at("mutated[name].truth", 14));
    const items = Array.isArray(found) ? found : (found?.items ?? []);
    const item = items.find(({ label }) => label === "fasta");
    assert.ok(item, items.map(({ label }) => label).join());
    const resolved: CompletionItem = await server.request(CompletionResolveRequest.type, item);
    assert.equal(resolved.label, "fasta");
  },
  async signatureHelpProvider({ server, document }) {
    const help = await server.request(SignatureHelpRequest.type, document.at("unique(samples", 7));
    assert.match(help?.signatures[0]?.label ?? "", /^unique\(/);
    assert.equal(help?.activeParameter, 0);
  },
  async codeActionProvider({ server, document }) {
    document.replace("seeds[0]", "seedz[0]");
    const problems = await document.diagnostics(withCode("reprod/unknown-name"));
    const actions = (await server.request(CodeActionRequest.type, {
      ...document.id,
      range: document.range("seedz"),
      context: { diagnostics: [...problems], only: ["quickfix"] },
    })) as CodeAction[];
    const [action] = actions;
    assert.ok(action?.isPreferred);
    const edits = Object.values(action.edit?.changes ?? {}).flat();
    assert.ok(document.edited(edits).includes("seeds[0]"));
    document.replace("seedz[0]", "seeds[0]");
    await document.diagnostics();
  },
  async codeLensProvider({ server, document }) {
    const lenses = (await server.request(CodeLensRequest.type, document.id)) ?? [];
    const known = new Set<string>(Object.values(commands));
    const onLine = new Map<number, number>();
    for (const { range, command } of lenses) {
      assert.ok(command && known.has(command.command), command?.command);
      const argument = command.arguments?.[0] as RunArguments | NodeArguments;
      assert.equal(argument.uri, document.uri);
      onLine.set(range.start.line, (onLine.get(range.start.line) ?? 0) + 1);
    }
    assert.ok(Math.max(...onLine.values()) <= 2, "two lenses a node at most");
    assert.ok(lenses.length >= 8);
  },
  async inlayHintProvider({ server, document }) {
    const hints =
      (await server.request(InlayHintRequest.type, { ...document.id, range: wholeRange(document) })) ?? [];
    assert.ok(hints.length > 5);
    const range = document.range("node index = Index { genome }");
    const some = await server.request(InlayHintRequest.type, { ...document.id, range });
    assert.ok((some ?? []).length >= 1 && (some ?? []).length < hints.length, "only those of the range");
    assert.ok(some?.every(({ position }) => position.line === range.start.line));
  },
  async foldingRangeProvider({ server, document }) {
    const folds = (await server.request(FoldingRangeRequest.type, document.id)) ?? [];
    const lines = document.text.split("\n");
    assert.ok(folds.some(({ startLine }) => lines[startLine]?.startsWith("for s in samples {")));
    assert.ok(folds.every(({ startLine, endLine }) => startLine < endLine && endLine < lines.length));
  },
  async selectionRangeProvider({ server, document }) {
    const [selection] =
      (await server.request(SelectionRangeRequest.type, {
        ...document.id,
        positions: [document.position("seeds[0]")],
      })) ?? [];
    assert.ok(selection);
    const texts: string[] = [];
    for (let at: typeof selection | undefined = selection; at !== undefined; at = at.parent)
      texts.push(document.textIn(at.range));
    assert.deepEqual(texts.slice(0, 2), ["seeds", "seeds[0]"]);
    assert.ok(texts.every((text, at) => at === 0 || text.includes(texts[at - 1] ?? "")));
    assert.equal(texts.at(-1), document.text);
  },
  async documentLinkProvider({ folder, server, document }) {
    const links = (await server.request(DocumentLinkRequest.type, document.id)) ?? [];
    for (const { range, target } of links) {
      const name = document.textIn(range).replaceAll('"', "").replace("./", "");
      assert.equal(target, new URL(name, `file://${folder}/`).href);
    }
    assert.equal(links.length, 3);
  },
  async documentFormattingProvider({ server, document }) {
    const edits = (await server.request(DocumentFormattingRequest.type, { ...document.id, options })) ?? [];
    const before = document.text;
    document.set(document.edited(edits));
    const again = await server.request(DocumentFormattingRequest.type, { ...document.id, options });
    assert.deepEqual(again, [], "what is laid out stays as it is");
    document.set(before);
    await document.diagnostics();
  },
  async documentRangeFormattingProvider({ server, document }) {
    const line = "node index = Index { genome }";
    document.replace(line, "node   index=Index{genome}");
    const range = document.range("node   index=Index{genome}");
    const edits = await server.request(DocumentRangeFormattingRequest.type, {
      ...document.id,
      range,
      options,
    });
    const formatted = document.edited(edits ?? []);
    document.replace("node   index=Index{genome}", line);
    assert.equal(formatted, document.text, "nothing but the range is touched");
    await document.diagnostics();
  },
  async documentOnTypeFormattingProvider({ server, document }) {
    document.replace("  node reads[s.sample", "node reads[s.sample");
    const at = document.at("node reads[s.sample");
    const edits = await server.request(DocumentOnTypeFormattingRequest.type, { ...at, ch: "\n", options });
    const indented = document.edited(edits ?? []);
    document.replace("node reads[s.sample", "  node reads[s.sample");
    assert.equal(indented, document.text);
    await document.diagnostics();
  },
  async renameProvider({ server, document }) {
    const at = document.at("node merged", 6);
    const prepared = await server.request(PrepareRenameRequest.type, at);
    assert.ok(prepared && "placeholder" in prepared);
    assert.equal(prepared.placeholder, "merged");
    const edit = await server.request(RenameRequest.type, { ...at, newName: "joined" });
    const changes = (edit?.documentChanges ?? []).flatMap((change) => ("edits" in change ? [change] : []));
    assert.deepEqual(
      changes.map(({ textDocument }) => [textDocument.uri, textDocument.version]),
      [[document.uri, document.version]],
    );
    const renamed = document.edited(changes[0]?.edits as never);
    assert.equal(renamed, document.text.replaceAll(/\bmerged\b/g, "joined"));
    await assert.rejects(server.request(RenameRequest.type, { ...at, newName: "node" }));
  },
  async semanticTokensProvider({ server, document }) {
    const { legend } = server.initialized.capabilities.semanticTokensProvider as never as {
      legend: { tokenTypes: string[] };
    };
    const full = await server.request(SemanticTokensRequest.type, document.id);
    assert.ok(full?.resultId);
    const named = tokensOf(document, full.data, legend.tokenTypes);
    assert.ok(named.some((token) => token === "function csv"));
    assert.ok(named.some((token) => token.endsWith(" Align")));
    const range = document.range("node index = Index { genome }");
    const part = await server.request(SemanticTokensRangeRequest.type, { ...document.id, range });
    assert.ok(part && part.data.length > 0 && part.data.length < full.data.length);
    // After a key the server tells only what differs, and that makes the whole of the new text.
    document.replace("node index", "node indexx");
    const previousResultId = full.resultId;
    const delta = await server.request(SemanticTokensDeltaRequest.type, { ...document.id, previousResultId });
    assert.ok(delta && "edits" in delta, "a delta");
    const data = [...full.data];
    for (const { start, deleteCount, data: inserted = [] } of [...delta.edits].reverse())
      data.splice(start, deleteCount, ...inserted);
    const whole = await server.request(SemanticTokensRequest.type, document.id);
    assert.deepEqual(data, whole?.data);
    document.replace("node indexx", "node index");
    await document.diagnostics();
  },
  async callHierarchyProvider({ server, document }) {
    const [item] =
      (await server.request(CallHierarchyPrepareRequest.type, document.at("node merged", 6))) ?? [];
    assert.ok(item);
    assert.equal(item.name, "merged");
    const outgoing = await server.request(CallHierarchyOutgoingCallsRequest.type, { item });
    const incoming = await server.request(CallHierarchyIncomingCallsRequest.type, { item });
    assert.deepEqual(
      [outgoing?.map(({ to }) => to.name), incoming?.map(({ from }) => from.name)],
      [["samples", "aligned"], ["called"]],
    );
  },
};

/** Words of the text with their kinds. */
function tokensOf(
  document: ClientDocument,
  data: readonly number[],
  types: readonly string[],
): readonly string[] {
  const lines = document.text.split("\n");
  const found: string[] = [];
  let line = 0;
  let character = 0;
  for (let at = 0; at < data.length; at += 5) {
    const [lineStep = 0, step = 0, length = 0, type = 0] = data.slice(at, at + 4);
    character = lineStep === 0 ? character + step : step;
    line += lineStep;
    const text = lines[line]?.slice(character, character + length) ?? "";
    assert.equal(text.length, length, "within its line");
    found.push(`${types[type]} ${text}`);
  }
  return found;
}

test("every feature that the server offers is tried here", async (t) => {
  const { server } = await variants(t);
  const offered = Object.entries(server.initialized.capabilities)
    .filter(([name, value]) => name.endsWith("Provider") && value !== false && value !== undefined)
    .map(([name]) => name);
  assert.deepEqual(offered.sort(), Object.keys(features).sort());
  assert.equal(server.initialized.serverInfo?.name, "reprod");
});

for (const [name, check] of Object.entries(features)) {
  test(`on examples/variants: ${name}`, async (t) => {
    const opened = await variants(t);
    const before = opened.document.text;
    await check(opened);
    assert.equal(opened.document.text, before);
  });
}

test("a client that can do little is given what it can show", async (t) => {
  const folder = copyOfExample(t, "variants");
  const server = await startServer(t, {
    folders: [folder],
    capabilities: {
      workspace: null as never,
      window: null as never,
      textDocument: {
        completion: { completionItem: { snippetSupport: false, insertReplaceSupport: false } },
        definition: { linkSupport: false },
        hover: { contentFormat: ["plaintext"] },
        documentSymbol: { hierarchicalDocumentSymbolSupport: false },
        publishDiagnostics: { relatedInformation: false, versionSupport: false, tagSupport: null as never },
        codeAction: { codeActionLiteralSupport: null as never },
      },
    },
  });
  const document = openFile(server, folder, "variants.reprod");
  document.insert(0, "param lonely: Int = 1\n");
  await document.diagnostics(withCode("reprod/unused-name"));
  const completed = await server.request(CompletionRequest.type, document.at("mutated[name].truth", 14));
  const items = Array.isArray(completed) ? completed : (completed?.items ?? []);
  assert.ok(items.length > 0);
  for (const { insertTextFormat, textEdit } of items) {
    assert.ok(insertTextFormat === undefined || insertTextFormat === 1, "no snippets");
    assert.ok(textEdit === undefined || "range" in textEdit, "no edits of two kinds");
  }
  const found = await server.request(DefinitionRequest.type, document.at("= Call {", 2));
  const [place] = Array.isArray(found) ? found : [found];
  assert.ok(place && "uri" in place, "a place, no link");
  assert.deepEqual(
    await server.request(CodeLensRequest.type, document.id),
    [],
    "no lenses with commands that it has not",
  );
  assert.equal(server.registrations.size, 0, "nothing is registered with a client that cannot");
  const asked = server.received.filter(({ kind }) => kind === "request").map(({ method }) => method);
  assert.deepEqual(asked, [], "nothing is asked of a client that cannot answer");
  assert.equal((await server.shutdown()).code, 0);
});

test("the weather example has no problem", async (t) => {
  const folder = copyOfExample(t, "weather");
  assert.ok(fs.existsSync(path.join(folder, "weather.reprod")));
  const server = await startServer(t, { folders: [folder] });
  const problems = await openFile(server, folder, "weather.reprod").diagnostics();
  assert.deepEqual(
    problems.filter(({ code }) => code !== "reprod/missing-tool"),
    [],
  );
});
