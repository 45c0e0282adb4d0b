import type { Rule } from "../problems.js";

export const unknownFunction: Rule = {
  code: "reprod/unknown-function",
  severity: "error",
  what: "A call of a function that does not exist.",
  why: "The functions are a fixed set, so that the same text and data always give the same graph.",
  fix: "Use one of the functions in docs/language.md.",
};
