import type { Rule } from "../problems.js";

export const familyKeys: Rule = {
  code: "reprod/family-keys",
  severity: "error",
  what: "Keys that do not fit their family.",
  why: "All nodes of one name have the same number of keys, with one type a position: otherwise `name[key]` could not be looked up.",
  fix: "Give as many keys as the family was declared with, of the same types; `*` stands for all keys of a position.",
};
