import type { Executor, Stager } from "./executor.js";

export interface LocalExecutorOptions {
  readonly stager: Stager;
  /** Defaults to what the machine has. */
  readonly capacity?: { readonly cpus: number; readonly memoryBytes: number };
  /** The container engine that was found, when images can run here. */
  readonly containers?: {
    readonly command: string;
    readonly engine: "docker" | "podman";
    readonly version: string;
  };
  /** The bash that supervises; found on PATH when left out. */
  readonly shell?: string;
  /** Between TERM and KILL when an attempt is cancelled or out of time; 10 s when left out. */
  readonly graceMilliseconds?: number;
}

/** Runs nodes on this machine, on the host or in containers. Attempts outlive the executor (engine-rules.md C4). */
export function createLocalExecutor(options: LocalExecutorOptions): Executor {
  return start(options);
}
declare function start(options: LocalExecutorOptions): Executor;
