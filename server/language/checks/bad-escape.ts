import type { Rule } from "../problems.js";

export const badEscape: Rule = {
  code: "reprod/bad-escape",
  severity: "error",
  what: "A backslash in a string stands before a character that it gives no meaning to.",
  why: "Other languages disagree on what it would be, and a silent guess would change data.",
  fix: 'Use one of `\\n`, `\\t`, `\\"`, `\\\\`, `\\$` and `\\u{…}`; a backslash itself is `\\\\`.',
};
