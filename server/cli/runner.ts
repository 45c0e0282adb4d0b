import { runnerMain } from "../run/runner.js";
import type { CommandContext } from "./context.js";

/** The body of a detached run's process; only `reprod run --detach` starts it. */
export async function run(_context: CommandContext, folder: string): Promise<number> {
  return await runnerMain(folder);
}
