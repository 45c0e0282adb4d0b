import type { Rule } from "../problems.js";

export const shadowing: Rule = {
  code: "reprod/shadowing",
  severity: "error",
  what: "A name of an inner block that is taken outside.",
  why: "Inside the block the outer value could no longer be reached, and a reader would take one for the other.",
  fix: "Choose another name.",
};
