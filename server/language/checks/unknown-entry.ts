import type { Rule } from "../problems.js";

export const unknownEntry: Rule = {
  code: "reprod/unknown-entry",
  severity: "error",
  what: "A word that `resources`, `retry` or `run` does not know.",
  why: "A misspelt entry would be without effect, and the node would run with too little memory or without a retry.",
  fix: "resources: `cpus`, `memory`, `disk`, `timeout`. retry: `attempts`, `on`, `memory`. The words of `on` are the kinds of failure listed in docs/language.md. run: `bash`, `sh`, `python`, `r`, `node`, or any other command in quotes.",
};
