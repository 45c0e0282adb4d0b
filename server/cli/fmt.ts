import * as fs from "node:fs";
import { replaceFile } from "../data/files.js";
import { DiskText } from "../data/text.js";
import { format } from "../language/format.js";
import { parse } from "../language/parser.js";
import type { CommandContext, JsonOption } from "./commands.js";
import { exitCodes } from "./exit.js";
import { pipelineFiles } from "./files.js";
import { shownPath } from "./report.js";
import { count, writeJson } from "./text.js";

/** `reprod fmt PATH… [--check]`. A file with syntax errors is left as it is: its layout can't be told from its mistakes. */
export async function run(
  { terminal }: CommandContext,
  paths: readonly string[],
  options: JsonOption & { readonly check?: true },
): Promise<number> {
  const disk = new DiskText();
  const changed: string[] = [];
  const broken: string[] = [];
  const files = pipelineFiles(paths);
  for (const file of files) {
    const text = disk.read(file) ?? "";
    if (parse(text).declarations.some((declaration) => declaration.problems.length > 0)) {
      broken.push(file);
      continue;
    }
    const formatted = format(text);
    if (formatted === text) continue;
    changed.push(file);
    if (options.check !== true) replaceKeepingMode(file, formatted);
  }
  if (options.json) writeJson(terminal.out, { changed, broken, files: files.length });
  else {
    for (const file of changed) terminal.out.write(`${shownPath(file)}\n`);
    for (const file of broken) {
      terminal.notes.write(
        `not formatted, it has syntax errors (\`reprod check\` shows them): "${shownPath(file)}"\n`,
      );
    }
    const verb = options.check === true ? "to format" : "formatted";
    terminal.notes.write(`${count(changed.length, "file")} ${verb}, of ${files.length}\n`);
  }
  if (broken.length > 0) return exitCodes.usage;
  return options.check === true && changed.length > 0 ? exitCodes.problems : exitCodes.done;
}

function replaceKeepingMode(file: string, text: string): void {
  const { mode } = fs.statSync(file);
  // A link stays a link: what it points to is replaced.
  const target = fs.realpathSync(file);
  replaceFile(target, text);
  fs.chmodSync(target, mode & 0o7777);
}
