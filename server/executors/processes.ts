import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { bootId, processStartTime } from "../base/process.js";
import type { AttemptState } from "./attempt-state.js";

/** What the supervisor recorded of a script that it started: its process group, session and boot. */
export type StartedScript = NonNullable<AttemptState["started"]>;

interface ProcessRow {
  readonly pid: number;
  readonly group: number;
  /** Undefined where the platform does not tell it as a number (macOS). */
  readonly session: number | undefined;
  /** Clock ticks since the machine started; undefined on macOS. */
  readonly startTicks: number | undefined;
  /** Bytes; undefined on Linux, where it is read for the few processes that are asked for. */
  readonly residentBytes: number | undefined;
}

/** Whether the script's own process lives: pid, start time and boot must all be the recorded ones (C4). */
export function scriptRuns(started: StartedScript): boolean {
  return started.bootId === bootId() && startedAs(started.pid, started.startTime);
}

/** Whether somebody will record how the script ends. */
export function supervisorRuns(started: StartedScript): boolean {
  return started.bootId === bootId() && startedAs(started.supervisorPid, started.supervisorStartTime);
}

function startedAs(pid: number, startTime: string): boolean {
  return processStartTime(pid)?.replaceAll(" ", "_") === startTime;
}

/**
 * Sends a signal to every process of the script's group, and to no other: false when nothing of it is left. While
 * its first process lives, pid, start time and boot prove that the group is ours. Once it is dead, its number stays
 * taken as long as the group has members; those must then be of the supervisor's session and not older than the script.
 */
export function signalGroup(started: StartedScript, signal: NodeJS.Signals): boolean {
  if (!scriptRuns(started) && groupMembers(started).length === 0) return false;
  try {
    process.kill(-started.pid, signal);
    return true;
  } catch {
    // It ended in between.
    return false;
  }
}

/** Pids of the group's processes that still run; dead ones that nobody has waited for are none. */
export function groupMembers(started: StartedScript): readonly number[] {
  if (started.bootId !== bootId()) return [];
  const from = Number(started.startTime);
  return processTable()
    .filter(
      (row) =>
        row.group === started.pid &&
        (row.session === undefined || row.session === started.supervisorPid) &&
        (row.startTicks === undefined || row.startTicks >= from),
    )
    .map((row) => row.pid);
}

/** Resident bytes of each process group that is asked for. One pass over the machine's processes, whatever is asked. */
export function residentBytesOfGroups(groups: ReadonlySet<number>): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const row of processTable()) {
    if (!groups.has(row.group)) continue;
    const bytes = row.residentBytes ?? residentBytes(row.pid);
    sums.set(row.group, (sums.get(row.group) ?? 0) + bytes);
  }
  return sums;
}

function processTable(): readonly ProcessRow[] {
  return process.platform === "linux" ? linuxProcesses() : psProcesses();
}

function linuxProcesses(): readonly ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const entry of fs.readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isSafeInteger(pid)) continue;
    const text = readIfThere(`/proc/${entry}/stat`);
    if (text === undefined) continue;
    // The second field is the program's name in brackets, which may hold brackets and spaces itself.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    if (state === "Z" || state === "X") continue;
    rows.push({
      pid,
      group: Number(fields[2]),
      session: Number(fields[3]),
      startTicks: Number(fields[19]),
      residentBytes: undefined,
    });
  }
  return rows;
}

/** `VmRSS` is in kB whatever the size of a page is. */
function residentBytes(pid: number): number {
  const line = readIfThere(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return line === undefined ? 0 : Number(line) * 1024;
}

function psProcesses(): readonly ProcessRow[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat=,rss="], {
    encoding: "utf8",
    env: { PATH: "/bin:/usr/bin", LC_ALL: "C" },
  });
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length === 4 && !words[2]?.startsWith("Z"))
    .map(([pid, group, , kilobytes]) => ({
      pid: Number(pid),
      group: Number(group),
      session: undefined,
      startTicks: undefined,
      residentBytes: Number(kilobytes) * 1024,
    }));
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    // The process ended while the table was read.
    return undefined;
  }
}
