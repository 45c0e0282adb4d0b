import { Failure } from "../../base/failure.js";
import type { Project } from "../../data/project.js";
import type { Account } from "../account.js";
import { awsFailure } from "../failures.js";
import type { Readings } from "../reconcile/reading.js";
import type { Scope } from "../reconcile/scope.js";

/** `unknown`: it could not be found out, which is not to say that it is wrong. */
export type Outcome = "ok" | "warning" | "failed" | "unknown";

export interface CheckResult {
  readonly outcome: Outcome;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
}

/** What checks may look at. Nothing is changed by any of them. */
export interface CheckContext {
  readonly account: Account;
  readonly project: Project;
  readonly scope: Scope;
  readonly signal: AbortSignal | undefined;
  /** All groups as they are: read once, for whoever asks. */
  readings(): Promise<Readings>;
}

/** One thing that may stand in the way of a first run. One file each in `cloud/doctor/`, and a line in `index.ts`. */
export interface Check {
  readonly id: string;
  /** What is looked at, as a heading. */
  readonly title: string;
  run(context: CheckContext): Promise<readonly CheckResult[]>;
}

/**
 * An error as a result. Not to be allowed to look is no finding: it names the action that would have told. Defects of
 * ours are thrown on.
 */
export function resultOf(error: unknown, doing: string, { account, signal }: CheckContext): CheckResult {
  signal?.throwIfAborted();
  const { code, message, why, fix } = failureOf(error, doing, account);
  const denied = code === "access-denied";
  return {
    outcome: denied ? "unknown" : "failed",
    what: denied ? `it is not allowed to ${doing}: ${message}` : message,
    ...(why !== undefined && { why }),
    ...(fix !== undefined && { fix }),
  };
}

export function failureOf(error: unknown, doing: string, account: Account): Failure {
  return error instanceof Failure ? error : awsFailure(error, { doing, account });
}
