import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { NotificationMessage, RequestMessage } from "../server/protocol.js";
import { RequestFailure, ServerUnavailable } from "./failures.js";

export type ServerState = "starting" | "running" | "stopped";

/**
 * The language server as features see it. The process is started in the background; whoever asks before it is there
 * waits. It outlives crashes: what was registered here is registered again with its successor.
 */
export class Server implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<ServerState>();
  readonly #handlers = new Map<string, Set<(params: unknown) => void>>();
  /** Who answers what the server asks. */
  readonly #answers = new Map<string, (params: unknown) => Promise<unknown>>();
  #client: Promise<LanguageClient> | undefined;
  #state: ServerState = "stopped";

  /** Fires too when a server that crashed is back. */
  readonly onDidChangeState = this.#changed.event;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
  }

  get state(): ServerState {
    return this.#state;
  }

  start(): void {
    this.#client ??= this.#launch();
    // Whoever asks something gets this rejection too, and tells it.
    this.#client.catch((error: unknown) => {
      this.#log.error(`The language server could not be started: ${String(error)}`);
      this.#become("stopped");
    });
  }

  /** Rejects with `RequestFailure`, `ServerUnavailable` or `vscode.CancellationError`; else it is a defect. */
  async request<Params, Result>(
    message: RequestMessage<Params, Result>,
    params: NoInfer<Params>,
    token?: vscode.CancellationToken,
  ): Promise<Result> {
    const client = await this.#running();
    try {
      // A token that is not there would count as a second parameter, which the server takes for the token.
      return token === undefined
        ? await client.sendRequest<Result>(message.method, params)
        : await client.sendRequest<Result>(message.method, params, token);
    } catch (error) {
      const { rejectionOf } = await import("./language-client.js");
      const rejection = rejectionOf(error, token?.isCancellationRequested === true);
      switch (rejection.kind) {
        case "failure":
          throw new RequestFailure(rejection.data);
        case "cancelled":
          throw new vscode.CancellationError();
        case "gone":
          throw new ServerUnavailable(error);
        case "other":
          throw error;
      }
    }
  }

  async notify<Params>(message: NotificationMessage<Params>, params: NoInfer<Params>): Promise<void> {
    const client = await this.#running();
    await client.sendNotification(message.method, params);
  }

  onNotification<Params>(
    message: NotificationMessage<Params>,
    handler: (params: Params) => void,
  ): vscode.Disposable {
    const handlers = this.#handlers.get(message.method) ?? new Set();
    this.#handlers.set(message.method, handlers);
    // The message carries the type of its params, which nobody else sends under this method.
    const untyped = handler as (params: unknown) => void;
    handlers.add(untyped);
    if (handlers.size === 1) {
      this.#client?.then(
        (client) => this.#connect(client, message.method),
        () => {
          // `start` has logged it, and a client that is made later connects to all handlers.
        },
      );
    }
    return { dispose: () => handlers.delete(untyped) };
  }

  /** What the server asks. Registered before it is started, once for each message. */
  onRequest<Params, Result>(
    message: RequestMessage<Params, Result>,
    answer: (params: Params) => Promise<Result>,
  ): vscode.Disposable {
    this.#answers.set(message.method, answer as (params: unknown) => Promise<unknown>);
    return { dispose: () => this.#answers.delete(message.method) };
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
    await this.#client;
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    try {
      await (await client).dispose();
    } catch (error) {
      // It had crashed or was never there: there is nothing left to stop.
      this.#log.warn(`The language server did not stop as asked: ${String(error)}`);
    }
    this.#become("stopped");
  }

  dispose(): void {
    this.#changed.dispose();
    this.#handlers.clear();
    this.#answers.clear();
  }

  async #launch(): Promise<LanguageClient> {
    this.#become("starting");
    // Reading the library takes as long as everything before it: the window is let on in between.
    await new Promise((resolve) => setImmediate(resolve));
    const { createLanguageClient } = await import("./language-client.js");
    const client = createLanguageClient(this.#context, this.#log, (state) => {
      if (this.#client !== undefined) this.#become(state);
    });
    for (const method of this.#handlers.keys()) this.#connect(client, method);
    for (const [method, answer] of this.#answers) client.onRequest(method, answer);
    try {
      await client.start();
    } catch (error) {
      await client.dispose().catch((problem: unknown) => this.#log.warn(String(problem)));
      throw error;
    }
    return client;
  }

  #connect(client: LanguageClient, method: string): void {
    client.onNotification(method, (params: unknown) => {
      for (const handler of this.#handlers.get(method) ?? []) handler(params);
    });
  }

  async #running(): Promise<LanguageClient> {
    if (this.#client === undefined) throw new ServerUnavailable();
    try {
      return await this.#client;
    } catch (error) {
      throw new ServerUnavailable(error);
    }
  }

  #become(state: ServerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#changed.fire(state);
  }
}
