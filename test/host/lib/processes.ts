// Processes that end with their test: however a run ends, nothing of it stays behind.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { constants } from "node:os";
import { until } from "./until.js";

/** What is to be done before this process may end, newest first. All of it is synchronous: nothing else runs then. */
const duties = new Set<() => void>();

/** Calls `duty` when this process ends, unless the answer was called before. */
export function atExit(duty: () => void): () => void {
  if (!process.listeners("exit").includes(fulfil)) process.on("exit", fulfil);
  duties.add(duty);
  return () => duties.delete(duty);
}

/** Ends this process by `process.exit` when a signal asks for it, since a signal alone leaves no time for duties. */
export function exitOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

function fulfil(): void {
  for (const duty of [...duties].reverse()) {
    duties.delete(duty);
    try {
      duty();
    } catch (error) {
      // One that fails must not keep the others from ending what they started.
      console.error(error);
    }
  }
}

/** Marks the processes of one group in their environment: those that left the group are found by it. */
const mark = "REPROD_HOST_GROUP";

export interface Group {
  readonly pid: number;
  /** The newest part of what it wrote to both its outputs. */
  output(): string;
  /** How it ended, or undefined while it runs. */
  ended(): string | undefined;
  /** Resolves to how it ended. */
  wait(): Promise<string>;
  /** Ends the group, politely first, and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a program as the leader of a process group. `sweep` also ends processes that it started in sessions of their
 * own (terminals, runs that were detached); an editor for a person leaves those alone.
 */
export function startGroup(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly sweep: boolean },
): Group {
  const id = randomUUID();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env, ...(options.sweep ? { [mark]: id } : {}) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let ended: string | undefined;
  const end = howItEnds(child).then((how) => {
    ended = how;
    return how;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-64 * 1024);
      if (process.env.REPROD_HOST_VERBOSE === "1") process.stderr.write(text);
    });
  const pid = child.pid;
  const kill = (signal: NodeJS.Signals) => {
    if (pid === undefined) return;
    signalGroup(pid, signal);
    if (options.sweep) for (const stray of marked(id)) signalProcess(stray, signal);
  };
  const watch = pid === undefined ? undefined : watchOver(pid, options.sweep ? `${mark}=${id}` : undefined);
  // A number that nobody has any more may soon be another group's.
  void end.then(() => watch?.kill("SIGKILL"));
  const free = atExit(() => {
    kill("SIGKILL");
    watch?.kill("SIGKILL");
  });
  const gone = () => ended !== undefined && (!options.sweep || marked(id).length === 0);
  return {
    pid: pid ?? -1,
    output: () => output,
    ended: () => ended,
    wait: () => end,
    async stop() {
      kill("SIGTERM");
      try {
        await until("the processes to end", gone, { timeout: 5_000 });
      } catch {
        kill("SIGKILL");
        await until("the killed processes to end", gone, { timeout: 5_000 });
      }
      // The leader is gone; a child of its group that ignores SIGTERM is not.
      kill("SIGKILL");
      watch?.kill("SIGKILL");
      free();
    },
  };
}

/**
 * Ends the group when this process is gone, even if it was killed: the shell waits for the end of a pipe that only
 * this process holds open.
 */
function watchOver(pid: number, text: string | undefined): ChildProcess | undefined {
  if (process.platform === "win32") return undefined;
  const strays =
    'for f in $(grep -lFs -- "$1" /proc/[0-9]*/environ); do f=${f#/proc/}; kill -s KILL "${f%%/*}"; done';
  const script = `read _; kill -s KILL -- "-$0"${text === undefined || process.platform !== "linux" ? "" : `; ${strays}`}`;
  const watch = spawn("sh", ["-c", script, String(pid), text ?? ""], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watch.on("error", (error) => console.error(`nobody watches over process ${pid}: ${error.message}`));
  watch.unref();
  return watch;
}

async function howItEnds(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  signalProcess(process.platform === "win32" ? pid : -pid, signal);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Living processes with this mark. Only Linux shows environments; elsewhere the group has to do. */
function marked(id: string): number[] {
  if (process.platform !== "linux") return [];
  const found: number[] = [];
  for (const name of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (fs.readFileSync(`/proc/${name}/environ`, "latin1").includes(`${mark}=${id}`))
        found.push(Number(name));
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  return found;
}
