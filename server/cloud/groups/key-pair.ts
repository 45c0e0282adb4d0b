import type { Group } from "../reconcile/resource.js";

export const keyPair: Group = {
  name: "key-pair",
  title: "Key Pair",
  purpose: "A key for machines that allow SSH.",
  needs: [],
  settingsFile: "key-pair-settings.json",
  resources: () => [],
  settings: () => ({}),
};
