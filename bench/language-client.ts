import { writeFileSync } from "node:fs";
import * as path from "node:path";
import {
  CompletionRequest,
  DidChangeConfigurationNotification,
  DocumentDiagnosticRequest,
  type PublishDiagnosticsParams,
} from "vscode-languageserver/node";
import { bundlePath } from "../server/base/bundle.js";
import { statesNotification } from "../server/protocol.js";
import { type ClientDocument, type ClientOptions, LanguageClient } from "../test/support/language-client.js";
import { documentOf, schema } from "./cases/editor-documents.js";
import { peerProgram } from "./peers.js";

/** A language server as an editor would use it. */
export interface LanguageServer {
  readonly name: string;
  readonly language: "reprod" | "yaml" | "json";
  readonly diagnostics: "push" | "pull";
  /** How long it waits on purpose after a key before it checks. Milliseconds. */
  readonly delay: number;
  readonly options: () => Pick<ClientOptions, "command" | "initializationOptions" | "configuration">;
  /** What it must be told after the handshake before it checks anything. */
  readonly settle?: (client: LanguageClient) => void;
}

export const ours: LanguageServer = {
  name: "reprod",
  language: "reprod",
  diagnostics: "push",
  delay: 0,
  options: () => ({
    command: [process.execPath, path.join(path.dirname(bundlePath("cli")), "main.js"), "--stdio"],
    initializationOptions: { clientCommands: true, trusted: true },
  }),
};

export const yaml: LanguageServer = {
  name: "yaml-language-server",
  language: "yaml",
  diagnostics: "push",
  delay: 200,
  options: () => ({
    command: [process.execPath, peerProgram("yaml-language-server"), "--stdio"],
    configuration: ({ section }) =>
      section === "yaml"
        ? { validate: true, completion: true, hover: true, schemaStore: { enable: false } }
        : null,
  }),
};

export const json: LanguageServer = {
  name: "vscode-json-language-server",
  language: "json",
  diagnostics: "push",
  delay: 500,
  options: () => ({
    command: [process.execPath, peerProgram("vscode-json-language-server"), "--stdio"],
    initializationOptions: { handledSchemaProtocols: ["file"], provideFormatter: true },
  }),
  settle: (client) =>
    client.notify(DidChangeConfigurationNotification.type, {
      settings: { json: { validate: { enable: true } } },
    }),
};

/** A server with one document open in which keys are typed. */
export class Session {
  /** Changes of the text so far. */
  changes = 0;
  #place = 0;
  #typed = "";
  #text: string;

  private constructor(
    readonly server: LanguageServer,
    readonly client: LanguageClient,
    readonly document: ClientDocument,
    readonly places: readonly number[],
    /** From the start of the process to the answer to `initialize`, and to the first diagnostics. Milliseconds. */
    readonly ready: { readonly initialized: number; readonly checked: number },
  ) {
    this.#text = document.text;
  }

  static async start(
    server: LanguageServer,
    folder: string,
    text: string,
    places: readonly number[],
  ): Promise<Session> {
    const file = path.join(
      folder,
      server.language === "reprod" ? "bench.reprod" : `bench.${server.language}`,
    );
    writeFileSync(file, text);
    const began = performance.now();
    const client = new LanguageClient({
      ...server.options(),
      folders: [folder],
      diagnostics: server.diagnostics,
      patience: 120_000,
    });
    await client.initialize();
    const initialized = performance.now() - began;
    server.settle?.(client);
    const document = client.open(file, text, server.language);
    const session = new Session(server, client, document, places, { initialized, checked: 0 });
    const { at, diagnostics } = await session.#checked(0);
    if (diagnostics > 0) throw new Error(`${server.name} finds ${diagnostics} problems in a right document`);
    return new Session(server, client, document, places, { initialized, checked: at - began });
  }

  /** Starts with a document of this many lines. */
  static async withLines(server: LanguageServer, folder: string, lines: number): Promise<Session> {
    writeFileSync(path.join(folder, "schema.json"), JSON.stringify(schema, null, 2));
    writeFileSync(path.join(folder, "reprod.json"), `{ "projectId": "bench2bench2" }\n`);
    const { text, places } = documentOf(server.language, lines);
    return await Session.start(server, folder, text, places);
  }

  /**
   * Types the next key of a word somewhere in the document, or takes the whole word away again. With `complete`, asks
   * for completions behind the key at once, as an editor does.
   */
  async key(options: { readonly complete?: boolean } = {}): Promise<KeyFigures> {
    const { document } = this;
    const place = this.places[(this.#place * 7919) % this.places.length];
    if (place === undefined) throw new Error("no place to type at");
    const since = this.client.mark();
    this.changes++;
    if (this.#typed === word) {
      document.edit(place, place + word.length, "");
      this.#typed = "";
      this.#place++;
      if (document.text !== this.#text) throw new Error("the text is not as it was");
      await this.#checked(since);
      return await this.key(options);
    }
    const caret = place + this.#typed.length;
    const key = word[this.#typed.length] ?? "";
    // The place behind the key is on the same line: known without a look at the new text.
    const { line, character } = document.positionAt(caret);
    document.insert(caret, key);
    this.#typed += key;
    const began = document.changedAt;
    let completed: { readonly milliseconds: number; readonly items: number } | undefined;
    if (options.complete === true) {
      const answer = await this.client.request(CompletionRequest.type, {
        textDocument: { uri: document.uri },
        position: { line, character: character + 1 },
        context: { triggerKind: 1 },
      });
      const milliseconds = performance.now() - began;
      const items = answer === null ? [] : Array.isArray(answer) ? answer : answer.items;
      completed = { milliseconds, items: items.length };
    }
    const { at, diagnostics } = await this.#checked(since);
    return { checked: at - began, diagnostics, completed };
  }

  /** Until the diagnostics of the text as it is now are here. Servers that name no version are waited for in turn. */
  async #checked(since: number): Promise<{ readonly at: number; readonly diagnostics: number }> {
    const { uri, version } = this.document;
    if (this.server.diagnostics === "pull") {
      const report = await this.client.request(DocumentDiagnosticRequest.type, { textDocument: { uri } });
      return { at: performance.now(), diagnostics: report.kind === "full" ? report.items.length : 0 };
    }
    const message = await this.client.whenReceived(
      "textDocument/publishDiagnostics",
      (raw) => {
        const sent = raw as PublishDiagnosticsParams;
        return sent.uri === uri && (sent.version === undefined || sent.version === version);
      },
      since,
    );
    return { at: message.at, diagnostics: (message.params as PublishDiagnosticsParams).diagnostics.length };
  }

  /** An edit that changes what is known of nodes, until the signs of that very text know all their states. */
  async states(from: string, to: string, nodes: number): Promise<number> {
    const since = this.client.mark();
    this.document.replace(from, to);
    return (await this.#known(nodes, since)) - this.document.changedAt;
  }

  /** Until the signs of the text as it is now tell the state of every node. */
  async known(nodes: number): Promise<void> {
    await this.#known(nodes, 0);
  }

  async #known(nodes: number, since: number): Promise<number> {
    const { uri, version } = this.document;
    const message = await this.client.whenReceived(
      statesNotification.method,
      (raw) => {
        const sent = raw as NonNullable<(typeof statesNotification)["params"]>;
        if (sent.uri !== uri || sent.version !== version) return false;
        const known = sent.marks.flatMap(({ counts }) =>
          Object.entries(counts).map(([state, count]) => (state === "unknown" ? 0 : count)),
        );
        return known.reduce((sum, count) => sum + count, 0) === nodes;
      },
      since,
    );
    return message.at;
  }

  async end(): Promise<void> {
    await this.client.kill();
  }
}

export interface KeyFigures {
  /** From handing the change over to the diagnostics of that version. Milliseconds. */
  readonly checked: number;
  readonly diagnostics: number;
  readonly completed: { readonly milliseconds: number; readonly items: number } | undefined;
}

const word = "depth_of_reads";
