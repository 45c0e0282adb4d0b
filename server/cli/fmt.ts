import * as fs from "node:fs";
import { replaceFile } from "../data/files.js";
import { DiskText } from "../data/text.js";
import { format } from "../language/format.js";
import { parse } from "../language/parser.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { ofEach, pipelineFiles } from "./files.js";
import { failureJson, renderFailure, shownPath } from "./report.js";
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
  const { unreadable } = ofEach(files, (file) => {
    const text = disk.read(file) ?? "";
    if (parse(text).declarations.some((declaration) => declaration.problems.length > 0)) {
      broken.push(file);
      return;
    }
    const formatted = format(text);
    if (formatted === text) return;
    if (options.check !== true) replaceKeepingMode(file, formatted);
    changed.push(file);
  });
  const [only] = unreadable;
  if (only !== undefined && files.length === 1) throw only;
  if (options.json) {
    const failures = unreadable.map((failure) => failureJson(failure).error);
    writeJson(terminal.out, { changed, broken, unreadable: failures, files: files.length });
  } else {
    for (const file of changed) terminal.out.write(`${shownPath(file)}\n`);
    for (const file of broken) {
      terminal.notes.write(
        `not formatted, it has syntax errors (\`reprod check\` shows them): "${shownPath(file)}"\n`,
      );
    }
    for (const failure of unreadable) terminal.notes.write(renderFailure(failure, terminal.notes));
    const verb = options.check === true ? "to format" : "formatted";
    terminal.notes.write(`${count(changed.length, "file")} ${verb}, of ${files.length}\n`);
  }
  if (broken.length + unreadable.length > 0) return exitCodes.usage;
  return options.check === true && changed.length > 0 ? exitCodes.problems : exitCodes.done;
}

function replaceKeepingMode(file: string, text: string): void {
  const { mode } = fs.statSync(file);
  // A link stays a link: what it points to is replaced.
  const target = fs.realpathSync(file);
  replaceFile(target, text);
  fs.chmodSync(target, mode & 0o7777);
}
