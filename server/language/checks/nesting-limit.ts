import type { Rule } from "../problems.js";

export const nestingLimit: Rule = {
  code: "reprod/nesting-limit",
  severity: "error",
  what: "An expression, type or block is nested deeper than 200 levels.",
  why: "A limit keeps every check fast and predictable; no text that a person wrote comes near it.",
  fix: "Name the inner parts with `let`, or read generated data from a file with `json`.",
};
