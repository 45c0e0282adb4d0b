import type { Rule } from "../../language/problems.js";

export const badResources: Rule = {
  code: "reprod/bad-resources",
  severity: "error",
  what: "Resources or a retry that make no sense.",
  why: "A node with no cpu or no memory could never start.",
  fix: "Give cpus above 0, memory and disk of at least 1 MiB, and at least one attempt.",
};
