import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** One run of a command as a whole process. */
export interface ProcessFigures {
  readonly wallMilliseconds: number;
  /** Highest resident memory of that one process, from the kernel's own high-water mark; undefined off Linux. */
  readonly peakBytes: number | undefined;
  readonly stdout: string;
}

/** Runs a command to its end. Throws with its output when it fails: a figure of a failed run means nothing. */
export function timeProcess(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<ProcessFigures> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let peakBytes: number | undefined;
    const sampler = setInterval(() => {
      peakBytes = highWaterMark(child.pid) ?? peakBytes;
    }, 20);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-20_000);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(sampler);
      const wallMilliseconds = performance.now() - began;
      if (code === 0) resolve({ wallMilliseconds, peakBytes, stdout });
      else
        reject(
          new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout.slice(-2_000)}\n${stderr}`),
        );
    });
  });
}

function highWaterMark(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== "linux") return undefined;
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch (error) {
    // The process has just ended: its last sample stands.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}

/** The value below which the given share (0 … 1) of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (value === undefined) throw new Error("no samples");
  return value;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}
