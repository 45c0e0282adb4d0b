import type { Rule } from "../../language/problems.js";

export const missingValue: Rule = {
  code: "reprod/missing-value",
  severity: "error",
  what: "A param without a default, and no value given for it.",
  why: "The pipeline cannot be worked out without it.",
  fix: "Give one with `--set NAME=VALUE`, or a default in the text.",
};
