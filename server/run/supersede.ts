import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { ContentId, RecipeId } from "../base/brand.js";
import { systemCode } from "../base/failure.js";
import { Layout } from "../store/layout.js";
import type { LocalStore } from "../store/local.js";

/**
 * Takes a record out of the way that stands under this recipe but was made from other bytes than its upstream has now
 * (A2), or that somebody asks to be made again. Without that, the first record would win for ever (A3) and the node be
 * stale for ever. It goes where broken records go, so nothing is lost. `keep`: the content id whose record may stay.
 */
export async function supersede(
  store: LocalStore,
  recipe: RecipeId,
  keep: ContentId | undefined,
): Promise<"absent" | "kept" | "superseded"> {
  const record = await store.readRecord(recipe);
  if (record === undefined) return "absent";
  if (record.contentId === keep) return "kept";
  const layout = new Layout(store.folder);
  const aside = path.join(layout.broken, `record-${recipe}-${randomBytes(8).toString("hex")}`);
  try {
    fs.renameSync(layout.result(recipe), aside);
  } catch (error) {
    // Another run has just done the same.
    if (systemCode(error) !== "ENOENT") throw error;
  }
  return "superseded";
}
