import type { AbsolutePath } from "../base/brand.js";
import type { LoadProgress } from "../data/data-digests.js";
import type { DiskFacts } from "../data/facts.js";
import type { Project } from "../data/project.js";
import type { ContainerPolicy } from "../data/project-settings.js";
import type { Graph } from "../graph/model.js";
import type { Identifier } from "../graph/recipe.js";
import type { PlacedProblem } from "../language/problems.js";
import type { Program } from "../language/program.js";
import type { LocalStore } from "../store/local.js";

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

/** Which way nodes with an image run in this checkout (rule 28). */
export interface WhereNodesRun {
  readonly useImages: boolean;
  readonly engine: "docker" | "podman" | "host";
  /** In words, for plan and record: who decided it. */
  readonly because: string;
}

/** A pipeline file with all that planning needs. Files with problems are data too: they can be planned, not run. */
export interface OpenedPipeline {
  readonly file: AbsolutePath;
  readonly project: Project;
  readonly program: Program;
  /** Of the text and of its evaluation, errors, warnings and hints; by path, then by place. */
  readonly problems: readonly PlacedProblem[];
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
export async function openPipeline(_file: string, _options: OpenOptions = {}): Promise<OpenedPipeline> {
  throw new Error("the body follows within the hour");
}

/** Whether the file may be run: no problem of it is an error. */
export function isRunnable(opened: OpenedPipeline): boolean {
  return !opened.problems.some((problem) => problem.rule.severity === "error");
}
