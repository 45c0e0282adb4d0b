import type { Batch, JobQueueDetail, JobStatus } from "@aws-sdk/client-batch";
import { Failure } from "../../../base/failure.js";
import { StillGoingOn } from "../../reconcile/patience.js";
import { type Difference, type Found, type Resource, resource } from "../../reconcile/resource.js";
import { type Scope, tagsToMend } from "../../reconcile/scope.js";
import { consolePage } from "../support/console.js";
import { createdOrFound, whileFresh } from "../support/ec2.js";
import { unlessGone } from "../support/gone.js";
import { allPages } from "../support/pages.js";
import { tagDifference } from "../support/tags.js";
import { BATCH_MILLISECONDS, GROUP, isSettled } from "./common.js";

/** Everything before an end. */
const unfinished: readonly JobStatus[] = ["RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED"];

export function queue(scope: Scope, name: string): Resource {
  const part = `${name}-queue`;
  const own = scope.name(part);
  const tags = scope.tags(GROUP, part);

  const describe = async (batch: Batch): Promise<JobQueueDetail | undefined> => {
    const { jobQueues = [] } = await batch.describeJobQueues({ jobQueues: [own] });
    return jobQueues.find(({ status }) => status !== "DELETED");
  };
  const found = (live: JobQueueDetail): Found<JobQueueDetail> => ({
    id: own,
    ...(live.jobQueueArn !== undefined && { arn: live.jobQueueArn }),
    owner: scope.owner(live.tags ?? {}, false),
    live,
  });
  const busy = ({ status }: JobQueueDetail) =>
    new StillGoingOn(`${status?.toLowerCase()} the job queue ${own}`, BATCH_MILLISECONDS);
  const update = async (what: Omit<Parameters<Batch["updateJobQueue"]>[0], "jobQueue">) => {
    const batch = await scope.account.aws.batch();
    await whileFresh(batch.updateJobQueue({ jobQueue: own, ...what }));
    const now = await describe(batch);
    if (now?.status === "UPDATING") throw busy(now);
  };
  const order = (computeEnvironment: string | undefined) => [{ order: 1, computeEnvironment }];

  return resource<JobQueueDetail>({
    part,
    kind: "job queue",
    name: own,
    needs: [`${name}-environment`],
    find: async () => {
      const live = await describe(await scope.account.aws.batch());
      return live && found(live);
    },
    create: async (at) => {
      const batch = await scope.account.aws.batch();
      return createdOrFound(
        async () => {
          const { jobQueueArn } = await whileFresh(
            batch.createJobQueue({
              jobQueueName: own,
              state: "ENABLED",
              priority: 1,
              computeEnvironmentOrder: order(at.need(`${name}-environment`).arn),
              tags: { ...tags },
            }),
          );
          const live: JobQueueDetail = {
            ...{ jobQueueName: own, jobQueueArn, state: "ENABLED", priority: 1 },
            ...{ computeEnvironmentOrder: [], tags: { ...tags } },
          };
          return found(live);
        },
        ({ message }) => /already exists/i.test(message),
        async () => {
          const live = await describe(batch);
          return live && found(live);
        },
      );
    },
    compare: ({ live, arn }, at) => {
      const { status, statusReason, state, priority, computeEnvironmentOrder } = live;
      const differences: Difference[] = [];
      if (!isSettled(status)) {
        const mend = async () => {
          throw busy(live);
        };
        differences.push({ what: "status", is: status?.toLowerCase() ?? "unknown", shouldBe: "valid", mend });
      }
      if (status === "INVALID") {
        const reason = statusReason ?? "AWS gives no reason";
        const mend = async () => {
          throw new Failure("compute-environment-invalid", `AWS Batch cannot use the job queue: "${own}"`, {
            why: `It says: ${reason.replace(/[.\s]+$/, "")}.`,
            fix: "Mend what it names and say the same again.",
          });
        };
        differences.push({ what: "status", is: `invalid: ${reason}`, shouldBe: "valid", mend });
      }
      differences.push(
        ...tagDifference(live.tags ?? {}, tagsToMend(live.tags ?? {}, tags), async (wrong) => {
          const batch = await scope.account.aws.batch();
          await whileFresh(batch.tagResource({ resourceArn: arn, tags: { ...wrong } }));
        }),
      );
      if (state !== "ENABLED") {
        const is = state?.toLowerCase() ?? "unknown";
        differences.push({
          what: "state",
          is,
          shouldBe: "enabled",
          mend: () => update({ state: "ENABLED" }),
        });
      }
      if (priority !== 1) {
        const mend = () => update({ priority: 1 });
        differences.push({ what: "priority", is: String(priority), shouldBe: "1", mend });
      }
      const environments = (computeEnvironmentOrder ?? [])
        .map((one) => one.computeEnvironment ?? "")
        .join(", ");
      const wanted = at.ref(`${name}-environment`)?.arn;
      if (wanted !== undefined && environments !== wanted) {
        const mend = () => update({ computeEnvironmentOrder: order(wanted) });
        differences.push({
          what: "compute environments",
          is: environments || "none",
          shouldBe: wanted,
          mend,
        });
      }
      return differences;
    },
    inUse: async ({ id }) => {
      const batch = await scope.account.aws.batch();
      const jobs: string[] = [];
      for (const jobStatus of unfinished) {
        const there = await allPages(async (nextToken) => {
          const answer = await batch.listJobs({ jobQueue: id, jobStatus, nextToken });
          return { items: answer.jobSummaryList, next: answer.nextToken };
        });
        jobs.push(...there.map((job) => job.jobName ?? job.jobId ?? ""));
      }
      if (jobs.length === 0) return undefined;
      const names = jobs.slice(0, 3).join(", ");
      const count = jobs.length === 1 ? "a job has" : `${jobs.length} jobs have`;
      return `${count} not ended in the queue ${id}: ${names}${jobs.length > 3 ? ", …" : ""}`;
    },
    remove: async () => {
      const batch = await scope.account.aws.batch();
      let now = await describe(batch);
      if (now?.state === "ENABLED" && isSettled(now.status)) {
        await unlessGone(batch.updateJobQueue({ jobQueue: own, state: "DISABLED" }));
        now = await describe(batch);
      }
      if (now === undefined) return;
      if (isSettled(now.status)) {
        await unlessGone(batch.deleteJobQueue({ jobQueue: own }));
        now = await describe(batch);
      }
      if (now !== undefined) throw busy(now);
    },
    console: ({ arn }) =>
      consolePage(scope.account, `batch/home#queues/detail/${encodeURIComponent(arn ?? own)}`),
  });
}
