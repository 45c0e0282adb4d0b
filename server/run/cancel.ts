import * as fs from "node:fs";
import type { RunId } from "../base/brand.js";
import type { Project } from "../data/project.js";
import { findContainerEngine } from "../executors/container.js";
import { createLocalExecutor } from "../executors/local.js";
import type { Claims } from "../store/local.js";
import { LeftAttempts } from "./attempts.js";
import { discardLeft } from "./discard-left.js";
import { Remains } from "./remains.js";
import { writeRequest } from "./requests.js";
import { isUnfinished, runStatus } from "./runs.js";

export type CancelOutcome =
  /** Its runner was asked; it ends its scripts and then itself, and says so by an event with this request's id. */
  | { readonly kind: "requested"; readonly request: string }
  /** It had no live runner; what was left of its scripts has been ended here (C5). */
  | { readonly kind: "cleaned"; readonly ended: number }
  | { readonly kind: "already-ended" };

/** Throws `Failure` `unknown-run`. */
export async function cancelRun(project: Project, claims: Claims, run: RunId): Promise<CancelOutcome> {
  const status = runStatus(project.folders.runs, claims, run);
  if (status.state === "running") {
    return { kind: "requested", request: writeRequest(status.folder, "cancel") };
  }
  if (status.state !== "interrupted" || !isUnfinished(status.folder)) return { kind: "already-ended" };
  const { tmp, runs } = project.folders;
  fs.mkdirSync(tmp, { recursive: true });
  const engine = project.local.container?.engine === "host" ? undefined : await findContainerEngine();
  const executor = createLocalExecutor({
    // Nothing is staged here, and links were the killed runner's to compare: their objects are verified at use.
    stager: {
      stage: () => Promise.reject(new Error("nothing is staged while cleaning up")),
      check: () => [],
      objectPath: () => {
        throw new Error("nothing is mounted while cleaning up");
      },
    },
    ...(engine !== undefined && { containers: engine }),
  });
  const remains = new Remains(executor, tmp);
  try {
    const left = LeftAttempts.find(runs, tmp, [run], claims);
    return { kind: "cleaned", ended: await discardLeft(left, claims, executor, remains, engine?.engine) };
  } finally {
    await executor.close();
  }
}
