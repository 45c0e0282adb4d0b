import type { Rule } from "../../language/problems.js";

export const evaluationLimit: Rule = {
  code: "reprod/evaluation-limit",
  severity: "error",
  what: "The pipeline grows beyond what is sensible.",
  why: "A limit turns a slip (`range(10000000)`, a loop in a loop) into this message instead of a hang.",
  fix: "Make the loop smaller, or split the pipeline.",
};
