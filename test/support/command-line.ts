import { type ChildProcess, spawn } from "node:child_process";
import { bundlePath } from "../../server/base/bundle.js";

export interface Ended {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with all of stdout so far once it holds `text`; rejects when the process ends without it. */
  readonly prints: (text: string) => Promise<string>;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment of a person without wishes about colours, in UTC. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NO_COLOR, FORCE_COLOR, CI, ...rest } = process.env;
  return { ...rest, TZ: "UTC", LC_ALL: "C.UTF-8", ...more };
}

/** Starts the built command line as a person would, without a terminal. */
export function start(args: readonly string[], options: StartOptions): Started {
  return watch(
    spawn(process.execPath, [bundlePath("cli"), ...args], {
      cwd: options.cwd,
      env: plainEnvironment(options.env),
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

/** Starts it on a terminal of its own (util-linux's `script`); what it shows comes on stdout. */
export function startOnTerminal(args: readonly string[], options: StartOptions): Started {
  const quoted = [process.execPath, bundlePath("cli"), ...args].map(shellQuoted).join(" ");
  return watch(
    spawn("script", ["-qec", `stty cols 100 rows 30; exec ${quoted}`, "/dev/null"], {
      cwd: options.cwd,
      env: plainEnvironment({ TERM: "xterm-256color", ...options.env }),
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
}

export async function reprod(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return await start(args, { cwd: folder, env }).ended;
}

/** Runs a command that must end well and print one JSON document. */
export async function reprodJson(folder: string, args: readonly string[]): Promise<unknown> {
  const ended = await reprod(folder, [...args, "--json"]);
  if (ended.code !== 0)
    throw new Error(`reprod ${args.join(" ")} ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function watch(child: ChildProcess): Started {
  let stdout = "";
  let stderr = "";
  const waiting: {
    readonly text: string;
    readonly done: (all: string) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    for (const wait of waiting) if (stdout.includes(wait.text)) wait.done(stdout);
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const wait of waiting)
        wait.fail(new Error(`it ended without printing ${JSON.stringify(wait.text)}: ${stdout}${stderr}`));
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    prints: (text) =>
      new Promise((done, fail) => {
        if (stdout.includes(text)) done(stdout);
        else waiting.push({ text, done, fail });
      }),
  };
}
