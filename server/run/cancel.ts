import type { RunId } from "../base/brand.js";
import type { Project } from "../data/project.js";
import type { Claims } from "../store/local.js";

export type CancelOutcome =
  /** Its runner was asked; it ends its scripts and then itself. */
  | { readonly kind: "requested"; readonly request: string }
  /** It had no live runner; what was left of its scripts has been ended here (C5). */
  | { readonly kind: "cleaned"; readonly ended: number }
  | { readonly kind: "already-ended" };

export async function cancelRun(_project: Project, _claims: Claims, _run: RunId): Promise<CancelOutcome> {
  throw new Error("the body follows within the hour");
}
