import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { fixedFolder } from "../graph/made.js";
import type { GraphNode, RecordedFile, RecordedOut } from "../graph/model.js";
import { filesOfOut } from "../provenance/trace.js";
import { planPipeline } from "../run/plan.js";
import { exportOut } from "../store/export.js";
import type { CommandContext, PipelineOptions } from "./context.js";
import { exitCodes } from "./exit.js";
import { nodeAndOut } from "./names.js";
import { open, refuseInvalid } from "./open.js";
import { shownPath } from "./report.js";
import { printable, writeJson } from "./text.js";

interface GetOptions extends PipelineOptions {
  readonly to: string;
}

/** `reprod get FILE NODE[.OUT] --to DIR`: copies outs of a node that is cached. Nothing that is there is overwritten. */
export async function run(
  context: CommandContext,
  file: string,
  what: string,
  options: GetOptions,
): Promise<number> {
  const { terminal } = context;
  const opened = await open(context, file, options);
  if (refuseInvalid(terminal, opened, options.json === true)) return exitCodes.usage;
  const { node: name, out: outName } = nodeAndOut(what);
  const plan = await planPipeline(opened, { targets: [name] });
  const [node, second] = plan.targets;
  if (node === undefined || second !== undefined) {
    throw new Failure("unknown-target", `this names ${plan.targets.length} nodes, not one: "${name}"`, {
      fix: "Name one member of the family, with its keys.",
    });
  }
  const state = plan.states.of(node);
  if (state.state !== "cached") {
    throw new Failure("not-made", `this node is ${state.state}, so there is nothing to get: "${node.name}"`, {
      fix: `Make it first: \`reprod run ${shownPath(opened.file)} --target '${node.name}'\`.`,
    });
  }
  const store = await opened.store.holding(state.result.recipe);
  const copied: { readonly out: string; readonly path: string }[] = [];
  for (const { out, file: recorded, as } of wantedFiles(node, state.result.outs, outName)) {
    copied.push({ out, path: await exportOut(store, recorded, path.resolve(options.to), { as }) });
  }
  if (options.json) writeJson(terminal.out, { node: node.name, recipe: state.result.recipe, files: copied });
  else {
    for (const { path: target } of copied) terminal.out.write(`${printable(shownPath(target))}\n`);
    if (copied.length === 0) terminal.notes.write("the out is optional and was not made\n");
  }
  return exitCodes.done;
}

interface WantedFile {
  readonly out: string;
  readonly file: RecordedFile;
  /** Its name in the folder. */
  readonly as: string;
}

/** A single out goes by its own name; what a glob found keeps its folders below the fixed part of the pattern. */
function wantedFiles(
  node: GraphNode,
  made: { readonly [name: string]: RecordedOut },
  outName: string | undefined,
): readonly WantedFile[] {
  const outs = node.outs.filter((out) => outName === undefined || out.name === outName);
  if (outs.length === 0) {
    throw new Failure("unknown-target", `node ${node.name} has no such out: "${outName ?? ""}"`, {
      fix: `Its outs are: ${node.outs.map((out) => out.name).join(", ")}.`,
    });
  }
  return outs.flatMap((out) =>
    filesOfOut(made[out.name] ?? null).map((file) => ({
      out: out.name,
      file,
      as:
        out.kind === "glob" ? file.path.slice(fixedFolder(out.path).length) : path.posix.basename(file.path),
    })),
  );
}
