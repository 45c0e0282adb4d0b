// The program as in a terminal beside the editor.
import { spawn } from "node:child_process";
import * as path from "node:path";
import { extensionFolder } from "./locate.js";

export interface Ended {
  readonly code: number | null;
  /** Both streams as they came. */
  readonly output: string;
}

/** Runs `reprod ARGS…` in a folder until it ends; a minute at most, so that no failed test waits for it. */
export async function reprod(folder: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [path.join(extensionFolder(), "dist/cli.js"), ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, output };
}
