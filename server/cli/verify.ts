import * as fs from "node:fs";
import { hashOneFile } from "../run/hash.js";
import { openLocalStore } from "../store/local-store.js";
import { type StoreProblem, type Verification, verifyStore } from "../store/verify.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject, StatusLine } from "./open.js";
import type { Output } from "./terminal.js";
import { bytes, count, printable, writeJson } from "./text.js";

/** `reprod verify`: what is found broken is put aside, so that the next run makes it again. */
export async function run({ terminal }: CommandContext, options: JsonOption): Promise<number> {
  const project = currentProject();
  // Looking at a store must not make one.
  const store = openLocalStore(project.folders.store, { readOnly: !fs.existsSync(project.folders.store) });
  const status = new StatusLine(terminal);
  let found: Verification;
  try {
    found = await verifyStore(store, hashOneFile, {
      signal: terminal.interrupted,
      onProgress: (progress) =>
        status.show(
          `verifying: ${count(progress.objects, "object")}, ${bytes(progress.bytes)}, ${count(progress.records, "record")}`,
        ),
    });
  } finally {
    status.clear();
    await store.close();
  }
  const { problems, objects, bytes: size, records } = found;
  if (options.json) writeJson(terminal.out, { objects, bytes: size, records, problems });
  else {
    for (const problem of problems) terminal.out.write(`${problemText(problem, terminal.out)}\n`);
    terminal.out.write(
      `${count(objects, "object")} (${bytes(size)}) and ${count(records, "record")} verified: ${
        problems.length === 0 ? "all is well" : count(problems.length, "problem")
      }\n`,
    );
  }
  return problems.length === 0 ? exitCodes.done : exitCodes.problems;
}

function problemText(problem: StoreProblem, { colours }: Output): string {
  switch (problem.kind) {
    case "object-damaged":
      return `${colours.red("damaged")}  object ${problem.sha256}: its bytes have changed; it was put aside`;
    case "record-broken":
      return `${colours.red("broken")}   record ${problem.recipe}: ${printable(problem.reason)}; it was put aside`;
    case "result-incomplete":
      return `${colours.red("broken")}   ${printable(problem.node)}: ${printable(problem.reason)}; the next run that needs it makes it again`;
    case "names-damaged":
      return `${colours.yellow("damaged")}  history file "${printable(problem.file)}": some of its lines can't be read`;
  }
}
