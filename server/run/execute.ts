import * as fs from "node:fs";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { version } from "../../package.json";
import type { RunId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { type Project, prepareProject } from "../data/project.js";
import type { ContainerEngine } from "../executors/container.js";
import type { Executor } from "../executors/executor.js";
import { createLocalExecutor } from "../executors/local.js";
import type { GraphNode } from "../graph/model.js";
import { openClaims } from "../store/claims.js";
import type { Claims, LocalStore } from "../store/local.js";
import { checkLinks, stageInputs } from "../store/staging.js";

import { LeftAttempts } from "./attempts.js";
import { discardLeft } from "./discard-left.js";
import type { JournalLine } from "./events.js";
import { Execution, type ExecutionCounts } from "./execution.js";
import { gitState } from "./git.js";
import { hashOneFile } from "./hash.js";
import { type Clock, Journal } from "./journal.js";
import { LeaseGuard } from "./lease.js";
import { isRunnable, type OpenedPipeline } from "./pipeline.js";
import { type Plan, type PlanOptions, planPipeline } from "./plan.js";
import { publishOuts } from "./publish.js";
import type { MakingBase } from "./records.js";
import { Remains } from "./remains.js";
import { RequestInbox } from "./requests.js";
import { createRunFolder, isUnfinished, markFinished, newRunId, type RunOptions, runIds } from "./runs.js";
import { openStores } from "./stores.js";
import { engineForRun } from "./where.js";

export interface RunResult {
  readonly run: RunId;
  readonly outcome: "done" | "failed" | "cancelled";
  readonly made: number;
  readonly reused: number;
  readonly cached: number;
  readonly failed: number;
  readonly skipped: number;
  /** Nodes that gave other bytes the second time, where `check` asked for it (A13). */
  readonly differing: number;
  readonly wallMilliseconds: number;
}

export interface RunHooks {
  /** Ends the run: running scripts are ended as whole groups, everything finished is kept. */
  readonly signal?: AbortSignal;
  /** Each line of the journal at once. */
  readonly onEvent?: (line: JournalLine) => void;
  /** The folder that `createRunFolder` made for a detached run; made here for one in the foreground. */
  readonly run?: RunId;
  /** Tests set the clock. */
  readonly clock?: Clock;
}

/** How often requests of other faces are looked for. */
const REQUESTS_MILLISECONDS = 200;
/** How often names are written while the run goes on (B1). */
const NAMES_MILLISECONDS = 30_000;

/**
 * Runs what the plan says, in this process: `reprod run` in the foreground, and the body of a detached runner. Throws
 * a `Failure` for what keeps it from starting (problems in the file, inputs without digest, a read-only store);
 * nodes that fail are in the result. Killed at any point, the next run goes on where this one was (C4).
 */
export async function runPipeline(
  opened: OpenedPipeline,
  options: RunOptions,
  hooks: RunHooks = {},
): Promise<RunResult> {
  refuseProblems(opened);
  const engine = await engineForRun(opened.where);
  // The project's id may have been made up while planning; from here on it is the one that is kept.
  const project = prepareProject(opened.project);
  const store = openStores(project, { readOnly: false });
  const run =
    hooks.run ?? newRunId(newestRun(project, await newestNames(store, project, opened)), hooks.clock);
  const claims = openClaims(store.folder, { run });
  try {
    const lock = claims.lockShared();
    if (lock.kind === "busy") throw collecting();
    const plan = await planHere(
      { ...opened, project, store },
      {
        targets: options.targets,
        noCache: options.noCache,
        ...(hooks.signal && { signal: hooks.signal }),
      },
    );
    refuseUnknown(plan);
    const secrets = secretsOf(plan);
    return await new Run({ plan, options, hooks, project, store, claims, run, engine, secrets }).execute();
  } finally {
    await store.close();
    claims.close();
  }
}

/**
 * A plan whose results are all in the store itself as far as the run needs them: those of stores to read from are
 * brought over. One that turns out damaged there does not count the next time, so this comes to an end.
 */
async function planHere(opened: OpenedPipeline, options: PlanOptions): Promise<Plan> {
  for (;;) {
    const plan = await planPipeline(opened, options);
    const published = new Set(opened.graph.publish.map(({ node }) => node));
    let whole = true;
    for (const { node, state, needed } of plan.nodes) {
      if (state.state !== "cached") continue;
      // What was found by content gets a record of its own here (A4), which must not name what is not here.
      if (!needed && state.by === "recipe" && !published.has(node)) continue;
      options.signal?.throwIfAborted();
      whole = (await opened.store.bring(state.result.recipe)) && whole;
    }
    if (whole) return plan;
  }
}

interface RunParts {
  readonly plan: Plan;
  readonly options: RunOptions;
  readonly hooks: RunHooks;
  readonly project: Project;
  readonly store: LocalStore;
  readonly claims: Claims;
  readonly run: RunId;
  readonly engine: ContainerEngine | undefined;
  readonly secrets: ReadonlyMap<string, string>;
}

/** A run from its folder to its last line. */
class Run {
  readonly #parts: RunParts;
  readonly #clock: Clock;
  readonly #began = performance.now();
  #namesWritten: Promise<void> = Promise.resolve();

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#clock = parts.hooks.clock ?? Date.now;
  }

  async execute(): Promise<RunResult> {
    const { hooks, project, run, claims, plan } = this.#parts;
    const lease = claims.tryAcquire({ kind: "run", id: run });
    if (lease.kind === "taken") throw alreadyRunning(run);
    const folder = hooks.run === undefined ? this.#createFolder() : path.join(project.folders.runs, run);
    const earlier = runIds(project.folders.runs).filter((other) => other !== run);
    const left = LeftAttempts.find(project.folders.runs, project.folders.tmp, earlier, claims);
    fs.mkdirSync(project.folders.tmp, { recursive: true });
    const executor = this.#executor();
    const journal = Journal.open(folder, this.#clock);
    const remains = new Remains(executor, project.folders.tmp);
    try {
      if (hooks.onEvent !== undefined) journal.listen(hooks.onEvent);
      journal.write({
        event: "run-started",
        run,
        pipeline: plan.opened.pipeline,
        file: plan.opened.file,
        targets: plan.targets.map((node) => node.name),
        executor: executor.name,
        engine: executor.engine,
        nodes: plan.nodes.length,
        cached: plan.summary.cached,
        pid: process.pid,
        epoch: journal.epoch,
      });
      for (const { code, message } of this.#parts.store.unread)
        journal.write({ event: "warning", code, message, node: undefined });
      const execution = new Execution({
        plan,
        store: this.#parts.store,
        claims,
        guard: new LeaseGuard(claims, lease.claim, this.#clock),
        executor,
        journal,
        hash: hashOneFile,
        run,
        tmp: project.folders.tmp,
        left,
        making: this.#making(executor),
        secrets: this.#parts.secrets,
        engine: this.#parts.engine?.engine ?? "host",
        keepGoing: this.#parts.options.keepGoing,
        check: this.#parts.options.check ?? false,
        jobs: this.#parts.options.jobs ?? Number.POSITIVE_INFINITY,
        clock: this.#clock,
        remains,
      });
      const counts = await this.#watched(execution, journal, folder);
      const result = await this.#end(execution, journal, counts);
      await discardLeft(left, claims, executor, remains, this.#parts.engine?.engine);
      markFinished(folder);
      return result;
    } finally {
      journal.close();
      await executor.close();
      remains.sweep((other) => isUnfinished(path.join(project.folders.runs, other)));
      claims.release(lease.claim);
    }
  }

  #createFolder(): string {
    const { project, run, plan, options } = this.#parts;
    return createRunFolder(project.folders.runs, {
      v: 1,
      run,
      file: plan.opened.file,
      pipeline: plan.opened.pipeline,
      createdAt: new Date(this.#clock()).toISOString(),
      detached: false,
      options,
    });
  }

  #executor(): Executor {
    const { store, engine } = this.#parts;
    return createLocalExecutor({
      stager: {
        stage: (work, inputs) => stageInputs(store, work, inputs, hashOneFile),
        check: (links) => checkLinks(store, links),
        objectPath: (sha256) => store.objects.pathOf(sha256),
      },
      ...(engine !== undefined && { containers: engine }),
    });
  }

  async #making(executor: Executor): Promise<MakingBase> {
    const { project, run, plan } = this.#parts;
    const { file, pipeline } = plan.opened;
    return {
      pipeline,
      file: path.relative(project.root, file),
      projectId: project.id,
      projectRoot: project.root,
      run,
      git: await gitState(path.dirname(file)),
      executor: executor.name,
      engine: executor.engine,
      reprodVersion: version,
    };
  }

  /** Runs it while hearing requests and writing names now and then. */
  async #watched(execution: Execution, journal: Journal, folder: string): Promise<ExecutionCounts> {
    const { signal } = this.#parts.hooks;
    const cancel = () => execution.cancel();
    const inbox = new RequestInbox(folder);
    const requests = setInterval(() => {
      for (const { id, request } of inbox.take()) {
        journal.write({ event: "request", request, id });
        execution.cancel();
      }
    }, REQUESTS_MILLISECONDS);
    const names = setInterval(() => this.#writeNames(execution, journal), NAMES_MILLISECONDS);
    signal?.addEventListener("abort", cancel);
    if (signal?.aborted) cancel();
    try {
      return await execution.run();
    } finally {
      signal?.removeEventListener("abort", cancel);
      clearInterval(requests);
      clearInterval(names);
    }
  }

  /** One at a time; what the store says against it is told, since results don't depend on it. */
  #writeNames(execution: Execution, journal: Journal): void {
    const { store, project, plan, run } = this.#parts;
    this.#namesWritten = this.#namesWritten
      .then(() => store.writeNames(project.id, plan.opened.pipeline, run, execution.names()))
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        journal.write({ event: "warning", code: error.code, message: error.message, node: undefined });
      });
  }

  async #end(execution: Execution, journal: Journal, counts: ExecutionCounts): Promise<RunResult> {
    const { store, plan, run } = this.#parts;
    if (execution.names().length > 0) this.#writeNames(execution, journal);
    await this.#namesWritten;
    for (const warning of await publishOuts(
      plan.opened.graph,
      execution.madeBy,
      store,
      hashOneFile,
      plan.opened.project.root,
    ))
      journal.write({ event: "warning", ...warning });
    const outcome =
      counts.stopped === "cancelled"
        ? "cancelled"
        : counts.failed > 0 || counts.stopped !== undefined
          ? "failed"
          : "done";
    const { made, reused, failed, skipped } = counts;
    const wallMilliseconds = Math.round(performance.now() - this.#began);
    journal.write({ event: "run-ended", outcome, made, reused, failed, skipped, wallMilliseconds });
    return {
      run,
      outcome,
      made,
      reused,
      cached: plan.summary.cached,
      failed,
      skipped,
      differing: counts.differing,
      wallMilliseconds,
    };
  }
}

function newestRun(project: Project, newestNames: RunId | undefined): RunId | undefined {
  const [newest] = runIds(project.folders.runs);
  if (newest === undefined || newestNames === undefined) return newest ?? newestNames;
  return newest > newestNames ? newest : newestNames;
}

async function newestNames(
  store: LocalStore,
  project: Project,
  opened: OpenedPipeline,
): Promise<RunId | undefined> {
  return (await store.nameFiles(project.id, opened.pipeline, 1))[0];
}

// ---------------------------------------------------------------- what keeps a run from starting

function refuseProblems(opened: OpenedPipeline): void {
  if (isRunnable(opened)) return;
  const errors = opened.problems.filter((problem) => problem.rule.severity === "error");
  const [first] = errors;
  if (first === undefined) {
    throw new Failure(
      "not-ready",
      `what shapes the pipeline is not known yet: "${opened.pending[0] ?? ""}"`,
      {
        why: "Nodes, names and keys come from it, so a run would leave some of them out.",
        fix: "Run `reprod pin`, which fetches what is named by address.",
      },
    );
  }
  throw new Failure(
    "file-has-errors",
    `the pipeline has errors, the first of ${errors.length}: ${first.message}`,
    {
      why: "What an error touches would be left out, and nobody would see that.",
      fix: "`reprod check` shows all of them with their places.",
      place: first.path,
    },
  );
}

function refuseUnknown(plan: Plan): void {
  for (const { node, state, runs } of plan.nodes) {
    if (!runs || state.state !== "unknown") continue;
    throw new Failure("unknown-input", `an input of a node has no digest: "${node.name}"`, {
      why: `${state.reason}.`,
      fix: "Run `reprod pin` for what lies elsewhere, and correct the paths of local files; then run again.",
    });
  }
}

/** Values of the secrets that the nodes to run ask for, from this process's environment (D11). */
function secretsOf(plan: Plan): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  const allowed = plan.opened.project.settings.secrets ?? [];
  for (const { node, runs } of plan.nodes) {
    if (!runs) continue;
    for (const value of node.env.values()) {
      if (value.kind !== "secret" || secrets.has(value.name)) continue;
      secrets.set(value.name, secretValue(value.name, node, allowed));
    }
  }
  return secrets;
}

function secretValue(name: string, node: GraphNode, allowed: readonly string[]): string {
  if (!allowed.includes(name)) {
    throw new Failure(
      "secret-not-allowed",
      `a node asks for a secret that the project does not list: "${name}"`,
      {
        why: `\`${node.name}\` would get it from your environment, and a pipeline may come from anybody.`,
        fix: `Add "${name}" to "secrets" in reprod.json if that is meant.`,
      },
    );
  }
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new Failure("secret-missing", `a secret is not set: "${name}"`, {
    why: `\`${node.name}\` asks for it; on this machine secrets come from the environment.`,
    fix: `Set it: \`${name}=… reprod run …\`.`,
  });
}

function collecting(): Failure {
  return new Failure("store-busy", "the store is being cleaned up", {
    why: "Garbage collection works alone, so that it deletes nothing that a run is about to use.",
    fix: "Run again when `reprod gc` is done.",
  });
}

function alreadyRunning(run: RunId): Failure {
  return new Failure("run-is-live", `this run has a live runner: "${run}"`, {
    fix: "`reprod status` shows it; `reprod cancel` ends it.",
  });
}
