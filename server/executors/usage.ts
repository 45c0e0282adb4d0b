import * as fs from "node:fs";
import { residentBytesOfGroups } from "./processes.js";

/**
 * Peak memory of the attempts that run, by looking now and then (engine-rules.md C12), so it is approximate: the sum
 * of what the group's processes have resident, shared pages counted once for each. One look serves all attempts.
 */
export class MemorySampler {
  private readonly peaks = new Map<number, number>();

  /** `groups` are the process groups that run now. */
  sample(groups: ReadonlySet<number>): void {
    if (groups.size === 0) return;
    for (const [group, bytes] of residentBytesOfGroups(groups)) {
      this.peaks.set(group, Math.max(bytes, this.peaks.get(group) ?? 0));
    }
  }

  /** The peak of a group that has ended, which is then forgotten; undefined when it was never looked at. */
  take(group: number): number | undefined {
    const peak = this.peaks.get(group);
    this.peaks.delete(group);
    return peak;
  }
}

/**
 * How often the kernel has killed a process of our cgroup for want of memory: the only evidence by which an end may be
 * called out-of-memory (C12). Undefined where there are no cgroups.
 */
export function outOfMemoryKills(cgroupFiles: readonly string[] = ownCgroupFiles()): number | undefined {
  for (const file of cgroupFiles) {
    const count = readIfThere(file)?.match(/^oom_kill (\d+)$/m)?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

/** `0::/path` is cgroup 2 (`memory.events`), `4:memory:/path` is cgroup 1 (`memory.oom_control`). */
function ownCgroupFiles(): readonly string[] {
  const files: string[] = [];
  for (const line of (readIfThere("/proc/self/cgroup") ?? "").split("\n")) {
    const [, controllers = "", ...rest] = line.split(":");
    // Within a container the path is that of the host, and the cgroup itself is mounted at the top.
    const below = rest.join(":");
    if (controllers === "") {
      files.push(`/sys/fs/cgroup${below}/memory.events`, "/sys/fs/cgroup/memory.events");
    } else if (controllers.split(",").includes("memory")) {
      files.push(
        `/sys/fs/cgroup/memory${below}/memory.oom_control`,
        "/sys/fs/cgroup/memory/memory.oom_control",
      );
    }
  }
  return files;
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
