import type { Rule } from "../problems.js";

export const duplicateName: Rule = {
  code: "reprod/duplicate-name",
  severity: "error",
  what: "One name declared twice.",
  why: "Nobody could tell which of the two is meant.",
  fix: "Rename one of them. A family of nodes may be declared in several branches, a single node only in branches that exclude each other.",
};
