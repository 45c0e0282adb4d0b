import type { Group } from "../reconcile/resource.js";

export const cluster: Group = {
  name: "cluster",
  title: "Cluster",
  purpose: "Where tasks run on Fargate, and their logs.",
  needs: ["roles"],
  settingsFile: "cluster-settings.json",
  resources: () => [],
  settings: () => ({}),
};
