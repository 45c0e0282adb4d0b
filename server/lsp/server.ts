import * as path from "node:path";
import {
  CodeLensRefreshRequest,
  type Connection,
  DiagnosticSeverity,
  DidChangeConfigurationNotification,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ErrorCodes,
  FileChangeType,
  type InitializeParams,
  ResponseError,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { AbsolutePath } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { findProjectRoot, PROJECT_FILE } from "../data/project.js";
import type { ContainerPolicy } from "../data/project-settings.js";
import type { Document, Workspace } from "../features/document.js";
import { Lines, type PositionEncoding } from "../features/lines.js";
import { stateMarks } from "../features/state-marks.js";
import { setWords } from "../features/words.js";
import type { PlacedProblem } from "../language/problems.js";
import type { Program } from "../language/program.js";
import {
  type Health,
  healthNotification,
  type InitializationOptions,
  pipelinesChanged,
  runsChanged,
  type StateMark,
  statesNotification,
} from "../protocol.js";
import { diagnosticOf } from "./diagnostics.js";
import { FolderWatch } from "./folder-watch.js";
import { Later } from "./later.js";
import { listFolder } from "./list-folder.js";
import { findPipelineFiles } from "./pipeline-files.js";
import { ProblemBoard } from "./problem-board.js";
import { ProjectContext } from "./project-context.js";
import type { TrackedRun } from "./run-tracker.js";
import { runView } from "./run-views.js";
import { Session, type SessionHost } from "./session.js";
import { defaultSettings, type FolderSettings, readSettings } from "./settings.js";
import { Slices } from "./slices.js";
import type { Snapshot } from "./snapshot.js";
import { Texts } from "./texts.js";
import { isVirtual, Uris } from "./uris.js";

/** The Pipelines view is told of changes this often at most; while something runs everything changes all the time. */
const PIPELINES_MILLISECONDS = 300;
/** Pipelines of a workspace that are followed for the view; a folder with more is a store of them, not a project. */
const PIPELINES_FOLLOWED = 300;

/** The states of a document as its gutter, lenses and hints tell them. */
interface Marks {
  readonly program: Program;
  readonly snapshot: Snapshot | undefined;
  readonly marks: readonly StateMark[];
  readonly text: string;
  readonly said: string;
}

/** Pipelines that nobody has open are looked at when what is open has been, and with a pause behind each. */
const OTHERS_MILLISECONDS = 150;
const OTHERS_STEP_MILLISECONDS = 5;

type Changes = Parameters<typeof TextDocument.update>[1];

/**
 * What the language server holds: open documents, a session for each pipeline file that is open or listed, a context
 * for each project, and what the client was told last. It knows the protocol only to tell the client what changed;
 * requests are answered in `requests.ts` and `language-features.ts`.
 */
export class LanguageServer implements SessionHost, Workspace {
  readonly connection: Connection;
  readonly texts = new Texts();
  readonly watch = new FolderWatch();
  readonly uris = new Uris();
  readonly options: InitializationOptions;
  readonly encoding: PositionEncoding;
  trusted: boolean;
  readonly #client: InitializeParams["capabilities"];
  /** Absolute paths of the folders of the workspace. */
  #folders: string[] = [];
  /** By path: open documents, each with the version that the client says. */
  readonly #open = new Map<string, TextDocument>();
  readonly #sessions = new Map<string, Session>();
  /** Sessions that the Pipelines view asked for: they stay when the document is closed. */
  readonly #listed = new Set<string>();
  readonly #projects = new Map<string, ProjectContext | Failure>();
  /** By folder of a file. */
  readonly #rootOf = new Map<string, AbsolutePath>();
  readonly #settings = new Map<string, FolderSettings>();
  #settingsAsked = 0;
  readonly #board = new ProblemBoard<Session>();
  readonly #lines = new Map<string, { readonly text: string; readonly lines: Lines }>();
  readonly #pipelinesSoon: Later;
  readonly #healthSoon: Later;
  readonly #refreshSoon: Later;
  /** By open document: what its gutter shows, and what its lenses and hints say. */
  readonly #marksTold = new Map<string, { readonly version: number; readonly text: string }>();
  readonly #settingsToldBroken = new Set<string>();
  readonly #statesShown = new Map<string, string>();
  #healthTold = "";
  #pipelineFiles: Promise<readonly string[]> | undefined;
  #viewIsShown = false;
  #closed = false;

  constructor(connection: Connection, params: InitializeParams) {
    this.connection = connection;
    this.#client = params.capabilities;
    this.options = optionsOf(params.initializationOptions);
    // Editors without a notion of trust have asked their user by starting the server here.
    this.trusted = this.options.trusted ?? true;
    const encodings = params.capabilities.general?.positionEncodings ?? [];
    this.encoding =
      encodings[0] === "utf-8" || (encodings.includes("utf-8") && !encodings.includes("utf-16"))
        ? "utf-8"
        : "utf-16";
    if (this.options.l10n !== undefined) setWords(this.options.l10n);
    const folders = params.workspaceFolders ?? (params.rootUri ? [{ uri: params.rootUri, name: "" }] : []);
    this.#folders = folders.map(({ uri }) => this.uris.path(uri)).filter((folder) => !isVirtual(folder));
    this.#pipelinesSoon = new Later(() => {
      this.#told(connection.sendNotification(pipelinesChanged.method, {}));
    }, PIPELINES_MILLISECONDS);
    this.#healthSoon = new Later(() => this.#tellHealth(), 200);
    this.#refreshSoon = new Later(() => this.#refresh(), 20);
  }

  /** Whether the client shows lenses and links with our commands. */
  get hasCommands(): boolean {
    return this.options.clientCommands === true;
  }

  /** Diagnostics are asked for by the client, so none are sent to it for open documents. */
  get pulls(): boolean {
    return this.#client.textDocument?.diagnostic !== undefined && !this.hasCommands;
  }

  get hasSnippets(): boolean {
    return this.#client.textDocument?.completion?.completionItem?.snippetSupport === true;
  }

  get hasInsertReplace(): boolean {
    return this.#client.textDocument?.completion?.completionItem?.insertReplaceSupport === true;
  }

  get canCreateFiles(): boolean {
    const { documentChanges, resourceOperations } = this.#client.workspace?.workspaceEdit ?? {};
    return documentChanges === true && resourceOperations?.includes("create") === true;
  }

  get client(): InitializeParams["capabilities"] {
    return this.#client;
  }

  get folders(): readonly string[] {
    return this.#folders;
  }

  /** After the handshake: what can be asked of the client only then. */
  async initialized(): Promise<void> {
    const { workspace } = this.#client;
    if (workspace?.didChangeConfiguration?.dynamicRegistration === true)
      await this.connection.client.register(DidChangeConfigurationNotification.type, { section: "reprod" });
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration === true)
      await this.connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: "**/*.reprod" }, { globPattern: `**/${PROJECT_FILE}` }],
      });
    await this.#followTables();
    await this.readSettings();
    // Names are looked for in all of them; finding them takes a moment, in which nobody waits.
    await this.pipelineFiles();
  }

  /** Tables that are being edited count as they are on the screen, like pipeline files. */
  async #followTables(): Promise<void> {
    if (this.#client.textDocument?.synchronization?.dynamicRegistration !== true) return;
    const documentSelector = [{ scheme: "file", pattern: "**/*.{csv,tsv}" }];
    const { client } = this.connection;
    await client.register(DidOpenTextDocumentNotification.type, { documentSelector });
    await client.register(DidChangeTextDocumentNotification.type, {
      documentSelector,
      syncKind: TextDocumentSyncKind.Incremental,
    });
    await client.register(DidCloseTextDocumentNotification.type, { documentSelector });
  }

  // ------------------------------------------------------------ documents

  opened(uri: string, languageId: string, version: number, text: string): void {
    const file = this.uris.opened(uri);
    const before = this.#textOf(file);
    this.#open.set(file, TextDocument.create(uri, languageId, version, text));
    this.texts.set(file, text);
    if (!isPipeline(file, languageId)) {
      if (before !== text) this.#factsChanged(file);
      return;
    }
    if (before !== text) this.#textChanged(file);
    this.#board.forgetTold(file);
    const session = this.session(file);
    session.follow();
    // It may have been changed while nobody looked: from here on it is followed.
    this.#findRootsAgain();
    this.project(file)?.refresh();
    session.resultsChanged();
    this.#marksTold.delete(file);
  }

  changed(uri: string, version: number, changes: Changes): void {
    const file = this.uris.path(uri);
    const document = this.#open.get(file);
    if (document === undefined) return;
    const updated =
      this.encoding === "utf-16"
        ? TextDocument.update(document, changes, version)
        : updatedInBytes(document, changes, version);
    this.#open.set(file, updated);
    this.texts.set(file, updated.getText());
    if (isPipeline(file, updated.languageId)) this.#textChanged(file);
    else this.#factsChanged(file);
  }

  saved(uri: string): void {
    this.#findRootsAgain();
    this.project(this.uris.path(uri))?.refresh();
  }

  closed(uri: string): void {
    const file = this.uris.path(uri);
    const text = this.#textOf(file);
    const wasPipeline = isPipeline(file, this.#open.get(file)?.languageId ?? "");
    this.#open.delete(file);
    this.texts.close(file);
    this.#marksTold.delete(file);
    this.#statesShown.delete(file);
    this.#lines.delete(file);
    if (!this.#listed.has(file)) this.#endSession(file);
    if (wasPipeline) {
      if (this.#textOf(file) !== text) this.#textChanged(file);
      this.#tellProblems(file);
    } else this.#factsChanged(file);
    this.uris.closed(uri);
  }

  /** Files that the client saw change on the disk. */
  filesChanged(changes: readonly { readonly uri: string; readonly type: FileChangeType }[]): void {
    for (const { uri, type } of changes) {
      const file = this.uris.path(uri);
      if (path.basename(file) === PROJECT_FILE) {
        this.#findRootsAgain();
        continue;
      }
      if (type !== FileChangeType.Changed) this.#pipelineFiles = undefined;
      if (type === FileChangeType.Deleted && !this.#open.has(file)) {
        this.#listed.delete(file);
        this.#endSession(file);
      }
      this.textMayHaveChanged(file);
    }
    this.#pipelinesSoon.ask();
  }

  textMayHaveChanged(file: string): void {
    if (this.texts.reread(file)) this.#textChanged(file);
  }

  foldersChanged(added: readonly string[], removed: readonly string[]): void {
    const gone = new Set(removed.map((uri) => this.uris.path(uri)));
    const come = added.map((uri) => this.uris.path(uri)).filter((folder) => !isVirtual(folder));
    this.#folders = [...new Set([...this.#folders.filter((folder) => !gone.has(folder)), ...come])];
    this.#pipelineFiles = undefined;
    this.#foundFiles = [];
    if (gone.size > 0) this.#endWhatIsGone();
    this.#pipelinesSoon.ask();
    this.readSettings().catch((error: unknown) => this.defect(error));
  }

  /** Of folders that left the workspace only what is open in the editor is followed any longer. */
  #endWhatIsGone(): void {
    for (const file of [...this.#sessions.keys()]) {
      if (this.#open.has(file) || this.folderOf(file) !== undefined) continue;
      this.#listed.delete(file);
      this.#endSession(file);
    }
    const files = [...this.#folders.map((folder) => path.join(folder, "reprod")), ...this.#sessions.keys()];
    const roots = new Set<string>(
      files.filter((file) => !isVirtual(file)).map((file) => this.#rootFor(file)),
    );
    for (const [root, found] of this.#projects) {
      if (roots.has(root) || !(found instanceof ProjectContext)) continue;
      found.close();
      this.#projects.delete(root);
    }
  }

  version(file: string): number | undefined {
    return this.#open.get(file)?.version;
  }

  openPipelines(): readonly string[] {
    return [...this.#open].flatMap(([file, { languageId }]) => (isPipeline(file, languageId) ? [file] : []));
  }

  /** The document as it is now; undefined for one that is not open, which no client asks about. */
  document(uri: string): Document | undefined {
    this.refuseWhenClosed();
    const file = this.uris.path(uri);
    if (!this.#open.has(file)) return undefined;
    return this.documentOf(file);
  }

  /** Of any pipeline file, open or not. */
  documentOf(file: string): Document {
    const program = this.session(file).program();
    const { text } = program.root.file;
    return {
      path: file,
      uri: this.uri(file),
      text,
      lines: this.#linesOf(file, text),
      program,
      module: program.root,
    };
  }

  session(file: string): Session {
    let session = this.#sessions.get(file);
    if (session === undefined) {
      session = new Session(file, this);
      this.#sessions.set(file, session);
    }
    return session;
  }

  sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  // ------------------------------------------------------------ the workspace, for features

  programsWith(file: string): readonly Program[] {
    const own = this.session(file).program();
    const others = this.#everySession().filter((session) => session.path !== file && session.has(file));
    return [own, ...others.map((session) => session.program())];
  }

  programs(): readonly Program[] {
    return this.#everySession().map((session) => session.program());
  }

  /** Those that are followed, and the pipeline files of the workspace that have been found by now. */
  #everySession(): readonly Session[] {
    for (const file of this.#foundFiles) this.session(file);
    return [...this.#sessions.values()];
  }

  #foundFiles: readonly string[] = [];

  /** The pipeline files of the workspace, looked for once and again when the client says that some came or went. */
  async pipelineFiles(): Promise<readonly string[]> {
    this.#pipelineFiles ??= Promise.all(this.#folders.map((folder) => findPipelineFiles(folder))).then(
      (found) => [...new Set(found.flat())].slice(0, PIPELINES_FOLLOWED),
    );
    const looking = this.#pipelineFiles;
    const found = await looking;
    if (looking === this.#pipelineFiles) this.#foundFiles = found;
    return found;
  }

  lines(file: string): Lines {
    const text = this.#textOf(file) ?? "";
    return this.#linesOf(file, text);
  }

  uri(file: string): string {
    return this.uris.uri(file);
  }

  list(folder: string): ReturnType<Workspace["list"]> {
    return listFolder(folder);
  }

  /** Follows these files for the Pipelines view. */
  follow(files: readonly string[]): readonly Session[] {
    this.#viewIsShown = true;
    const wanted = new Set(files);
    for (const file of [...this.#listed]) {
      if (wanted.has(file)) continue;
      this.#listed.delete(file);
      if (!this.#open.has(file)) this.#endSession(file);
    }
    return files.map((file) => {
      this.#listed.add(file);
      const session = this.session(file);
      session.follow();
      return session;
    });
  }

  // ------------------------------------------------------------ projects and settings

  project(file: string): ProjectContext | undefined {
    const found = this.projectOrFailure(file);
    return found instanceof Failure ? undefined : found;
  }

  projectOrFailure(file: string): ProjectContext | Failure | undefined {
    if (isVirtual(file)) return undefined;
    const root = this.#rootFor(file);
    let found = this.#projects.get(root);
    if (found === undefined) {
      found = this.#openProject(root);
      this.#projects.set(root, found);
    }
    return found;
  }

  /** Of the projects of the workspace's folders and of every file that is followed. */
  async allProjects(): Promise<readonly ProjectContext[]> {
    const slices = new Slices();
    const files = [...(await this.pipelineFiles()), ...this.#sessions.keys()];
    for (const file of [...this.#folders.map((folder) => path.join(folder, "reprod")), ...files]) {
      this.project(file);
      await slices.pause();
    }
    return [...this.#projects.values()].filter((found) => found instanceof ProjectContext);
  }

  /** A reprod.json, a `.reprod` or a `.git` may have come or gone in any folder: looked at when somebody comes back. */
  #findRootsAgain(): void {
    const before = new Map(this.#rootOf);
    this.#rootOf.clear();
    for (const session of this.#sessions.values()) {
      const known = before.get(path.dirname(session.path));
      if (known !== undefined && known !== this.#rootFor(session.path)) session.settingsChanged();
    }
  }

  #rootFor(file: string): AbsolutePath {
    const folder = path.dirname(file);
    let root = this.#rootOf.get(folder);
    if (root === undefined) {
      root = findProjectRoot(file);
      this.#rootOf.set(folder, root);
    }
    return root;
  }

  #openProject(root: AbsolutePath): ProjectContext | Failure {
    try {
      return new ProjectContext(root, this.watch, {
        settingsBroken: (broken, failure) => this.#tellSettings(broken, failure),
        settingsChanged: (context) => {
          for (const session of this.#sessionsIn(context)) session.settingsChanged();
        },
        resultsChanged: (context) => {
          for (const session of this.#sessionsIn(context)) session.resultsChanged();
        },
        runsChanged: (context, runs) => {
          for (const session of this.#sessionsIn(context)) session.valuesChanged();
          this.#tellRuns(context, runs).catch((error: unknown) => this.defect(error));
        },
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.healthChanged();
      // Told at the file and as a health detail; looked at again when somebody saves the file.
      this.#tellSettings(root, error);
      this.#waitForProject(root);
      return error;
    }
  }

  #waitForProject(root: AbsolutePath): void {
    const stop = this.watch.watch(root, (name) => {
      if (name !== undefined && name !== PROJECT_FILE) return;
      stop();
      this.#projects.delete(root);
      this.#tellSettings(root, undefined);
      for (const session of this.#sessions.values()) session.settingsChanged();
    });
  }

  /** What is wrong with a project's settings file, at its place in it. */
  #tellSettings(root: AbsolutePath, failure: Failure | undefined): void {
    if (failure === undefined && !this.#settingsToldBroken.delete(root)) return;
    if (failure !== undefined) this.#settingsToldBroken.add(root);
    const file = path.join(root, PROJECT_FILE);
    const [line = 1, column = 1] = (failure?.place ?? "")
      .slice(file.length + 1)
      .split(":")
      .map(Number);
    const at = { line: Math.max(0, (line || 1) - 1), character: Math.max(0, (column || 1) - 1) };
    this.#told(
      this.connection.sendDiagnostics({
        uri: this.uri(file),
        diagnostics:
          failure === undefined
            ? []
            : [
                {
                  range: { start: at, end: { line: at.line, character: at.character + 1 } },
                  severity: DiagnosticSeverity.Error,
                  code: failure.code,
                  source: "reprod",
                  message: [failure.message, failure.why].filter((part) => part !== undefined).join(". "),
                },
              ],
      }),
    );
  }

  #sessionsIn(context: ProjectContext): readonly Session[] {
    return [...this.#sessions.values()].filter((session) => this.project(session.path) === context);
  }

  container(file: string): ContainerPolicy | undefined {
    return this.settings(file).container;
  }

  settings(file: string): FolderSettings {
    const folder = this.folderOf(file);
    return this.#settings.get(folder ?? "") ?? this.#settings.get("") ?? defaultSettings;
  }

  /** The innermost folder of the workspace that a file lies in. */
  folderOf(file: string): string | undefined {
    const around = this.#folders.filter((folder) => file === folder || file.startsWith(folder + path.sep));
    return around.sort((a, b) => b.length - a.length)[0];
  }

  async readSettings(): Promise<void> {
    if (this.#client.workspace?.configuration !== true) return;
    // Folders may come and go, and settings change again, before the client has answered.
    const asking = ++this.#settingsAsked;
    const folders = this.#folders;
    const items = [
      { section: "reprod" },
      ...folders.map((folder) => ({ scopeUri: this.uri(folder), section: "reprod" })),
    ];
    const values: readonly unknown[] = await this.connection.workspace.getConfiguration(items);
    if (asking !== this.#settingsAsked) return;
    const before = JSON.stringify([...this.#settings]);
    this.#settings.clear();
    for (const [at, folder] of ["", ...folders].entries())
      this.#settings.set(folder, readSettings(values[at]));
    if (JSON.stringify([...this.#settings]) === before) return;
    for (const session of this.#sessions.values()) session.settingsChanged();
    this.#refreshSoon.ask();
  }

  trustGranted(): void {
    if (this.trusted) return;
    this.trusted = true;
    for (const session of this.#sessions.values()) session.settingsChanged();
    // Lenses may run something now.
    this.#refreshSoon.ask();
    this.healthChanged();
  }

  // ------------------------------------------------------------ what changed, and telling it

  problemsChanged(session: Session): void {
    const files = session.program().modules.keys();
    for (const file of this.#board.set(session, session.problems(), files)) this.#tellProblems(file);
    this.#pipelinesSoonIfShown();
    if (this.pulls) this.#refreshSoon.ask();
  }

  /** The problems of its file in the texts as they are at this moment, for a client that asks for them. */
  problemsChangedNow({ path: file }: Session): void {
    // Pipelines that import it speak of it too, and what they said was of another text.
    for (const session of this.#sessions.values())
      if (session.has(file)) this.#board.set(session, session.problems(), session.program().modules.keys());
  }

  /** The problems of a file as they were told last. */
  problemsOf(file: string): readonly PlacedProblem[] {
    return this.#board.of(file);
  }

  /** The diagnostics of a file, as the client pulls them or is sent them. */
  diagnostics(file: string): ReturnType<typeof diagnosticOf>[] {
    const linesOf = (of: string): Lines => this.lines(of);
    const uriOf = (of: string): string => this.uri(of);
    return this.#board.of(file).map((problem) => diagnosticOf(problem, linesOf, uriOf));
  }

  #tellProblems(file: string): void {
    if (this.pulls && this.#open.has(file)) return;
    // Another pipeline that has the file saw an older text: its places would be put into the new one. It tells soon.
    if (this.#board.sourcesOf(file).some((session) => session.isBehind)) return;
    const diagnostics = this.diagnostics(file);
    const version = this.version(file);
    if (!this.#board.isNews(file, version, diagnostics)) return;
    this.#told(
      this.connection.sendDiagnostics({
        uri: this.uri(file),
        diagnostics,
        ...(version !== undefined && { version }),
      }),
    );
  }

  statesChanged(session: Session): void {
    this.#tellMarks(session);
    this.#pipelinesSoonIfShown();
    this.healthChanged();
  }

  #tellMarks(session: Session): void {
    const { path: file } = session;
    const version = this.version(file);
    if (version === undefined) return;
    const { marks, text, said } = this.#marksOf(session);
    const told = this.#marksTold.get(file);
    if (told?.text === text && told.version === version) return;
    this.#marksTold.set(file, { version, text });
    this.#told(
      this.connection.sendNotification(statesNotification.method, { uri: this.uri(file), version, marks }),
    );
    // An editor asks for lenses and hints again by itself when the text changes, and else when told to: only where it
    // was told something else before. Each time it draws them anew, and a click in between is lost.
    const shown = this.#statesShown.get(file);
    if (shown !== undefined && shown !== said) this.#refreshSoon.ask();
  }

  /** A lens or hint of a document is told from the states that there are now. */
  showsStates(session: Session): void {
    this.#statesShown.set(session.path, this.#marksOf(session).said);
  }

  #marksOf(session: Session): Marks {
    const { snapshot } = session;
    const program = session.program();
    const known = this.#marks.get(session);
    if (known?.program === program && known.snapshot === snapshot) return known;
    const marks = snapshot === undefined ? [] : stateMarks(this.documentOf(session.path), snapshot);
    // Wherever they stand; and what a lens on `target` says, which has no mark.
    const said = JSON.stringify([
      snapshot?.reach,
      marks.map(({ family, counts, text }) => [family, counts, text]),
    ]);
    const made = { program, snapshot, marks, text: JSON.stringify(marks), said };
    this.#marks.set(session, made);
    return made;
  }

  readonly #marks = new WeakMap<Session, Marks>();

  #refresh(): void {
    const { workspace } = this.#client;
    if (workspace?.codeLens?.refreshSupport === true)
      this.#told(this.connection.sendRequest(CodeLensRefreshRequest.type));
    if (workspace?.inlayHint?.refreshSupport === true)
      this.#told(this.connection.languages.inlayHint.refresh());
    if (this.pulls && workspace?.diagnostics?.refreshSupport === true)
      this.#told(this.connection.languages.diagnostics.refresh());
  }

  async #tellRuns(context: ProjectContext, runs: readonly TrackedRun[]): Promise<void> {
    const views = await Promise.all(runs.map((run) => runView(this, context, run)));
    await this.connection.sendNotification(runsChanged.method, { runs: views });
  }

  #pipelinesSoonIfShown(): void {
    if (this.#viewIsShown) this.#pipelinesSoon.ask();
  }

  healthChanged(): void {
    this.#healthSoon.ask();
  }

  #tellHealth(): void {
    const health = this.health();
    const text = JSON.stringify(health);
    if (text === this.#healthTold) return;
    this.#healthTold = text;
    this.#told(this.connection.sendNotification(healthNotification.method, health));
  }

  health(): Health {
    const limits = new Set<string>();
    const doing: string[] = [];
    if (!this.trusted) limits.add("The workspace is not trusted: files are checked, nothing is run.");
    for (const found of this.#projects.values()) {
      if (found instanceof Failure) {
        limits.add(found.place === undefined ? found.message : `${found.message} (${found.place})`);
        continue;
      }
      for (const { message } of found.unread) limits.add(message);
      if (found.storeIsGone)
        limits.add(
          `The store is gone, so results count as never made until it is back: "${found.project.folders.store}"`,
        );
    }
    for (const problem of this.watch.problems) limits.add(`Changes are seen late: ${problem}`);
    for (const session of this.#sessions.values()) {
      // Others are texts to look names up in, and are not parsed for this.
      if (!session.isFollowed) continue;
      if (session.failure !== undefined) limits.add(session.failure.message);
      if (session.trouble !== undefined) limits.add(session.trouble.message);
      if (session.lockFailure !== undefined) limits.add(session.lockFailure.message);
      const { hashing } = session;
      if (hashing !== undefined && hashing.totalFiles > 0)
        doing.push(`Hashing inputs: ${hashing.files} of ${hashing.totalFiles} files`);
      else if (session.isLooking) doing.push(`Looking up results: ${path.basename(session.path)}`);
      for (const reason of session.unknowns()) limits.add(reason);
    }
    return {
      state: doing.length > 0 ? "busy" : limits.size > 0 ? "limited" : "ready",
      details: [...doing, ...limits].slice(0, 20),
    };
  }

  defect(error: unknown): void {
    this.connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** After `shutdown` a client may only say `exit`: what it asks all the same is an error, as the protocol says. */
  refuseWhenClosed(): void {
    if (this.#closed) throw new ResponseError(ErrorCodes.InvalidRequest, "the server has been shut down");
  }

  close(): void {
    this.#closed = true;
    this.#pipelinesSoon.close();
    this.#healthSoon.close();
    this.#refreshSoon.close();
    for (const session of this.#sessions.values()) session.close();
    for (const found of this.#projects.values()) if (found instanceof ProjectContext) found.close();
    this.watch.close();
  }

  // ------------------------------------------------------------ helpers

  #textChanged(file: string): void {
    let wait = OTHERS_MILLISECONDS;
    for (const session of this.#sessions.values()) {
      if (!session.restsOn(file)) continue;
      if (this.#open.has(session.path)) session.textChanged();
      else {
        // A library may be read by hundreds: one after the other, each so short that a key goes in between. What they
        // said of this text until now has its places in the old one.
        session.textChanged(wait);
        this.#board.forget(session, file);
        wait += OTHERS_STEP_MILLISECONDS;
      }
    }
  }

  /** A table or other data that is open in the editor has changed there. */
  #factsChanged(file: string): void {
    for (const session of this.#sessions.values()) if (session.reads(file)) session.factsChanged();
  }

  #endSession(file: string): void {
    const session = this.#sessions.get(file);
    if (session === undefined) return;
    session.close();
    this.#sessions.delete(file);
    for (const told of this.#board.remove(session)) this.#tellProblems(told);
  }

  #textOf(file: string): string | undefined {
    try {
      return this.texts.read(file);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  #linesOf(file: string, text: string): Lines {
    const known = this.#lines.get(file);
    if (known?.text === text) return known.lines;
    const lines = new Lines(text, this.encoding);
    this.#lines.set(file, { text, lines });
    return lines;
  }

  /** What is sent and not waited for: a client that is gone is no defect. */
  #told(sent: Promise<unknown>): void {
    sent.catch((error: unknown) => this.connection.console.warn(String(error)));
  }
}

/** The library counts in UTF-16 only; each change is placed in the text that the ones before it have made. */
function updatedInBytes(document: TextDocument, changes: Changes, version: number): TextDocument {
  let updated = document;
  for (const change of changes) {
    if (!("range" in change)) {
      updated = TextDocument.update(updated, [change], version);
      continue;
    }
    const { start, end } = new Lines(updated.getText(), "utf-8").span(change.range);
    const range = { start: updated.positionAt(start), end: updated.positionAt(end) };
    updated = TextDocument.update(updated, [{ range, text: change.text }], version);
  }
  return updated;
}

function isPipeline(file: string, languageId: string): boolean {
  return languageId === "reprod" || file.endsWith(".reprod");
}

function optionsOf(value: unknown): InitializationOptions {
  if (typeof value !== "object" || value === null) return {};
  const flag = (name: string): boolean | undefined => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === "boolean" ? found : undefined;
  };
  const l10n: unknown = Reflect.get(value, "l10n");
  const clientCommands = flag("clientCommands");
  const trusted = flag("trusted");
  return {
    ...(clientCommands !== undefined && { clientCommands }),
    ...(trusted !== undefined && { trusted }),
    ...(typeof l10n === "object" &&
      l10n !== null && {
        l10n: Object.fromEntries(
          Object.entries(l10n).flatMap(([text, translated]) =>
            typeof translated === "string" ? [[text, translated] as const] : [],
          ),
        ),
      }),
  };
}

export const syncOptions = {
  openClose: true,
  change: TextDocumentSyncKind.Incremental,
  save: { includeText: false },
} as const;
