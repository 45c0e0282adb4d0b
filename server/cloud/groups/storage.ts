import type { Group } from "../reconcile/resource.js";

export const storage: Group = {
  name: "storage",
  title: "Storage",
  purpose: "Buckets for results and for what passes through.",
  needs: [],
  settingsFile: "storage-settings.json",
  resources: () => [],
  settings: () => ({}),
};
