import type { Rule } from "../../language/problems.js";

export const stagingCollision: Rule = {
  code: "reprod/staging-collision",
  severity: "error",
  what: "Two ins of a node have the same file name.",
  why: "Ins lie together in `inputs/` under their own names so that tools find side-cars (a BAM and its index); two of one name cannot.",
  fix: 'Give one of them another staged name: `in reads: File as "reads.fq.gz"`.',
};
