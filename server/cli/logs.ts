import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../base/failure.js";
import { type LogLine, readLog } from "../executors/logs.js";
import { type AttemptStatus, findRun, runStatus } from "../run/runs.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { logText } from "./log-lines.js";
import { nodeName } from "./names.js";
import { currentProject, openClaims } from "./open.js";
import type { Output } from "./terminal.js";

interface LogsOptions extends JsonOption {
  readonly attempt?: number;
  readonly follow?: true;
}

const WAIT_MILLISECONDS = 200;

/** `reprod logs RUN NODE`: what the script wrote, with the time of each line. */
export async function run(
  { terminal }: CommandContext,
  which: string,
  node: string,
  options: LogsOptions,
): Promise<number> {
  const { out } = terminal;
  const signal = AbortSignal.any([terminal.unread, terminal.interrupted]);
  const attempt = await findAttempt(which, nodeName(node), options, signal);
  if (attempt === undefined) return exitCodes.done;
  if (!fs.existsSync(attempt.folder)) throw logsDeleted(nodeName(node), attempt.startedAt);
  for await (const line of readLog(attempt.folder, { follow: options.follow === true, signal })) {
    if (signal.aborted) break;
    out.write(options.json ? `${JSON.stringify(lineJson(line))}\n` : renderLine(line, out));
  }
  return exitCodes.done;
}

/** With `--follow` it waits for an attempt to begin. Undefined when nobody listens any more. */
async function findAttempt(
  which: string,
  node: string,
  options: LogsOptions,
  signal: AbortSignal,
): Promise<AttemptStatus | undefined> {
  const project = currentProject();
  const run = findRun(project.folders.runs, which);
  const claims = openClaims(project);
  try {
    for (;;) {
      const status = runStatus(project.folders.runs, claims, run);
      const found = status.touched.find((touched) => touched.node === node);
      const attempts = found?.attempts ?? [];
      const wanted =
        options.attempt === undefined
          ? attempts.at(-1)
          : attempts.find((attempt) => attempt.number === options.attempt);
      if (wanted !== undefined) return wanted;
      if (options.follow !== true || status.state !== "running") {
        throw noAttempt(run, node, options.attempt, found?.state, attempts.length);
      }
      if (signal.aborted) return undefined;
      await delay(WAIT_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    claims.close();
  }
}

function logsDeleted(node: string, startedAt: string): Failure {
  return new Failure("no-log", `the logs of this node have been deleted since: "${node}"`, {
    why: `It ran at ${startedAt}. Logs of old runs go when there are many, and with \`reprod gc\`.`,
    fix: "`reprod show` tells how its result was made; `reprod run --no-cache` makes it, and its logs, again.",
  });
}

function noAttempt(
  run: string,
  node: string,
  attempt: number | undefined,
  state: string | undefined,
  attempts: number,
): Failure {
  const which = attempt === undefined ? "" : ` attempt ${attempt} of`;
  return new Failure("no-log", `run ${run} has no log of${which} this node: "${node}"`, {
    why:
      attempts > 0
        ? `It had ${attempts} ${attempts === 1 ? "attempt" : "attempts"}.`
        : state === undefined
          ? "The run did not run it: it was cached, or the run has no such node."
          : `It never started; it is ${state}.`,
    fix: `\`reprod status ${run}\` lists what the run did; \`reprod runs\` lists earlier runs.`,
  });
}

function renderLine(line: LogLine, out: Output): string {
  const { colours } = out;
  const bar = line.stream === "stderr" ? colours.yellow("!") : colours.dim("|");
  return `${colours.dim(clockTime(line.time))} ${bar} ${logText(line, out)}\n`;
}

/** `14:05:09.123`, local. */
function clockTime(time: number): string {
  const date = new Date(time);
  const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");
  return `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}.${pad(date.getMilliseconds(), 3)}`;
}

function lineJson(line: LogLine): unknown {
  return { time: new Date(line.time).toISOString(), stream: line.stream, text: line.text };
}
