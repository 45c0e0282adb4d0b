import type { Rule } from "../problems.js";

export const unknownArgument: Rule = {
  code: "reprod/unknown-argument",
  severity: "error",
  what: "An argument that the transform does not declare.",
  why: "It would be without effect.",
  fix: "Correct the spelling, or declare an `in` or `param` of that name in the transform. Outs are not given, they are made.",
};
