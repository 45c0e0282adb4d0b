import { runIds } from "../run/runs.js";
import { completions } from "./completion.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject } from "./open.js";

const RUNS_OFFERED = 20;

/** `reprod complete -- WORDS`: what the completion script asks. Runs are offered where a run is meant. */
export async function run(context: CommandContext, words: readonly string[]): Promise<number> {
  const root = completions(context);
  for (const name of ["status", "logs", "cancel"]) {
    const argument = root.commands.get(name)?.arguments.get("run");
    if (argument === undefined) continue;
    argument.handler = (complete) => {
      complete("latest", "the newest run");
      for (const run of runIds(currentProject().folders.runs).slice(0, RUNS_OFFERED)) complete(run, "");
    };
  }
  root.parse([...words]);
  return exitCodes.done;
}
