import * as fs from "node:fs";
import { systemCode } from "../base/failure.js";

/** Names in a folder, for completing paths; more than this nobody reads. */
const NAMES_LISTED = 2_000;

/** Undefined when there is no such folder or it may not be read. Links count as what they lead to. */
export function listFolder(
  folder: string,
): readonly { readonly name: string; readonly folder: boolean }[] | undefined {
  try {
    return fs
      .readdirSync(folder, { withFileTypes: true })
      .slice(0, NAMES_LISTED)
      .map((entry) => ({
        name: entry.name,
        folder: entry.isSymbolicLink()
          ? (fs.statSync(`${folder}/${entry.name}`, { throwIfNoEntry: false })?.isDirectory() ?? false)
          : entry.isDirectory(),
      }));
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
