import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const LARGE_WAITS_MILLISECONDS = 1000;

/**
 * Deletes attempt folders in a process of its own. On a journalled disk a folder costs the kernel some 0.5 ms; on ext4
 * without a journal fresh deletions also make every creation search past them. So small folders wait until there
 * are many or the run is over, and one `rm` takes them all; once a folder with something left in it is among them, they
 * go within a second, since what is left may be large.
 */
export class FolderRemover {
  private pending: string[] = [];
  private running: Promise<void> = Promise.resolve();
  private soon: NodeJS.Timeout | undefined;

  /** `waitFor`: how many small folders may wait; at some 30 kB each. */
  constructor(private readonly waitFor = 10_000) {}

  remove(folder: string): void {
    this.pending.push(folder);
    if (this.pending.length >= this.waitFor) this.flush();
    else if (this.soon === undefined && isLarge(folder)) {
      this.soon = setTimeout(() => this.flush(), LARGE_WAITS_MILLISECONDS);
      this.soon.unref();
    }
  }

  /** Resolves when everything that was given is gone. */
  async drain(): Promise<void> {
    this.flush();
    await this.running;
  }

  private flush(): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    const folders = this.pending;
    if (folders.length === 0) return;
    this.pending = [];
    this.running = this.running.then(() => removeFolders(folders));
  }
}

/** Whether the working folder has more in it than the private folder and perhaps one for inputs or outs. */
function isLarge(folder: string): boolean {
  try {
    return fs.readdirSync(path.join(folder, "work")).length > 2;
  } catch {
    return false;
  }
}

async function removeFolders(folders: readonly string[]): Promise<void> {
  // Arguments have a limit of some 128 kB on the smallest systems.
  for (let at = 0; at < folders.length; at += 500) {
    const part = folders.slice(at, at + 500);
    await command("rm", ["-rf", "--", ...part]);
    const left = part.filter((folder) => fs.existsSync(folder));
    if (left.length === 0) continue;
    // A script may have made folders that cannot be written to, not even by their owner.
    await command("chmod", ["-R", "u+rwX", "--", ...left]);
    await command("rm", ["-rf", "--", ...left]);
  }
}

function command(name: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(name, args, { stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
    // What cannot be deleted now stays; the next collection of the store's temporary folder finds it (E1).
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
}
