import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** What a supervisor has written of one attempt: the file `state`, whose lines `supervisor-script.ts` explains. */
export interface AttemptState {
  readonly started:
    | {
        readonly pid: number;
        /** In the words of base/process.ts, spaces as `_`. */
        readonly startTime: string;
        readonly supervisorPid: number;
        readonly supervisorStartTime: string;
        readonly bootId: string;
        /** Milliseconds since 1970; undefined when the supervisor's bash has no clock (before 5.0). */
        readonly at: number | undefined;
      }
    | undefined;
  /** The interpreter could not be started. */
  readonly unstarted: boolean;
  readonly timedOut: boolean;
  readonly cpuMilliseconds: number | undefined;
  readonly exited:
    | {
        readonly code: number;
        /** Name of the signal that ended the script, when one did. */
        readonly signal: string | undefined;
        readonly at: number | undefined;
      }
    | undefined;
}

export function stateFile(folder: string): string {
  return path.join(folder, "state");
}

/** Undefined when there is no such file: nothing has been started in that folder. */
export function readAttemptState(folder: string): AttemptState | undefined {
  try {
    return parseAttemptState(fs.readFileSync(stateFile(folder), "utf8"));
  } catch {
    // Absent, or the script removed its folder. What can be known then, the supervisor has answered.
    return undefined;
  }
}

/** A line without its newline is torn and counts as absent; lines that are neither ours nor bash's are skipped. */
export function parseAttemptState(text: string): AttemptState {
  const lines = text.split("\n").slice(0, -1);
  let started: AttemptState["started"];
  let exited: AttemptState["exited"];
  let unstarted = false;
  let timedOut = false;
  let cpuMilliseconds: number | undefined;
  const remarks: string[] = [];
  for (const line of lines) {
    const words = line.split(" ");
    switch (words[0]) {
      case "started":
        started = {
          pid: Number(words[1]),
          startTime: words[2] ?? "",
          supervisorPid: Number(words[3]),
          supervisorStartTime: words[4] ?? "",
          bootId: words[5] ?? "",
          at: milliseconds(words[6]),
        };
        break;
      case "unstarted":
        unstarted = true;
        break;
      case "timed-out":
        timedOut = true;
        break;
      case "cpu":
        cpuMilliseconds = sum(milliseconds(words[1]), milliseconds(words[2]));
        break;
      case "exited": {
        const code = Number(words[1]);
        exited = { code, signal: signalOf(code, remarks), at: milliseconds(words[2]) };
        break;
      }
      default:
        remarks.push(line);
    }
  }
  return { started, unstarted, timedOut, cpuMilliseconds, exited };
}

/**
 * A shell's code above 128 is either `exit 137` or SIGKILL. bash tells them apart in what it says of its job:
 * `[1]+  Exit 137  …` has the code in it, in every language; what it says of a signal has not.
 */
function signalOf(code: number, remarks: readonly string[]): string | undefined {
  if (code <= 128 || remarks.length === 0) return undefined;
  const saysCode = new RegExp(`^\\[\\d+\\][-+]?\\s.*\\b${code}\\b`);
  if (remarks.some((remark) => saysCode.test(remark))) return undefined;
  return signalName(code - 128);
}

export function signalName(number: number): string {
  const known = Object.entries(os.constants.signals).find(([, value]) => value === number);
  return known?.[0] ?? `SIG${number}`;
}

/** Seconds as text (a locale may have put a comma), to whole milliseconds. */
function milliseconds(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text.replace(",", "."));
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined;
}

function sum(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left + right;
}
