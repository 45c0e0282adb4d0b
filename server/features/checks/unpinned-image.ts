import type { PlacedProblem, Rule } from "../../language/problems.js";
import { type CheckInput, type FactCheck, placed } from "./check.js";
import { namedImages } from "./images.js";

const rule: Rule = {
  code: "reprod/unpinned-image",
  severity: "warning",
  what: "An image whose digest is neither in the text nor in `reprod.lock`.",
  why: "A tag can be moved to another image, so results of an unpinned one are used on this machine only and are never shared.",
  fix: "Run `reprod pin` and keep `reprod.lock` in git, or write the digest: `name@sha256:…`.",
};

function find({ program, facts, useImages, platform }: CheckInput): readonly PlacedProblem[] {
  if (!useImages) return [];
  return namedImages(program)
    .filter(
      ({ pinned, reference }) =>
        !pinned && hasTag(reference) && facts.image(reference, platform).kind === "unknown",
    )
    .map(({ module, declaration, span, reference }) =>
      placed(rule, module, declaration, span, `nothing says which image this tag stands for: "${reference}"`),
    );
}

/** Without a tag, or with `latest`, `reprod/image-tag` has told so already: one mistake, one problem. */
function hasTag(reference: string): boolean {
  const tag = /:([^/:@]+)(@|$)/.exec(reference)?.[1];
  return tag !== undefined && tag !== "latest";
}

export const unpinnedImage: FactCheck = { rule, find };
