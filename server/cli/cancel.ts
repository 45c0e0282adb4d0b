import { cancelRun } from "../run/cancel.js";
import { findRun } from "../run/runs.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject, openClaims } from "./open.js";
import { count, writeJson } from "./text.js";

/** `reprod cancel RUN` */
export async function run(
  { terminal: { out } }: CommandContext,
  which: string,
  options: JsonOption,
): Promise<number> {
  const project = currentProject();
  const run = findRun(project.folders.runs, which);
  const claims = openClaims(project);
  try {
    const outcome = await cancelRun(project, claims, run);
    if (options.json) writeJson(out, { run, ...outcome });
    else {
      switch (outcome.kind) {
        case "requested":
          out.write(
            `asked run ${run} to end; it ends its scripts first, \`reprod status ${run}\` says when\n`,
          );
          break;
        case "cleaned":
          out.write(
            `run ${run} had no runner any more; ended ${count(outcome.ended, "script")} that it had left\n`,
          );
          break;
        case "already-ended":
          out.write(`run ${run} has ended already\n`);
      }
    }
    return exitCodes.done;
  } finally {
    claims.close();
  }
}
