import type { Rule } from "../../language/problems.js";

export const unreadableData: Rule = {
  code: "reprod/unreadable-data",
  severity: "error",
  what: "Data that shapes the pipeline cannot be read.",
  why: "What `json`, `lines`, `csv` and `files` give decides which nodes there are, so it must be there and readable before a run.",
  fix: "Correct the path, or the file.",
};
