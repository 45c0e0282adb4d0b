import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import {
  type CancellationToken,
  type ClientCapabilities,
  type ConfigurationItem,
  ConfigurationRequest,
  createMessageConnection,
  type Diagnostic,
  DidChangeConfigurationNotification,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DidSaveTextDocumentNotification,
  DocumentDiagnosticRequest,
  ExitNotification,
  type FileChangeType,
  InitializedNotification,
  type InitializeParams,
  InitializeRequest,
  type InitializeResult,
  type MessageConnection,
  type NotificationType,
  type Position,
  type PublishDiagnosticsParams,
  type Range,
  type Registration,
  type RegistrationParams,
  type RequestType,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type TextDocumentContentChangeEvent,
  type TextEdit,
} from "vscode-languageserver/node";
import type { InitializationOptions, NotificationMessage, RequestMessage } from "../../server/protocol.js";
import type { Ended } from "./command-line.js";

/** How the lines' characters of positions are counted: `utf-16` unless both sides agree on another. */
export type Encoding = "utf-8" | "utf-16" | "utf-32";

export interface ClientOptions {
  /** Program and arguments of the server; it must speak over stdin and stdout. */
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Absolute paths of the workspace's folders; none: files are opened on their own. */
  readonly folders?: readonly string[];
  /** What the client can count in, what it likes best first. */
  readonly encodings?: readonly Encoding[];
  /** The client asks for diagnostics, or waits until they are sent. Default: `push`. */
  readonly diagnostics?: "push" | "pull";
  /** Laid over the capabilities of a client that can do what the protocol knows. */
  readonly capabilities?: ClientCapabilities;
  /** Of our own server; peers take others. */
  readonly initializationOptions?: InitializationOptions | { readonly [name: string]: unknown };
  /** Answers `workspace/configuration`; without it every setting is null. */
  readonly configuration?: (item: ConfigurationItem) => unknown;
  /** What `initialize` says of the client's process; default: this process. */
  readonly processId?: number | null;
  /** How long anything may take before it counts as not coming. Milliseconds. */
  readonly patience?: number;
}

/** A message that the server sent of its own accord, in the order of arrival. */
export interface Received {
  readonly kind: "request" | "notification";
  readonly method: string;
  readonly params: unknown;
  /** `performance.now()` when it was read. */
  readonly at: number;
}

interface Waiting {
  readonly method: string;
  readonly test: (params: unknown) => boolean;
  readonly done: (message: Received) => void;
  readonly fail: (error: Error) => void;
}

/**
 * A language client over stdin and stdout of a server's process: what an editor does, without an editor. Whoever
 * waits for a message says from which `mark()` on it counts, so that nothing is missed and nothing sleeps.
 */
export class LanguageClient {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  /** Everything that the server sent of its own accord. */
  readonly received: Received[] = [];
  /** What the server has registered and not taken back. */
  readonly registrations = new Map<string, Registration>();
  readonly #ended: Promise<Ended>;
  stderr = "";
  #initialized: InitializeResult | undefined;
  #waiting: Waiting[] = [];
  #end: Ended | undefined;
  #resultIds = new Map<string, { readonly resultId: string; readonly items: readonly Diagnostic[] }>();

  /** Starts the process and says nothing yet; `connect` starts it and shakes hands. */
  constructor(readonly options: ClientOptions) {
    const [program, ...args] = options.command;
    const child = spawn(program, args, {
      cwd: options.cwd ?? options.folders?.[0] ?? process.cwd(),
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child = child;
    // A test that fails must not be kept alive by its server, which ends when its stdin is closed.
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr])
      if (stream instanceof Socket) stream.unref();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.#ended = new Promise((resolve) => {
      child.on("error", (error) => {
        this.stderr += `${error.message}\n`;
      });
      child.on("close", (code, signal) => {
        this.#end = { code, signal, stdout: "", stderr: this.stderr };
        for (const wait of this.#waiting.splice(0)) wait.fail(this.#error(`waiting for ${wait.method}`));
        this.connection.dispose();
        resolve(this.#end);
      });
    });
    const reader = new StreamMessageReader(child.stdout);
    // Killed within a message, a server would leave its timer running for ever.
    reader.partialMessageTimeout = 0;
    this.connection = createMessageConnection(reader, new StreamMessageWriter(child.stdin));
    // A server that has gone is told by `end`; what was being written to it then is of no interest.
    child.stdin.on("error", () => {});
    this.connection.onError(() => {});
    this.connection.onNotification((method, params) => this.#receive("notification", method, params));
    this.connection.onRequest((method, params) => this.#answer(method, params));
    this.connection.listen();
  }

  static async connect(options: ClientOptions): Promise<LanguageClient> {
    const client = new LanguageClient(options);
    await client.initialize();
    return client;
  }

  async initialize(): Promise<InitializeResult> {
    const { folders, processId } = this.options;
    const params: InitializeParams = {
      processId: processId === undefined ? process.pid : processId,
      clientInfo: { name: "reprod-test" },
      rootUri: folders?.[0] === undefined ? null : uriOf(folders[0]),
      workspaceFolders: folders?.map((folder) => folderOf(folder)) ?? null,
      capabilities: capabilitiesOf(this.options),
      ...(this.options.initializationOptions !== undefined && {
        initializationOptions: this.options.initializationOptions,
      }),
    };
    this.#initialized = await this.patiently(
      "initialize",
      this.connection.sendRequest(InitializeRequest.type, params),
    );
    this.notify(InitializedNotification.type, {});
    return this.#initialized;
  }

  get initialized(): InitializeResult {
    if (this.#initialized === undefined) throw new Error("the server has not answered initialize");
    return this.#initialized;
  }

  get encoding(): Encoding {
    const encoding = this.initialized.capabilities.positionEncoding ?? "utf-16";
    if (encoding === "utf-8" || encoding === "utf-16" || encoding === "utf-32") return encoding;
    throw new Error(`the server counts in ${encoding}`);
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`the server was not started: ${this.stderr}`);
    return pid;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  // ------------------------------------------------------------ talking

  /** A request of the protocol or of `protocol.ts`; rejects when the server ends or is silent for too long. */
  request<Params, Result, Problem>(
    type: RequestType<Params, Result, Problem>,
    params: Params,
    token?: CancellationToken,
  ): Promise<Result>;
  request<Params, Result>(
    type: RequestMessage<Params, Result>,
    params: Params,
    token?: CancellationToken,
  ): Promise<Result>;
  request(type: { readonly method: string }, params: unknown, token?: CancellationToken): Promise<unknown> {
    const { method } = type;
    const answer =
      params === undefined
        ? this.connection.sendRequest(method)
        : token === undefined
          ? this.connection.sendRequest(method, params)
          : this.connection.sendRequest(method, params, token);
    return this.patiently(method, answer);
  }

  notify<Params>(type: NotificationType<Params>, params: Params): void;
  notify<Params>(type: NotificationMessage<Params>, params: Params): void;
  notify(type: { readonly method: string }, params: unknown): void {
    // It fails only when the server is gone, which `end` tells.
    const sent =
      params === undefined
        ? this.connection.sendNotification(type.method)
        : this.connection.sendNotification(type.method, params);
    sent.catch(() => {});
  }

  /** Opens a document, by path or uri, with this text, which need not be what the file holds. */
  open(file: string, text: string, languageId = "reprod", version = 1): ClientDocument {
    const document = new ClientDocument(
      this,
      /^[a-z][a-z0-9+.-]+:/.test(file) ? file : uriOf(file),
      text,
      version,
    );
    this.notify(DidOpenTextDocumentNotification.type, {
      textDocument: { uri: document.uri, languageId, version, text },
    });
    return document;
  }

  changedFiles(changes: readonly { readonly file: string; readonly type: FileChangeType }[]): void {
    this.notify(DidChangeWatchedFilesNotification.type, {
      changes: changes.map(({ file, type }) => ({ uri: uriOf(file), type })),
    });
  }

  changedFolders(added: readonly string[], removed: readonly string[]): void {
    this.notify(DidChangeWorkspaceFoldersNotification.type, {
      event: { added: added.map(folderOf), removed: removed.map(folderOf) },
    });
  }

  changedConfiguration(): void {
    this.notify(DidChangeConfigurationNotification.type, { settings: null });
  }

  // ------------------------------------------------------------ listening

  /** Messages from now on, for `when`. */
  mark(): number {
    return this.received.length;
  }

  /** The first message of this kind since `since` (default: the start) that passes the test. */
  async when<Params>(
    type: NotificationType<Params> | NotificationMessage<Params> | RequestType<Params, unknown, unknown>,
    test: (params: Params) => boolean = () => true,
    since = 0,
  ): Promise<Params> {
    const message = await this.whenReceived(type.method, (params) => test(params as Params), since);
    return message.params as Params;
  }

  whenReceived(method: string, test: (params: unknown) => boolean, since = 0): Promise<Received> {
    for (const message of this.received.slice(since)) {
      if (message.method === method && test(message.params)) return Promise.resolve(message);
    }
    if (this.#end !== undefined) return Promise.reject(this.#error(`waiting for ${method}`));
    return this.patiently(
      method,
      new Promise((done, fail) => {
        this.#waiting.push({ method, test, done, fail });
      }),
    );
  }

  /** All of one kind since `since`. */
  all<Params>(
    type: NotificationType<Params> | NotificationMessage<Params> | RequestType<Params, unknown, unknown>,
    since = 0,
  ): readonly Params[] {
    return this.received
      .slice(since)
      .filter(({ method }) => method === type.method)
      .map(({ params }) => params as Params);
  }

  /**
   * Diagnostics of the document's text as it is now: asked for, or as they were sent for this very version. With
   * `until`, the first that pass it: what needs the world (a file, a tool) may come after what the text alone tells.
   */
  async diagnostics(
    document: ClientDocument,
    until: (diagnostics: readonly Diagnostic[]) => boolean = () => true,
    since = 0,
  ): Promise<readonly Diagnostic[]> {
    if (this.options.diagnostics === "pull") {
      let asked = this.mark();
      for (;;) {
        const items = await this.pull(document.uri);
        if (until(items)) return items;
        // The server says when to ask again.
        await this.whenReceived("workspace/diagnostic/refresh", () => true, asked);
        asked = this.mark();
      }
    }
    const { uri, version } = document;
    const { params } = await this.whenReceived(
      "textDocument/publishDiagnostics",
      (raw) => {
        const sent = raw as PublishDiagnosticsParams;
        return sent.uri === uri && sent.version === version && until(sent.diagnostics);
      },
      since,
    );
    return (params as PublishDiagnosticsParams).diagnostics;
  }

  /** One `textDocument/diagnostic`; an answer "unchanged" gives what was answered before. */
  async pull(uri: string): Promise<readonly Diagnostic[]> {
    const previous = this.#resultIds.get(uri);
    const report = await this.request(DocumentDiagnosticRequest.type, {
      textDocument: { uri },
      ...(previous !== undefined && { previousResultId: previous.resultId }),
    });
    if (report.kind === "unchanged") {
      if (previous === undefined) throw new Error("unchanged since nothing was answered");
      return previous.items;
    }
    if (report.resultId === undefined) this.#resultIds.delete(uri);
    else this.#resultIds.set(uri, { resultId: report.resultId, items: report.items });
    return report.items;
  }

  // ------------------------------------------------------------ ending

  /** Ends as an editor ends a server. */
  async shutdown(): Promise<Ended> {
    await this.request(ShutdownRequest.type, undefined);
    this.notify(ExitNotification.type, undefined);
    return await this.end();
  }

  /** Ends it as bad luck does. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Ended> {
    this.child.kill(signal);
    return await this.end();
  }

  /** Until its process has ended, of whatever cause. */
  end(): Promise<Ended> {
    return this.#within("its end", this.#ended);
  }

  /** What the server gives; rejects, with what is known, when the server ends first or nothing comes for too long. */
  async patiently<Value>(what: string, value: Promise<Value>): Promise<Value> {
    const gone = this.#ended.then(() => {
      throw this.#error(what);
    });
    // Whoever loses the race is nobody's failure.
    gone.catch(() => {});
    return await this.#within(what, Promise.race([value, gone]));
  }

  /** A test says more by this than by hanging. */
  async #within<Value>(what: string, value: Promise<Value>): Promise<Value> {
    const patience = this.options.patience ?? 30_000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#error(`${patience / 1000} s without ${what}`)), patience);
    });
    try {
      return await Promise.race([value, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #error(what: string): Error {
    const end = this.#end;
    const state = end === undefined ? "the server runs" : `the server ended with ${end.signal ?? end.code}`;
    const last = this.received
      .slice(-8)
      .map(({ method, params }) => `\n  ${method} ${(JSON.stringify(params) ?? "").slice(0, 300)}`)
      .join("");
    return new Error(
      `${what}: ${state}; stderr: ${this.stderr.slice(-4_000) || "empty"}; last received:${last}`,
    );
  }

  #receive(kind: Received["kind"], method: string, params: unknown): void {
    const message: Received = { kind, method, params, at: performance.now() };
    this.received.push(message);
    for (const wait of [...this.#waiting]) {
      if (wait.method !== method || !wait.test(params)) continue;
      this.#waiting = this.#waiting.filter((other) => other !== wait);
      wait.done(message);
    }
  }

  #answer(method: string, params: unknown): unknown {
    this.#receive("request", method, params);
    switch (method) {
      case ConfigurationRequest.method: {
        const { items } = params as { readonly items: readonly ConfigurationItem[] };
        return items.map((item) => this.options.configuration?.(item) ?? null);
      }
      case "client/registerCapability":
        for (const one of (params as RegistrationParams).registrations) this.registrations.set(one.id, one);
        return null;
      case "client/unregisterCapability":
        // Misspelt in the protocol itself.
        for (const one of (params as { unregisterations: { id: string }[] }).unregisterations)
          this.registrations.delete(one.id);
        return null;
      case "workspace/applyEdit":
        return { applied: true };
      case "workspace/workspaceFolders":
        return this.options.folders?.map(folderOf) ?? null;
      case "window/showDocument":
        return { success: true };
      default:
        // Progress tokens, refreshes and questions to the user: taken note of, and done.
        return null;
    }
  }
}

/** An open document as the client holds it; every change goes to the server as the part that changed. */
export class ClientDocument {
  /** `performance.now()` just before the latest change was handed over. */
  changedAt = 0;

  constructor(
    readonly client: LanguageClient,
    readonly uri: string,
    public text: string,
    public version: number,
  ) {}

  get id(): { readonly textDocument: { readonly uri: string } } {
    return { textDocument: { uri: this.uri } };
  }

  /** Parameters of a request about a place: `into` characters into the given occurrence of a text. */
  at(needle: string, into = 0, occurrence = 1): { textDocument: { uri: string }; position: Position } {
    return { textDocument: { uri: this.uri }, position: this.position(needle, into, occurrence) };
  }

  position(needle: string, into = 0, occurrence = 1): Position {
    return this.positionAt(this.offset(needle, occurrence) + into);
  }

  range(needle: string, occurrence = 1): Range {
    const start = this.offset(needle, occurrence);
    return { start: this.positionAt(start), end: this.positionAt(start + needle.length) };
  }

  /** UTF-16 offset of an occurrence, which must be there. */
  offset(needle: string, occurrence = 1): number {
    let at = -1;
    for (let seen = 0; seen < occurrence; seen++) {
      at = this.text.indexOf(needle, at + 1);
      if (at < 0) throw new Error(`${this.uri} has no ${occurrence}. ${JSON.stringify(needle)}`);
    }
    return at;
  }

  positionAt(offset: number): Position {
    return positionAt(this.text, offset, this.client.encoding);
  }

  textIn(range: Range): string {
    const { encoding } = this.client;
    return this.text.slice(
      offsetAt(this.text, range.start, encoding),
      offsetAt(this.text, range.end, encoding),
    );
  }

  /** Replaces the text between two UTF-16 offsets. */
  edit(start: number, end: number, text: string): void {
    this.change(
      [{ range: { start: this.positionAt(start), end: this.positionAt(end) }, text }],
      [start, end],
    );
  }

  insert(offset: number, text: string): void {
    this.edit(offset, offset, text);
  }

  replace(from: string, to: string, occurrence = 1): void {
    const start = this.offset(from, occurrence);
    this.edit(start, start + from.length, to);
  }

  /** Replaces the whole text, told as the whole text. */
  set(text: string): void {
    this.change([{ text }], [0, this.text.length]);
  }

  save(): void {
    this.client.notify(DidSaveTextDocumentNotification.type, { ...this.id, text: this.text });
  }

  close(): void {
    this.client.notify(DidCloseTextDocumentNotification.type, this.id);
  }

  diagnostics(
    until?: (diagnostics: readonly Diagnostic[]) => boolean,
    since?: number,
  ): Promise<readonly Diagnostic[]> {
    return this.client.diagnostics(this, until, since);
  }

  /** The text with edits that a server answered applied to it. */
  edited(edits: readonly TextEdit[]): string {
    return applyEdits(this.text, edits, this.client.encoding);
  }

  private change(
    contentChanges: TextDocumentContentChangeEvent[],
    [start, end]: readonly [number, number],
  ): void {
    const [{ text } = { text: "" }] = contentChanges;
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    this.version++;
    this.changedAt = performance.now();
    this.client.notify(DidChangeTextDocumentNotification.type, {
      textDocument: { uri: this.uri, version: this.version },
      contentChanges,
    });
  }
}

export function uriOf(file: string): string {
  return pathToFileURL(file).href;
}

function folderOf(folder: string): { uri: string; name: string } {
  return { uri: uriOf(folder), name: path.basename(folder) };
}

/** Where each line starts; `\r\n`, `\n` and `\r` end lines. */
function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}

export function positionAt(text: string, offset: number, encoding: Encoding): Position {
  const starts = lineStarts(text);
  let line = starts.length - 1;
  while (line > 0 && (starts[line] ?? 0) > offset) line--;
  return { line, character: count(text.slice(starts[line] ?? 0, offset), encoding) };
}

export function offsetAt(text: string, position: Position, encoding: Encoding): number {
  const starts = lineStarts(text);
  const start = starts[position.line];
  if (start === undefined) throw new Error(`no line ${position.line} in a text of ${starts.length} lines`);
  const [line = ""] = text.slice(start).split(/[\r\n]/, 1);
  let offset = 0;
  while (count(line.slice(0, offset), encoding) < position.character) {
    if (offset >= line.length)
      throw new Error(`line ${position.line} has no character ${position.character}`);
    offset += (line.codePointAt(offset) ?? 0) > 0xffff && encoding !== "utf-16" ? 2 : 1;
  }
  if (count(line.slice(0, offset), encoding) !== position.character)
    throw new Error(`character ${position.character} of line ${position.line} is within a character`);
  return start + offset;
}

function count(text: string, encoding: Encoding): number {
  switch (encoding) {
    case "utf-16":
      return text.length;
    case "utf-8":
      return Buffer.byteLength(text);
    case "utf-32":
      return [...text].length;
  }
}

/** Edits of one answer, which must not overlap, applied to a text. */
export function applyEdits(text: string, edits: readonly TextEdit[], encoding: Encoding = "utf-16"): string {
  const placed = edits
    .map(({ range, newText }) => ({
      start: offsetAt(text, range.start, encoding),
      end: offsetAt(text, range.end, encoding),
      newText,
    }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let result = "";
  let at = 0;
  for (const { start, end, newText } of placed) {
    if (start < at || end < start) throw new Error("edits of one answer overlap");
    result += text.slice(at, start) + newText;
    at = end;
  }
  return result + text.slice(at);
}

/** What a client says that can do everything, with the wishes of `options`. */
function capabilitiesOf(options: ClientOptions): ClientCapabilities {
  const all: ClientCapabilities = {
    general: {
      positionEncodings: [...(options.encodings ?? ["utf-16"])],
      staleRequestSupport: { cancel: true, retryOnContentModified: [] },
    },
    workspace: {
      applyEdit: true,
      workspaceEdit: { documentChanges: true, resourceOperations: ["create", "rename", "delete"] },
      configuration: true,
      workspaceFolders: true,
      didChangeConfiguration: { dynamicRegistration: true },
      didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: true },
      codeLens: { refreshSupport: true },
      inlayHint: { refreshSupport: true },
      semanticTokens: { refreshSupport: true },
      diagnostics: { refreshSupport: true },
      symbol: {},
      fileOperations: { willRename: true, didRename: true },
    },
    textDocument: {
      synchronization: { didSave: true },
      publishDiagnostics: {
        relatedInformation: true,
        versionSupport: true,
        codeDescriptionSupport: true,
        dataSupport: true,
        tagSupport: { valueSet: [1, 2] },
      },
      ...(options.diagnostics === "pull" && { diagnostic: { relatedDocumentSupport: true } }),
      completion: {
        contextSupport: true,
        completionItem: {
          snippetSupport: true,
          documentationFormat: ["markdown", "plaintext"],
          resolveSupport: { properties: ["documentation", "detail", "additionalTextEdits"] },
          insertReplaceSupport: true,
          labelDetailsSupport: true,
        },
      },
      hover: { contentFormat: ["markdown", "plaintext"] },
      signatureHelp: {
        signatureInformation: {
          documentationFormat: ["markdown"],
          parameterInformation: { labelOffsetSupport: true },
          activeParameterSupport: true,
        },
      },
      definition: { linkSupport: true },
      references: {},
      documentHighlight: {},
      documentSymbol: { hierarchicalDocumentSymbolSupport: true },
      codeAction: {
        dataSupport: true,
        isPreferredSupport: true,
        resolveSupport: { properties: ["edit"] },
        codeActionLiteralSupport: {
          codeActionKind: { valueSet: ["quickfix", "refactor", "source", "source.fixAll"] },
        },
      },
      codeLens: {},
      documentLink: { tooltipSupport: true },
      formatting: {},
      rangeFormatting: {},
      onTypeFormatting: {},
      rename: { prepareSupport: true },
      foldingRange: { lineFoldingOnly: false },
      selectionRange: {},
      linkedEditingRange: {},
      callHierarchy: {},
      inlayHint: { resolveSupport: { properties: ["tooltip"] } },
      semanticTokens: {
        requests: { full: { delta: true }, range: true },
        tokenTypes: [],
        tokenModifiers: [],
        formats: ["relative"],
      },
    },
    window: { workDoneProgress: true, showDocument: { support: true } },
  };
  return laidOver(all, options.capabilities ?? {}) as ClientCapabilities;
}

function laidOver(base: unknown, over: unknown): unknown {
  if (typeof base !== "object" || base === null || Array.isArray(base)) return over;
  if (typeof over !== "object" || over === null || Array.isArray(over)) return over;
  const merged: { [name: string]: unknown } = { ...base };
  for (const [name, value] of Object.entries(over)) merged[name] = laidOver(merged[name], value);
  return merged;
}
