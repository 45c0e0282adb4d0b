import type { Rule } from "../problems.js";

export const transformParts: Rule = {
  code: "reprod/transform-parts",
  severity: "error",
  what: "A transform that lacks a part, or has one twice.",
  why: "A transform is one script with at least one out; without them it could make nothing.",
  fix: "Add the missing part, or remove the extra one.",
};
