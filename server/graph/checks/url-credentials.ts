import type { Rule } from "../../language/problems.js";

export const urlCredentials: Rule = {
  code: "reprod/url-credentials",
  severity: "error",
  what: "An address with a password or a signature in it.",
  why: "Addresses are written into records and logs that others read, and a signed address ends within hours.",
  fix: "Use an address without user name and signed query: a public one, `s3://`, or a file fetched beforehand.",
};
