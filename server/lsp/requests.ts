import * as fs from "node:fs";
import * as path from "node:path";
import type { CancellationToken } from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import { Failure } from "../base/failure.js";
import { openProject } from "../data/project.js";
import { Tools } from "../data/tools.js";
import { withWorldProblems } from "../features/checks/index.js";
import { graphPicture } from "../features/graph-picture.js";
import { at, nodeStatements } from "../features/lenses.js";
import { countStates } from "../features/node-states.js";
import { t } from "../features/words.js";
import type { GraphNode, RecordedFile } from "../graph/model.js";
import type { NodeStatement, SourceFile, Span } from "../language/syntax.js";
import { showType, typeFromSyntax } from "../language/types.js";
import * as protocol from "../protocol.js";
import { cancelRun } from "../run/cancel.js";
import { findMaking } from "../run/find-making.js";
import { pinPipeline } from "../run/pin-pipeline.js";
import { IMAGE_PLATFORM, type OpenedPipeline, openPipeline } from "../run/pipeline.js";
import { planPipeline } from "../run/plan.js";
import { startDetachedRun } from "../run/runner.js";
import { readRunFile } from "../run/runs.js";
import { resolveNode } from "../run/targets.js";
import { signalOf, untrusted } from "./failures.js";
import { LogFollower } from "./log-follower.js";
import { missingParams } from "./missing-params.js";
import { explainPage } from "./pages/explain.js";
import { planView } from "./pages/plan.js";
import { provenancePage } from "./pages/provenance.js";
import type { ProjectContext } from "./project-context.js";
import { runNodeView, runView } from "./run-views.js";
import type { LanguageServer } from "./server.js";
import type { Session } from "./session.js";
import { Slices } from "./slices.js";
import type { Snapshot } from "./snapshot.js";
import { isVirtual } from "./uris.js";

const TOP: protocol.ProtocolRange = {
  start: { line: 0, character: 0 },
  end: { line: 0, character: 0 },
};

/** Answers the client's own messages (`protocol.ts`). Throws `Failure` for what cannot be done. */
export class Requests {
  readonly #server: LanguageServer;
  readonly #followers = new Map<string, LogFollower>();

  constructor(server: LanguageServer) {
    this.#server = server;
  }

  // ------------------------------------------------------------ pipelines

  async pipelines(): Promise<readonly protocol.PipelineView[]> {
    const server = this.#server;
    const files = new Set([...(await server.pipelineFiles()), ...server.openPipelines()]);
    const sessions = server.follow([...files].sort());
    const views: protocol.PipelineView[] = [];
    const slices = new Slices();
    for (const session of sessions) {
      const view = this.#pipelineView(session);
      if (view !== undefined) views.push(view);
      await slices.pause();
    }
    return views;
  }

  #pipelineView(session: Session): protocol.PipelineView | undefined {
    const { path: file, snapshot } = session;
    const document = this.#server.documentOf(file);
    const { declarations } = document.module.file;
    const header = declarations.flatMap(({ statement }) =>
      statement.kind === "pipeline" ? [statement] : [],
    )[0];
    const graph = session.graph();
    const isLibrary =
      header === undefined &&
      (graph === undefined || graph.nodes.length === 0) &&
      session.failure === undefined;
    if (isLibrary) return undefined;
    const problems = session.problems().filter((problem) => problem.path === file);
    const nodes = snapshot?.graph.nodes ?? graph?.nodes ?? [];
    const families: protocol.FamilyView[] = [];
    for (const [name, members] of snapshot?.graph.families ?? graph?.families ?? []) {
      const [first] = members;
      if (first === undefined) continue;
      const summary = snapshot?.ofFamily(name);
      families.push({
        name,
        transform: [...new Set(members.map(({ transform }) => transform.name))].join(", "),
        ...(first.statement.doc !== undefined && { doc: first.statement.doc }),
        single: first.keys.length === 0,
        nodes: members.length,
        counts: summary?.counts ?? {},
        ...(summary?.why !== undefined && { why: summary.why }),
        place: this.#placeOf(session, first),
      });
    }
    const folder = this.#server.folderOf(file);
    const asked = session.paramsAsked();
    const project = this.#server.projectOrFailure(file);
    const message =
      session.failure?.message ??
      (project instanceof Failure ? project.message : undefined) ??
      (asked.length > 0 && nodes.length === 0 ? t("A run asks for {0}", asked.join(", ")) : undefined);
    return {
      uri: document.uri,
      name: header?.name.text || path.basename(file, ".reprod"),
      path: folder === undefined ? file : path.relative(folder, file),
      ...(header?.doc !== undefined && { doc: header.doc }),
      errors: problems.filter(({ rule }) => rule.severity === "error").length,
      warnings: problems.filter(({ rule }) => rule.severity === "warning").length,
      nodes: nodes.length,
      counts: snapshot === undefined ? {} : countStates(nodes.map((node) => snapshot.shownState(node))),
      busy: !session.isSettled,
      families,
      ...(message !== undefined && { message }),
    };
  }

  /** Of the statement that declares a node, in the text as it is now: the graph may be of an older one. */
  #placeOf(session: Session, { module, statement }: GraphNode): protocol.ProtocolPlace {
    const file = session.program().modules.get(module)?.file;
    const declared = file === undefined ? undefined : declaredIn(file);
    const span = declared?.get(statement) ?? declared?.get(statement.name.text) ?? { start: 0, end: 0 };
    return { uri: this.#server.uri(module), range: this.#server.lines(module).range(span) };
  }

  async members({ uri, family, limit }: { uri: string; family: string; limit: number }): Promise<{
    readonly members: readonly protocol.NodeView[];
    readonly total: number;
  }> {
    const session = this.#session(uri);
    const snapshot = session.snapshot ?? (await session.settled());
    const nodes = snapshot?.graph.families.get(family) ?? [];
    if (snapshot === undefined) return { members: [], total: 0 };
    const order = new Map(protocol.shownStates.map((state, place) => [state, place]));
    const rank = (node: GraphNode): number => order.get(snapshot.shownState(node)) ?? 0;
    const sorted = [...nodes].sort((a, b) => rank(a) - rank(b) || a.index - b.index).slice(0, limit);
    const members: protocol.NodeView[] = [];
    for (const node of sorted) members.push(await nodeView(snapshot, node));
    return { members, total: nodes.length };
  }

  // ------------------------------------------------------------ pages

  async explain({ uri, node }: protocol.NodeArguments): Promise<protocol.Page> {
    const snapshot = await this.#snapshot(uri);
    return explainPage(snapshot.opened, this.#member(snapshot, node).name);
  }

  async provenance(
    asked: protocol.NodeArguments | { readonly file: string; readonly name?: string },
    token: CancellationToken,
  ): Promise<protocol.Page> {
    if ("file" in asked) {
      const file = asked.file.includes("://") ? this.#server.uris.path(asked.file) : asked.file;
      if (isVirtual(file)) throw notAFile(file);
      const found = await findMaking(file, openProject(file), file, {
        keep: this.#server.trusted,
        signal: signalOf(token),
      });
      return provenancePage(
        found.store,
        found.record,
        asked.name ?? path.basename(file),
        found.because,
        found.others,
      );
    }
    const snapshot = await this.#snapshot(asked.uri);
    const node = this.#member(snapshot, asked.node);
    const state = snapshot.states.of(node);
    const earlier = "earlier" in state ? state.earlier : undefined;
    const recipe = state.state === "cached" ? state.result.recipe : earlier?.line.recipe;
    const record = recipe === undefined ? undefined : await snapshot.opened.store.readRecord(recipe);
    if (record === undefined) {
      throw new Failure("nothing-to-show", `nothing has made this node yet: "${node.name}"`, {
        fix: "Run it; every result carries how it was made.",
      });
    }
    const because =
      state.state === "cached"
        ? "This is the stored result of the node as it is now."
        : `The node is ${snapshot.shownState(node)}: this is how its last result was made, in run ${earlier?.run ?? record.made.run}.`;
    return provenancePage(snapshot.opened.store, record, node.name, because);
  }

  /** The member that is meant: of a family the one that wants attention most. Throws `unknown-target`. */
  #member(snapshot: Snapshot, name: string): GraphNode {
    const family = snapshot.graph.byName.has(name) ? undefined : snapshot.graph.families.get(name);
    const [first, ...others] = family ?? [];
    if (first === undefined) return resolveNode(snapshot.graph, name);
    const order = new Map(protocol.shownStates.map((state, place) => [state, place]));
    const rank = (node: GraphNode): number => order.get(snapshot.shownState(node)) ?? 0;
    return others.reduce((best, node) => (rank(node) < rank(best) ? node : best), first);
  }

  async plan(
    asked: protocol.RunArguments & { readonly set?: readonly protocol.SetValue[] },
    token: CancellationToken,
  ): Promise<protocol.PlanView> {
    const file = this.#server.uris.path(asked.uri);
    const missingParams = this.#missingParams(file, asked.set ?? []);
    if (missingParams.length > 0) {
      return {
        page: { title: "", markdown: "" },
        nodes: 0,
        toRun: 0,
        counts: {},
        missingParams,
        confirm: false,
      };
    }
    const opened = await this.#open(asked, token);
    const plan = await planPipeline(opened, {
      targets: asked.targets,
      noCache: asked.noCache ?? [],
      signal: signalOf(token),
    });
    return planView(plan, this.#server.settings(file).confirmAbove);
  }

  /** Params of the pipeline that nothing gives a value to. */
  #missingParams(file: string, set: readonly protocol.SetValue[]): protocol.PlanView["missingParams"] {
    const given = new Set(set.map(({ name }) => name));
    return missingParams(this.#server.session(file).program()).flatMap(({ name, type, doc }) =>
      given.has(name.text)
        ? []
        : [
            {
              name: name.text,
              type: showType(typeFromSyntax(type)),
              ...(doc !== undefined && { doc }),
            },
          ],
    );
  }

  /** The pipeline as it is on the disk, as a run reads it. Throws for errors in it, and in an untrusted workspace. */
  async #open(
    { uri, set = [] }: protocol.RunArguments & { readonly set?: readonly protocol.SetValue[] },
    token?: CancellationToken,
  ): Promise<OpenedPipeline> {
    if (!this.#server.trusted) throw untrusted();
    const file = this.#server.uris.path(uri);
    // Deleted while it is open, or never saved: a run of what is not there would have nothing to do and end well.
    if (!fs.existsSync(file)) throw notAFile(file);
    const read = await openPipeline(file, {
      set,
      directory: this.#server.folderOf(file) ?? path.dirname(file),
      container: this.#server.settings(file).container,
      ...(token && { signal: signalOf(token) }),
    });
    const opened = withWorldProblems(read, IMAGE_PLATFORM);
    const errors = opened.problems.filter(({ rule }) => rule.severity === "error");
    const [first] = errors;
    if (first !== undefined) {
      const { line } = this.#server.lines(first.path).position(first.span.start);
      throw new Failure(
        "pipeline-has-problems",
        errors.length === 1 ? "the pipeline has an error" : `the pipeline has ${errors.length} errors`,
        {
          why: `The first: ${first.message} (${path.basename(first.path)}, line ${line + 1}).`,
          fix: "Mend what the Problems view shows; a run of half a pipeline would leave out what they touch.",
          place: `${first.path}:${line + 1}`,
        },
      );
    }
    return opened;
  }

  // ------------------------------------------------------------ runs

  async startRun(
    asked: protocol.RunArguments & { readonly set?: readonly protocol.SetValue[] },
  ): Promise<protocol.RunKey> {
    const opened = await this.#open(asked);
    const file = this.#server.uris.path(asked.uri);
    const run = await startDetachedRun(opened, {
      set: asked.set ?? [],
      directory: this.#server.folderOf(file) ?? path.dirname(file),
      container: this.#server.settings(file).container,
      targets: asked.targets,
      noCache: asked.noCache ?? [],
      keepGoing: true,
      jobs: undefined,
      executor: "local",
    });
    this.#server.project(file)?.runs.refresh();
    return { project: opened.project.root, run };
  }

  async cancel({
    project,
    run,
  }: protocol.RunKey): Promise<{ outcome: "requested" | "cleaned" | "already-ended" }> {
    // It ends processes and deletes folders that files of the workspace name.
    if (!this.#server.trusted) throw untrusted();
    const context = await this.#context(project);
    const { kind } = await cancelRun(context.project, context.runs.claims, context.runs.find(run).run);
    context.runs.refresh();
    return { outcome: kind };
  }

  async retry({
    project,
    run,
  }: protocol.RunKey): Promise<protocol.RunArguments & { readonly set?: readonly protocol.SetValue[] }> {
    const context = await this.#context(project);
    const { file, folder } = context.runs.find(run);
    const asked = readRunFile(folder);
    // What it has made is cached now, so the same request does the rest.
    return {
      uri: this.#server.uri(file),
      targets: asked?.options.targets ?? [],
      set: asked?.options.set ?? [],
    };
  }

  async runs(limit: number): Promise<readonly protocol.RunView[]> {
    const views: protocol.RunView[] = [];
    const slices = new Slices();
    for (const context of await this.#server.allProjects()) {
      for (const run of context.runs.list(limit)) {
        views.push(await runView(this.#server, context, run));
        await slices.pause();
      }
    }
    return views.sort((a, b) => (a.run < b.run ? 1 : -1)).slice(0, limit);
  }

  async runNodes({ project, run }: protocol.RunKey): Promise<readonly protocol.RunNodeView[]> {
    return (await this.#context(project)).runs.nodes(run).map(runNodeView);
  }

  async log(
    {
      project,
      run,
      node,
      attempt,
      cursor,
    }: protocol.RunKey & { node: string; attempt?: number; cursor?: string },
    token: CancellationToken,
  ): Promise<{ readonly text: string; readonly cursor: string; readonly ended: boolean }> {
    const context = await this.#context(project);
    const found = context.runs.nodes(run).find((one) => one.node === node);
    const attempts = found?.attempts ?? [];
    const wanted =
      attempt === undefined ? attempts.at(-1) : attempts.find(({ number }) => number === attempt);
    if (wanted === undefined) throw noLog(node, run, found?.state);
    if (!fs.existsSync(wanted.folder)) throw logDeleted(node, wanted.startedAt);
    const key = `${project}\u0000${run}\u0000${node}\u0000${wanted.number}`;
    const given = Number(cursor ?? 0);
    const signal = signalOf(token);
    let follower = this.#followers.get(key);
    const end = (): void => {
      follower?.close();
      this.#followers.delete(key);
    };
    try {
      if (follower === undefined || follower.lines !== given) {
        // Another reader, or one that comes back: what it has is passed over.
        end();
        follower = new LogFollower(wanted.folder, end);
        this.#followers.set(key, follower);
        await follower.skip(given, signal);
      }
      const piece = await follower.take(signal);
      if (piece.ended) end();
      return { text: piece.text, cursor: String(piece.lines), ended: piece.ended };
    } catch (error) {
      // Its folder went, or the disk failed: who asks again begins anew.
      end();
      throw error;
    }
  }

  async nodeLog({
    uri,
    node,
  }: protocol.NodeArguments): Promise<
    (protocol.RunKey & { readonly node: string; readonly attempt: number }) | null
  > {
    const file = this.#server.uris.path(uri);
    const context = this.#server.project(file);
    const family = this.#server.session(file).snapshot?.graph.families.get(node);
    const names = new Set(family === undefined ? [node] : family.map(({ name }) => name));
    for (const { run, touched } of (await context?.runs.newestOf(file)) ?? []) {
      // Of a family the one that went wrong or goes on is meant, else the last that ran.
      const ran = touched.filter((one) => names.has(one.node) && one.attempts.length > 0);
      const chosen = ran.find(({ state }) => state === "failed" || state === "running") ?? ran.at(-1);
      const attempt = chosen?.attempts.at(-1);
      if (chosen !== undefined && attempt !== undefined && context !== undefined)
        return { project: context.root, run, node: chosen.node, attempt: attempt.number };
    }
    return null;
  }

  async outputs({ uri, node }: protocol.NodeArguments): Promise<{
    readonly state: protocol.ShownState;
    readonly outputs: readonly protocol.OutputView[];
    readonly leftFolder?: string;
  }> {
    const snapshot = await this.#snapshot(uri);
    const family = snapshot.graph.families.get(node);
    const member =
      family?.find((one) => snapshot.states.of(one).state === "cached") ?? this.#member(snapshot, node);
    const state = snapshot.states.of(member);
    const recipe =
      state.state === "cached"
        ? state.result.recipe
        : "earlier" in state
          ? state.earlier?.line.recipe
          : undefined;
    const record = recipe === undefined ? undefined : await snapshot.opened.store.readRecord(recipe);
    const outs = state.state === "cached" ? state.result.outs : (record?.outs ?? {});
    const store = recipe === undefined ? snapshot.opened.store : await snapshot.opened.store.holding(recipe);
    const outputs: protocol.OutputView[] = [];
    for (const [name, out] of Object.entries(outs)) {
      const files: readonly RecordedFile[] = out === null ? [] : "sha256" in out ? [out] : out;
      for (const file of files) {
        const object = store.objects.pathOf(file.sha256);
        const published = this.#published(snapshot, member, name, file);
        if (!fs.existsSync(object) && published === undefined) continue;
        outputs.push({
          name,
          path: file.path,
          kind: file.kind,
          object: URI.file(object).toString(),
          size: file.size,
          sha256: file.sha256,
          ...(published !== undefined && { published: URI.file(published).toString() }),
        });
      }
    }
    const left = await this.#leftFolder(uri, member.name);
    return { state: snapshot.shownState(member), outputs, ...(left !== undefined && { leftFolder: left }) };
  }

  #published({ graph }: Snapshot, node: GraphNode, name: string, file: RecordedFile): string | undefined {
    for (const { node: publishing, out, folder } of graph.publish) {
      if (publishing !== node || node.outs[out]?.name !== name) continue;
      const target = path.join(folder, file.path);
      if (fs.existsSync(target)) return target;
    }
    return undefined;
  }

  /** What a failed attempt left behind is kept for looking. */
  async #leftFolder(uri: string, node: string): Promise<string | undefined> {
    const file = this.#server.uris.path(uri);
    for (const { touched } of (await this.#server.project(file)?.runs.newestOf(file)) ?? []) {
      const found = touched.find((one) => one.node === node);
      if (found === undefined) continue;
      const folder = found.state === "failed" ? found.attempts.at(-1)?.folder : undefined;
      return folder !== undefined && fs.existsSync(folder) ? folder : undefined;
    }
    return undefined;
  }

  // ------------------------------------------------------------ graph

  async graph({
    uri,
    unfolded,
  }: {
    readonly uri: string;
    readonly unfolded: readonly string[];
  }): Promise<protocol.GraphPicture> {
    const session = this.#session(uri);
    const snapshot = session.snapshot ?? (await session.settled());
    const graph = snapshot?.graph ?? session.graph();
    if (graph === undefined) throw this.#whyNot(session);
    return graphPicture(graph, {
      unfolded: new Set(unfolded),
      stateOf: (node) => snapshot?.shownState(node),
      whyOf: (name) => {
        const node = graph.byName.get(name);
        return node === undefined ? snapshot?.ofFamily(name)?.why : snapshot?.of(node).why;
      },
      placeOf: (node) => this.#placeOf(session, node),
      placeOfInput: ({ place }) =>
        place.kind === "local" ? { uri: this.#server.uri(place.path), range: TOP } : undefined,
      folder: this.#server.project(session.path)?.root ?? path.dirname(session.path),
    });
  }

  // ------------------------------------------------------------ upkeep

  async pin(
    { uri, references }: { readonly uri: string; readonly references?: readonly string[] },
    token: CancellationToken,
  ): Promise<{
    readonly locked: readonly string[];
    readonly failed: readonly { readonly what: string; readonly why: string }[];
  }> {
    if (!this.#server.trusted) throw untrusted();
    const file = this.#server.uris.path(uri);
    const pinned = await pinPipeline(() => openPipeline(file, { signal: signalOf(token) }), {
      ...(references !== undefined && { only: new Set(references) }),
      signal: signalOf(token),
    });
    const locked: string[] = [];
    const failed: { what: string; why: string }[] = [];
    for (const step of pinned?.steps ?? []) {
      if (step.kind === "failed") failed.push({ what: step.name, why: step.failure.message });
      else locked.push(step.name);
    }
    this.#server.session(file).factsChanged();
    return { locked, failed };
  }

  async findTools({ uri }: { readonly uri: string }): Promise<{
    readonly found: readonly { readonly tool: string; readonly path: string }[];
    readonly missing: readonly string[];
  }> {
    if (!this.#server.trusted) throw untrusted();
    const file = this.#server.uris.path(uri);
    const session = this.#server.session(file);
    const context = this.#server.projectOrFailure(file);
    if (context instanceof Failure) throw context;
    if (context === undefined) throw notAFile(file);
    const names = new Set<string>();
    for (const { transform } of session.graph()?.nodes ?? []) {
      for (const { name } of transform.tools) names.add(name);
      const [interpreter] = transform.interpreter.command;
      if (interpreter !== undefined) names.add(interpreter);
    }
    const answers = new Tools(context.project, { find: true }).findAgain([...names].sort());
    const found: { tool: string; path: string }[] = [];
    const missing: string[] = [];
    for (const [tool, fact] of answers) {
      if (fact.kind === "known") found.push({ tool, path: fact.value.path });
      else missing.push(tool);
    }
    session.settingsChanged();
    return { found, missing };
  }

  close(): void {
    for (const follower of this.#followers.values()) follower.close();
  }

  #session(uri: string): Session {
    return this.#server.session(this.#server.uris.path(uri));
  }

  async #snapshot(uri: string): Promise<Snapshot> {
    const session = this.#session(uri);
    const snapshot = await session.settled();
    if (snapshot !== undefined) return snapshot;
    throw this.#whyNot(session);
  }

  /** Why nothing is known of a pipeline's nodes. */
  #whyNot(session: Session): Failure {
    const project = this.#server.projectOrFailure(session.path);
    return project instanceof Failure
      ? project
      : (session.failure ?? session.trouble ?? notAFile(session.path));
  }

  /** Only of projects of the workspace or of what is open: a client's text is no way into other folders. */
  async #context(root: string): Promise<ProjectContext> {
    const found = (await this.#server.allProjects()).find((context) => context.root === root);
    if (found !== undefined) return found;
    throw new Failure("unknown-run", `this is no project of the workspace: "${root}"`, {
      fix: "Open its folder, or one of its pipelines.",
    });
  }
}

const declared = new WeakMap<SourceFile, ReadonlyMap<NodeStatement | string, Span>>();

/** Where the names of node statements stand in a text, by the statement and, as it may have been edited, by the name. */
function declaredIn(file: SourceFile): ReadonlyMap<NodeStatement | string, Span> {
  let spans = declared.get(file);
  if (spans === undefined) {
    const entries = file.declarations.flatMap((declaration) =>
      nodeStatements(declaration).map((node) => [node, at(declaration, node.name.span)] as const),
    );
    const byName = entries.map(([{ name }, span]) => [name.text, span] as const).reverse();
    spans = new Map<NodeStatement | string, Span>([...entries, ...byName]);
    declared.set(file, spans);
  }
  return spans;
}

async function nodeView(snapshot: Snapshot, node: GraphNode): Promise<protocol.NodeView> {
  const { state, toRun, run, recipe } = snapshot.of(node);
  const bracket = node.name.indexOf("[");
  return {
    name: node.name,
    keys: bracket < 0 ? "" : node.name.slice(bracket + 1, -1),
    state,
    why: state === "cached" ? [] : (await snapshot.whyOf(node)).map((reason) => reason.replaceAll("`", "")),
    ...(recipe !== undefined && { recipe }),
    ...(run !== undefined && {
      run: {
        run: run.run,
        ...(run.message !== undefined && { message: run.message }),
        ...(run.attempt !== undefined && { attempt: run.attempt }),
      },
    }),
    toRun,
  };
}

function notAFile(file: string): Failure {
  return new Failure(
    "no-such-file",
    `this is not a pipeline file on this machine: "${path.basename(file)}"`,
    {
      fix: "Save it first: runs and states belong to files.",
    },
  );
}

function noLog(node: string, run: string, state: string | undefined): Failure {
  return new Failure("no-log", `run ${run} has no log of this node: "${node}"`, {
    why:
      state === undefined
        ? "The run did not run it: it was cached, or the run has no such node."
        : `It never started; it is ${state}.`,
    fix: "Choose another run in the Runs view.",
  });
}

function logDeleted(node: string, startedAt: string): Failure {
  return new Failure("no-log", `the logs of this node have been deleted since: "${node}"`, {
    why: `It ran at ${startedAt}. Logs of old runs go when there are many, and with \`reprod gc\`.`,
    fix: "Run it without cache to make it, and its logs, again.",
  });
}
