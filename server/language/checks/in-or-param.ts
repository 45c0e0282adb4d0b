import type { Rule } from "../problems.js";

export const inOrParam: Rule = {
  code: "reprod/in-or-param",
  severity: "error",
  what: "An `in` that is not data, or a `param` that is.",
  why: "Ins are staged as files and count by their content, params are handed over as values; the two are never mixed.",
  fix: "Declare Files and Dirs with `in`, all other types with `param`.",
};
