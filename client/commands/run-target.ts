import { choosePipeline } from "../choose.js";
import { planAndRun } from "../plan-before-run.js";
import { requireTrust } from "../trust.js";
import type { Run } from "./command.js";

export const run: Run = async (services, argument) => {
  requireTrust();
  const uri = await choosePipeline(services, argument);
  if (uri !== undefined) await planAndRun(services, { uri, targets: [] });
};
