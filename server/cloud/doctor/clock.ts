import { type Check, type CheckContext, failureOf, resultOf } from "./check.js";

/** Signatures are taken within five minutes; leases and ages of objects are reckoned in AWS's time. */
const REFUSED = 5 * 60;
const NOTICED = 30;

export const clock: Check = {
  id: "clock",
  title: "Clock",
  run: async (context) => {
    let skew: number | undefined;
    try {
      skew = await skewOf(context.account);
    } catch (error) {
      const result = resultOf(error, "compare the clock with AWS's", context);
      // AWS says so itself of a clock that is wrong; all else leaves it open.
      return [isClockWrong(error, context) ? result : { ...result, outcome: "unknown" }];
    }
    if (skew === undefined) return [{ outcome: "unknown", what: "AWS's answer had no date to compare with" }];
    const seconds = Math.abs(Math.round(skew / 1000));
    if (seconds < NOTICED) return [{ outcome: "ok", what: "the clock of this machine is right" }];
    return [
      {
        outcome: seconds < REFUSED ? "warning" : "failed",
        what: `the clock of this machine is ${seconds} s ${skew > 0 ? "ahead of" : "behind"} AWS's`,
        why: "AWS takes a request only within five minutes of the time that was signed into it.",
        fix: "Set the clock: `timedatectl set-ntp true` on Linux, Date & Time in the settings of others.",
      },
    ];
  },
};

function isClockWrong(error: unknown, { account }: CheckContext): boolean {
  return failureOf(error, "compare the clock with AWS's", account).code === "clock-wrong";
}

/** Milliseconds that this machine is ahead, to the second of AWS's answer and half the way there. */
async function skewOf({ aws }: CheckContext["account"]): Promise<number | undefined> {
  const sts = await aws.sts();
  let date: string | undefined;
  let asked = Date.now();
  sts.middlewareStack.add(
    (next) => async (args) => {
      asked = Date.now();
      const answer = await next(args);
      date = dateOf(answer.response);
      return answer;
    },
    { step: "deserialize", name: "reprodDate", override: true },
  );
  try {
    await sts.getCallerIdentity({});
  } finally {
    sts.middlewareStack.remove("reprodDate");
  }
  const theirs = Date.parse(date ?? "");
  return Number.isNaN(theirs) ? undefined : (asked + Date.now()) / 2 - (theirs + 500);
}

function dateOf(response: unknown): string | undefined {
  if (typeof response !== "object" || response === null || !("headers" in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== "object" || headers === null || !("date" in headers)) return undefined;
  return typeof headers.date === "string" ? headers.date : undefined;
}
