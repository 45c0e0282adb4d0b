import type { Rule } from "../../language/problems.js";

export const badValue: Rule = {
  code: "reprod/bad-value",
  severity: "error",
  what: "A value given from outside that does not fit its param.",
  why: "It would otherwise fail in the middle of a run, or give a wrong result without failing.",
  fix: 'Text for String, File and Dir, `12 GiB` for Bytes, `90 min` for Duration, JSON for all else: `--set depth=30`, `--set \'names=["a", "b"]\'`.',
};
