import type { ServiceQuotas } from "@aws-sdk/client-service-quotas";
import { isNotThere } from "../failures.js";
import type { GroupName } from "../reconcile/resource.js";
import { type Check, type CheckContext, type CheckResult, resultOf } from "./check.js";

interface Quota {
  readonly service: string;
  readonly code: string;
  /** As the AWS console calls it. */
  readonly name: string;
  /** What every account has, where Service Quotas does not tell it in each region. */
  readonly byDefault?: number;
  /** Looks at what there is and says what it means. */
  judge(limit: number, context: CheckContext): Promise<CheckResult>;
}

/** What an account gets at first; who has as little runs few nodes at once and should know. */
const NEW_ACCOUNT_VCPUS = 6;

const quotaTable: readonly Quota[] = [
  vcpus("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", true),
  vcpus("fargate", "L-36FBB829", "Fargate Spot vCPU resource count", false),
  vcpus("ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", false),
  {
    service: "vpc",
    code: "L-F678F1CE",
    name: "VPCs per Region",
    judge: async (limit, context) => {
      const used = await countVpcs(context);
      return room("VPCs per Region", used, limit, (await isThere("network", "vpc", context)) ? 0 : 1);
    },
  },
  {
    service: "s3",
    code: "L-DC2B2D3D",
    name: "General purpose buckets",
    byDefault: 10_000,
    judge: async (limit, context) => {
      const used = await countBuckets(context);
      const there = await Promise.all(["build", "tmp"].map((part) => isThere("storage", part, context)));
      return room("General purpose buckets", used, limit, there.filter((is) => !is).length);
    },
  },
];

/** Before anything is launched: the quotas that would stop it. */
export const quotas: Check = {
  id: "quotas",
  title: "Quotas",
  run: (context) => Promise.all(quotaTable.map((quota) => resultFor(quota, context))),
};

async function resultFor(quota: Quota, context: CheckContext): Promise<CheckResult> {
  try {
    const limit = await limitOf(await context.account.aws.quotas(), quota);
    if (limit === undefined) {
      return { outcome: "unknown", what: `AWS does not tell this quota here: "${quota.name}"` };
    }
    return await quota.judge(limit, context);
  } catch (error) {
    // Whether AWS can be reached is the matter of another check: here it is just not known.
    return { ...resultOf(error, `ask for the quota ${quota.name}`, context), outcome: "unknown" };
  }
}

/** What the account has, else what every account has. */
async function limitOf(
  quotas: ServiceQuotas,
  { service, code, byDefault }: Quota,
): Promise<number | undefined> {
  const asked = { ServiceCode: service, QuotaCode: code };
  try {
    return (await quotas.getServiceQuota(asked)).Quota?.Value;
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
  try {
    return (await quotas.getAWSDefaultServiceQuota(asked)).Quota?.Value;
  } catch (error) {
    if (!isNotThere(error)) throw error;
    return byDefault;
  }
}

/** Of vCPUs: whether one node of the project's usual size can run at all, and more than a few at once. */
function vcpus(service: string, code: string, name: string, isNeeded: boolean): Quota {
  return {
    service,
    code,
    name,
    judge: async (limit, { project, account }) => {
      const one = project.settings.resources?.cpus ?? 1;
      const fix = `Ask for more in the AWS console under Service Quotas (${account.region}): "${name}". It is free.`;
      if (limit < one) {
        return {
          outcome: isNeeded ? "failed" : "warning",
          what: `${name}: ${limit}, and one node needs ${one}`,
          why: "A new account may have none, or very few, until it asks.",
          fix,
        };
      }
      if (limit <= NEW_ACCOUNT_VCPUS) {
        return {
          outcome: "warning",
          what: `${name}: ${limit}, so at most ${Math.floor(limit / one)} nodes of ${one} run at once`,
          why: "A new account may have as few, until it asks.",
          fix,
        };
      }
      return { outcome: "ok", what: `${name}: ${limit}` };
    },
  };
}

function room(name: string, used: number, limit: number, needed: number): CheckResult {
  const what = `${name}: ${used} of ${limit} used`;
  if (used + needed <= limit) return { outcome: "ok", what };
  return {
    outcome: "failed",
    what: `${what}, and ${needed} more ${needed === 1 ? "is" : "are"} needed`,
    fix: 'Ask for more in the AWS console under Service Quotas, remove one, or use one that is there ("cloud.adopt" in reprod.json).',
  };
}

/** Whether a part is there, ours or adopted; when nobody knows, it counts as one that is needed still. */
async function isThere(group: GroupName, part: string, context: CheckContext): Promise<boolean> {
  try {
    return (await context.readings()).byKey.get(`${group}/${part}`)?.found !== undefined;
  } catch {
    return false;
  }
}

async function countVpcs({ account }: CheckContext): Promise<number> {
  const ec2 = await account.aws.ec2();
  let count = 0;
  let NextToken: string | undefined;
  do {
    const page = await ec2.describeVpcs({ NextToken });
    count += page.Vpcs?.length ?? 0;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return count;
}

async function countBuckets({ account }: CheckContext): Promise<number> {
  const s3 = await account.aws.s3();
  let count = 0;
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.listBuckets({ ContinuationToken, MaxBuckets: 1000 });
    count += page.Buckets?.length ?? 0;
    ContinuationToken = page.ContinuationToken;
  } while (ContinuationToken !== undefined);
  return count;
}
