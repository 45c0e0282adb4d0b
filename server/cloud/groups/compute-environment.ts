import type { Group } from "../reconcile/resource.js";

export const computeEnvironment: Group = {
  name: "compute-environment",
  title: "Compute Environment",
  purpose: "Machines for AWS Batch that come and go with the work.",
  needs: ["roles", "network"],
  settingsFile: "compute-environments.json",
  resources: () => [],
  settings: () => ({}),
};
