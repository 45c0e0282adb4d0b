import type { Group, GroupName } from "../reconcile/resource.js";
import { cluster } from "./cluster.js";
import { computeEnvironment } from "./compute-environment.js";
import { endpoints } from "./endpoints.js";
import { functions } from "./functions.js";
import { keyPair } from "./key-pair.js";
import { network } from "./network.js";
import { repositories } from "./repositories.js";
import { roles } from "./roles.js";
import { storage } from "./storage.js";

/** Every group of resources with the file that declares it. */
export const groupsByName: { readonly [name in GroupName]: Group } = {
  roles,
  storage,
  network,
  "key-pair": keyPair,
  cluster,
  repositories,
  functions,
  endpoints,
  "compute-environment": computeEnvironment,
};
