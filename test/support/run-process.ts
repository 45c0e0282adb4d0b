import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { build } from "esbuild";
import type { JournalLine } from "../../server/run/events.js";

/** Bundles `run-entry.ts` with the program, once a test file. */
export async function bundleRunEntry(): Promise<{ readonly entry: string; remove(): void }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "reprod-entry-"));
  const root = process.cwd();
  await build({
    entryPoints: {
      "run-entry": path.join(root, "test/support/run-entry.ts"),
      "hash-worker": path.join(root, "server/data/hash-worker.ts"),
    },
    outdir: folder,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    define: { __REPROD_DIST__: "__dirname" },
    logLevel: "warning",
  });
  fs.chmodSync(folder, 0o755);
  return {
    entry: path.join(folder, "run-entry.js"),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

export interface RunProcess {
  readonly child: ChildProcess;
  /** Whole lines of its journal so far. */
  readonly events: JournalLine[];
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stderr: string;
  }>;
}

export function startRun(
  entry: string,
  file: string,
  options: { readonly onEvent?: (line: JournalLine) => void; readonly uid?: number } = {},
): RunProcess {
  const child = spawn(process.execPath, ["--enable-source-maps", entry, file], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  const events: JournalLine[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event: JournalLine = JSON.parse(line);
      events.push(event);
      options.onEvent?.(event);
    }
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stderr }));
  });
  return { child, events, ended };
}
