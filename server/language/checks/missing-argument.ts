import type { Rule } from "../problems.js";

export const missingArgument: Rule = {
  code: "reprod/missing-argument",
  severity: "error",
  what: "A node without a value for an in or param of its transform.",
  why: "An in or param without a default must be given; only those of a type `T?` may be left out.",
  fix: "Add the argument, or give the transform a default.",
};
