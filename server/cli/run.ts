import { Failure } from "../base/failure.js";
import type { Publication } from "../graph/model.js";
import { type RunResult, runPipeline } from "../run/execute.js";
import type { OpenedPipeline } from "../run/pipeline.js";
import { startDetachedRun } from "../run/runner.js";
import type { RunOptions } from "../run/runs.js";
import type { CommandContext, RunCommandOptions } from "./context.js";
import { exitCodes, interruptCode } from "./exit.js";
import { plainView, type RunView } from "./live.js";
import { lastLogLines, logText } from "./log-lines.js";
import { nodeName } from "./names.js";
import { open, refuseInvalid, reportRemarks } from "./open.js";
import { RunProgress } from "./progress.js";
import { shownPath } from "./report.js";
import type { Terminal } from "./terminal.js";
import { count, duration, grouped, printable } from "./text.js";

/** `reprod run FILE` */
export async function run(
  context: CommandContext,
  file: string,
  options: RunCommandOptions,
): Promise<number> {
  const { terminal } = context;
  const opened = await open(context, file, options);
  if (refuseInvalid(terminal, opened, options.json === true)) return exitCodes.usage;
  if (!options.json) reportRemarks(terminal, opened);
  const asked: RunOptions = {
    set: options.set,
    directory: process.cwd(),
    container: options.container,
    targets: options.target.map(nodeName),
    noCache: options.cache.map(nodeName),
    keepGoing: options.keepGoing === true,
    check: options.check === true,
    jobs: options.jobs,
    executor: options.executor ?? executorOf(opened),
  };
  return options.detach
    ? await detach(terminal, opened, asked, options)
    : await attached(terminal, opened, asked, options);
}

/** What the project says. Running here what was meant for a cluster could fill this machine for days. */
function executorOf({ project }: OpenedPipeline): "local" {
  const { executor = "local" } = project.settings;
  if (executor === "local") return executor;
  throw new Failure("executor-cloud", `this version runs nodes on this machine only, not on: "${executor}"`, {
    why: '"executor" in reprod.json asks for it; it comes with the cloud part of Reprod.',
    fix: "Add `--executor local` to run here.",
  });
}

async function detach(
  { out }: Terminal,
  opened: OpenedPipeline,
  asked: RunOptions,
  options: RunCommandOptions,
): Promise<number> {
  const id = await startDetachedRun(opened, asked);
  if (options.json) out.write(`${JSON.stringify({ run: id })}\n`);
  else out.write(`${id}\n`);
  return exitCodes.done;
}

async function attached(
  terminal: Terminal,
  opened: OpenedPipeline,
  asked: RunOptions,
  options: RunCommandOptions,
): Promise<number> {
  const progress = new RunProgress();
  const view = await viewFor(terminal, progress, options);
  terminal.handleInterrupts();
  const whenInterrupted = (): void => {
    view.note("ending the run; what is finished is kept. Once more to leave at once.");
  };
  terminal.interrupted.addEventListener("abort", whenInterrupted, { once: true });
  let result: RunResult;
  try {
    result = await runPipeline(opened, asked, {
      signal: terminal.interrupted,
      onEvent: (line) => view.show(line),
    });
  } catch (error) {
    // Interrupted while it was still planning: nothing was started.
    if (terminal.interrupted.aborted && error === terminal.interrupted.reason)
      return interruptCode(terminal.interrupted);
    throw error;
  } finally {
    view.close();
    terminal.interrupted.removeEventListener("abort", whenInterrupted);
  }
  if (!options.json) terminal.out.write(await renderEnd(opened, result, progress, terminal));
  switch (result.outcome) {
    case "done":
      return result.differing > 0 ? exitCodes.problems : exitCodes.done;
    case "failed":
      return exitCodes.problems;
    case "cancelled":
      return interruptCode(terminal.interrupted);
  }
}

async function viewFor(
  { out, notes }: Terminal,
  progress: RunProgress,
  options: RunCommandOptions,
): Promise<RunView> {
  if (options.json) {
    return {
      show: (line) =>
        out.write(`${JSON.stringify(line)}
`),
      note: (text) =>
        notes.write(`${text}
`),
      close: () => {},
    };
  }
  if (!out.interactive) return plainView(progress, out, notes);
  const { liveView } = await import("./live-view.js");
  return liveView(progress, out, process.stdout);
}

// ---------------------------------------------------------------- the end

const FAILURES_SHOWN = 5;
const LOG_LINES_SHOWN = 12;

async function renderEnd(
  opened: OpenedPipeline,
  result: RunResult,
  progress: RunProgress,
  { out }: Terminal,
): Promise<string> {
  const { colours } = out;
  const lines: string[] = [];
  for (const failure of progress.failures.slice(0, FAILURES_SHOWN)) {
    lines.push(
      "",
      `${colours.red("✗")} ${colours.bold(printable(failure.node))}: ${printable(failure.message)}`,
    );
    if (failure.folder !== undefined) {
      for (const line of await lastLogLines(failure.folder, LOG_LINES_SHOWN)) {
        lines.push(`  ${colours.dim("|")} ${logText(line, out)}`);
      }
    }
    lines.push(colours.dim(`  reprod logs ${result.run} '${printable(failure.node)}'`));
  }
  const more = progress.failures.length - FAILURES_SHOWN;
  if (more > 0) lines.push("", `and ${count(more, "more failed node")} (\`reprod status ${result.run}\`)`);
  if (lines.length > 0) lines.push("");
  const counts = [
    `${grouped(result.made)} made`,
    result.reused > 0 ? `${grouped(result.reused)} reused` : "",
    `${grouped(result.cached)} cached`,
    progress.failed > 0 ? `${grouped(progress.failed)} failed` : "",
    progress.cancelled > 0 ? `${grouped(progress.cancelled)} ended` : "",
    result.differing > 0 ? `${grouped(result.differing)} not deterministic` : "",
    result.skipped > 0 ? `${grouped(result.skipped)} not started` : "",
  ].filter((part) => part !== "");
  const paint =
    result.outcome === "done" ? colours.green : result.outcome === "failed" ? colours.red : colours.yellow;
  lines.push(`${paint(result.outcome)} in ${duration(result.wallMilliseconds)}: ${counts.join(", ")}`);
  if (result.outcome === "done") lines.push(...publishedText(opened.graph.publish));
  return `${lines.join("\n")}\n`;
}

function publishedText(publications: readonly Publication[]): readonly string[] {
  const folders = [...new Set(publications.map((publication) => publication.folder))];
  return folders.length === 0
    ? []
    : [`published to ${folders.map((folder) => shownPath(folder)).join(", ")}`];
}
