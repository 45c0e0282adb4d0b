import { findRun, type NodeStatus, type RunStatus, runStatus } from "../run/runs.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject, openClaims } from "./open.js";
import { statePainter } from "./plan.js";
import { shownPath } from "./report.js";
import { countsText, runJson, took } from "./runs.js";
import type { Output } from "./terminal.js";
import { bytes, count, duration, localTime, printable, table, writeJson } from "./text.js";

/** `reprod status [RUN]`. The exit code is that of the command, not of the run: it says that the answer was given. */
export async function run(
  { terminal: { out } }: CommandContext,
  which: string,
  options: JsonOption,
): Promise<number> {
  const project = currentProject();
  const claims = openClaims(project);
  try {
    const status = runStatus(project.folders.runs, claims, findRun(project.folders.runs, which));
    if (options.json) writeJson(out, statusJson(status));
    else out.write(renderStatus(status, out));
    return exitCodes.done;
  } finally {
    claims.close();
  }
}

function statusJson(status: RunStatus): unknown {
  return {
    ...runJson(status),
    nodes: status.touched.map((node) => ({
      node: node.node,
      state: node.state,
      recipe: node.recipe ?? null,
      failure: node.failure ?? null,
      message: node.message ?? null,
      attempts: node.attempts.map((attempt) => ({
        number: attempt.number,
        startedAt: attempt.startedAt,
        endedAt: attempt.endedAt ?? null,
        exitCode: attempt.exitCode ?? null,
        failure: attempt.failure ?? null,
        message: attempt.message ?? null,
        usage: attempt.usage ?? null,
        folder: attempt.folder,
      })),
    })),
    total: status.nodes ?? null,
    warnings: status.warnings.map((warning) => ({ ...warning, node: warning.node ?? null })),
  };
}

/** What went well is counted beyond so many; what did not is always listed. */
const WELL_SHOWN = 50;

function renderStatus(status: RunStatus, out: Output): string {
  const { colours } = out;
  const lines = [
    `${colours.bold(printable(status.pipeline))}  run ${status.run} ${statePainter(status.state, out)(status.state)}`,
    `${colours.dim("file")}     ${printable(shownPath(status.file))}`,
    `${colours.dim("started")}  ${localTime(status.startedAt)}, ${status.state === "running" ? "for" : "took"} ${took(status)}`,
    `${colours.dim("nodes")}    ${countsText(status)}`,
  ];
  for (const warning of status.warnings) {
    const where = warning.node === undefined ? "" : `${printable(warning.node)}: `;
    lines.push(`${colours.yellow(`warning[${warning.code}]`)}: ${where}${printable(warning.message)}`);
  }
  const well = status.touched.filter(wentWell);
  const shown = [
    ...status.touched.filter((node) => !wentWell(node)),
    ...(well.length > WELL_SHOWN ? [] : well),
  ];
  if (shown.length > 0) lines.push("");
  const rows = table(
    shown.map((node) => [
      `  ${node.state}`,
      printable(node.node),
      usageText(node),
      printable(node.message ?? ""),
    ]),
    [(state) => statePainter(state.trim(), out)(state), (name) => name, colours.dim],
  );
  const hidden =
    well.length > WELL_SHOWN ? `\n${count(well.length, "node")} went well (--json lists them)\n` : "";
  return `${lines.join("\n")}\n${rows}${hidden}`;
}

function wentWell(node: NodeStatus): boolean {
  return node.state === "made" || node.state === "reused" || node.state === "adopted";
}

function usageText(node: NodeStatus): string {
  const last = node.attempts.at(-1);
  if (last === undefined) return "";
  const parts = [
    last.usage === undefined ? "" : duration(last.usage.wallMilliseconds),
    last.usage?.peakMemoryBytes === undefined ? "" : bytes(last.usage.peakMemoryBytes),
    node.attempts.length > 1 ? `${node.attempts.length} attempts` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}
