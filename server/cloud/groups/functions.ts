import type { Group } from "../reconcile/resource.js";

export const functions: Group = {
  name: "functions",
  title: "Functions",
  purpose: "What works in the account while nobody's machine is on.",
  needs: ["roles", "storage", "cluster"],
  settingsFile: "lambda-settings.json",
  resources: () => [],
  settings: () => ({}),
};
