import { Failure } from "../base/failure.js";
import { statusOf } from "./aws-errors.js";

/** What Lambda gives beside the event: the part that is used. */
export interface Context {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export type Handler<Result> = (event: unknown, context: Context) => Promise<Result>;

/** What went wrong, for a caller: a stable code, and words. */
export interface Refusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly why?: string;
    readonly fix?: string;
  };
}

/**
 * A handler for callers that wait for its answer: what fails is an answer too, so that a caller tells a file that is
 * not there from a function that broke. `make` runs at the first event, once for each process of Lambda's.
 */
export function answering<Result>(make: () => Handler<Result>): Handler<Result | Refusal> {
  let made: Handler<Result> | undefined;
  return async (event, context) => {
    try {
      made ??= make();
      return await made(event, context);
    } catch (error) {
      return refusal(error, context);
    }
  };
}

/** A handler for events that nobody waits for: a rejection is what makes Lambda try again. */
export function consuming<Result>(make: () => Handler<Result>): Handler<Result> {
  let made: Handler<Result> | undefined;
  return async (event, context) => {
    try {
      made ??= make();
      return await made(event, context);
    } catch (error) {
      const { code, message } = refusal(error, context).error;
      throw new Error(`${code}: ${message}`);
    }
  };
}

export function refusal(error: unknown, context: Context): Refusal {
  const failure = error instanceof Failure ? error : ofAws(error);
  if (failure !== undefined) {
    const { code, message, why, fix } = failure;
    return { error: { code, message, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }) } };
  }
  logDefect(error, context);
  return {
    error: {
      code: "defect",
      message: `something went wrong that should not have: the function's log has it under ${context.awsRequestId}`,
    },
  };
}

/** To the function's own log. The event is not told: an address in it may hold a password. */
export function logDefect(error: unknown, { awsRequestId }: Context): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(
    JSON.stringify({ awsRequestId, name, message: withoutAddresses(message), stack: frames(stack) }),
  );
}

function withoutAddresses(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, "<address>");
}

/** Of a stack only where: its first lines repeat the message. */
function frames(stack: string | undefined): readonly string[] {
  return (stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
}

/** What AWS did not do, as opposed to what is wrong in here. */
function ofAws(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || statusOf(error) === undefined) return undefined;
  // AWS names the role, the action and the resource of what it does not allow, which is what has to be mended.
  const why = `AWS says: ${error.name}: ${withoutAddresses(error.message)}.`;
  if (statusOf(error) === 403) {
    return new Failure("function-denied", "AWS does not let this function do what it has to", {
      why,
      fix: "Set the roles up again: `reprod setup roles`.",
      cause: error,
    });
  }
  return new Failure("aws-failed", "AWS failed to do what this function asked for, and so did asking again", {
    why,
    fix: "Try again later.",
    cause: error,
  });
}
