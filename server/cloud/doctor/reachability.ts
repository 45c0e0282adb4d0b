import type { Clients } from "../clients.js";
import { type Check, type CheckContext, type CheckResult, failureOf } from "./check.js";

/** Longer than any of these answers takes from the other side of the world. */
const LIMIT_MILLISECONDS = 10_000;

interface Options {
  readonly abortSignal: AbortSignal;
}

/** A read of each service that costs nothing. Any answer will do, a refusal too: it is about the way there. */
const services: readonly {
  readonly name: string;
  ask(aws: Clients, options: Options): Promise<unknown>;
}[] = [
  { name: "API Gateway", ask: async (aws, o) => (await aws.apiGateway()).getApis({ MaxResults: "1" }, o) },
  {
    name: "Batch",
    ask: async (aws, o) => (await aws.batch()).describeJobQueues({ maxResults: 1 }, o),
  },
  { name: "CloudWatch Logs", ask: async (aws, o) => (await aws.logs()).describeLogGroups({ limit: 1 }, o) },
  { name: "EC2", ask: async (aws, o) => (await aws.ec2()).describeAvailabilityZones({}, o) },
  { name: "ECR", ask: async (aws, o) => (await aws.ecr()).describeRepositories({ maxResults: 1 }, o) },
  { name: "ECS", ask: async (aws, o) => (await aws.ecs()).describeClusters({}, o) },
  { name: "EventBridge", ask: async (aws, o) => (await aws.events()).listRules({ Limit: 1 }, o) },
  { name: "IAM", ask: async (aws, o) => (await aws.iam()).listRoles({ MaxItems: 1 }, o) },
  { name: "Lambda", ask: async (aws, o) => (await aws.lambda()).listFunctions({ MaxItems: 1 }, o) },
  { name: "S3", ask: async (aws, o) => (await aws.s3()).listBuckets({ MaxBuckets: 1 }, o) },
  {
    name: "Systems Manager",
    ask: async (aws, o) => (await aws.ssm()).getParametersByPath({ Path: "/reprod", MaxResults: 1 }, o),
  },
  { name: "STS", ask: async (aws, o) => (await aws.sts()).getCallerIdentity({}, o) },
];

export const reachability: Check = {
  id: "reachability",
  title: "Reachability",
  run: async (context) => {
    const failed = await Promise.all(services.map((service) => unreachable(service, context)));
    const results = failed.filter((result) => result !== undefined);
    if (results.length === 0) {
      results.push({
        outcome: "ok",
        what: `${services.length} services answer: ${services.map(({ name }) => name).join(", ")}`,
      });
    }
    return [...results, ...(await buildBucket(context))];
  },
};

async function unreachable(
  { name, ask }: (typeof services)[number],
  { account, signal }: CheckContext,
): Promise<CheckResult | undefined> {
  const limit = AbortSignal.timeout(LIMIT_MILLISECONDS);
  const abortSignal = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    await ask(account.aws, { abortSignal });
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) {
      return {
        outcome: "failed",
        what: `${name} did not answer within ${LIMIT_MILLISECONDS / 1000} s`,
        fix: "Look at the network, at VPN and firewall, and at AWS_ENDPOINT_URL when it is set.",
      };
    }
    const { code, message, why, fix } = failureOf(error, `ask ${name}`, account);
    if (code !== "aws-unreachable" && code !== "aws-failed" && code !== "region-unknown") return undefined;
    return {
      outcome: "failed",
      what: `${name}: ${message}`,
      ...(why !== undefined && { why }),
      ...(fix !== undefined && { fix }),
    };
  }
}

/** Whether the bucket of results can be used by who asks; silent while there is none. */
async function buildBucket(context: CheckContext): Promise<readonly CheckResult[]> {
  const { account, signal } = context;
  const bucket = await bucketOf(context);
  if (bucket === undefined) return [];
  try {
    const s3 = await account.aws.s3();
    await s3.headBucket({ Bucket: bucket });
    return [{ outcome: "ok", what: `the build bucket answers: ${bucket}` }];
  } catch (error) {
    signal?.throwIfAborted();
    const { message, why, fix } = failureOf(error, `reach the bucket ${bucket}`, account);
    return [
      {
        outcome: "failed",
        what: `the build bucket cannot be used: ${message}`,
        ...(why !== undefined && { why }),
        ...(fix !== undefined && { fix }),
      },
    ];
  }
}

async function bucketOf(context: CheckContext): Promise<string | undefined> {
  try {
    return (await context.readings()).byKey.get("storage/build")?.found?.id;
  } catch {
    return undefined;
  }
}
