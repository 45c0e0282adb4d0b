import type { Rule } from "../../language/problems.js";

export const badCell: Rule = {
  code: "reprod/bad-cell",
  severity: "error",
  what: "A cell of a table that does not fit the type of its column.",
  why: "A number with a slip of the finger would otherwise be passed on as text and fail, or mislead, hours later.",
  fix: "Correct the cell, or give the column another type: `T?` allows empty cells.",
};
