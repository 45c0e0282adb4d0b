import { lockPath, readLock, writeLock } from "../data/lock.js";
import { addressesOf, imagesOf, type PinStep, pin } from "../data/pin.js";
import { prepareProject } from "../data/project.js";
import type { LocalStore } from "../store/local.js";
import { openLocalStore } from "../store/local-store.js";
import type { CommandContext, PipelineOptions } from "./context.js";
import { exitCodes } from "./exit.js";
import { open, refuseInvalid, StatusLine } from "./open.js";
import { failureJson, renderFailure, shownPath } from "./report.js";
import type { Output, Terminal } from "./terminal.js";
import { bytes, count, printable, writeJson } from "./text.js";

interface PinCommandOptions extends PipelineOptions {
  readonly update?: true;
}

/** A table behind a url may name more urls; each turn makes one such layer known. */
const LAYERS = 8;

/** `reprod pin FILE`: writes what tags and urls are now into `reprod.lock`, beside the file. */
export async function run(
  context: CommandContext,
  file: string,
  options: PinCommandOptions,
): Promise<number> {
  const { terminal } = context;
  const steps: PinStep[] = [];
  const tried = new Set<string>();
  let path = lockPath(file);
  for (let layer = 0; layer < LAYERS; layer++) {
    const opened = await open(context, file, options);
    // What is wrong around the text may be just what is to be pinned.
    const text = { ...opened, problems: opened.program.problems };
    if (refuseInvalid(terminal, text, options.json === true)) return exitCodes.usage;
    path = lockPath(opened.file);
    const images = imagesOf(opened.program).filter((name) => !tried.has(name));
    const addresses = addressesOf(opened.program, opened.graph.data).filter(({ url }) => !tried.has(url));
    if (images.length === 0 && addresses.length === 0) break;
    for (const name of [...images, ...addresses.map(({ url }) => url)]) tried.add(name);
    const project = prepareProject(opened.project);
    const store = openLocalStore(project.folders.store);
    const status = new StatusLine(terminal);
    try {
      const result = await pin({
        images,
        addresses,
        lock: readLock(path),
        update: options.update === true,
        folder: project.folders.tmp,
        sink: sinkOf(store),
        signal: terminal.unread,
        onStep: (name) => status.show(`pinning ${printable(name)}`),
      });
      if (result.steps.some((step) => step.kind !== "failed" && step.change !== "kept"))
        writeLock(path, result.lock);
      steps.push(...result.steps);
    } finally {
      status.clear();
      await store.close();
    }
  }
  if (options.json) writeJson(terminal.out, { lock: path, steps: steps.map(stepJson) });
  else report(terminal, path, steps, tried.size);
  return steps.some((step) => step.kind === "failed") ? exitCodes.problems : exitCodes.done;
}

function sinkOf(store: LocalStore) {
  return async (temporary: string, sha256: Parameters<LocalStore["objects"]["put"]>[1], size: number) => {
    await store.objects.put(temporary, sha256, size);
  };
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
