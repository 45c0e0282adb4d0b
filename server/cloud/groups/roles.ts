import type { Group } from "../reconcile/resource.js";

export const roles: Group = {
  name: "roles",
  title: "Roles",
  purpose: "What tasks, functions and machines of the project may do.",
  needs: [],
  settingsFile: "environment-settings.json",
  resources: () => [],
  settings: () => ({}),
};
