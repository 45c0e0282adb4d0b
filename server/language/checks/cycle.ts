import type { Rule } from "../problems.js";

export const cycle: Rule = {
  code: "reprod/cycle",
  severity: "error",
  what: "Something that depends on itself.",
  why: "Its value can never be known. A `for` or `if` may not depend on nodes that are declared inside it.",
  fix: "Break the circle: let one of them rest on something else.",
};
