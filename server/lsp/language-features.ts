import * as path from "node:path";
import type { CancellationToken, Connection, ServerCapabilities } from "vscode-languageserver/node";
import { definition } from "../features/definition.js";
import type { Document } from "../features/document.js";
import { inlayHints } from "../features/inlay-hints.js";
import { lenses } from "../features/lenses.js";
import { IMAGE_PLATFORM } from "../run/pipeline.js";
import { answerFor, cancelled, outdated } from "./failures.js";
import type { LanguageServer } from "./server.js";

/** The features of the Language Server Protocol: each line says which function of `features/` answers it. */
export function languageFeatures(server: LanguageServer): {
  readonly capabilities: ServerCapabilities;
  /** Sets the handlers; before the handshake ends. */
  readonly listen: () => void;
  /** After the handshake. */
  readonly register: () => void;
} {
  const { connection } = server;
  return {
    capabilities: {
      definitionProvider: true,
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
    register: () => {},
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
    handle: (document: Document, params: Params) => Promise<Result>,
  ) => {
    return async (params: Params, token: CancellationToken) => {
      if (token.isCancellationRequested) throw cancelled();
      const document = server.document(params.textDocument.uri);
      if (document === undefined) return empty;
      const before = server.version(document.path);
      try {
        const result = await handle(document, params);
        if (token.isCancellationRequested) throw cancelled();
        if (server.version(document.path) !== before) throw outdated();
        return result;
      } catch (error) {
        throw answerFor(error, token, (defect) => server.defect(defect));
      }
    };
  };

  connection.onDefinition(at(null, (document, { position }) => definition(document, position, server)));

  connection.onCodeLens(
    slowly([], async (document) => {
      const { snapshot } = server.session(document.path);
      if (snapshot === undefined || !server.settings(document.path).lenses || !server.hasCommands) return [];
      return lenses(document, snapshot, (key, nodes) => snapshot.work(key, nodes), server.trusted);
    }),
  );

  connection.languages.inlayHint.on(
    at([], (document, { range }) => {
      const session = server.session(document.path);
      if (!server.settings(document.path).inlayHints) return [];
      const facts = session.facts();
      const data = session.dataByPlace();
      const folder = path.dirname(document.path);
      return inlayHints(
        document,
        document.lines.span(range),
        session.snapshot,
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
      at({ kind: "full" as const, items: [] }, (document) => {
        const session = server.session(document.path);
        server.problemsChangedNow(session);
        return { kind: "full" as const, items: server.diagnostics(document.path) };
      }),
    );
  }
}
