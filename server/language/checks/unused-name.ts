import { type Problem, problem, type Rule } from "../problems.js";
import type { DeclaredName } from "../scope.js";
import type { Name } from "../syntax.js";

export const unusedName: Rule = {
  code: "reprod/unused-name",
  severity: "warning",
  what: "A name that nothing uses.",
  why: "It is often left over, or the place that should use it has another name by mistake.",
  fix: "Use it, or remove it.",
};

/** Nodes are not among them: a node that nothing uses is a target. */
const words: ReadonlyMap<string, string> = new Map([
  ["param", "param"],
  ["input", "input"],
  ["table", "table"],
  ["let", "let"],
  ["transform", "transform"],
  ["import", "import"],
]);

/** Of a pipeline file: a library's transforms are used by others. */
export function checkUnused(declared: DeclaredName, report: (problem: Problem) => void): void {
  const word = words.get(declared.kind);
  if (word !== undefined && declared.name.text !== "") reportUnused(word, declared.name, report);
}

export function reportUnused(word: string, name: Name, report: (problem: Problem) => void): void {
  report(problem(unusedName, name.span, `nothing uses this ${word}: "${name.text}"`));
}
