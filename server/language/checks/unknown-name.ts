import type { Rule } from "../problems.js";

export const unknownName: Rule = {
  code: "reprod/unknown-name",
  severity: "error",
  what: "A name that nothing declares.",
  why: "A misspelt name would otherwise be found only when a run gets there.",
  fix: "Correct the spelling, or declare the name: a `param`, `input`, `table`, `let`, `node` or an import. A `let` inside a block can be used only after its line. A transform sees only its own ins, params and outs: give it what it needs as an argument.",
};
