import { Failure } from "../base/failure.js";
import { decideContainer } from "../data/container.js";
import type { Project } from "../data/project.js";
import type { ContainerPolicy } from "../data/project-settings.js";
import { type ContainerEngine, findContainerEngine } from "../executors/container.js";
import type { Graph } from "../graph/model.js";

/** Which way nodes with an image run in this checkout (rule 28). */
export interface WhereNodesRun {
  readonly useImages: boolean;
  /** Undefined when any engine will do. */
  readonly engine: "docker" | "podman" | undefined;
  /** In words, for plan and record: who decided it. */
  readonly because: string;
}

/** Decided once for a checkout (A9); a pipeline without images needs no decision, and makes none. */
export async function whereNodesRun(
  project: Project,
  flag: ContainerPolicy | undefined,
  graph: Graph,
): Promise<WhereNodesRun> {
  if (!graph.nodes.some((node) => node.transform.image !== undefined))
    return { useImages: false, engine: undefined, because: "no node asks for an image" };
  const { where, engine, why } = await decideContainer(project, flag === undefined ? {} : { flag });
  return { useImages: where === "image", engine, because: why };
}

/** The engine that a run needs, or undefined when no node runs in an image. Throws `no-container-engine`. */
export async function engineForRun(where: WhereNodesRun): Promise<ContainerEngine | undefined> {
  if (!where.useImages) return undefined;
  const found = await findContainerEngine(where.engine);
  if (found !== undefined) return found;
  throw new Failure(
    "no-container-engine",
    `no container engine answers: "${where.engine ?? "docker or podman"}"`,
    {
      why: `Nodes with an image run in it here: ${where.because}. A result made on the host never counts as one of the image.`,
      fix: "Start Docker or Podman; or run with `--container never`, which makes results of their own.",
    },
  );
}
