import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../base/failure.js";
import type { Graph, GraphNode, RecordedFile, RecordedOut } from "../graph/model.js";
import type { MadeOuts } from "../graph/recipe.js";
import { exportOut } from "../store/export.js";
import type { HashFile, LocalStore } from "../store/local.js";

export interface PublishWarning {
  readonly code: string;
  readonly message: string;
  readonly node: string;
}

/**
 * Copies what `publish` names to its folders, after a run, for nodes that have a result. What lies there already with
 * the same bytes is left alone, and nothing is ever deleted. Links that lead out of the project's folder `root` are not
 * followed. Two outs that would be one file are told, and the first in the graph's order stays.
 */
export async function publishOuts(
  graph: Graph,
  madeBy: (node: GraphNode) => MadeOuts | undefined,
  store: LocalStore,
  hash: HashFile,
  root: string,
): Promise<readonly PublishWarning[]> {
  const warnings: PublishWarning[] = [];
  const takenBy = new Map<string, { readonly node: GraphNode; readonly file: RecordedFile }>();
  for (const { node, out, folder } of graph.publish) {
    const name = node.outs[out]?.name;
    const made = name === undefined ? undefined : madeBy(node)?.[name];
    if (made === undefined) continue;
    for (const file of filesOf(made)) {
      const target = path.join(folder, file.path);
      const other = takenBy.get(target);
      if (other !== undefined) {
        if (other.file.sha256 !== file.sha256 || other.file.kind !== file.kind)
          warnings.push({
            code: "publish-collision",
            message: `two nodes publish the same file, and that of \`${other.node.name}\` was kept: "${target}"`,
            node: node.name,
          });
        continue;
      }
      takenBy.set(target, { node, file });
      try {
        if (!staysIn(root, folder)) throw leavesProject(folder);
        if (await isThere(target, file, hash)) continue;
        await exportOut(store, file, folder, { replace: true });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        warnings.push({ code: error.code, message: error.message, node: node.name });
      }
    }
  }
  return warnings;
}

/** Whether a folder, or what there is of it, truly lies in the project: a link on the way could lead anywhere. */
function staysIn(root: string, folder: string): boolean {
  const real = path.relative(fs.realpathSync(root), realPathOfWhatIsThere(folder));
  return real !== ".." && !real.startsWith(`..${path.sep}`) && !path.isAbsolute(real);
}

function realPathOfWhatIsThere(folder: string): string {
  try {
    return fs.realpathSync(folder);
  } catch (error) {
    // The root of the file system is always there.
    if (folder === path.dirname(folder)) throw error;
    return realPathOfWhatIsThere(path.dirname(folder));
  }
}

function leavesProject(folder: string): Failure {
  return new Failure("export-outside", `results are published within the project only: "${folder}"`, {
    why: "The folder, or a link on the way to it, leads elsewhere.",
    fix: "Publish into a folder of the project; copy results elsewhere with `reprod get`.",
  });
}

/** Folders are always written anew: comparing one costs what copying it costs. */
async function isThere(target: string, file: RecordedFile, hash: HashFile): Promise<boolean> {
  if (file.kind === "dir") return false;
  let stats: fs.Stats | undefined;
  try {
    stats = fs.lstatSync(target, { throwIfNoEntry: false });
  } catch {
    // A place that cannot be looked at; writing to it says why.
    return false;
  }
  if (stats?.isFile() !== true || stats.size !== file.size) return false;
  if (((stats.mode & 0o100) !== 0) !== file.executable) return false;
  return (await hash(target)) === file.sha256;
}

function filesOf(out: RecordedOut): readonly RecordedFile[] {
  if (out === null) return [];
  return isList(out) ? out : [out];
}

function isList(out: RecordedFile | readonly RecordedFile[]): out is readonly RecordedFile[] {
  return Array.isArray(out);
}
