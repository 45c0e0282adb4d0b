import type { Rule } from "../../language/problems.js";

export const duplicateNode: Rule = {
  code: "reprod/duplicate-node",
  severity: "error",
  what: "Two nodes with one name and the same keys.",
  why: "A node is found by its name and keys; with two of them nobody could tell which one is meant, and one would hide the other.",
  fix: "Add a key that tells them apart, or remove the repetition from what the loop runs over (`unique(…)`).",
};
