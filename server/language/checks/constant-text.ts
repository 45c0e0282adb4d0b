import type { Rule } from "../problems.js";

export const constantText: Rule = {
  code: "reprod/constant-text",
  severity: "error",
  what: "A text with `${…}` where only plain text can stand.",
  why: "Imports, images, headers and staged names are read before any value is known.",
  fix: "Write the text out.",
};
