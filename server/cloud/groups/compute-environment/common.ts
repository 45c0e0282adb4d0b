export const GROUP = "compute-environment";

/** Parts that an environment may have. */
export const kinds = ["template", "environment", "queue"] as const;

/** AWS Batch says nothing sooner, and to remove an environment may take minutes while its instances end. */
export const BATCH_MILLISECONDS = 10 * 60_000;

export async function never(): Promise<void> {
  throw new Error("what cannot be changed is replaced");
}

/** Batch takes changes only while it works on nothing. It says no status of what is neither. */
export function isSettled(status: string | undefined): boolean {
  return status === undefined || status === "VALID" || status === "INVALID";
}
