import { isRunArguments } from "../arguments.js";
import { planAndRun } from "../plan-before-run.js";
import type { Run } from "./command.js";

/** What lenses and hovers call. It is hidden from the palette, where `run-target` asks. */
export const run: Run = async (services, argument) => {
  if (!isRunArguments(argument)) throw new Error("reprod.run was called without what to run");
  const { uri, targets, noCache } = argument;
  await planAndRun(services, { uri, targets, ...(noCache === undefined ? {} : { noCache }) });
};
