import type { Rule } from "../../language/problems.js";

export const missingKey: Rule = {
  code: "reprod/missing-key",
  severity: "error",
  what: "A family or list has no such member.",
  why: "An expression asks for a node, an element or a member by a key that no loop makes, so there is nothing to use.",
  fix: "Correct the key, or declare the node for it. `aligned[name, *]` takes the members that there are.",
};
