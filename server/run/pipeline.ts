import * as fs from "node:fs";
import * as path from "node:path";
import type { AbsolutePath } from "../base/brand.js";
import type { LoadProgress } from "../data/data-digests.js";
import { DiskFacts } from "../data/facts.js";
import { absolutePath } from "../data/files.js";
import { lockPath, readLock } from "../data/lock.js";
import { openProject, type Project } from "../data/project.js";
import type { ContainerPolicy } from "../data/project-settings.js";
import { DiskText } from "../data/text.js";
import { evaluate, type Settings } from "../graph/evaluate.js";
import type { Graph } from "../graph/model.js";
import { Identifier } from "../graph/recipe.js";
import type { PlacedProblem } from "../language/problems.js";
import { loadProgram, type Program } from "../language/program.js";
import type { LocalStore } from "../store/local.js";
import { openStores } from "./stores.js";
import { type WhereNodesRun, whereNodesRun } from "./where.js";

export type { WhereNodesRun } from "./where.js";

/** `--set depth=60`: the value as typed. */
export interface SetOption {
  readonly name: string;
  readonly text: string;
}

export interface OpenOptions {
  readonly set?: readonly SetOption[];
  /** Absolute folder that relative paths in `--set` start from (rule 15); the current directory when left out. */
  readonly directory?: string;
  /** Overrides `container` of `reprod.json`. */
  readonly container?: ContainerPolicy | undefined;
  readonly signal?: AbortSignal;
  /** While inputs are hashed. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** A pipeline file with all that planning needs. Files with problems are data too: they can be planned, not run. */
export interface OpenedPipeline {
  readonly file: AbsolutePath;
  readonly project: Project;
  readonly program: Program;
  /** Of the text and of its evaluation, errors, warnings and hints; by path, then by place. */
  readonly problems: readonly PlacedProblem[];
  /** What shapes the graph and is not known yet, such as a table that was not fetched: the graph is partial then. */
  readonly pending: readonly string[];
  readonly graph: Graph;
  /** Its name in the store: what `pipeline NAME` says, else the file's own name without its ending. */
  readonly pipeline: string;
  readonly facts: DiskFacts;
  readonly identifier: Identifier;
  readonly where: WhereNodesRun;
  /** Opened for reading; a run opens it for writing. */
  readonly store: LocalStore;
}

/**
 * Reads the project, the file with its imports, the facts it asks for and the digests of its inputs, and evaluates it.
 * Throws a `Failure` when there is no such file or `reprod.json` is invalid; problems in the text are data.
 */
export async function openPipeline(file: string, options: OpenOptions = {}): Promise<OpenedPipeline> {
  const path_ = absolutePath(file);
  const project = openProject(path_);
  const store = openStores(project, { readOnly: true });
  const program = loadProgram(path_, new DiskText());
  const facts = new DiskFacts({
    project,
    lock: readLock(lockPath(path_)),
    object: (sha256) => {
      const object = store.objects.pathOf(sha256);
      return fs.existsSync(object) ? object : undefined;
    },
  });
  const load = {
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  };
  const settings = settingsOf(project, options);
  let evaluation = evaluate(program, settings, facts);
  await facts.load(evaluation.graph.data, load);
  if (evaluation.pending.length > 0) {
    // What shapes the graph may have been a digest or a size that is known only now.
    evaluation = evaluate(program, settings, facts);
    await facts.load(evaluation.graph.data, load);
  }
  const { graph } = evaluation;
  const where = await whereNodesRun(project, options.container, graph);
  return {
    file: path_,
    project,
    program,
    problems: sortedProblems([...program.problems, ...evaluation.problems]),
    pending: evaluation.pending,
    graph,
    pipeline: graph.pipeline ?? path.basename(path_, ".reprod"),
    facts,
    identifier: new Identifier(graph, facts, { useImages: where.useImages, platform: IMAGE_PLATFORM }),
    where,
    store,
  };
}

/** The platform that images run on unless they say otherwise (rule 24). */
export const IMAGE_PLATFORM = "linux/amd64";

function settingsOf(project: Project, options: OpenOptions): Settings {
  const folder = path.resolve(options.directory ?? process.cwd());
  return {
    values: new Map(
      (options.set ?? []).map(({ name, text }) => [name, { kind: "string" as const, text, folder }]),
    ),
    ...(project.settings.resources && { resources: project.settings.resources }),
  };
}

/** By path, then by place, as each part is by itself. */
function sortedProblems(problems: readonly PlacedProblem[]): readonly PlacedProblem[] {
  return [...problems].sort(
    (a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.span.start - b.span.start,
  );
}

/** Whether the file may be run: no problem of it is an error, and nothing that shapes the graph is still unknown. */
export function isRunnable(opened: OpenedPipeline): boolean {
  return opened.pending.length === 0 && !opened.problems.some((problem) => problem.rule.severity === "error");
}
