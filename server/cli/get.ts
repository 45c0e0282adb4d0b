import * as path from "node:path";
import type { RecipeId } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import type { GraphNode, RecordedFile } from "../graph/model.js";
import type { MadeOuts } from "../graph/recipe.js";
import { filesOfOut } from "../provenance/trace.js";
import { type Plan, planPipeline } from "../run/plan.js";
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

/**
 * `reprod get FILE NODE[.OUT] --to DIR`: copies outs of a node, or of all members of a family that are meant, under
 * the paths that the transform gives them, as `publish` does. Nothing that is there is overwritten.
 */
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
  const made = madeNodes(plan, name);
  const wanted = made.map((each) => wantedFiles(each, outName));
  refuseCollisions(wanted.flat());

  const folder = path.resolve(options.to);
  const copied = new Map<string, string>();
  for (const [index, { recipe }] of made.entries()) {
    const store = await opened.store.holding(recipe);
    for (const { file: recorded } of wanted[index] ?? []) {
      if (copied.has(recorded.path)) continue;
      copied.set(recorded.path, await exportOut(store, recorded, folder));
    }
  }
  if (options.json) {
    const nodes = made.map(({ node, recipe }, index) => ({
      node: node.name,
      recipe,
      files: wanted[index]?.map(({ out, file: { path: at } }) => ({ out, path: copied.get(at) })),
    }));
    writeJson(terminal.out, { nodes });
  } else {
    for (const target of copied.values()) terminal.out.write(`${printable(shownPath(target))}\n`);
    if (copied.size === 0) terminal.notes.write("there is nothing to copy: what is optional was not made\n");
  }
  return exitCodes.done;
}

interface MadeNode {
  readonly node: GraphNode;
  readonly recipe: RecipeId;
  readonly outs: MadeOuts;
}

/** All that are meant, or none: a folder that silently lacks some of a family would pass for the whole. */
function madeNodes({ opened, states, targets }: Plan, name: string): readonly MadeNode[] {
  const made: MadeNode[] = [];
  const others: GraphNode[] = [];
  for (const node of targets) {
    const state = states.of(node);
    if (state.state === "cached") made.push({ node, recipe: state.result.recipe, outs: state.result.outs });
    else others.push(node);
  }
  const [first] = others;
  if (first === undefined) return made;
  const { state } = states.of(first);
  const message =
    targets.length === 1
      ? `this node is ${state}, so there is nothing to get: "${first.name}"`
      : `of ${targets.length} nodes ${others.length} have no result to get; the first is ${state}: "${first.name}"`;
  const target = targets.length === 1 ? first.name : name;
  throw new Failure("not-made", message, {
    fix: `Run this first: \`reprod run ${shownPath(opened.file)} --target ${quotedForShell(target)}\`.`,
  });
}

interface WantedFile {
  readonly node: GraphNode;
  readonly out: string;
  readonly file: RecordedFile;
}

function wantedFiles({ node, outs: made }: MadeNode, outName: string | undefined): readonly WantedFile[] {
  const outs = node.outs.filter((out) => outName === undefined || out.name === outName);
  if (outs.length === 0) {
    throw new Failure("unknown-target", `node ${node.name} has no such out: "${outName ?? ""}"`, {
      fix: `Its outs are: ${node.outs.map((out) => out.name).join(", ")}.`,
    });
  }
  return outs.flatMap((out) =>
    filesOfOut(made[out.name] ?? null).map((file) => ({ node, out: out.name, file })),
  );
}

/**
 * Before anything is copied: nodes may give one path only if they give it the same bytes, and none may give a file
 * that lies in what another gives as a folder. Linear in the parts of all paths.
 */
function refuseCollisions(wanted: readonly WantedFile[]): void {
  const byPath = new Map<string, WantedFile>();
  for (const each of wanted) {
    const other = byPath.get(each.file.path);
    if (other === undefined) byPath.set(each.file.path, each);
    else if (!sameContent(each.file, other.file)) throw collision(other, each);
  }
  for (const each of byPath.values()) {
    for (
      let slash = each.file.path.indexOf("/");
      slash >= 0;
      slash = each.file.path.indexOf("/", slash + 1)
    ) {
      const above = byPath.get(each.file.path.slice(0, slash));
      if (above !== undefined) throw collision(above, each);
    }
  }
}

function sameContent(a: RecordedFile, b: RecordedFile): boolean {
  return a.kind === b.kind && a.sha256 === b.sha256 && a.executable === b.executable;
}

function collision(first: WantedFile, second: WantedFile): Failure {
  return new Failure(
    "get-collision",
    `${first.node.name} and ${second.node.name} would be copied to the same place: "${second.file.path}"`,
    {
      why: "Their contents differ, and files keep the paths that their transforms give them. Nothing was copied.",
      fix: `Get each into a folder of its own: \`--to\` once for ${quotedForShell(first.node.name)} and once for ${quotedForShell(second.node.name)}.`,
    },
  );
}

function quotedForShell(name: string): string {
  return `'${name.replaceAll("'", "'\\''")}'`;
}
