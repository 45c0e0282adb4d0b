/**
 * The platform's Lambda functions as data, for whoever sets them up. It imports nothing: neither the AWS SDK nor the
 * handlers' code comes along.
 */

/** What a function is told by its environment. */
export const variables = {
  project: { name: "REPROD_PROJECT", pattern: /^[a-z2-7]{12}$/, what: "the project's id" },
  buildBucket: {
    name: "REPROD_BUILD_BUCKET",
    pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    what: "a bucket",
  },
  tmpBucket: { name: "REPROD_TMP_BUCKET", pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, what: "a bucket" },
  logGroup: { name: "REPROD_LOG_GROUP", pattern: /^[A-Za-z0-9._/#-]{1,512}$/, what: "a log group" },
  cluster: { name: "REPROD_CLUSTER", pattern: /^[A-Za-z0-9_-]{1,255}$/, what: "the name of a cluster" },
} as const;

export type Setting = keyof typeof variables;

/** First part of the name of every log stream of ours: `<prefix>/<container>/<task id>`. */
export const LOG_STREAM_PREFIX = "reprod";

/** Where an import is put before its digest is known: in the temporary bucket, under the prefix that expires. */
export const STAGING_PREFIX = "runs/import/";

export interface PlatformFunction {
  readonly name: "data-import" | "data-rehash" | "log-collect" | "manage";
  readonly description: string;
  /** As Lambda wants it: of the file `index.js` in `dist/functions/<name>.zip`. */
  readonly handler: "index.handler";
  /** Lambda keeps a version about as long as Node.js does: this one until April 2028. */
  readonly runtime: "nodejs24.x";
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly ephemeralStorageMiB: number;
  readonly settings: readonly Setting[];
  /** Events that call it, as patterns of EventBridge. */
  readonly events?: readonly EventRule[];
}

export interface EventRule {
  readonly part: "task-state" | "job-state";
  readonly description: string;
  pattern(account: EventScope): { readonly [key: string]: unknown };
}

export interface EventScope {
  readonly clusterArn: string;
  /** Start of the ARNs of the project's job queues: `arn:aws:batch:<region>:<account>:job-queue/reprod-<project id>-`. */
  readonly jobQueueArnPrefix: string;
}

/** Nothing is written to disk by any function: the smallest that there is. */
const NO_DISK = 512;

export const functionTable: readonly PlatformFunction[] = [
  {
    name: "data-import",
    description: "Reprod: brings the file behind an address into the build bucket, by its digest",
    handler: "index.handler",
    runtime: "nodejs24.x",
    // One whole processor (1,769 MiB): hashing is what takes the time. Three parts are held at once.
    memoryMiB: 1769,
    // As long as Lambda lets anything take.
    timeoutSeconds: 900,
    ephemeralStorageMiB: NO_DISK,
    settings: ["buildBucket", "tmpBucket"],
  },
  {
    name: "data-rehash",
    description: "Reprod: reads objects of the build bucket and checks that each has the digest in its key",
    handler: "index.handler",
    runtime: "nodejs24.x",
    memoryMiB: 1769,
    timeoutSeconds: 900,
    ephemeralStorageMiB: NO_DISK,
    settings: ["buildBucket"],
  },
  {
    name: "log-collect",
    description: "Reprod: keeps exit codes and logs of tasks and jobs that have ended",
    handler: "index.handler",
    runtime: "nodejs24.x",
    // A log of 100 MiB is held whole, and once more while it is sent.
    memoryMiB: 1024,
    timeoutSeconds: 900,
    ephemeralStorageMiB: NO_DISK,
    settings: ["project", "buildBucket", "cluster", "logGroup"],
    events: [
      {
        part: "task-state",
        description: "Reprod: tasks of the project's cluster that have stopped",
        pattern: ({ clusterArn }) => ({
          source: ["aws.ecs"],
          "detail-type": ["ECS Task State Change"],
          detail: { clusterArn: [clusterArn], lastStatus: ["STOPPED"] },
        }),
      },
      {
        part: "job-state",
        description: "Reprod: jobs of the project's queues that have ended",
        pattern: ({ jobQueueArnPrefix }) => ({
          source: ["aws.batch"],
          "detail-type": ["Batch Job State Change"],
          detail: { jobQueue: [{ prefix: jobQueueArnPrefix }], status: ["SUCCEEDED", "FAILED"] },
        }),
      },
    ],
  },
  {
    name: "manage",
    description: "Reprod: answers the endpoints",
    handler: "index.handler",
    runtime: "nodejs24.x",
    memoryMiB: 256,
    // The gateway gives up after 30 seconds.
    timeoutSeconds: 29,
    ephemeralStorageMiB: NO_DISK,
    settings: ["project", "buildBucket", "tmpBucket"],
  },
];
