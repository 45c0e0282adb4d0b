import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { positionAt } from "../language/place.js";
import type { PlacedProblem, Severity } from "../language/problems.js";
import { exitCodes, interruptCode } from "./exit.js";
import type { Output } from "./terminal.js";
import { displayWidth, printable, shortened } from "./text.js";

/** Where the explanation of a code is. Codes of the checker begin with `reprod/`, those of the engine do not. */
export function explanationOf(code: string): string {
  return code.startsWith("reprod/")
    ? `docs/errors.md#${code.slice("reprod/".length)}`
    : `docs/failures.md#${code}`;
}

/** A path as a person in `directory` would write it. */
export function shownPath(file: string, directory = process.cwd()): string {
  const relative = path.relative(directory, file);
  return relative === "" || relative.startsWith(`..${path.sep}..`) ? file : relative;
}

// ---------------------------------------------------------------- problems of a file

/** A problem as a frame: place, source line, squiggle, why, fix, and where to read more. */
export function renderProblem(
  problem: PlacedProblem,
  textOf: (file: string) => string | undefined,
  output: Output,
): string {
  const { colours } = output;
  const text = textOf(problem.path);
  const paint = painter(problem.rule.severity, output);
  const lines = [
    `${paint(colours.bold(`${problem.rule.severity}[${problem.rule.code}]`))}${colours.bold(`: ${printable(problem.message)}`)}`,
  ];
  if (text === undefined) lines.push(`  ${colours.blue("-->")} ${shownPath(problem.path)}`);
  else lines.push(...frame(problem, text, paint, output));
  for (const related of problem.related) {
    const other = textOf(related.path);
    const at = other === undefined ? undefined : positionAt(other, related.span.start);
    const place =
      at === undefined ? shownPath(related.path) : `${shownPath(related.path)}:${at.line}:${at.column}`;
    lines.push(note(output, "also", `${place}: ${printable(related.message)}`));
  }
  lines.push(note(output, "why", problem.rule.why));
  lines.push(note(output, "fix", `${problem.rule.fix}${perhaps(problem)}`));
  lines.push(note(output, "see", explanationOf(problem.rule.code)));
  return `${lines.join("\n")}\n`;
}

/** What would mend it, unless the message has said so: `did you mean "depth"?`. */
function perhaps({ message, suggestion }: PlacedProblem): string {
  if (suggestion === undefined || message.includes(`"${suggestion}"`)) return "";
  return ` Perhaps: \`${printable(suggestion)}\`.`;
}

function frame(problem: PlacedProblem, text: string, paint: Paint, output: Output): readonly string[] {
  const { colours } = output;
  const { line, column } = positionAt(text, problem.span.start);
  const lineStart = problem.span.start - (column - 1);
  const lineEnd = text.indexOf("\n", lineStart);
  const source = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, "");
  const within = source.slice(column - 1, Math.max(column, problem.span.end - lineStart));
  const gutter = String(line).length;
  const bar = colours.blue("|");
  // A line as wide as a data file would push the squiggle out of sight.
  const widest = Math.max(20, output.columns - gutter - 4);
  const before = displayWidth(shownSource(source.slice(0, column - 1)));
  const length = Math.max(1, Math.min(displayWidth(shownSource(within)), widest - before));
  return [
    `${" ".repeat(gutter)} ${colours.blue("-->")} ${shownPath(problem.path)}:${line}:${column}`,
    `${" ".repeat(gutter)} ${bar}`,
    `${colours.blue(String(line))} ${bar} ${shortened(shownSource(source), widest)}`,
    ...(before < widest
      ? [`${" ".repeat(gutter)} ${bar} ${" ".repeat(before)}${paint("^".repeat(length))}`]
      : []),
  ];
}

/** Tabs are four columns wide here, so that the squiggle knows where it stands. */
function shownSource(source: string): string {
  return printable(source.replaceAll("\t", "    "));
}

type Paint = (text: string) => string;

function painter(severity: Severity, output: Output): Paint {
  const { colours } = output;
  switch (severity) {
    case "error":
      return colours.red;
    case "warning":
      return colours.yellow;
    case "hint":
      return colours.cyan;
  }
}

function note(output: Output, label: string, text: string): string {
  const { colours } = output;
  return `  ${colours.blue("=")} ${colours.bold(`${label}:`)} ${text}`;
}

/** A problem for programs: the same facts, with 1-based places. */
export function problemJson(problem: PlacedProblem, textOf: (path: string) => string | undefined): unknown {
  const range = (file: string, span: { readonly start: number; readonly end: number }): unknown => {
    const text = textOf(file);
    return text === undefined
      ? null
      : { start: positionAt(text, span.start), end: positionAt(text, span.end) };
  };
  return {
    code: problem.rule.code,
    severity: problem.rule.severity,
    message: problem.message,
    file: problem.path,
    range: range(problem.path, problem.span),
    why: problem.rule.why,
    fix: problem.rule.fix,
    suggestion: problem.suggestion ?? null,
    related: problem.related.map((related) => ({
      file: related.path,
      range: range(related.path, related.span),
      message: related.message,
    })),
  };
}

// ---------------------------------------------------------------- failures

/** An expected failure: what, where, why, what to do. Never a stack trace. */
export function renderFailure(failure: Failure, output: Output): string {
  const { colours } = output;
  const lines = [
    `${colours.red(colours.bold(`error[${failure.code}]`))}${colours.bold(`: ${printable(failure.message)}`)}`,
  ];
  if (failure.place !== undefined) lines.push(`  ${colours.blue("-->")} ${printable(failure.place)}`);
  if (failure.why !== undefined) lines.push(note(output, "why", printable(failure.why)));
  if (failure.fix !== undefined) lines.push(note(output, "fix", printable(failure.fix)));
  lines.push(note(output, "see", explanationOf(failure.code)));
  return `${lines.join("\n")}\n`;
}

export function failureJson(failure: Failure): { readonly error: unknown } {
  return {
    error: {
      code: failure.code,
      message: failure.message,
      place: failure.place ?? null,
      why: failure.why ?? null,
      fix: failure.fix ?? null,
    },
  };
}

/**
 * Failures of what a person wrote: the command line, or a file of theirs. They are found before anything is done, and
 * the same command fails until something else is written. All others end with 1, as failed nodes do: the machine, the
 * store, the account or who answers on the network stood in the way, perhaps in the midst of the work. A code that
 * nobody has thought of here must not say that nothing was done.
 */
export const failuresOfUse: ReadonlySet<string> = new Set([
  "adopt-after-setup",
  "adopt-changed",
  "adopt-without-vpc",
  "aws-config-broken",
  "bad-resources",
  "bucket-twice",
  "cannot-adopt",
  "digest-malformed",
  "environment-name",
  "environment-unknown",
  "environments-invalid",
  "executor-cloud",
  "file-has-errors",
  "file-not-text",
  "file-too-big",
  "file-unreadable",
  "get-collision",
  "graph-too-large",
  "image-malformed",
  "lock-invalid",
  "lock-newer",
  "lock-unreadable",
  "name-missing",
  "needs-consent",
  "network-range",
  "no-log",
  "no-pipeline-files",
  "no-such-file",
  "not-canonical",
  "not-made",
  "not-ready",
  "nothing-to-show",
  "profile-unknown",
  "project-invalid",
  "project-unreadable",
  "region-missing",
  "region-unknown",
  "secret-missing",
  "secret-not-allowed",
  "settings-of-another",
  "settings-unreadable",
  "unknown-group",
  "unknown-input",
  "unknown-run",
  "unknown-target",
  "url-credentials",
  "wrong-use",
]);

/** The exit code of a failure. `interrupted` tells which signal it was that ended a command. */
export function exitCodeOf({ code }: Failure, interrupted?: AbortSignal): number {
  if (code === DEFECT) return exitCodes.defect;
  if (code === "interrupted")
    return interrupted === undefined ? exitCodes.interrupted : interruptCode(interrupted);
  return failuresOfUse.has(code) ? exitCodes.usage : exitCodes.problems;
}

const DEFECT = "defect";

/**
 * Anything else that was thrown is a defect of ours. The person learns that, and where the details are that a report
 * needs; the details themselves would help nobody on the screen.
 */
export function defectFailure(error: unknown): Failure {
  const details = [
    `reprod ${process.argv.slice(2).join(" ")}`,
    `node ${process.version}, ${process.platform}/${process.arch}, in ${process.cwd()}`,
    error instanceof Error ? `${error.stack ?? error.message}${causeOf(error)}` : String(error),
  ].join("\n");
  const file = path.join(os.tmpdir(), `reprod-defect-${Date.now()}-${process.pid}.txt`);
  let where = `The details are in "${file}".`;
  try {
    fs.writeFileSync(file, `${details}\n`);
  } catch (problem) {
    where = `The details could not be written to "${file}" (${problem instanceof Error ? problem.message : String(problem)}).`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(DEFECT, `Reprod itself failed: "${message.split("\n")[0] ?? ""}"`, {
    why: "This is a defect of Reprod, not of your pipeline. Nothing that was stored is lost.",
    fix: `Please report it. ${where}`,
    cause: error,
  });
}

function causeOf(error: Error): string {
  return error.cause === undefined
    ? ""
    : `\ncaused by: ${error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause)}`;
}
