import type { Rule } from "../../language/problems.js";

export const badTable: Rule = {
  code: "reprod/bad-table",
  severity: "error",
  what: "A table that cannot be read, or that lacks a column.",
  why: "The nodes that are made from its rows are not known without it.",
  fix: 'Correct the path, the table, or the names of the columns (`r1: File = "fastq 1"` names an odd header).',
};
