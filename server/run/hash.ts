import * as fs from "node:fs";
import { isSha256 } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { hashFiles } from "../data/digest.js";
import type { HashOutcome } from "../data/hash-file.js";
import type { HashFile } from "../store/local.js";

/** The digest of one file, taken on a worker thread when it is big (C6). Throws `Failure` `file-unreadable`. */
export const hashOneFile: HashFile = async (file) => {
  let outcome: HashOutcome | undefined;
  await hashFiles([{ file, size: fs.statSync(file).size }], {
    onOutcome: (_, hashed) => {
      outcome = hashed;
    },
  });
  if (outcome?.kind === "hashed" && isSha256(outcome.sha256)) return outcome.sha256;
  const why = outcome?.kind === "failed" ? outcome.message : "the hashing was broken off";
  throw new Failure("file-unreadable", `a file's digest could not be taken: "${file}"`, {
    why,
    fix: "Run again when nothing writes to the file any more.",
  });
};
