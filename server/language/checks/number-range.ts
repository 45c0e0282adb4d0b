import type { Rule } from "../problems.js";

export const numberRange: Rule = {
  code: "reprod/number-range",
  severity: "error",
  what: "A number that cannot be held exactly.",
  why: "An Int has at most 2^53 − 1 either way; beyond that two different numbers would become one.",
  fix: "Use a smaller number, a Float (`1e18`), or a String if it is a name.",
};
