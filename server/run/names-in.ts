import * as fs from "node:fs";
import { systemCode } from "../base/failure.js";

/**
 * The names in a folder of attempts. None when it is gone (a script, a person or another run's sweeper may have deleted
 * it) or closed to its owner by a script: then it stays until its run is an old one, and its size is not known.
 */
export function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    switch (systemCode(error)) {
      case "ENOENT":
      case "ENOTDIR":
      case "EACCES":
        return [];
      default:
        throw error;
    }
  }
}
