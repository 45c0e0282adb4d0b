import type { Rule } from "../problems.js";

export const importFile: Rule = {
  code: "reprod/import-file",
  severity: "error",
  what: "An import of a file that is not there, or that is no readable text.",
  why: "Its transforms are unknown, so no node made by them can be checked.",
  fix: "Correct the path; it is relative to the file with the import.",
};
