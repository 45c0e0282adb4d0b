import { Failure } from "../../../base/failure.js";
import type { Scope } from "../../reconcile/scope.js";
import { parseRange, type Range } from "../support/ipv4.js";

const DEFAULT_RANGE = "10.0.0.0/16";

/** The VPC's range: what AWS takes, and room for two subnets. */
export function declaredRange(scope: Scope): Range {
  const text = scope.settings.network?.cidr ?? DEFAULT_RANGE;
  const range = parseRange(text);
  if (range !== undefined && range.bits >= 16 && range.bits <= 27) return range;
  throw new Failure(
    "network-range",
    `a VPC with two subnets cannot have this range of addresses: "${text}"`,
    {
      why: "AWS takes ranges from /16 to /28 for a VPC, and of /28 as the smallest for each subnet.",
      fix: 'Give a range from /16 to /27 as "cloud.network.cidr" in reprod.json.',
    },
  );
}

/** Room for 4091 tasks a subnet where the VPC has it, else a quarter of the VPC or AWS's smallest. */
export function subnetBits(vpc: Range): number {
  return Math.min(28, Math.max(20, vpc.bits + 2));
}
