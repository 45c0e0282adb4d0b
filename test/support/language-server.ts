import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { bundlePath } from "../../server/base/bundle.js";
import { plainEnvironment } from "./command-line.js";
import { type ClientOptions, LanguageClient } from "./language-client.js";
import { afterwards } from "./temporary.js";

/** The bundle that VS Code starts. */
export const serverProgram = path.join(path.dirname(bundlePath("cli")), "main.js");

/** The server as VS Code starts it; `cli` as other editors do. */
export function serverCommand(by: "main" | "cli" = "main"): readonly [string, ...string[]] {
  return by === "main"
    ? [process.execPath, serverProgram, "--stdio"]
    : [process.execPath, bundlePath("cli"), "lsp", "--stdio"];
}

export interface Server extends LanguageClient {
  /** Processes that still carry this server's environment: itself, and what it started. */
  family(): readonly number[];
}

let started = 0;

/**
 * The built server with a client that has shaken hands. After the test it is ended, and must have told of no defect:
 * bad luck is answered, never thrown through.
 */
export async function startServer(t: TestContext, options: Partial<ClientOptions> = {}): Promise<Server> {
  const client = newServer(t, options);
  await client.initialize();
  return client;
}

/** The same before `initialize`. */
export function newServer(t: TestContext, options: Partial<ClientOptions> = {}): Server {
  const mark = `REPROD_TEST_SERVER=${process.pid}.${++started}`;
  const [name = "", value = ""] = mark.split("=");
  const client = new LanguageClient({
    command: serverCommand(),
    patience: 20_000,
    ...options,
    env: plainEnvironment({ ...options.env, [name]: value }),
  });
  afterwards(t, async () => {
    if (!client.hasEnded) await client.kill();
    assert.deepEqual(defects(client), [], "the server told of a defect");
  });
  return Object.assign(client, { family: () => processesWith(mark) });
}

/** What a server says that it must never say. */
export function defects(client: LanguageClient): readonly string[] {
  const logged = client.received
    .filter(({ method }) => method === "window/logMessage" || method === "window/showMessage")
    .map(({ params }) => JSON.stringify(params));
  return [client.stderr, ...logged].filter((text) =>
    /\n\s+at .*:\d+:\d+|\\n\s+at |UnhandledPromise|TypeError|RangeError|"type":1[,}]/.test(text),
  );
}

/** Ids of live processes whose environment holds `NAME=value`. Linux. */
export function processesWith(mark: string): readonly number[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
      } catch {
        // Ended since, or another user's.
        return false;
      }
    });
}

/** Until none of them is left; rejects with those that are when it takes too long. Nobody tells of their end. */
export async function untilGone(mark: string, patience = 20_000): Promise<void> {
  const late = performance.now() + patience;
  for (let left = processesWith(mark); left.length > 0; left = processesWith(mark)) {
    if (performance.now() > late) throw new Error(`processes are left: ${left.join(" ")}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface ProcessFigures {
  /** Processor time of all its threads, in ticks of 10 ms. */
  readonly ticks: number;
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** What the kernel says of a process. Linux. */
export function processFigures(pid: number): ProcessFigures {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program is in parentheses and may hold anything; the fields follow the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  return {
    ticks: Number(fields[11]) + Number(fields[12]),
    residentBytes: kilobytes("VmRSS"),
    peakBytes: kilobytes("VmHWM"),
  };
}
