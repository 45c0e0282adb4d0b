import { absolutePath } from "../data/files.js";
import type { Project } from "../data/project.js";
import type { LocalStore } from "../store/local.js";
import { openLocalStore } from "../store/local-store.js";
import { readingFrom } from "../store/read-stores.js";
import { hashOneFile } from "./hash.js";

/** The store of a project, with those that its `reprod.json` says to read from (A3). */
export function openStores(project: Project, options: { readonly readOnly: boolean }): LocalStore {
  const own = openLocalStore(project.folders.store, options);
  const places = project.settings.stores?.read ?? [];
  if (places.length === 0) return own;
  const absolute = places.map((place) =>
    place.startsWith("s3://") ? place : absolutePath(project.root, place),
  );
  return readingFrom(own, absolute, hashOneFile);
}
