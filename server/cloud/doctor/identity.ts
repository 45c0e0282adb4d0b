import { readProfiles } from "../profiles.js";
import type { Check, CheckResult } from "./check.js";

/** Who asks. That AWS knows them was found out when the account was opened. */
export const identity: Check = {
  id: "identity",
  title: "Credentials",
  run: async ({ account }) => {
    const { profile, region, accountId, callerArn } = account;
    const results: CheckResult[] = [
      {
        outcome: "ok",
        what: `${callerArn} of account ${accountId}, region ${region}${profile === undefined ? "" : `, profile ${profile}`}`,
      },
    ];
    if (callerArn.endsWith(":root")) {
      results.push({
        outcome: "warning",
        what: "these are the keys of the account's root user",
        why: "They may do everything, also what no policy can limit, and cannot be given to somebody else.",
        fix: "Make a user or a role for work in the AWS console, and delete these keys.",
      });
    }
    const { warnings } = await readProfiles();
    for (const warning of warnings) {
      // The region has a check of its own.
      if (warning.code === "no-fargate" || warning.code === "region-unknown") continue;
      if (warning.profile !== undefined && warning.profile !== profile) continue;
      results.push({ outcome: "warning", what: warning.message, fix: warning.fix });
    }
    return results;
  },
};
