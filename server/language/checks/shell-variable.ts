import { type Problem, problem, type Rule } from "../problems.js";
import { givenVariables } from "../reserved-words.js";
import type { ShellVariables } from "../shell-variables.js";
import { mostSimilar } from "../similar.js";
import type { Span } from "../syntax.js";

export const shellVariable: Rule = {
  code: "reprod/shell-variable",
  severity: "warning",
  what: "A variable of a bash or sh script that nothing defines and that looks like a misspelt in, param or out.",
  why: "The script would stop there: a variable without a value is an error in it.",
  fix: "Correct the spelling. If it may really be unset, write `${name:-}`.",
};

/** `names` are the ins, params and outs of the transform, `env` what it declares for the environment. */
export function checkShellVariables(
  variables: ShellVariables,
  names: readonly string[],
  env: readonly string[],
  spanOf: (start: number, end: number) => Span,
  report: (problem: Problem) => void,
): void {
  if (variables.isDynamic) return;
  const known = [...names, ...givenVariables];
  const reported = new Set<string>();
  for (const use of variables.uses) {
    if (use.guarded || reported.has(use.name)) continue;
    if (known.includes(use.name) || env.includes(use.name) || variables.defined.has(use.name)) continue;
    // Upper-case names belong to the environment, of the shell or of the image.
    if (/^[A-Z_][A-Z0-9_]*$/.test(use.name)) continue;
    const similar = mostSimilar(use.name, known);
    if (similar === undefined) continue;
    reported.add(use.name);
    report(
      problem(
        shellVariable,
        spanOf(use.start, use.end),
        `nothing defines "${use.name}", did you mean "${similar}"?`,
        similar,
      ),
    );
  }
}
