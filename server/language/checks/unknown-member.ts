import type { Rule } from "../problems.js";

export const unknownMember: Rule = {
  code: "reprod/unknown-member",
  severity: "error",
  what: "A member that this value does not have.",
  why: "A node has the ins, params and outs of its transform as members, a row the columns of its table; nothing else.",
  fix: "Correct the spelling, or declare the out or the column. A family made by several transforms has only the members that all of them have.",
};
