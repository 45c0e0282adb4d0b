import { asFields, type Fields } from "./event.js";
import { LOG_STREAM_PREFIX } from "./table.js";

/** What `tasks/<id>/end.json` says: the service's own word on how a task or job ended. */
export interface TaskEnd {
  readonly format: 1;
  readonly service: "ecs" | "batch";
  /** Checked, since keys are made of it. */
  readonly id: string;
  /** Of two ends of one task the one with the greater version is the newer. */
  readonly version: number;
  readonly arn: string | undefined;
  readonly definition: string | undefined;
  /** The recipe, as it was given at the launch. */
  readonly startedBy: string | undefined;
  /** `SUCCEEDED` and `FAILED` of a job, `STOPPED` of a task. */
  readonly status: string;
  readonly stopCode: string | undefined;
  readonly reason: string | undefined;
  readonly launchType: string | undefined;
  readonly capacityProvider: string | undefined;
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
  readonly times: { readonly [name: string]: string };
  readonly containers: readonly ContainerEnd[];
}

export interface ContainerEnd {
  readonly name: string;
  /** Null for one that never ran, or of which nobody knows how it ended: that is no success (engine-rules.md D4). */
  readonly exitCode: number | null;
  readonly reason: string | undefined;
  readonly image: string | undefined;
  readonly imageDigest: string | undefined;
  /** Of CloudWatch; undefined where its name is none that a log of ours could have. */
  readonly logStream: string | undefined;
}

export interface Owner {
  readonly project: string;
  readonly cluster: string;
}

/** The end of a task or job of ours; otherwise why the event is nothing to act upon. */
export function taskEnd(given: unknown, owner: Owner): TaskEnd | { readonly ignored: string } {
  const event = asFields(given);
  const detail = asFields(event.detail);
  switch (event["detail-type"]) {
    case "ECS Task State Change":
      return event.source === "aws.ecs" ? ecsEnd(detail, owner) : { ignored: "the source" };
    case "Batch Job State Change":
      return event.source === "aws.batch" ? batchEnd(detail, owner) : { ignored: "the source" };
    default:
      return { ignored: "the kind of event" };
  }
}

const TASK_ARN = /^arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:task\/(?:[A-Za-z0-9_-]{1,255}\/)?([0-9a-f-]{32,36})$/;
const CLUSTER_ARN = /^arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:cluster\/([A-Za-z0-9_-]{1,255})$/;
const QUEUE_ARN = /^arn:[a-z-]+:batch:[a-z0-9-]+:\d{12}:job-queue\/([A-Za-z0-9_-]{1,128})$/;
/** Of an array job each child has the parent's id and its number. */
const JOB_ID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::(\d{1,5}))?$/;
const CONTAINER = /^[A-Za-z0-9_-]{1,255}$/;
const LOG_STREAM = /^[A-Za-z0-9._/-]{1,512}$/;

function ecsEnd(detail: Fields, owner: Owner): TaskEnd | { readonly ignored: string } {
  const [, cluster] = CLUSTER_ARN.exec(text(detail.clusterArn) ?? "") ?? [];
  if (cluster !== owner.cluster) return { ignored: "the cluster" };
  const arn = text(detail.taskArn);
  const [, id] = TASK_ARN.exec(arn ?? "") ?? [];
  if (id === undefined) return { ignored: "the task's id" };
  if (detail.lastStatus !== "STOPPED") return { ignored: "the status" };
  return {
    format: 1,
    service: "ecs",
    id,
    version: number(detail.version) ?? 0,
    arn,
    definition: text(detail.taskDefinitionArn),
    startedBy: text(detail.startedBy),
    status: "STOPPED",
    stopCode: text(detail.stopCode),
    reason: text(detail.stoppedReason),
    launchType: text(detail.launchType),
    capacityProvider: text(detail.capacityProviderName),
    cpu: text(detail.cpu),
    memory: text(detail.memory),
    times: times(detail, [
      "createdAt",
      "pullStartedAt",
      "pullStoppedAt",
      "startedAt",
      "executionStoppedAt",
      "stoppingAt",
      "stoppedAt",
    ]),
    containers: containersOf(detail.containers, (name) => `${LOG_STREAM_PREFIX}/${name}/${id}`),
  };
}

function batchEnd(detail: Fields, owner: Owner): TaskEnd | { readonly ignored: string } {
  const [, queue] = QUEUE_ARN.exec(text(detail.jobQueue) ?? "") ?? [];
  // By the name that every queue of the project has (engine-rules.md F1); of others the rule sends nothing.
  if (queue?.startsWith(`reprod-${owner.project}-`) !== true) return { ignored: "the queue" };
  const [, job, index] = JOB_ID.exec(text(detail.jobId) ?? "") ?? [];
  if (job === undefined) return { ignored: "the job's id" };
  const status = detail.status;
  if (status !== "SUCCEEDED" && status !== "FAILED") return { ignored: "the status" };
  // How the containers ended stands in the last attempt, what they were in the job. One container, without
  // `ecsProperties`, stands alone.
  const attempt = asFields(Array.isArray(detail.attempts) ? detail.attempts.at(-1) : undefined);
  const described = firstTask(asFields(detail.ecsProperties));
  const ended = new Map(firstTask(attempt).map((container) => [container.name, container]));
  const containers = described.map((container) => ({ ...container, ...ended.get(container.name) }));
  const alone = { name: "default", ...asFields(detail.container), ...asFields(attempt.container) };
  return {
    format: 1,
    service: "batch",
    id: index === undefined ? job : `${job}.${index}`,
    // A job has no version. It ends once; should it end later once more, that is the newer end.
    version: number(detail.stoppedAt) ?? 0,
    arn: text(detail.jobArn),
    definition: text(detail.jobDefinition),
    startedBy: text(detail.jobName),
    status,
    stopCode: undefined,
    reason: text(detail.statusReason) ?? text(attempt.statusReason),
    launchType: undefined,
    capacityProvider: undefined,
    cpu: undefined,
    memory: undefined,
    times: times(detail, ["createdAt", "startedAt", "stoppedAt"]),
    containers: containersOf(containers.length > 0 ? containers : [alone], () => undefined),
  };
}

function firstTask(properties: Fields): readonly Fields[] {
  const [task] = Array.isArray(properties.taskProperties) ? properties.taskProperties : [];
  const { containers } = asFields(task);
  return Array.isArray(containers) ? containers.map(asFields) : [];
}

/** More containers than these has no task. */
const MOST_CONTAINERS = 20;

function containersOf(
  list: unknown,
  streamOf: (name: string) => string | undefined,
): readonly ContainerEnd[] {
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST_CONTAINERS).flatMap((item) => {
    const container = asFields(item);
    const name = text(container.name);
    if (name === undefined || !CONTAINER.test(name)) return [];
    const stream = text(container.logStreamName) ?? streamOf(name);
    return [
      {
        name,
        exitCode: number(container.exitCode) ?? null,
        reason: text(container.reason),
        image: text(container.image),
        imageDigest: text(container.imageDigest),
        logStream: stream !== undefined && LOG_STREAM.test(stream) ? stream : undefined,
      },
    ];
  });
}

/** ECS writes times, Batch counts milliseconds. */
function times(detail: Fields, names: readonly string[]): { readonly [name: string]: string } {
  const found: { [name: string]: string } = {};
  for (const name of names) {
    const value = detail[name];
    const time = typeof value === "number" || typeof value === "string" ? new Date(value) : undefined;
    if (time !== undefined && !Number.isNaN(time.getTime())) found[name] = time.toISOString();
  }
  return found;
}

const LONGEST_TEXT = 4096;

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}
