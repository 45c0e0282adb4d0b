import type { PlacedProblem, Rule } from "../../language/problems.js";
import type { CheckInput, FactCheck } from "./check.js";
import { imagePlatform } from "./image-platform.js";
import { missingFile } from "./missing-file.js";
import { missingTool } from "./missing-tool.js";
import { publishFolder } from "./publish-folder.js";
import { unlockedUrl } from "./unlocked-url.js";
import { unpinnedImage } from "./unpinned-image.js";

export type { CheckInput } from "./check.js";

/** To add a check of the world: one file with its rule and `find`, one line here, a section in docs/errors.md, tests. */
const checks: readonly FactCheck[] = [
  missingFile,
  unlockedUrl,
  unpinnedImage,
  imagePlatform,
  missingTool,
  publishFolder,
];

/** What can be wrong between a pipeline and the world around it: files, lock, tools of this machine. */
export const featureRules: readonly Rule[] = checks.map(({ rule }) => rule);

/** All problems that need facts, by path and place. The text's own are in `program.problems`, the graph's in `Evaluation`. */
export function checkFacts(input: CheckInput): readonly PlacedProblem[] {
  return checks
    .flatMap(({ find }) => find(input))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.span.start - b.span.start);
}

/** A pipeline as it was opened to be planned or run. */
interface Opened extends Pick<CheckInput, "program" | "graph" | "facts"> {
  readonly project: { readonly root: string };
  readonly where: { readonly useImages: boolean };
  readonly problems: readonly PlacedProblem[];
}

/** The same pipeline with the problems of the world around it besides its own. */
export function withWorldProblems<Pipeline extends Opened>(opened: Pipeline, platform: string): Pipeline {
  const { program, graph, facts, project, where, problems } = opened;
  const { useImages } = where;
  const world = checkFacts({ program, graph, facts, root: project.root, useImages, platform });
  return world.length === 0 ? opened : { ...opened, problems: [...problems, ...world] };
}
