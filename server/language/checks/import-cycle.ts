import type { Rule } from "../problems.js";

export const importCycle: Rule = {
  code: "reprod/import-cycle",
  severity: "error",
  what: "Files that import each other in a circle.",
  why: "Which file rests on which could not be told any more.",
  fix: "Move what both need into a third file.",
};
