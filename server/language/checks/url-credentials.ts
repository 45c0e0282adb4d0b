import { type Problem, problem, type Rule } from "../problems.js";
import type { Call } from "../syntax.js";
import { plainTextOf } from "../text.js";

export const urlCredentials: Rule = {
  code: "reprod/url-credentials",
  severity: "error",
  what: "A web address with a password or a signed query in it.",
  why: "The text of a pipeline and its records are shared; whoever reads them could use the credentials. A signed address also stops working after a while.",
  fix: "Use a public address, or an s3:// address that each user reads with their own account.",
};

const SIGNED = /[?&](X-Amz-Signature|X-Amz-Credential|X-Goog-Signature|Signature|sig|token|access_token)=/i;

/** Whether an address carries what should stay secret (engine-rules.md A15). */
export function hasCredentials(url: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return false;
  const authority = url.slice(url.indexOf("//") + 2).split(/[/?#]/, 1)[0] ?? "";
  return authority.includes("@") || SIGNED.test(url);
}

export function checkUrlCredentials(call: Call, report: (problem: Problem) => void): void {
  const [first] = call.arguments;
  const url = first === undefined ? undefined : plainTextOf(first.value);
  if (first !== undefined && url !== undefined && hasCredentials(url))
    report(problem(urlCredentials, first.value.span, "this address has credentials in it"));
}
