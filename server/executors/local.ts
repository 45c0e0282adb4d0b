import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, systemCode } from "../base/failure.js";
import type { InterpreterKind } from "../graph/model.js";
import type { StagedLink } from "../store/local.js";
import { type AttemptState, readAttemptState } from "./attempt-state.js";
import {
  CONTAINER_FOLDERS,
  type ContainerEngine,
  containerName,
  killContainer,
  type Mount,
  planContainer,
  removeContainer,
} from "./container.js";
import { environmentProblem, hostEnvironment, PRIVATE_FOLDER } from "./environment.js";
import type {
  AttemptEnd,
  AttemptHandle,
  AttemptResult,
  AttemptSpec,
  Executor,
  StagedInput,
  Stager,
} from "./executor.js";
import { LogKeeper, logFile } from "./logs.js";
import { PREAMBLES } from "./preamble/table.js";
import { groupMembers, type StartedScript, scriptRuns, signalGroup, supervisorRuns } from "./processes.js";
import { FolderRemover } from "./remove.js";
import { type Answer, SupervisorPool, type SupervisorSetting } from "./supervisor.js";
import { MemorySampler, outOfMemoryKills } from "./usage.js";

export interface LocalExecutorOptions {
  readonly stager: Stager;
  /** Defaults to what the machine has. */
  readonly capacity?: { readonly cpus: number; readonly memoryBytes: number };
  /** The container engine that was found (`findContainerEngine`), when images can run here. */
  readonly containers?: ContainerEngine;
  /** Absolute path of the bash that supervises; looked for when left out. */
  readonly shell?: string;
  /** Between TERM and KILL when an attempt is cancelled or out of time; 10 s when left out. */
  readonly graceMilliseconds?: number;
}

/** How often running attempts are looked at: memory (C12) and lengths of logs. Shorter attempts cost nothing. */
const LOOK_MILLISECONDS = 250;
/** How often an attempt that an earlier runner started is looked at. */
const ADOPTED_LOOK_MILLISECONDS = 50;
const CONTAINER_KILL_MILLISECONDS = 500;
const DEFAULT_GRACE_MILLISECONDS = 10_000;
/** Free space in which no script can be expected to run. */
const FULL_BELOW_BYTES = 2 * 2 ** 20;

/**
 * Runs nodes on this machine, on the host or in containers. An attempt's folder holds `work/`, where the script runs;
 * beside it, out of reach of relative outs, `script`, the values, `state` (supervisor-script.ts), the logs, and when
 * needed `cancel` and `links.json`. Attempts outlive the executor and its process (engine-rules.md C4).
 */
export function createLocalExecutor(options: LocalExecutorOptions): Executor {
  return new LocalExecutor(options);
}

class LocalExecutor implements Executor {
  readonly name = "local";
  readonly capacity: { readonly cpus: number; readonly memoryBytes: number };
  readonly engine: string;
  readonly stager: Stager;
  readonly containers: ContainerEngine | undefined;
  readonly graceMilliseconds: number;
  readonly pool: SupervisorPool;
  readonly memory = new MemorySampler();
  private readonly remover = new FolderRemover();
  private readonly running = new Set<LocalAttempt>();
  private ticker: NodeJS.Timeout | undefined;
  private outOfMemoryKills = outOfMemoryKills();

  constructor(options: LocalExecutorOptions) {
    this.stager = options.stager;
    this.containers = options.containers;
    this.capacity = options.capacity ?? machineCapacity();
    this.engine =
      options.containers === undefined
        ? "host"
        : `${options.containers.engine} ${options.containers.version}`;
    this.graceMilliseconds = options.graceMilliseconds ?? DEFAULT_GRACE_MILLISECONDS;
    const idle = Math.max(4, Math.ceil(this.capacity.cpus) * 2);
    this.pool = new SupervisorPool(options.shell ?? findShell(), this.graceMilliseconds, idle);
  }

  start(spec: AttemptSpec, room?: Promise<boolean>): AttemptHandle {
    const attempt = new LocalAttempt(this, spec);
    attempt.begin(room);
    return attempt;
  }

  async adopt(spec: AttemptSpec): Promise<AttemptHandle | undefined> {
    if (!fs.existsSync(spec.folder)) return undefined;
    const state = readAttemptState(spec.folder);
    if (state?.started === undefined) {
      // A supervisor may be about to start it. From now on it will not, unless it has just done so.
      requestCancel(spec.folder);
      const late = readAttemptState(spec.folder)?.started;
      if (late !== undefined) await this.endRemains(spec, late);
      return undefined;
    }
    if (state.exited === undefined && !supervisorRuns(state.started)) {
      // Nobody will ever know how it ends, so it is of no use (C4). It may have ended since it was read.
      const ended = readAttemptState(spec.folder)?.exited !== undefined;
      if (!ended) {
        await this.endRemains(spec, state.started);
        return undefined;
      }
    }
    const attempt = new LocalAttempt(this, spec);
    attempt.adopt();
    return attempt;
  }

  discard(folder: string): void {
    this.remover.remove(folder);
  }

  async close(): Promise<void> {
    clearInterval(this.ticker);
    this.ticker = undefined;
    this.pool.close();
    await this.remover.drain();
  }

  /** Ends what is left of an attempt that nobody supervises, and waits until it is gone. */
  async endRemains(spec: AttemptSpec, started: StartedScript): Promise<void> {
    if (spec.where.kind === "image" && this.containers !== undefined) {
      await removeContainer(this.containers, containerName(spec.id));
    }
    // Processes in a system call that never returns cannot be waited for longer.
    for (let tries = 0; tries < 1000 && signalGroup(started, "SIGKILL"); tries++) {
      if (groupMembers(started).length === 0) return;
      await sleep(10);
    }
  }

  watch(attempt: LocalAttempt): void {
    this.running.add(attempt);
    if (this.ticker !== undefined) return;
    this.ticker = setInterval(() => this.look(), LOOK_MILLISECONDS);
    this.ticker.unref();
  }

  unwatch(attempt: LocalAttempt): void {
    this.running.delete(attempt);
  }

  /** Whether the kernel has killed something for want of memory since this was last asked. */
  sawOutOfMemory(): boolean {
    const count = outOfMemoryKills();
    const more = count !== undefined && count > (this.outOfMemoryKills ?? 0);
    this.outOfMemoryKills = count;
    return more;
  }

  private look(): void {
    const groups = new Set<number>();
    const now = Date.now();
    for (const attempt of this.running) {
      const group = attempt.look(now);
      if (group !== undefined) groups.add(group);
    }
    this.memory.sample(groups);
  }
}

class LocalAttempt implements AttemptHandle {
  readonly id: string;
  readonly folder: string;
  readonly ended: Promise<AttemptResult>;
  private finish: (result: AttemptResult | Promise<AttemptResult>) => void = () => undefined;
  private readonly logs: LogKeeper;
  private cancelled = false;
  private over = false;
  private started: StartedScript | undefined;
  /** Set when the script is about to start, or was adopted. */
  private startedAt: Date | undefined;
  private readonly container: string | undefined;
  private readonly killTimers: NodeJS.Timeout[] = [];

  constructor(
    private readonly executor: LocalExecutor,
    private readonly spec: AttemptSpec,
  ) {
    this.id = spec.id;
    this.folder = spec.folder;
    this.container = spec.where.kind === "image" ? containerName(spec.id) : undefined;
    this.logs = new LogKeeper(spec.folder, Object.values(spec.secrets));
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  begin(room: Promise<boolean> | undefined): void {
    this.finish(this.run(room));
  }

  adopt(): void {
    this.finish(this.runAdopted());
  }

  cancel(): void {
    if (this.over || this.cancelled) return;
    this.cancelled = true;
    // This first, then `state`: see supervisor-script.ts.
    requestCancel(this.folder);
    this.end();
  }

  /** Called now and then: notes lengths of logs, and gives the group whose memory counts. */
  look(now: number): number | undefined {
    if (this.startedAt === undefined || now - this.startedAt.getTime() < LOOK_MILLISECONDS) return undefined;
    this.logs.poll(now);
    this.started ??= readAttemptState(this.folder)?.started;
    // A container's processes are children of its daemon, not of the client that is our group.
    return this.container === undefined ? this.started?.pid : undefined;
  }

  // ------------------------------------------------------------ from the start

  private async run(room: Promise<boolean> | undefined): Promise<AttemptResult> {
    let links: readonly StagedLink[];
    let setting: SupervisorSetting;
    try {
      const prepared = this.prepare();
      setting = prepared.setting;
      links = prepared.stage.length === 0 ? [] : await this.stage(prepared.stage);
    } catch (error) {
      return this.result(endOfPreparation(error), undefined);
    }
    const refused = room !== undefined && !(await room);
    if (refused || this.cancelled) return this.result({ kind: "cancelled" }, undefined);
    this.startedAt = new Date();
    const begun = performance.now();
    this.executor.watch(this);
    const answer = await this.executor.pool.run(
      setting,
      path.basename(this.folder),
      this.spec.timeoutMilliseconds ?? 0,
    );
    const wall = performance.now() - begun;
    if (answer.kind === "gone") await this.afterSupervisor();
    return this.conclude(answer, links, wall);
  }

  /**
   * Folder, values, script: few files, since making and deleting them is most of what a short node costs. Gives the
   * inputs that have still to be staged; a container gets whole files by mounts instead.
   */
  private prepare(): { setting: SupervisorSetting; stage: readonly StagedInput[] } {
    const { spec, folder } = this;
    if (/\s/.test(path.basename(folder))) throw new Error(`white space in the name of "${folder}"`);
    const problem = environmentProblem(spec);
    if (problem !== undefined) throw new Failure("reserved-variable", problem);
    const preamble = PREAMBLES[spec.interpreter.kind];
    const values = preamble.text(spec.values);
    const command = preamble.command(spec.interpreter.command);
    const work = path.join(folder, "work");
    makeFolder(folder);
    fs.mkdirSync(work);
    for (const name of this.container === undefined ? [PRIVATE_FOLDER] : CONTAINER_FOLDERS) {
      fs.mkdirSync(path.join(work, name));
    }
    for (const name of spec.folders) fs.mkdirSync(path.join(work, name), { recursive: true });
    fs.writeFileSync(path.join(folder, "script"), spec.script);
    fs.writeFileSync(path.join(folder, preamble.file), values);
    const secret = Object.keys(spec.secrets).length > 0;
    const shared = { base: path.dirname(folder), logSuffix: secret ? ".raw" : ".log" };
    if (spec.where.kind === "host") {
      const environment = hostEnvironment(spec, spec.where.path, preamble.environment);
      return {
        setting: { ...shared, command, environment, container: "", once: secret },
        stage: spec.inputs,
      };
    }
    const engine = this.engineFor(spec.where.engine);
    if (spec.where.asImageUser) fs.chmodSync(work, 0o777);
    const { mounts, stage } = this.mounts(work);
    const plan = planContainer(engine, spec, command, preamble.environment, preamble.file, mounts);
    return {
      setting: {
        ...shared,
        command: plan.command,
        environment: plan.environment,
        container: plan.name,
        once: true,
      },
      stage,
    };
  }

  private engineFor(wanted: "docker" | "podman"): ContainerEngine {
    const engine = this.executor.containers;
    if (engine?.engine === wanted) return engine;
    throw new Failure("engine-missing", `the container engine does not answer: "${wanted}"`, {
      why: "This checkout has decided to run images, and a result of the host would not count as one of the image.",
      fix: `Start ${wanted}, or set "container" in reprod.json.`,
    });
  }

  /** Objects that a container sees in place (C7). What has to be executable or whole folders is staged as on the host. */
  private mounts(work: string): { mounts: readonly Mount[]; stage: readonly StagedInput[] } {
    const mounts: Mount[] = [];
    const stage: StagedInput[] = [];
    for (const input of this.spec.inputs) {
      if (input.source.kind !== "object" || input.kind !== "file" || input.digest.executable) {
        stage.push(input);
        continue;
      }
      const source = this.executor.stager.objectPath(input.digest.sha256);
      // An engine would make the place for the mount itself, as root.
      const target = path.join(work, input.staged);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, "");
      mounts.push({ source, staged: input.staged });
    }
    return { mounts, stage };
  }

  private async stage(inputs: readonly StagedInput[]): Promise<readonly StagedLink[]> {
    const staged = await this.executor.stager.stage(path.join(this.folder, "work"), inputs);
    switch (staged.kind) {
      case "staged":
        // Whoever adopts this attempt has to compare them too.
        if (staged.links.length > 0) fs.writeFileSync(linksFile(this.folder), JSON.stringify(staged.links));
        return staged.links;
      case "changed":
        throw new Failure("input-changed", staged.message);
      case "failed":
        throw new Failure(staged.failure === "DiskFull" ? "disk-full" : "stage-failed", staged.message);
    }
  }

  /** The supervisor was killed: nobody else ends what it had started. */
  private async afterSupervisor(): Promise<void> {
    const state = readAttemptState(this.folder);
    if (state?.started !== undefined && state.exited === undefined) {
      await this.executor.endRemains(this.spec, state.started);
    }
  }

  // ------------------------------------------------------------ after another runner

  private async runAdopted(): Promise<AttemptResult> {
    this.cancelled = fs.existsSync(cancelFile(this.folder));
    const first = readAttemptState(this.folder);
    this.startedAt = new Date(first?.started?.at ?? Date.now());
    this.executor.watch(this);
    if (this.cancelled && first?.exited === undefined) this.end();
    const answer = await this.awaitState();
    const state = readAttemptState(this.folder);
    const end = state?.exited?.at ?? Date.now();
    return this.conclude(answer, readLinks(this.folder), Math.max(0, end - this.startedAt.getTime()));
  }

  private async awaitState(): Promise<Answer> {
    for (;;) {
      // Asked before reading: a supervisor writes before it ends.
      const supervised = this.started === undefined || supervisorRuns(this.started);
      const state = readAttemptState(this.folder);
      if (state?.exited !== undefined) return { kind: "code", code: state.exited.code };
      this.started ??= state?.started;
      if (!supervised || this.started === undefined) {
        if (this.started !== undefined) await this.executor.endRemains(this.spec, this.started);
        return { kind: "gone", message: "its supervisor was ended" };
      }
      await sleep(ADOPTED_LOOK_MILLISECONDS);
    }
  }

  // ------------------------------------------------------------ the end

  /** TERM to all of it, KILL after the grace. What is not started yet finds the file `cancel`. */
  private end(): void {
    const engine = this.executor.containers;
    if (this.container !== undefined && engine !== undefined) {
      const { container } = this;
      const from = Date.now();
      // Again and again, since the container may not be there yet when the first is sent.
      const kill = () => {
        const late = Date.now() - from >= this.executor.graceMilliseconds;
        void killContainer(engine, container, late ? "KILL" : "TERM");
      };
      kill();
      this.killTimers.push(setInterval(kill, CONTAINER_KILL_MILLISECONDS));
      return;
    }
    this.started ??= readAttemptState(this.folder)?.started;
    const { started } = this;
    if (started === undefined) return;
    // Once its first process has ended, the supervisor ends the rest.
    if (scriptRuns(started)) {
      signalGroup(started, "SIGTERM");
      // One that is stopped gets to hear of it.
      signalGroup(started, "SIGCONT");
    }
    this.killTimers.push(
      setTimeout(() => {
        if (scriptRuns(started)) signalGroup(started, "SIGKILL");
      }, this.executor.graceMilliseconds),
    );
  }

  private async conclude(
    answer: Answer,
    links: readonly StagedLink[],
    wallMilliseconds: number,
  ): Promise<AttemptResult> {
    this.over = true;
    for (const timer of this.killTimers) clearInterval(timer);
    this.executor.unwatch(this);
    const state = readAttemptState(this.folder);
    await this.logs.finish(Date.now());
    const modified = links.length === 0 ? [] : this.executor.stager.check(links);
    const end: AttemptEnd =
      modified.length > 0
        ? { kind: "input-modified", message: modified.join("; ") }
        : this.judge(answer, state);
    return this.result(end, state, wallMilliseconds);
  }

  private judge(answer: Answer, state: AttemptState | undefined): AttemptEnd {
    if (this.cancelled) return { kind: "cancelled" };
    if (answer.kind === "gone" && state?.exited === undefined) {
      if (this.executor.sawOutOfMemory()) return { kind: "out-of-memory" };
      return { kind: "lost", message: `nobody saw how the script ended: ${answer.message}` };
    }
    // `state` is absent when the script has removed its folder: then the answer is what is known.
    const code = state?.exited?.code ?? (answer.kind === "code" ? answer.code : 0);
    if (state !== undefined && state.started === undefined) {
      return isDiskFull(this.folder)
        ? { kind: "disk-full", message: `no space is left for the attempt's files: "${this.folder}"` }
        : { kind: "start-failed", message: "the supervisor could not start the script's process" };
    }
    if (state?.unstarted === true) return { kind: "start-failed", message: this.missingInterpreter() };
    if (state?.timedOut === true) return { kind: "timed-out" };
    if (this.container !== undefined && code >= 125 && code <= 127) {
      const complaint = tail(logFile(this.folder, "stderr"));
      // 125 is the engine's own; the others may be the script's, unless the engine says so.
      if (code === 125 || /^(docker|Error): /m.test(complaint)) {
        return { kind: "start-failed", message: `the container could not be started: ${complaint.trim()}` };
      }
    }
    const signal = state?.exited?.signal;
    if ((signal === "SIGKILL" || code === 137) && this.executor.sawOutOfMemory()) {
      return { kind: "out-of-memory" };
    }
    // What the script complains of is a consequence: nothing else can be written there either (C11).
    if (code !== 0 && (isDiskFull(this.folder) || NO_SPACE.test(tail(logFile(this.folder, "stderr"))))) {
      const how = signal === undefined ? `with exit code ${code}` : `by ${signal}`;
      return {
        kind: "disk-full",
        message: `the script ended ${how}, and no space is left: "${path.dirname(this.folder)}"`,
      };
    }
    return signal === undefined ? { kind: "exited", code } : { kind: "signalled", signal };
  }

  private missingInterpreter(): string {
    const { kind, command } = this.spec.interpreter;
    const program = command[0] ?? "";
    return `the interpreter could not be started, ${INSTALL[kind]}: "${program}"`;
  }

  private result(end: AttemptEnd, state: AttemptState | undefined, wallMilliseconds = 0): AttemptResult {
    this.over = true;
    const group = this.started?.pid;
    const endedAt = new Date();
    return {
      end,
      usage: {
        wallMilliseconds: Math.round(wallMilliseconds * 10) / 10,
        cpuMilliseconds: state?.cpuMilliseconds,
        peakMemoryBytes: group === undefined ? undefined : this.executor.memory.take(group),
        cpus: this.spec.cpus,
        memoryBytes: this.spec.memoryBytes,
      },
      startedAt: (this.startedAt ?? endedAt).toISOString(),
      endedAt: endedAt.toISOString(),
    };
  }
}

const INSTALL: { readonly [kind in InterpreterKind]: string } = {
  bash: "install bash 4.4 or newer",
  sh: "install a POSIX shell",
  python: "install Python 3, or name it under `tools` so that its folder is searched",
  r: "install R (Debian: r-base-core), or name it under `tools` so that its folder is searched",
  node: "install Node.js, or name it under `tools` so that its folder is searched",
  other: "install it, or name it under `tools` so that its folder is searched",
};

function cancelFile(folder: string): string {
  return path.join(folder, "cancel");
}

function requestCancel(folder: string): void {
  try {
    fs.writeFileSync(cancelFile(folder), "");
  } catch {
    // The folder is not made yet, and whoever makes it asks before it starts anything; or it is gone.
  }
}

function linksFile(folder: string): string {
  return path.join(folder, "links.json");
}

function readLinks(folder: string): readonly StagedLink[] {
  try {
    const links: unknown = JSON.parse(fs.readFileSync(linksFile(folder), "utf8"));
    return Array.isArray(links) ? links.filter(isStagedLink) : [];
  } catch {
    // None were made: the file is written before a script with links can start.
    return [];
  }
}

function isStagedLink(value: unknown): value is StagedLink {
  return (
    typeof value === "object" &&
    value !== null &&
    ["sha256", "staged", "mtimeNs", "ino"].every((key) => typeof Reflect.get(value, key) === "string") &&
    ["size", "mode"].every((key) => typeof Reflect.get(value, key) === "number")
  );
}

/** The parent is there but for the first attempt of all. */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    fs.mkdirSync(folder);
  }
}

function endOfPreparation(error: unknown): AttemptEnd {
  const code = systemCode(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === "ENOSPC" || code === "EDQUOT")
    return { kind: "disk-full", message: `no space is left for the attempt's files (${message})` };
  if (!(error instanceof Failure)) {
    if (code !== undefined) return { kind: "stage-failed", message };
    throw error;
  }
  const why = error.fix === undefined ? message : `${message} (${error.fix})`;
  switch (error.code) {
    case "disk-full":
      return { kind: "disk-full", message: why };
    case "input-changed":
      return { kind: "input-changed", message: why };
    case "unsuitable-value":
    case "reserved-variable":
    case "engine-missing":
      return { kind: "start-failed", message: why };
    default:
      return { kind: "stage-failed", message: why };
  }
}

/**
 * Whether there is as good as no space left. Asked a moment after something failed, when others may have made a little
 * room since: the journal its reserve of 1 MiB, an attempt that ended its temporary files.
 */
function isDiskFull(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = fs.statfsSync(folder);
    return bavail * bsize < FULL_BELOW_BYTES || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

/** What programs say when a write found no space, in the one language that scripts run in (engine-rules.md A7). */
const NO_SPACE = /no space left on device|disk quota exceeded/i;

function tail(file: string): string {
  try {
    return fs.readFileSync(file, "utf8").slice(-2000);
  } catch {
    return "";
  }
}

function machineCapacity(): { readonly cpus: number; readonly memoryBytes: number } {
  // A container's limit, where there is one; the platform gives an absurd number where there is none.
  const limit = process.constrainedMemory();
  const total = os.totalmem();
  return {
    cpus: os.availableParallelism(),
    memoryBytes: limit !== undefined && limit > 0 ? Math.min(limit, total) : total,
  };
}

function findShell(): string {
  const folders = ["/bin", "/usr/bin", "/usr/local/bin", ...(process.env.PATH ?? "").split(path.delimiter)];
  const found = folders
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, "bash"))
    .find((file) => fs.existsSync(file));
  if (found !== undefined) return found;
  throw new Failure("bash-missing", "bash was not found", {
    why: "Scripts are started and watched by it, whatever language they are in.",
    fix: "Install bash with the system's package manager.",
  });
}
