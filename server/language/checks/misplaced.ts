import type { Rule } from "../problems.js";

export const misplaced: Rule = {
  code: "reprod/misplaced",
  severity: "error",
  what: "Something that has no meaning at this place.",
  why: "Some functions and names belong to one place only: `glob` to an out, `secret` to `env`, `size` to `resources`; outs of a transform see its ins through `basename` and `stem` only.",
  fix: "Move it to the place named in the message.",
};
