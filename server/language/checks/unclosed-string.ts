import type { Rule } from "../problems.js";

export const unclosedString: Rule = {
  code: "reprod/unclosed-string",
  severity: "error",
  what: "A string has no closing quote on its line.",
  why: "Strings are on one line, so that a forgotten quote damages that line and not the rest of the file.",
  fix: 'Add the closing `"`; write `\\n` for a line break inside the string.',
};
