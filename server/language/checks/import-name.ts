import type { Rule } from "../problems.js";

export const importName: Rule = {
  code: "reprod/import-name",
  severity: "error",
  what: "An import of a transform that the other file does not declare.",
  why: "Only transforms that the named file itself declares can be imported from it.",
  fix: "Correct the spelling, or import it from the file that declares it.",
};
