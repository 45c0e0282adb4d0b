import {
  type CancellationToken,
  type Connection,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  ResponseError,
} from "vscode-languageserver/node";
import { version } from "../../package.json";
import * as protocol from "../protocol.js";
import { answerFor, cancelled } from "./failures.js";
import { languageFeatures } from "./language-features.js";
import { Requests } from "./requests.js";
import { Resources } from "./resources.js";
import { LanguageServer, syncOptions } from "./server.js";

/**
 * Answers a client over a connection until it says goodbye. Everything that is a matter of messages stands here; what
 * is known stands in `server.ts`, what is answered in `requests.ts` and `language-features.ts`.
 */
export function serve(connection: Connection): void {
  let server: LanguageServer | undefined;
  let requests: Requests | undefined;
  let resources: Resources | undefined;

  connection.onInitialize((params: InitializeParams): InitializeResult => {
    const made = new LanguageServer(connection, params);
    server = made;
    requests = new Requests(made);
    resources = new Resources(made);
    const features = languageFeatures(made);
    features.listen();
    customMessages(connection, made, requests, resources);
    return {
      serverInfo: { name: "reprod", version },
      capabilities: {
        positionEncoding: made.encoding,
        textDocumentSync: syncOptions,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        ...features.capabilities,
      },
    };
  });

  // What no handler takes: before the handshake everything, afterwards what is not known here.
  connection.onRequest((method: string) =>
    server === undefined
      ? new ResponseError(ErrorCodes.ServerNotInitialized, "the server has not been initialized")
      : new ResponseError(ErrorCodes.MethodNotFound, `there is no such request: "${method}"`),
  );

  connection.onInitialized(() => {
    server?.initialized().catch((error: unknown) => server?.defect(error));
    if (params(server).workspace?.workspaceFolders === true)
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) =>
        server?.foldersChanged(
          added.map(({ uri }) => uri),
          removed.map(({ uri }) => uri),
        ),
      );
  });

  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) =>
    server?.opened(uri, languageId, version, text),
  );
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
    server?.changed(uri, version, contentChanges),
  );
  connection.onDidSaveTextDocument(({ textDocument: { uri } }) => server?.saved(uri));
  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => server?.closed(uri));
  connection.onDidChangeWatchedFiles(({ changes }) => server?.filesChanged(changes));
  connection.onDidChangeConfiguration(() => {
    server
      ?.readSettings()
      .then(() => resources?.settingsChanged())
      .catch((error: unknown) => server?.defect(error));
  });

  connection.onShutdown(() => {
    requests?.close();
    resources?.close();
    server?.close();
  });
  connection.listen();
}

function params(server: LanguageServer | undefined): LanguageServer["client"] {
  return server?.client ?? {};
}

/** The messages of `protocol.ts`, each with who answers it. */
function customMessages(
  connection: Connection,
  server: LanguageServer,
  requests: Requests,
  resources: Resources,
): void {
  /** What a client asks for and may give up is answered then, whatever goes on for others. */
  const read = <Params, Result>(
    message: protocol.RequestMessage<Params, Result>,
    handle: (params: Params, token: CancellationToken) => Promise<Result>,
  ): void =>
    answer(message, (params, token) => {
      // A token that was taken back before tells nobody.
      if (token.isCancellationRequested) throw cancelled();
      const givenUp = new Promise<never>((_, reject) => {
        token.onCancellationRequested(() => reject(cancelled()));
      });
      return Promise.race([handle(params, token), givenUp]);
    });
  const answer = <Params, Result>(
    message: protocol.RequestMessage<Params, Result>,
    handle: (params: Params, token: CancellationToken) => Result | Promise<Result>,
  ): void => {
    connection.onRequest(
      message.method,
      async (params: Params, token: CancellationToken): Promise<unknown> => {
        server.refuseWhenClosed();
        try {
          return await handle(params, token);
        } catch (error) {
          throw answerFor(error, token, (defect) => server.defect(defect));
        }
      },
    );
  };
  read(protocol.pipelinesRequest, () => requests.pipelines());
  read(protocol.membersRequest, (asked) => requests.members(asked));
  read(protocol.explainRequest, (asked) => requests.explain(asked));
  read(protocol.provenanceRequest, (asked, token) => requests.provenance(asked, token));
  read(protocol.planRequest, (asked, token) => requests.plan(asked, token));
  answer(protocol.runRequest, (asked) => requests.startRun(asked));
  answer(protocol.cancelRequest, (asked) => requests.cancel(asked));
  answer(protocol.retryRequest, (asked) => requests.retry(asked));
  read(protocol.runsRequest, ({ limit }) => requests.runs(limit));
  read(protocol.runNodesRequest, (asked) => requests.runNodes(asked));
  answer(protocol.logRequest, (asked, token) => requests.log(asked, token));
  read(protocol.nodeLogRequest, (asked) => requests.nodeLog(asked));
  read(protocol.outputsRequest, (asked) => requests.outputs(asked));
  read(protocol.graphRequest, (asked) => requests.graph(asked));
  answer(protocol.pinRequest, (asked, token) => requests.pin(asked, token));
  answer(protocol.findToolsRequest, (asked) => requests.findTools(asked));
  read(protocol.profilesRequest, (asked) => resources.profiles(asked));
  read(protocol.accountRequest, (asked, token) => resources.account(asked, token));
  read(protocol.resourceProjectsRequest, () => resources.projects());
  read(protocol.resourcesRequest, (asked, token) => resources.resources(asked, token));
  read(protocol.environmentsRequest, (asked, token) => resources.environments(asked, token));
  read(protocol.planResourcesRequest, (asked, token) => resources.plan(asked, token));
  // A cancel is answered with what stays behind.
  answer(protocol.applyResourcesRequest, (asked, token) => resources.apply(asked, token));
  connection.onNotification(protocol.trustGranted.method, () => server.trustGranted());
}
