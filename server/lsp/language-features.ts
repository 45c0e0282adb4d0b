import { createHash } from "node:crypto";
import * as path from "node:path";
import type {
  CancellationToken,
  Connection,
  DocumentDiagnosticParams,
  DocumentDiagnosticReport,
  Location,
  LocationLink,
  ServerCapabilities,
  TextDocumentEdit,
  TextEdit,
  WorkspaceEdit,
  WorkspaceEditClientCapabilities,
} from "vscode-languageserver/node";
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from "../features/call-hierarchy.js";
import { codeActionKinds, codeActions } from "../features/code-actions.js";
import { completion, resolveCompletion } from "../features/completion.js";
import { definition } from "../features/definition.js";
import type { Document } from "../features/document.js";
import { documentLinks } from "../features/document-links.js";
import { documentSymbols } from "../features/document-symbols.js";
import { foldingRanges } from "../features/folding.js";
import { formatDocument, formatOnType, formatOnTypeTriggers, formatRange } from "../features/formatting.js";
import { documentHighlights } from "../features/highlight.js";
import { hover } from "../features/hover.js";
import { inlayHints } from "../features/inlay-hints.js";
import { lenses, type WorkOf } from "../features/lenses.js";
import { references } from "../features/references.js";
import { prepareRename, rename } from "../features/rename.js";
import { selectionRanges } from "../features/selection-ranges.js";
import { semanticTokens, semanticTokensInRange, semanticTokensLegend } from "../features/semantic-tokens.js";
import { signatureHelp } from "../features/signature-help.js";
import { workspaceSymbols } from "../features/workspace-symbols.js";
import type { Facts } from "../graph/facts.js";
import type { DataPlace } from "../graph/value.js";
import { IMAGE_PLATFORM } from "../run/pipeline.js";
import { answerFor, cancelled, outdated } from "./failures.js";
import { nodeHover } from "./node-hover.js";
import type { LanguageServer } from "./server.js";
import { Slices } from "./slices.js";
import type { Snapshot } from "./snapshot.js";
import { TokenDeltas } from "./token-deltas.js";
import { within } from "./within.js";

/** The features of the Language Server Protocol: each line says which function of `features/` answers it. */
export function languageFeatures(server: LanguageServer): {
  readonly capabilities: ServerCapabilities;
  /** Sets the handlers; before the handshake ends. */
  readonly listen: () => void;
} {
  const { connection } = server;
  return {
    capabilities: {
      definitionProvider: true,
      hoverProvider: true,
      signatureHelpProvider: { triggerCharacters: ["(", ",", "{", ":"] },
      codeActionProvider: { codeActionKinds: [...codeActionKinds] },
      callHierarchyProvider: true,
      referencesProvider: true,
      renameProvider: { prepareProvider: true },
      semanticTokensProvider: {
        legend: {
          tokenTypes: [...semanticTokensLegend.tokenTypes],
          tokenModifiers: [...semanticTokensLegend.tokenModifiers],
        },
        full: { delta: true },
        range: true,
      },
      documentHighlightProvider: true,
      documentSymbolProvider: true,
      workspaceSymbolProvider: true,
      foldingRangeProvider: true,
      selectionRangeProvider: true,
      documentLinkProvider: { resolveProvider: false },
      documentFormattingProvider: true,
      documentRangeFormattingProvider: true,
      documentOnTypeFormattingProvider: {
        firstTriggerCharacter: formatOnTypeTriggers.first,
        moreTriggerCharacter: [...formatOnTypeTriggers.more],
      },
      completionProvider: {
        resolveProvider: true,
        triggerCharacters: ['"', "/", ".", "$", "{", "<", ":", " "],
      },
      codeLensProvider: { resolveProvider: false },
      inlayHintProvider: true,
      ...(server.pulls && {
        diagnosticProvider: {
          identifier: "reprod",
          interFileDependencies: true,
          workspaceDiagnostics: false,
        },
      }),
    },
    listen: () => listen(connection, server),
  };
}

function listen(connection: Connection, server: LanguageServer): void {
  /** Answers about an open document, at once. What is not open any more has no answer. */
  const at = <Params extends { readonly textDocument: { readonly uri: string } }, Result>(
    empty: Result,
    handle: (document: Document, params: Params) => Result,
  ) => {
    return (params: Params, token: CancellationToken) => {
      if (token.isCancellationRequested) throw cancelled();
      const document = server.document(params.textDocument.uri);
      if (document === undefined) return empty;
      try {
        return handle(document, params);
      } catch (error) {
        throw answerFor(error, token, (defect) => server.defect(defect));
      }
    };
  };
  /** The same for answers that take time: one about a text that has changed since is not given. */
  const slowly = <Params extends { readonly textDocument: { readonly uri: string } }, Result>(
    empty: Result,
    handle: (document: Document, params: Params, goOn: () => void) => Promise<Result>,
  ) => {
    return async (params: Params, token: CancellationToken) => {
      if (token.isCancellationRequested) throw cancelled();
      const document = server.document(params.textDocument.uri);
      if (document === undefined) return empty;
      const before = server.version(document.path);
      /** Throws when nobody wants the answer any more. */
      const goOn = (): void => {
        if (token.isCancellationRequested) throw cancelled();
        if (server.version(document.path) !== before) throw outdated();
      };
      try {
        const result = await handle(document, params, goOn);
        goOn();
        return result;
      } catch (error) {
        throw answerFor(error, token, (defect) => server.defect(defect));
      }
    };
  };

  /** The same for answers about every file of the workspace, which must have been found. */
  const inWorkspace = <Params extends { readonly textDocument: { readonly uri: string } }, Result>(
    empty: Result,
    handle: (document: Document, params: Params) => Result,
  ) =>
    slowly(empty, async (document, params: Params, goOn) => {
      await server.pipelineFiles();
      goOn();
      return handle(document, params);
    });

  const asClientKnows = (links: LocationLink[]): LocationLink[] | Location[] =>
    server.client.textDocument?.definition?.linkSupport === true
      ? links
      : links.map(({ targetUri, targetSelectionRange }) => ({ uri: targetUri, range: targetSelectionRange }));
  connection.onDefinition(
    at(null, (document, { position }) => asClientKnows(definition(document, position, server))),
  );

  connection.onHover(
    slowly(null, async (document, { position }) => {
      const session = server.session(document.path);
      const evaluation = session.evaluation();
      return (
        (await hover(document, position, {
          valueText: evaluation && ((name) => evaluation.valueText(name)),
          rowsOf: evaluation && ((name) => evaluation.rowsOf(name)),
          nodes: async (name) =>
            session.snapshot === undefined
              ? undefined
              : await nodeHover(session.snapshot, name, {
                  uri: document.uri,
                  links: server.hasCommands,
                  canRun: server.trusted,
                }),
        })) ?? null
      );
    }),
  );
  const { callHierarchy } = connection.languages;
  callHierarchy.onPrepare(
    inWorkspace([], (document, { position }) => prepareCallHierarchy(document, position, server)),
  );
  callHierarchy.onIncomingCalls(({ item }) => incomingCalls(item, server));
  callHierarchy.onOutgoingCalls(({ item }) => outgoingCalls(item, server));
  connection.onReferences(
    inWorkspace([], (document, { position, context }) =>
      references(document, position, server, context.includeDeclaration),
    ),
  );
  const asClientTakes = (edit: WorkspaceEdit): WorkspaceEdit =>
    asEdit(edit, server.client.workspace?.workspaceEdit, (uri) => server.version(server.uris.path(uri)));
  connection.onPrepareRename(
    inWorkspace(null, (document, { position }) => prepareRename(document, position)),
  );
  connection.onRenameRequest(
    inWorkspace(null, (document, { position, newName }) =>
      asClientTakes(rename(document, position, newName, server)),
    ),
  );
  const { semanticTokens: tokens } = connection.languages;
  const deltas = new TokenDeltas();
  tokens.on(at({ data: [] }, (document) => deltas.full(document.uri, semanticTokens(document))));
  tokens.onDelta(
    at({ data: [] }, (document, { previousResultId }) =>
      deltas.delta(document.uri, previousResultId, semanticTokens(document)),
    ),
  );
  tokens.onRange(
    at({ data: [] }, (document, { range }) => ({ data: semanticTokensInRange(document, range) })),
  );
  connection.onDocumentHighlight(at([], (document, { position }) => documentHighlights(document, position)));
  connection.onDocumentSymbol(at([], (document) => documentSymbols(document)));
  connection.onWorkspaceSymbol(async ({ query }) => {
    await server.pipelineFiles();
    return workspaceSymbols(query, server);
  });
  connection.onFoldingRanges(at([], (document) => foldingRanges(document)));
  connection.onSelectionRanges(at([], (document, { positions }) => selectionRanges(document, positions)));
  connection.onDocumentLinks(at([], (document) => documentLinks(document, server)));
  connection.onDocumentFormatting(at([], (document) => formatDocument(document)));
  connection.onDocumentRangeFormatting(at([], (document, { range }) => formatRange(document, range)));
  connection.onDocumentOnTypeFormatting(
    at([], (document, { position, ch }) => formatOnType(document, position, ch)),
  );

  connection.onCompletion(
    at([], (document, { position, context }) => {
      const facts = server.session(document.path).facts();
      const trigger = context?.triggerCharacter;
      return completion(
        document,
        position,
        { workspace: server, headerOf: facts && ((place, separator) => headerOf(facts, place, separator)) },
        {
          snippets: server.hasSnippets,
          insertReplace: server.hasInsertReplace,
          ...(trigger !== undefined && { trigger }),
        },
      );
    }),
  );
  connection.onSignatureHelp(at(null, (document, { position }) => signatureHelp(document, position) ?? null));
  connection.onCodeAction(
    inWorkspace([], (document, { range, context }) =>
      codeActions(
        document,
        range,
        context,
        { workspace: server, problems: server.problemsOf(document.path) },
        { commands: server.hasCommands, createFiles: server.canCreateFiles },
      ).map((action) =>
        action.edit === undefined ? action : { ...action, edit: asClientTakes(action.edit) },
      ),
    ),
  );
  connection.onCompletionResolve((item) => resolveCompletion(item, server));

  /**
   * The states that are shown in the text. Right after a file was opened nothing is known: the answer waits for the
   * first look, as an editor would else draw nothing and then everything.
   */
  const statesOf = async ({ path: file }: Document): Promise<Snapshot | undefined> => {
    const session = server.session(file);
    const snapshot = session.snapshot ?? (await within(session.settled(), FIRST_STATES_MILLISECONDS));
    server.showsStates(session);
    return snapshot;
  };

  connection.onCodeLens(
    slowly([], async (document, _params, goOn) => {
      if (!server.settings(document.path).lenses || !server.hasCommands) return [];
      const snapshot = await statesOf(document);
      if (snapshot === undefined) return [];
      const slices = new Slices();
      const workOf: WorkOf = async (key, nodes) => {
        await slices.pause();
        goOn();
        return snapshot.work(key, nodes);
      };
      const asked = server.session(document.path).paramsAsked();
      return lenses(document, snapshot, workOf, server.trusted, asked);
    }),
  );

  connection.languages.inlayHint.on(
    slowly([], async (document, { range }) => {
      if (!server.settings(document.path).inlayHints) return [];
      const snapshot = await statesOf(document);
      const session = server.session(document.path);
      const facts = session.facts();
      const data = session.dataByPlace();
      const folder = path.dirname(document.path);
      return inlayHints(
        document,
        document.lines.span(range),
        snapshot,
        facts && {
          facts,
          data: (place) => data.get(place),
          resolve: (text) => (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : path.resolve(folder, text)),
          platform: IMAGE_PLATFORM,
        },
      );
    }),
  );

  if (server.pulls) {
    connection.languages.diagnostics.on(
      at<DocumentDiagnosticParams, DocumentDiagnosticReport>(
        NO_PROBLEMS,
        (document, { previousResultId }) => {
          const session = server.session(document.path);
          server.problemsChangedNow(session);
          const items = server.diagnostics(document.path);
          const resultId = createHash("sha256").update(JSON.stringify(items)).digest("base64url");
          if (resultId === previousResultId) return { kind: "unchanged" as const, resultId };
          return { kind: "full" as const, resultId, items };
        },
      ),
    );
  }
}

/** Edits by uri for clients that know no more; what they would be asked about is then done, as they asked for it. */
function asEdit(
  edit: WorkspaceEdit,
  known: WorkspaceEditClientCapabilities | undefined,
  versionOf: (uri: string) => number | undefined,
): WorkspaceEdit {
  const { documentChanges } = edit;
  if (documentChanges === undefined) return edit;
  const plain = (edits: TextDocumentEdit["edits"]): TextEdit[] =>
    edits.flatMap((one) => ("newText" in one ? [{ range: one.range, newText: one.newText }] : []));
  if (known?.documentChanges === true) {
    const annotates = known.changeAnnotationSupport !== undefined;
    const { changeAnnotations, ...rest } = edit;
    return {
      ...rest,
      ...(annotates && changeAnnotations !== undefined && { changeAnnotations }),
      documentChanges: documentChanges.map((change) => {
        if (!("edits" in change)) return change;
        const { uri } = change.textDocument;
        // Of the text that it was made for: a client does not put it into a newer one.
        const textDocument = { uri, version: versionOf(uri) ?? null };
        return { ...change, textDocument, edits: annotates ? change.edits : plain(change.edits) };
      }),
    };
  }
  const changes: { [uri: string]: TextEdit[] } = {};
  for (const change of documentChanges) {
    if (!("edits" in change)) continue;
    const { uri } = change.textDocument;
    changes[uri] = [...(changes[uri] ?? []), ...plain(change.edits)];
  }
  return { changes };
}

/** Hashing big inputs for the first time takes longer than anybody waits for a lens; it comes when that is done. */
const FIRST_STATES_MILLISECONDS = 1_500;

const NO_PROBLEMS: DocumentDiagnosticReport = { kind: "full", items: [] };

/** The header of a table as the facts have it; one behind a url only when its bytes are on this machine. */
function headerOf(facts: Facts, place: string, separator: "," | "\t"): readonly string[] | undefined {
  const table = facts.table(placeOf(place), separator);
  return table.kind === "known" ? table.value.header : undefined;
}

function placeOf(place: string): DataPlace {
  if (place.startsWith("s3://")) return { kind: "s3", url: place };
  return place.includes("://")
    ? { kind: "http", url: place, verify: undefined }
    : { kind: "local", path: place };
}
