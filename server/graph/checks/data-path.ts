import type { Rule } from "../../language/problems.js";

export const dataPath: Rule = {
  code: "reprod/data-path",
  severity: "error",
  what: "A path or address that names no file.",
  why: "A file counts by its name and its content, so the last part of its path must be a name.",
  fix: "Correct the path.",
};
