import { type Problem, problem, type Rule } from "../problems.js";
import { addNames } from "../scope.js";
import type { OutClause } from "../syntax.js";

export const outNotMentioned: Rule = {
  code: "reprod/out-not-mentioned",
  severity: "hint",
  what: "An out that its script never mentions.",
  why: "The script is asked to leave this file behind, but neither the variable nor the path stands in it.",
  fix: 'Write to the variable, as in `> "$name"`, or remove the out.',
};

/** Globs are left alone: what finds files by a pattern has no need to be named. */
export function checkOutsMentioned(
  outs: readonly OutClause[],
  script: string,
  report: (problem: Problem) => void,
): void {
  if (script.trim() === "") return;
  const names = new Set(outs.map((out) => out.name.text));
  for (const out of outs) {
    const name = out.name.text;
    if (name === "" || out.value.kind !== "string") continue;
    // A path made from that of another out (`"${bam}.bai"`) is what a tool adds to it by itself.
    const mentions = new Set<string>();
    addNames(out.value, mentions);
    if ([...mentions].some((mention) => names.has(mention))) continue;
    if (new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`).test(script)) continue;
    // A script may write to the path itself: a tool's own name for its result, say.
    const pieces = out.value.parts.flatMap((part) => (part.kind === "text" ? [part.value] : []));
    if (pieces.some((piece) => piece.length >= 4 && script.includes(piece))) continue;
    report(problem(outNotMentioned, out.name.span, `the script never mentions this out: "${name}"`));
  }
}
