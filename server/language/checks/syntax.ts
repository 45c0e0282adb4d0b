import type { Rule } from "../problems.js";

export const syntax: Rule = {
  code: "reprod/syntax",
  severity: "error",
  what: "The text is not a declaration, clause or expression of the language.",
  why: "What cannot be read has no meaning, so nothing that depends on it can be planned. Everything before and after it is still checked.",
  fix: "Write what the message expects; the language reference shows the form of every declaration.",
};
