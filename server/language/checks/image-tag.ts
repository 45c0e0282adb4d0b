import { type Problem, problem, type Rule } from "../problems.js";
import type { ImageClause } from "../syntax.js";
import { plainText } from "../text.js";

export const imageTag: Rule = {
  code: "reprod/image-tag",
  severity: "warning",
  what: "An image without a tag, or with `latest`.",
  why: "It means another image next month, so nobody could tell with what a result was made.",
  fix: "Name a version (`ubuntu:24.04`), or better a digest (`ubuntu@sha256:…`).",
};

export function checkImageTag(image: ImageClause, report: (problem: Problem) => void): void {
  const reference = plainText(image.reference);
  if (reference === undefined || reference === "" || reference.includes("@")) return;
  // The last colon is a tag's only behind the last slash: before it, it is a port's.
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  const colon = name.indexOf(":");
  if (colon < 0) report(problem(imageTag, image.reference.span, `this image has no tag: "${reference}"`));
  else if (name.slice(colon + 1) === "latest")
    report(problem(imageTag, image.reference.span, `"latest" is another image next month: "${reference}"`));
}
