import type { Rule } from "../../language/problems.js";

export const dataPath: Rule = {
  code: "reprod/data-path",
  severity: "error",
  what: "A path or address that names no data.",
  why: "Data is read from this machine, the web or S3, and counts by its name and its content, so the last part of its path must be a name.",
  fix: "Write a path that ends with a name, relative to the file that says it or absolute, or an address: `https://…`, `http://…`, `s3://…`.",
};
