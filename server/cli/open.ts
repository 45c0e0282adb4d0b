import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { findProjectRoot, type Project, readProject } from "../data/project.js";
import { DiskText } from "../data/text.js";
import { withWorldProblems } from "../features/checks/index.js";
import type { PlacedProblem } from "../language/problems.js";
import type { OpenedPipeline } from "../run/pipeline.js";
import { IMAGE_PLATFORM, openPipeline } from "../run/pipeline.js";
import { openClaims as openClaimsOf } from "../store/claims.js";
import type { Claims } from "../store/local.js";
import type { CommandContext, PipelineOptions } from "./context.js";
import { problemJson, renderProblem, shownPath } from "./report.js";
import type { Terminal } from "./terminal.js";
import { bytes, count, printable } from "./text.js";

/**
 * Opens a pipeline for a command, with the hashing of big inputs shown while it lasts. Its problems are those of the
 * text and of the world around it: a file or tool that is missing is an error before anything runs.
 */
export async function open(
  { terminal }: CommandContext,
  file: string,
  options: Partial<PipelineOptions>,
): Promise<OpenedPipeline> {
  if (new DiskText().read(path.resolve(file)) === undefined) {
    throw new Failure("no-such-file", `there is no such pipeline file: "${file}"`, {
      fix: "`reprod check .` lists the problems of all pipeline files below a folder.",
    });
  }
  const status = new StatusLine(terminal);
  try {
    const opened = await openPipeline(file, {
      set: options.set ?? [],
      container: options.container,
      onProgress: (progress) => {
        if (progress.bytes > 0) {
          status.show(
            `hashing inputs: ${progress.files} of ${count(progress.totalFiles, "file")}, ${bytes(progress.bytes)} of ${bytes(progress.totalBytes)}`,
          );
        }
      },
    });
    return withWorldProblems(opened, IMAGE_PLATFORM);
  } finally {
    status.clear();
  }
}

/** True when the file cannot be planned or run; its errors have been told then. */
export function refuseInvalid(terminal: Terminal, opened: OpenedPipeline, asJson: boolean): boolean {
  const errors = opened.problems.filter(isError);
  if (errors.length === 0) return false;
  if (asJson) terminal.out.write(`${JSON.stringify({ problems: problemsJson(opened.problems) })}\n`);
  else reportProblems(terminal, errors);
  return true;
}

/** One line on the notes of a terminal that is written over; nothing elsewhere. */
export class StatusLine {
  #shown = false;

  constructor(private readonly terminal: Terminal) {}

  show(text: string): void {
    const { notes } = this.terminal;
    if (!notes.interactive) return;
    this.#shown = true;
    notes.write(`\r\u001b[2K${notes.colours.dim(text.slice(0, notes.columns - 1))}`);
  }

  clear(): void {
    if (this.#shown) this.terminal.notes.write("\r\u001b[2K");
    this.#shown = false;
  }
}

export function reportProblems({ notes }: Terminal, problems: readonly PlacedProblem[]): void {
  const textOf = textReader();
  for (const problem of problems) {
    notes.write(`${renderProblem(problem, textOf, notes)}\n`);
  }
}

/** Texts of files, each read once. */
function textReader(): (file: string) => string | undefined {
  const disk = new DiskText();
  const texts = new Map<string, string | undefined>();
  return (file) => {
    if (!texts.has(file)) texts.set(file, disk.read(file));
    return texts.get(file);
  };
}

export function isError(problem: PlacedProblem): boolean {
  return problem.rule.severity === "error";
}

export function problemsJson(problems: readonly PlacedProblem[]): readonly unknown[] {
  const textOf = textReader();
  return problems.map((problem) => problemJson(problem, textOf));
}

/** The project of the current directory, for commands that name no file. */
export function currentProject(): Project {
  return readProject(findProjectRoot(process.cwd()));
}

/**
 * A run or a plan is not the place for warnings in full; that there are some must not be lost. Nor must it be that
 * the graph is partial, because a table behind a url has not been fetched yet.
 */
export function reportRemarks({ notes }: Terminal, opened: OpenedPipeline): void {
  for (const { message, why } of opened.store.unread) {
    notes.write(
      `${notes.colours.yellow("not read")}: ${printable(message)}${why === undefined ? "" : ` (${printable(why)})`}\n`,
    );
  }
  for (const reason of opened.pending) {
    notes.write(
      `${notes.colours.yellow("not known yet")}: ${printable(reason)}; nodes that rest on it are left out\n`,
    );
  }
  const warnings = opened.problems.filter((problem) => problem.rule.severity === "warning").length;
  if (warnings === 0) return;
  const file = shownPath(opened.file);
  notes.write(`${notes.colours.yellow(count(warnings, "warning"))}: \`reprod check ${file}\` shows them\n`);
}

/** Claims of the project's store, for asking who holds what; the caller closes them. */
export function openClaims(project: Project): Claims {
  return openClaimsOf(project.folders.store);
}
