import type { Rule } from "../problems.js";

export const shList: Rule = {
  code: "reprod/sh-list",
  severity: "error",
  what: "A list in a transform whose script runs in `sh`.",
  why: "sh has no arrays, and a list glued into one string breaks at the first space in a name.",
  fix: "Use `run bash`.",
};
