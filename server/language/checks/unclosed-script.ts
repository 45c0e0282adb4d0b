import type { Rule } from "../problems.js";

export const unclosedScript: Rule = {
  code: "reprod/unclosed-script",
  severity: "error",
  what: "The script of a run block has no closing fence.",
  why: "Without its end nobody can say which lines belong to the script; it is taken to end before the next declaration.",
  fix: "Close it with a line of only back-ticks, at least as many as opened it.",
};
