import type { Rule } from "../problems.js";

export const outOverlap: Rule = {
  code: "reprod/out-overlap",
  severity: "error",
  what: "Two outs of a transform with one path, or one inside the other.",
  why: "One of them would write over the other, or be stored twice with other contents.",
  fix: "Give each out a path of its own.",
};
