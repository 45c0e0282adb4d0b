import type { Rule } from "../../language/problems.js";

export const checkFailed: Rule = {
  code: "reprod/check-failed",
  severity: "error",
  what: "A `check` of the pipeline is false.",
  why: "The author of the pipeline says that nothing sound can come of it then.",
  fix: "Change what the condition speaks of: a param, a table, or the data.",
};
