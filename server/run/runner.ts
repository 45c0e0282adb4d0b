import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunId, type RunId } from "../base/brand.js";
import { bundlePath } from "../base/bundle.js";
import { Failure } from "../base/failure.js";
import { prepareProject } from "../data/project.js";
import { runPipeline } from "./execute.js";
import { journalFiles } from "./journal.js";
import { type OpenedPipeline, openPipeline } from "./pipeline.js";
import { createRunFolder, markFinished, newRunId, type RunOptions, readRunFile, runIds } from "./runs.js";

/** The hidden command of the command line that a detached runner is: `reprod __runner FOLDER`. */
export const RUNNER_COMMAND = "__runner";

const PROGRAM = "program";
const LOG = "runner.log";
/** What keeps a detached run from starting, told to whoever started it. */
const REFUSAL = "refusal.json";
const POLL_MILLISECONDS = 25;

/**
 * Starts a run that outlives this process (C6): a process of its own, in its own session, from a copy of the program
 * in the run's folder. Resolves once it has started to journal; throws the `Failure` that keeps it from running.
 */
export async function startDetachedRun(opened: OpenedPipeline, options: RunOptions): Promise<RunId> {
  const project = prepareProject(opened.project);
  const [newest] = runIds(project.folders.runs);
  const [newestNamed] = await opened.store.nameFiles(project.id, opened.pipeline, 1);
  const later =
    newest === undefined || (newestNamed !== undefined && newestNamed > newest) ? newestNamed : newest;
  const run = newRunId(later);
  const folder = createRunFolder(project.folders.runs, {
    v: 1,
    run,
    file: opened.file,
    pipeline: opened.pipeline,
    createdAt: new Date().toISOString(),
    detached: true,
    options,
  });
  const program = copyProgram(path.join(folder, PROGRAM));
  const log = fs.openSync(path.join(folder, LOG), "a");
  const child = spawn(process.execPath, [program, RUNNER_COMMAND, folder], {
    detached: true,
    cwd: folder,
    // Electron's own binary is Node only when told; scripts don't inherit it, as their environment is made anew (C6).
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    stdio: ["ignore", log, log],
  });
  fs.closeSync(log);
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    ended = signal ?? `exit code ${code}`;
  });
  while (journalFiles(folder).length === 0) {
    // Asked before looking: what it wrote before it ended is then read.
    const gone = ended;
    const refusal = readRefusal(folder);
    if (refusal !== undefined || gone !== undefined) {
      markFinished(folder);
      throw refusal ?? endedEarly(folder, gone ?? "");
    }
    await delay(POLL_MILLISECONDS);
  }
  child.unref();
  return run;
}

/** The body of a detached runner's process. Resolves to its exit code. */
export async function runnerMain(runFolder: string): Promise<number> {
  const asked = readRunFile(runFolder);
  const run = path.basename(runFolder);
  if (asked === undefined || !isRunId(run)) {
    throw new Failure("unknown-run", `this is not the folder of a run: "${runFolder}"`);
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () =>
      stop.abort(new Failure("cancelled", `the runner was asked to end by ${signal}`)),
    );
  try {
    const { options } = asked;
    const opened = await openPipeline(asked.file, {
      set: options.set,
      directory: options.directory,
      container: options.container,
      signal: stop.signal,
    });
    const result = await runPipeline(opened, options, { run, signal: stop.signal });
    return result.outcome === "done" ? 0 : result.outcome === "failed" ? 1 : 130;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, why, fix, place } = error;
    fs.writeFileSync(path.join(runFolder, REFUSAL), JSON.stringify({ code, message, why, fix, place }));
    return 2;
  }
}

/** The command line, which loads parts of itself later, and what it starts as a thread. */
function copyProgram(folder: string): string {
  const bundle = bundlePath("cli");
  fs.mkdirSync(folder);
  for (const file of [bundle, bundlePath("hash-worker")])
    fs.copyFileSync(file, path.join(folder, path.basename(file)), fs.constants.COPYFILE_FICLONE);
  // The project's package.json may say that every .js is an ES module.
  fs.writeFileSync(path.join(folder, "package.json"), '{"type":"commonjs"}\n');
  return path.join(folder, path.basename(bundle));
}

function readRefusal(folder: string): Failure | undefined {
  const file = path.join(folder, REFUSAL);
  if (!fs.existsSync(file)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    // It is being written: the next look sees all of it.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const text = (name: string): string | undefined => {
    const member: unknown = Reflect.get(value, name);
    return typeof member === "string" ? member : undefined;
  };
  const why = text("why");
  const fix = text("fix");
  const place = text("place");
  return new Failure(text("code") ?? "runner-ended", text("message") ?? "the run could not start", {
    ...(why !== undefined && { why }),
    ...(fix !== undefined && { fix }),
    ...(place !== undefined && { place }),
  });
}

function endedEarly(folder: string, how: string): Failure {
  const log = path.join(folder, LOG);
  return new Failure("runner-ended", `the runner ended before the run began, with ${how}`, {
    why: fs.existsSync(log) ? fs.readFileSync(log, "utf8").slice(-2000).trim() : "It left no message.",
    fix: `Run in the foreground, without --detach; what it wrote is in "${log}".`,
  });
}
