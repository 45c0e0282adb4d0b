import { Layout } from "./layout.js";

/**
 * Folders of a store in which something changes when results of a pipeline may have come or gone: its own, where
 * parts are moved away or made, and that of the pipeline's names files, which every run of it writes (B1, B4).
 */
export function foldersToWatch(store: string, projectId: string, pipeline: string): readonly string[] {
  const layout = new Layout(store);
  return [layout.folder, layout.namesFolder(projectId, pipeline)];
}
