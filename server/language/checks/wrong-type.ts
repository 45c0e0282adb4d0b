import type { Rule } from "../problems.js";

export const wrongType: Rule = {
  code: "reprod/wrong-type",
  severity: "error",
  what: "A value of a type that does not fit where it stands.",
  why: "A wrong type would fail in the middle of a run, or give a wrong result without failing.",
  fix: "Give a value of the type that is asked for. A node is not a File: name the out (`aligned.bam`). A value that may be null becomes plain with `??`, or inside `if x != null { … }`.",
};
