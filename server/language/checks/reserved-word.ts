import type { Rule } from "../problems.js";

export const reservedWord: Rule = {
  code: "reprod/reserved-word",
  severity: "error",
  what: "A reserved word is used as a name.",
  why: "`true`, `false`, `null`, `and`, `or`, `not`, `for`, `in`, `if`, `else`, `let` and `node` mean the same everywhere, which is what lets a half-typed file be read.",
  fix: "Choose another name.",
};
