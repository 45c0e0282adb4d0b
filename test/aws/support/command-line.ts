import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { bundlePath } from "../../../server/base/bundle.js";
import { newProjectId } from "../../../server/data/project.js";
import { temporaryFolder } from "../../support/temporary.js";
import type { AccountEnvironment } from "./aws.js";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly notes: string;
}

/** A `reprod.json`. Buckets have one name in the world, so each test has a project of its own. */
export function projectSettings(cloud: object = { repositories: ["tools/bwa"] }): object {
  return { projectId: newProjectId(), name: "weather", cloud };
}

/** A project of a test, and the built program in it. */
export class CloudProject {
  readonly folder: string;
  readonly #env: AccountEnvironment;
  #id: string | undefined;

  constructor(test: TestContext, env: AccountEnvironment, settings?: object) {
    this.folder = temporaryFolder(test);
    this.#env = env;
    if (settings !== undefined) this.write("reprod.json", JSON.stringify(settings));
  }

  /** Of `reprod.json`. */
  get id(): string {
    this.#id ??= String(Object(JSON.parse(this.read("reprod.json"))).projectId);
    return this.#id;
  }

  path(...parts: readonly string[]): string {
    return path.join(this.folder, ...parts);
  }
  read(file: string): string {
    return fs.readFileSync(this.path(file), "utf8");
  }
  write(file: string, text: string): void {
    fs.writeFileSync(this.path(file), text);
  }
  json(file: string): { readonly [key: string]: unknown } {
    return JSON.parse(this.read(file));
  }
  has(file: string): boolean {
    return fs.existsSync(this.path(file));
  }

  start(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, [bundlePath("cli"), ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let notes = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      notes += text;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on("close", (code, signal) => resolve({ code, signal, out, notes }));
    });
    return { child, ended };
  }

  /** At a terminal of its own, where each answer is typed once its question is to be read. */
  atTerminal(
    args: readonly string[],
    answers: readonly (readonly [question: RegExp, typed: string])[],
  ): Promise<Pick<Ended, "code" | "out">> {
    const command = [process.execPath, bundlePath("cli"), ...args].map((word) => `'${word}'`).join(" ");
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, TERM: "xterm", NO_COLOR: "1", ...this.#env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let out = "";
    let read = 0;
    const left = [...answers];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const [next] = left;
      const found = next?.[0].exec(out.slice(read));
      if (next === undefined || !found) return;
      read += found.index + found[0].length;
      left.shift();
      // The question is printed before somebody reads.
      setTimeout(() => child.stdin.write(next[1]), 100);
    });
    // What asks something else would wait for ever.
    const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
    return new Promise((resolve) => {
      child.on("close", (code) => {
        clearTimeout(late);
        resolve({ code, out });
      });
    });
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** What a command prints, which has to go well. */
  async succeeds(...args: readonly string[]): Promise<string> {
    const { code, out, notes } = await this.run(args);
    assert.equal(code, 0, `reprod ${args.join(" ")}\n${out}\n${notes}`);
    return out;
  }

  /** How each group stands. */
  async states(): Promise<{ readonly [group: string]: string }> {
    const { groups } = JSON.parse(await this.succeeds("resources", "--json"));
    return Object.fromEntries(
      groups.map(({ name, state }: { name: string; state: string }) => [name, state]),
    );
  }
}
