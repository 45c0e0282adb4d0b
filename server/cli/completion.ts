import tab from "@bomb.sh/tab/commander";
import { buildProgram } from "./commands.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";

/** Completions of every command, read from the same definitions as `--help`. */
export function completions({ terminal }: CommandContext): ReturnType<typeof tab> {
  return tab(
    buildProgram(terminal, "", () => undefined, false),
    { completionCommandName: "completion" },
  );
}

/** `reprod completion SHELL`: a script for the shell, which calls `reprod complete` at each press of the key. */
export async function run(context: CommandContext, shell: string): Promise<number> {
  completions(context).setup("reprod", "reprod", shell);
  return exitCodes.done;
}
