import { type Problem, problem, type Rule } from "../problems.js";
import type { InClause } from "../syntax.js";
import { plainText } from "../text.js";

export const stagedName: Rule = {
  code: "reprod/staged-name",
  severity: "error",
  what: "A name for a staged in that cannot be used.",
  why: "Ins are staged side by side in `inputs/`: each needs one plain name that no other in has.",
  fix: "Give a file name without `/` that no other in of the transform has, ignoring case.",
};

/** What is wrong with the name of a staged file, or undefined. */
export function stagedNameProblem(name: string): string | undefined {
  if (name === "") return "the staged name is empty";
  if (name === "." || name === "..") return `this is a folder's name: "${name}"`;
  if (name.includes("/") || name.includes("\0")) return `a staged name is a single file name: "${name}"`;
  if (name.startsWith("-")) return `a name that starts with "-" would be taken for an option: "${name}"`;
  return undefined;
}

export function checkStagedNames(ins: readonly InClause[], report: (problem: Problem) => void): void {
  const seen = new Map<string, string>();
  for (const clause of ins) {
    if (clause.stagedAs === undefined) continue;
    const span = clause.stagedAs.span;
    const name = plainText(clause.stagedAs);
    if (name === undefined) continue;
    const wrong = stagedNameProblem(name);
    const other = seen.get(name.toLowerCase());
    if (wrong !== undefined) report(problem(stagedName, span, wrong));
    else if (clause.type.kind === "list-type")
      report(problem(stagedName, span, `a list has many files, "as" names one: "${clause.name.text}"`));
    else if (other !== undefined)
      report(
        problem(stagedName, span, `two ins are staged under one name: "${clause.name.text}" and "${other}"`),
      );
    seen.set(name.toLowerCase(), clause.name.text);
  }
}
