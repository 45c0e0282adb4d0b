import type { Rule } from "../../language/problems.js";

export const outPath: Rule = {
  code: "reprod/out-path",
  severity: "error",
  what: "An out whose path a script must not write to.",
  why: "Outs are what a script leaves in its own folder. A path that leads out of it would write over other things, one that begins with `-` would be read as an option, and `inputs/` and `.reprod` are the engine's own.",
  fix: 'Give a relative path without `..`, such as `"${sample}.bam"`.',
};
