import { isNodeArguments, isRunArguments } from "../arguments.js";
import { choosePipeline } from "../choose.js";
import { planOnly } from "../plan-before-run.js";
import type { Run } from "./command.js";

export const run: Run = async (services, argument) => {
  if (isRunArguments(argument)) {
    const { uri, targets, noCache } = argument;
    return planOnly(services, { uri, targets, ...(noCache === undefined ? {} : { noCache }) });
  }
  if (isNodeArguments(argument)) return planOnly(services, { uri: argument.uri, targets: [argument.node] });
  const uri = await choosePipeline(services, argument);
  if (uri !== undefined) await planOnly(services, { uri, targets: [] });
};
