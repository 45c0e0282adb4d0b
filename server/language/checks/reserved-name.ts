import type { Problem, Rule } from "../problems.js";
import { problem } from "../problems.js";
import { givenVariables, isReservedWord } from "../reserved-words.js";
import type { Name } from "../syntax.js";

export const reservedName: Rule = {
  code: "reprod/reserved-name",
  severity: "error",
  what: "A name of an in, param or out that its script could not use as a variable.",
  why: "Every in, param and out is a variable of the script. The keywords of its language, `cpus` and `memory_mb` are taken, and upper-case names belong to the environment.",
  fix: "Choose another name; it starts with a lower-case letter.",
};

export function checkReservedName(name: Name, interpreter: string, report: (problem: Problem) => void): void {
  if (name.text === "") return;
  if (!/^[a-z]/.test(name.text))
    report(
      problem(reservedName, name.span, `ins, params and outs start with a lower-case letter: "${name.text}"`),
    );
  else if (givenVariables.includes(name.text))
    report(
      problem(reservedName, name.span, `every script has a variable of this name already: "${name.text}"`),
    );
  else if (isReservedWord(interpreter, name.text))
    report(problem(reservedName, name.span, `this is a keyword of ${interpreter}: "${name.text}"`));
}
