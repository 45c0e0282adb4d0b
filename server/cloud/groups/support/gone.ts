import { isNotThere } from "../../failures.js";

/** Waits for a removal, or a look at what is removed; what is gone already is as removed, and gives no answer. */
export async function unlessGone<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!isNotThere(error)) throw error;
    return undefined;
  }
}
