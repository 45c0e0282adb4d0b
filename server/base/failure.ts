/**
 * An expected failure: something the user's files, machine or account did. It says what, why and what to do,
 * and has a stable code that `docs/errors.md` explains. Anything else that is thrown is a defect of ours.
 */
export class Failure extends Error {
  readonly code: string;
  readonly why: string | undefined;
  readonly fix: string | undefined;
  /** `file:line:column` or another place a person can go to. */
  readonly place: string | undefined;

  constructor(
    code: string,
    what: string,
    more: { why?: string; fix?: string; place?: string; cause?: unknown } = {},
  ) {
    super(what, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "Failure";
    this.code = code;
    this.why = more.why;
    this.fix = more.fix;
    this.place = more.place;
  }
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** For the default branch of an exhaustive switch: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
