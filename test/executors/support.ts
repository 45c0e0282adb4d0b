import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";
import type { Sha256 } from "../../server/base/brand.js";
import { processStartTime } from "../../server/base/process.js";
import type { AttemptResult, AttemptSpec, Executor, Stager } from "../../server/executors/executor.js";
import { createLocalExecutor, type LocalExecutorOptions } from "../../server/executors/local.js";

export function temporaryFolder(test: TestContext): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-")));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A stand-in for the store's staging: copies objects out of `folder/objects`, reports what `changed` says. */
export function standInStager(folder: string, changed: () => readonly string[] = () => []): Stager {
  const objectPath = (sha256: Sha256) => path.join(folder, "objects", sha256);
  return {
    objectPath,
    async stage(work, inputs) {
      for (const input of inputs) {
        const target = path.join(work, input.staged);
        fs.mkdirSync(path.dirname(target), { recursive: true });
        fs.copyFileSync(objectPath(input.digest.sha256), target);
      }
      const [first] = inputs;
      const link = { sha256: first?.digest.sha256, staged: first?.staged };
      const facts = { size: 1, mtimeNs: "1", mode: 0o444, ino: "1" };
      return {
        kind: "staged",
        links:
          link.sha256 === undefined || link.staged === undefined
            ? []
            : [{ ...facts, sha256: link.sha256, staged: link.staged }],
      };
    },
    check: (links) => (links.length === 0 ? [] : changed()),
  };
}

export function executorIn(
  test: TestContext,
  folder: string,
  options: Partial<LocalExecutorOptions> = {},
): Executor {
  const executor = createLocalExecutor({ stager: standInStager(folder), graceMilliseconds: 200, ...options });
  test.after(() => executor.close());
  return executor;
}

let count = 0;

export function attempt(folder: string, script: string, more: Partial<AttemptSpec> = {}): AttemptSpec {
  const id = more.id ?? `attempt-${process.pid}-${++count}`;
  return {
    id,
    node: `node["${id}"]`,
    attempt: 1,
    folder: path.join(folder, "attempts", id),
    interpreter: { kind: "sh", command: ["sh"] },
    script,
    values: {},
    env: {},
    secrets: {},
    inputs: [],
    folders: [],
    where: { kind: "host", path: [] },
    network: true,
    cpus: 1,
    memoryBytes: 2 ** 20,
    timeoutMilliseconds: undefined,
    ...more,
  };
}

export function workFile(spec: AttemptSpec, name: string): string {
  return fs.readFileSync(path.join(spec.folder, "work", name), "utf8");
}

export function stderrOf(spec: AttemptSpec): string {
  return fs.readFileSync(path.join(spec.folder, "stderr.log"), "utf8");
}

/** Runs it to its end; a script that did not exit with 0 shows what it said. */
export async function runWell(executor: Executor, spec: AttemptSpec): Promise<AttemptResult> {
  const result = await executor.start(spec).ended;
  if (result.end.kind !== "exited" || result.end.code !== 0) {
    throw new Error(`${JSON.stringify(result.end)}: ${stderrOf(spec)}`);
  }
  return result;
}

/** A fifo: a script that opens it waits for the test, and the test for the script; nobody sleeps. */
export function makeFifo(file: string): void {
  const made = spawnSync("mkfifo", [file]);
  if (made.status !== 0) throw new Error(String(made.stderr));
}

/** Resolves with what the script writes into the fifo. */
export function readFifo(file: string): Promise<string> {
  return fs.promises.readFile(file, "utf8");
}

export function onPath(name: string): string | undefined {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** Whether a process runs: one that is dead and not waited for does not. */
export function processRuns(pid: number): boolean {
  return processStartTime(pid) !== undefined;
}
