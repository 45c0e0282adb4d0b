import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import * as os from "node:os";

/**
 * Which process something belongs to, in a way that holds when pids are used again, machines start again and
 * several machines share a folder (engine-rules.md C3).
 */
export interface ProcessIdentity {
  /** This machine as far as pids go: two containers that cannot see each other's pids are two hosts. */
  readonly hostId: string;
  /** Changes each time the machine starts. */
  readonly bootId: string;
  readonly pid: number;
  /** When the process started, in the platform's own words: compared for equality only. */
  readonly startTime: string;
}

/** `unknown`: another host or boot, of which pids say nothing. */
export type Liveness = "alive" | "dead" | "unknown";

let hostIdOnce: string | undefined;
let bootIdOnce: string | undefined;
let thisProcessOnce: ProcessIdentity | undefined;

/** 32 hex characters; a hash, so that the machine's own id is not given away with a store that is shared. */
export function hostId(): string {
  hostIdOnce ??= createHash("sha256")
    .update(`reprod-host-1\n${machineId()}\n${pidNamespace()}`)
    .digest("hex")
    .slice(0, 32);
  return hostIdOnce;
}

export function bootId(): string {
  bootIdOnce ??= readBootId();
  return bootIdOnce;
}

/** Undefined when there is no such process. A zombie is none: it does nothing any more and holds nothing. */
export function processStartTime(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid);
}

export function thisProcess(): ProcessIdentity {
  thisProcessOnce ??= {
    hostId: hostId(),
    bootId: bootId(),
    pid: process.pid,
    startTime: processStartTime(process.pid) ?? "unknown",
  };
  return thisProcessOnce;
}

/** One file read on Linux, one `ps` on macOS. */
export function livenessOf(identity: ProcessIdentity): Liveness {
  if (identity.hostId !== hostId() || identity.bootId !== bootId()) return "unknown";
  return processStartTime(identity.pid) === identity.startTime ? "alive" : "dead";
}

/** Whether the process is seen to live: false of what is on another host, which `livenessOf` tells apart. */
export function isAlive(identity: ProcessIdentity): boolean {
  return livenessOf(identity) === "alive";
}

/** For an identity that was read from a file. */
export function isProcessIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === "object" &&
    value !== null &&
    "hostId" in value &&
    typeof value.hostId === "string" &&
    "bootId" in value &&
    typeof value.bootId === "string" &&
    "pid" in value &&
    typeof value.pid === "number" &&
    "startTime" in value &&
    typeof value.startTime === "string"
  );
}

/** `/proc/<pid>/stat`: the second field is the program's name in brackets, and may hold anything, brackets too. */
function linuxStartTime(pid: number): string | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  return state === "Z" || state === "X" || state === "x" ? undefined : fields[19];
}

function psStartTime(pid: number): string | undefined {
  const line = outputOf("ps", ["-o", "stat=,lstart=", "-p", String(pid)]);
  if (line === undefined || line === "" || line.startsWith("Z")) return undefined;
  return line.replace(/^\S+\s+/, "").replace(/\s+/g, " ");
}

function machineId(): string {
  if (process.platform === "linux") {
    const id = readIfThere("/etc/machine-id")?.trim();
    if (id !== undefined && id !== "") return id;
  }
  if (process.platform === "darwin") {
    const uuid = outputOf("ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"])?.match(
      /"IOPlatformUUID" = "([^"]+)"/,
    )?.[1];
    if (uuid !== undefined) return uuid;
  }
  return os.hostname();
}

function pidNamespace(): string {
  if (process.platform !== "linux") return "";
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // A kernel without namespaces has one space of pids.
    return "";
  }
}

function readBootId(): string {
  const id =
    process.platform === "linux"
      ? readIfThere("/proc/sys/kernel/random/boot_id")?.trim()
      : outputOf("sysctl", ["-n", "kern.bootsessionuuid"]);
  // Without a name for this boot pids prove nothing, so no two processes may seem to share one.
  return id === undefined || id === "" ? `process-${process.pid}-${Date.now()}` : id;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Absent, or a process that ended while it was read: both mean that it is not there.
    return undefined;
  }
}

function outputOf(command: string, args: readonly string[]): string | undefined {
  try {
    const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };
    return execFileSync(command, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // `ps` answers an unknown pid by exit code 1; a missing program tells us nothing either.
    return undefined;
  }
}
