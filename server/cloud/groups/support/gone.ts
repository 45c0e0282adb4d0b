import { isNotThere } from "../../failures.js";

/** Waits for a removal; what is gone already is as removed. */
export async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}
