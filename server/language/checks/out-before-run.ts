import type { Rule } from "../problems.js";

export const outBeforeRun: Rule = {
  code: "reprod/out-before-run",
  severity: "error",
  what: "A decision that rests on what a run has yet to make.",
  why: "Which nodes there are, and everything given to them, is known before a run. What a node writes is not, nor whether an optional out will be there, nor how many files a glob out will find.",
  fix: "Pass the out on to another node and decide in its script, or take the decision from a param or an input.",
};
