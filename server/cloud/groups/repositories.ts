import type { Group } from "../reconcile/resource.js";

export const repositories: Group = {
  name: "repositories",
  title: "Container Repositories",
  purpose: "Places for container images of one's own.",
  needs: [],
  settingsFile: "repositories-settings.json",
  resources: () => [],
  settings: () => ({}),
};
