import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { bootId } from "../base/process.js";
import { SUPERVISOR_SCRIPT } from "./supervisor-script.js";

/** What all attempts of one supervisor share: it is given when the supervisor starts. */
export interface SupervisorSetting {
  /** Absolute; the folder that holds the attempts' folders. */
  readonly base: string;
  /** Words of the interpreter's command. */
  readonly command: readonly string[];
  /** The whole environment, secrets too: it is handed over by the kernel, never by a file or an argument. */
  readonly environment: { readonly [name: string]: string };
  /** Of the files that get stdout and stderr: `.log` or `.raw`. */
  readonly logSuffix: string;
  /** Name of the container that the command runs; empty on the host. */
  readonly container: string;
  /** It will serve one attempt only, so it is not kept. */
  readonly once: boolean;
}

export type Answer =
  /** As the shell counts: 128 and more is a signal or not; the attempt's `state` tells. */
  | { readonly kind: "code"; readonly code: number }
  /** The supervisor itself ended, or could not be started. */
  | { readonly kind: "gone"; readonly message: string };

/**
 * Long-lived supervisors, one for each attempt that runs at once and each setting. Starting a process costs Node's
 * main thread 1.5 ms, writing a line to one that waits 0.02 ms. Attempts with the same setting (the nodes of one
 * transform) follow each other in one supervisor; `idleLimit` that wait are kept, the longest idle ends first.
 */
export class SupervisorPool {
  /** Oldest first. */
  private readonly idle: Supervisor[] = [];
  private readonly busy = new Set<Supervisor>();
  private closed = false;

  constructor(
    private readonly shell: string,
    private readonly graceMilliseconds: number,
    private readonly idleLimit: number,
  ) {}

  /**
   * Runs the attempt in folder `id` of the setting's base. `limitMilliseconds` 0 is none. Resolves when no process of
   * it is left, or nobody watches over it any more.
   */
  run(setting: SupervisorSetting, id: string, limitMilliseconds: number): Promise<Answer> {
    if (this.closed) return Promise.resolve({ kind: "gone", message: "the executor is closed" });
    const supervisor = this.take(setting);
    this.busy.add(supervisor);
    return new Promise((resolve) => {
      supervisor.run(id, limitMilliseconds, (answer) => {
        this.busy.delete(supervisor);
        if (answer.kind === "code") this.retire(supervisor, setting.once);
        resolve(answer);
      });
    });
  }

  /** Those that wait end now, those that supervise end after their script; none keeps this process alive. */
  close(): void {
    this.closed = true;
    for (const supervisor of [...this.idle.splice(0), ...this.busy]) supervisor.dismiss();
  }

  private take(setting: SupervisorSetting): Supervisor {
    const key = JSON.stringify(setting);
    const at = this.idle.findLastIndex((supervisor) => supervisor.key === key);
    const [waiting] = at < 0 ? [] : this.idle.splice(at, 1);
    return waiting ?? new Supervisor(this.shell, setting, key, this.graceMilliseconds);
  }

  private retire(supervisor: Supervisor, once: boolean): void {
    if (once || this.closed) {
      supervisor.dismiss();
      return;
    }
    this.idle.push(supervisor);
    if (this.idle.length > this.idleLimit) this.idle.shift()?.dismiss();
  }
}

class Supervisor {
  private readonly process: ChildProcess | undefined;
  private answered: ((answer: Answer) => void) | undefined;
  /** Answers read so far without a newline. */
  private partial = "";
  /** The end of what it wrote to stderr: why it ended, when it should not have. */
  private complaint = "";
  private gone: string | undefined;

  constructor(
    shell: string,
    setting: SupervisorSetting,
    readonly key: string,
    graceMilliseconds: number,
  ) {
    const words = [
      setting.base,
      bootId(),
      String(graceMilliseconds / 1000),
      setting.logSuffix,
      setting.container,
      ...setting.command,
    ];
    try {
      this.process = spawn(shell, ["-c", SUPERVISOR_SCRIPT, "reprod-supervisor", ...words], {
        // A session of its own: what ends the runner's group or terminal does not end what it started (C4).
        detached: true,
        env: { ...setting.environment },
        stdio: ["pipe", "pipe", "pipe"],
      });
    } catch (error) {
      // Too long an environment, or no process to be had.
      this.process = undefined;
      this.gone = String(error instanceof Error ? error.message : error);
      return;
    }
    this.process.on("error", (error) => this.end(error.message));
    this.process.on("close", (code, signal) =>
      this.end(this.complaint.trim() || `its supervisor ended with ${signal ?? `exit code ${code}`}`),
    );
    // A supervisor that ended makes writing fail; its end is told by "close".
    this.process.stdin?.on("error", () => undefined);
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => this.read(text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.complaint = (this.complaint + text).slice(-2048);
    });
  }

  run(id: string, limitMilliseconds: number, answered: (answer: Answer) => void): void {
    if (this.gone !== undefined) {
      answered({ kind: "gone", message: this.gone });
      return;
    }
    this.answered = answered;
    this.process?.stdin?.write(`${limitMilliseconds / 1000} ${id}\n`);
  }

  dismiss(): void {
    this.process?.stdin?.end();
    this.process?.unref();
    for (const stream of [this.process?.stdin, this.process?.stdout, this.process?.stderr]) {
      if (stream instanceof Socket) stream.unref();
    }
  }

  private read(text: string): void {
    const lines = (this.partial + text).split("\n");
    this.partial = lines.pop() ?? "";
    for (const line of lines) this.answer({ kind: "code", code: Number(line.split(" ")[0]) });
  }

  private end(message: string): void {
    this.gone ??= message;
    this.answer({ kind: "gone", message: this.gone });
  }

  private answer(answer: Answer): void {
    const answered = this.answered;
    this.answered = undefined;
    answered?.(answer);
  }
}
