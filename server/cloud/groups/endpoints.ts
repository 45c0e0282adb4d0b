import type { Group } from "../reconcile/resource.js";

export const endpoints: Group = {
  name: "endpoints",
  title: "Endpoints",
  purpose: "A signed HTTP interface to runs.",
  needs: ["functions"],
  settingsFile: "endpoints-settings.json",
  resources: () => [],
  settings: () => ({}),
};
