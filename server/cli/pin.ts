import type { PinStep } from "../data/pin.js";
import { pinPipeline } from "../run/pin-pipeline.js";
import type { CommandContext, PipelineOptions } from "./context.js";
import { exitCodes } from "./exit.js";
import { open, refuseInvalid, StatusLine } from "./open.js";
import { failureJson, renderFailure, shownPath } from "./report.js";
import type { Output, Terminal } from "./terminal.js";
import { bytes, count, printable, writeJson } from "./text.js";

interface PinCommandOptions extends PipelineOptions {
  readonly update?: true;
}

/** `reprod pin FILE`: writes what tags and urls are now into `reprod.lock`, beside the file. */
export async function run(
  context: CommandContext,
  file: string,
  options: PinCommandOptions,
): Promise<number> {
  const { terminal } = context;
  const status = new StatusLine(terminal);
  let refused = false;
  const pinned = await pinPipeline(
    async () => {
      const opened = await open(context, file, options);
      // What is wrong around the text may be just what is to be pinned.
      const text = { ...opened, problems: opened.program.problems };
      refused = refuseInvalid(terminal, text, options.json === true);
      return refused ? undefined : opened;
    },
    {
      update: options.update === true,
      signal: terminal.unread,
      onStep: (name) => status.show(`pinning ${printable(name)}`),
    },
  ).finally(() => status.clear());
  if (refused || pinned === undefined) return exitCodes.usage;
  const { lock: path, steps, asked } = pinned;
  if (options.json) writeJson(terminal.out, { lock: path, steps: steps.map(stepJson) });
  else report(terminal, path, steps, asked);
  return steps.some((step) => step.kind === "failed") ? exitCodes.problems : exitCodes.done;
}

function report({ out, notes }: Terminal, path: string, steps: readonly PinStep[], asked: number): void {
  for (const step of steps) {
    if (step.kind === "failed") notes.write(`${renderFailure(step.failure, notes)}\n`);
    else out.write(`${stepText(step, out)}\n`);
  }
  const failed = steps.filter((step) => step.kind === "failed").length;
  const changed = steps.filter((step) => step.kind !== "failed" && step.change !== "kept").length;
  const rest = [`${asked - changed - failed} as before`, ...(failed === 0 ? [] : [`${failed} failed`])];
  const what =
    asked === 0
      ? "nothing to pin: no image and no url"
      : `${count(changed, "entry", "entries")} written to ${shownPath(path)}, ${rest.join(", ")}`;
  notes.write(`${what}\n`);
}

function stepText(step: Exclude<PinStep, { kind: "failed" }>, { colours }: Output): string {
  const change = step.change.padEnd(7);
  return step.kind === "image"
    ? `${colours.green(change)} ${printable(step.name)}  ${colours.dim(step.now.digest)}`
    : `${colours.green(change)} ${printable(step.name)}  ${colours.dim(`sha256 ${step.now.sha256}, ${bytes(step.now.size)}`)}`;
}

function stepJson(step: PinStep): unknown {
  if (step.kind === "failed")
    return { kind: step.kind, name: step.name, ...Object(failureJson(step.failure)) };
  return {
    kind: step.kind,
    name: step.name,
    change: step.change,
    digest: step.kind === "image" ? step.now.digest : step.now.sha256,
  };
}
