import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { type Ended, reprod } from "./command-line.js";
import { temporaryFolder, writeFiles } from "./temporary.js";

/** A project of its own, whatever lies above the temporary folder. */
export function project(t: TestContext, files: { readonly [name: string]: string | Uint8Array }): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": '{"projectId": "abcdefghijkl"}\n', ...files });
  return folder;
}

/**
 * Runs a command and holds what it says to what bad luck must never bring about: a stack trace, a defect of the
 * program, or a failure without a code that its page explains.
 */
export async function say(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended & { readonly all: string }> {
  const ended = await reprod(folder, args, env);
  return held(args, ended);
}

export function held(args: readonly string[], ended: Ended): Ended & { readonly all: string } {
  const all = ended.stdout + ended.stderr;
  const what = `reprod ${args.join(" ")} ended with ${ended.code}:\n${all.slice(0, 4000)}`;
  assert.notEqual(ended.code, 70, what);
  assert.doesNotMatch(all, /^\s+at .*:\d+:\d+|UnhandledPromise|node:internal|error\[defect\]/m, what);
  for (const [line] of all.matchAll(/^error.*$/gm)) assert.match(line, /^error(\[[a-z0-9/-]+\])?: \S/, what);
  return { ...ended, all };
}

/** The code of the one failure that a command printed as JSON. */
export function failureCode(ended: Ended): string {
  const value: unknown = JSON.parse(ended.stdout);
  assert.ok(typeof value === "object" && value !== null && "error" in value, ended.stdout);
  const { error } = value;
  assert.ok(typeof error === "object" && error !== null && "code" in error && "message" in error);
  assert.equal(ended.stderr, "");
  return String(error.code);
}

export interface NodeEnd {
  readonly from?: string;
  readonly failure?: string;
  readonly message?: string;
}

/** How each node of a `run --json` ended. */
export function nodeEnds(stdout: string): ReadonlyMap<string, NodeEnd> {
  const ends = new Map<string, NodeEnd>();
  for (const line of stdout.trim().split("\n")) {
    const event: unknown = JSON.parse(line);
    if (typeof event !== "object" || event === null || !("event" in event) || !("node" in event)) continue;
    if (event.event === "node-done" && "from" in event)
      ends.set(String(event.node), { from: String(event.from) });
    if (event.event === "node-failed" && "failure" in event && "message" in event)
      ends.set(String(event.node), { failure: String(event.failure), message: String(event.message) });
  }
  return ends;
}

/** A small disk of its own, or undefined when this user or system cannot mount one (the test is skipped then). */
export function smallDisk(t: TestContext, size: string): SmallDisk | undefined {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-disk-")));
  const options = `size=${size},mode=755`;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { encoding: "utf8" });
  if (mounted.error !== undefined || mounted.status !== 0) {
    fs.rmdirSync(folder);
    const why = mounted.error?.message ?? mounted.stderr.trim();
    t.skip(`a small disk cannot be mounted here, which takes root: ${why}`);
    return undefined;
  }
  t.after(() => {
    execFileSync("umount", ["-l", folder]);
    fs.rmdirSync(folder);
  });
  return {
    folder,
    remount: (changed) => {
      execFileSync("mount", ["-o", `remount,${changed}`, folder]);
    },
  };
}

export interface SmallDisk {
  readonly folder: string;
  /** `ro`, `rw`, `size=…` */
  readonly remount: (options: string) => void;
}

/** Two named pipes by which a script tells that it has come somewhere, and waits until it may go on. */
export class Gate {
  readonly #socket: net.Socket;
  readonly #go: number;
  #heard = "";
  #waiting: (() => void) | undefined;

  constructor(
    t: TestContext,
    readonly folder: string,
    readonly name = "gate",
  ) {
    execFileSync("mkfifo", [this.#path("here"), this.#path("go")]);
    // Open for both sides: neither we nor a script ever wait for the other to open it.
    const flags = fs.constants.O_RDWR | fs.constants.O_NONBLOCK;
    this.#go = fs.openSync(this.#path("go"), flags);
    this.#socket = new net.Socket({
      fd: fs.openSync(this.#path("here"), flags),
      readable: true,
      writable: false,
    });
    this.#socket.setEncoding("utf8").on("data", (text: string) => {
      this.#heard += text;
      this.#waiting?.();
    });
    t.after(() => {
      this.#socket.destroy();
      fs.closeSync(this.#go);
    });
  }

  #path(end: string): string {
    return path.join(this.folder, `${this.name}.${end}`);
  }

  /** Lines of a bash script. */
  get here(): string {
    return `echo here > '${this.#path("here")}'`;
  }
  get wait(): string {
    return `read -r _ < '${this.#path("go")}'`;
  }

  /** Resolves when scripts have been here so many times in all. */
  async reached(times = 1): Promise<void> {
    while (this.#heard.split("\n").length - 1 < times)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
  }

  get times(): number {
    return this.#heard.split("\n").length - 1;
  }

  /** Lets so many scripts go on. */
  open(scripts = 1): void {
    fs.writeSync(this.#go, "go\n".repeat(scripts));
  }
}
