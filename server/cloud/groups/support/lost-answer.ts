/**
 * Makes something whose answer may have been lost: the SDK then asks again, and hears that it is there. Whether that is
 * ours, and as it should be, is looked at afterwards in any case.
 */
export async function thereOrMade(making: Promise<unknown>): Promise<void> {
  try {
    await making;
  } catch (error) {
    if (!(error instanceof Error) || !ALREADY_THERE.test(error.name)) throw error;
    // A conflict is also what Lambda calls something that goes on: that passes.
    if (!/exist/i.test(error.message)) throw error;
  }
}

const ALREADY_THERE = /^(?:ResourceConflictException|ResourceAlreadyExistsException|ConflictException)$/;
