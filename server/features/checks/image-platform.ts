import type { PlacedProblem, Rule } from "../../language/problems.js";
import { type CheckInput, type FactCheck, placed } from "./check.js";
import { namedImages } from "./images.js";

const rule: Rule = {
  code: "reprod/image-platform",
  severity: "error",
  what: "An image that does not exist for the platform that nodes run on.",
  why: "It could not be started, or only under a slow emulation whose results would be those of another platform.",
  fix: "Use an image for this platform. If it has one by now, run `reprod pin --update`.",
};

function find({ program, facts, useImages, platform }: CheckInput): readonly PlacedProblem[] {
  if (!useImages) return [];
  const problems: PlacedProblem[] = [];
  for (const { module, declaration, span, reference, pinned } of namedImages(program)) {
    if (pinned) continue;
    const image = facts.image(reference, platform);
    if (image.kind === "absent") problems.push(placed(rule, module, declaration, span, image.message));
  }
  return problems;
}

export const imagePlatform: FactCheck = { rule, find };
