import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { temporaryFolder } from "./temporary.js";

/** A copy of an example without what runs have left in it, as a project of its own. */
export function copyOfExample(t: TestContext, name: string): string {
  const folder = temporaryFolder(t);
  fs.cpSync(path.join("examples", name), folder, {
    recursive: true,
    filter: (source) => !/[\\/](results|\.reprod)$/.test(source),
  });
  fs.writeFileSync(path.join(folder, "reprod.json"), '{"projectId": "abcdefghijkl"}\n');
  return folder;
}

/** Installs programs where that is allowed; throws with one line that names what to install elsewhere. */
export function needPrograms(...programs: readonly string[]): void {
  const ended = spawnSync(process.execPath, ["scripts/install-tools.mjs", ...programs], { encoding: "utf8" });
  if (ended.status !== 0) throw new Error(ended.stderr.trim());
}

/** Replaces one text in a file; the text must be there. */
export function edit(file: string, from: string, to: string): void {
  const text = fs.readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`);
  fs.writeFileSync(file, text.replace(from, to));
}
