import type { Rule } from "../../language/problems.js";

export const badOperand: Rule = {
  code: "reprod/bad-operand",
  severity: "error",
  what: "An operation that its values do not allow.",
  why: "Division by zero, the smallest of nothing, or a text that is no number has no result to go on with.",
  fix: "Guard it with `if` or `c ? a : b`, or correct the value.",
};
