import type { Group } from "../reconcile/resource.js";

export const network: Group = {
  name: "network",
  title: "Network",
  purpose: "A network of its own for tasks, that nobody can reach from outside.",
  needs: [],
  settingsFile: "network-settings.json",
  resources: () => [],
  settings: () => ({}),
};
