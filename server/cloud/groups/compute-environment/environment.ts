import type { Batch, ComputeEnvironmentDetail, ComputeResource, CRType } from "@aws-sdk/client-batch";
import { Failure } from "../../../base/failure.js";
import { EC2_ON_DEMAND_USE, EC2_SPOT_USE, FARGATE_SPOT_USE, FARGATE_USE } from "../../prices.js";
import { StillGoingOn } from "../../reconcile/patience.js";
import {
  type At,
  type Cost,
  type Difference,
  type Found,
  type Ref,
  type Resource,
  resource,
} from "../../reconcile/resource.js";
import { type Scope, tagsToMend } from "../../reconcile/scope.js";
import { consolePage } from "../support/console.js";
import { createdOrFound, whileFresh } from "../support/ec2.js";
import { type EnvironmentSpec, isFargate, toEnvironmentSpec } from "../support/environment-specs.js";
import { unlessGone } from "../support/gone.js";
import { tagDifference } from "../support/tags.js";
import { BATCH_MILLISECONDS, GROUP, isSettled, never } from "./common.js";

const crTypes: { readonly [type in EnvironmentSpec["type"]]: CRType } = {
  spot: "SPOT",
  "on-demand": "EC2",
  fargate: "FARGATE",
  "fargate-spot": "FARGATE_SPOT",
};

const costs: { readonly [type in EnvironmentSpec["type"]]: Cost } = {
  spot: { atRest: 0, use: EC2_SPOT_USE },
  "on-demand": { atRest: 0, use: EC2_ON_DEMAND_USE },
  fargate: { atRest: 0, use: FARGATE_USE },
  "fargate-spot": { atRest: 0, use: FARGATE_SPOT_USE },
};

/** Without a request for other types Batch chooses among current families of general instances. */
const ANY_INSTANCE = ["optimal"];

/** What would have to be asked for to get one as it is there; undefined when that cannot be asked for. */
export function specOf(
  { computeResources: is }: ComputeEnvironmentDetail,
  diskGiB?: number,
): EnvironmentSpec | undefined {
  const type = Object.entries(crTypes).find(([, crType]) => crType === is?.type)?.[0];
  const isAny = is?.instanceTypes?.join() === ANY_INSTANCE.join();
  return toEnvironmentSpec({
    type,
    maxVcpus: is?.maxvCpus,
    // Of one on Fargate there are neither.
    ...(is?.instanceTypes !== undefined && is.instanceTypes.length > 0 && !isAny
      ? { instanceTypes: is.instanceTypes }
      : {}),
    ...(diskGiB !== undefined && { diskGiB }),
  });
}

export function environment(scope: Scope, name: string, spec: EnvironmentSpec): Resource {
  const part = `${name}-environment`;
  const own = scope.name(part);
  const tags = scope.tags(GROUP, part);
  const { type, maxVcpus } = spec;
  /** Whether Batch was asked to look at an invalid one again. */
  let lookedAgain = false;

  const describe = async (batch: Batch): Promise<ComputeEnvironmentDetail | undefined> => {
    const { computeEnvironments = [] } = await batch.describeComputeEnvironments({
      computeEnvironments: [own],
    });
    // Deleted ones are told of for a while.
    return computeEnvironments.find(({ status }) => status !== "DELETED");
  };
  const found = (live: ComputeEnvironmentDetail): Found<ComputeEnvironmentDetail> => ({
    id: own,
    ...(live.computeEnvironmentArn !== undefined && { arn: live.computeEnvironmentArn }),
    owner: scope.owner(live.tags ?? {}, false),
    live,
  });
  const update = async (
    what: Omit<Parameters<Batch["updateComputeEnvironment"]>[0], "computeEnvironment">,
  ) => {
    const batch = await scope.account.aws.batch();
    await whileFresh(batch.updateComputeEnvironment({ computeEnvironment: own, ...what }));
    const now = await describe(batch);
    if (now?.status === "UPDATING") throw busy(now);
  };
  const busy = ({ status }: ComputeEnvironmentDetail) =>
    new StillGoingOn(`${status?.toLowerCase()} the compute environment ${own}`, BATCH_MILLISECONDS);

  const resources = (at: At): ComputeResource => {
    const groups = {
      subnets: [...new Set([at.need("network/subnet-a").id, at.need("network/subnet-b").id])],
      securityGroupIds: [at.need("network/security-group").id],
    };
    if (isFargate(type)) return { type: crTypes[type], maxvCpus: maxVcpus, ...groups };
    const { id: launchTemplateId, attributes } = at.need(`${name}-template`);
    return {
      type: crTypes[type],
      allocationStrategy: type === "spot" ? "SPOT_PRICE_CAPACITY_OPTIMIZED" : "BEST_FIT_PROGRESSIVE",
      minvCpus: 0,
      maxvCpus: maxVcpus,
      instanceTypes: [...(spec.instanceTypes ?? ANY_INSTANCE)],
      ...groups,
      instanceRole: profileOf(at.need("roles/instance-profile")),
      launchTemplate: { launchTemplateId, version: attributes?.version ?? "1" },
    };
  };

  /**
   * On Fargate Batch uses its service-linked role, which it makes when it is missing: AWS's policy for roles of one's own
   * is written for instances. Unverified: with it, jobs on Fargate stayed RUNNABLE (aws-cdk issue 16717).
   */
  const serviceRole = (at: At) =>
    isFargate(type) ? {} : { serviceRole: at.need("roles/batch-service").arn };

  return resource<ComputeEnvironmentDetail>({
    part,
    kind: "compute environment",
    name: own,
    detail: [
      type,
      `up to ${maxVcpus} vCPUs`,
      ...(isFargate(type) ? [] : [(spec.instanceTypes ?? ["instances as Batch chooses"]).join(" ")]),
    ].join(", "),
    needs: [
      "network/subnet-a",
      "network/subnet-b",
      "network/security-group",
      ...(isFargate(type) ? [] : ["roles/batch-service", "roles/instance-profile", `${name}-template`]),
    ],
    cost: costs[type],
    // Its name is unique and never changes: there is nothing else to look for.
    find: async () => {
      const live = await describe(await scope.account.aws.batch());
      return live && found(live);
    },
    create: async (at) => {
      const batch = await scope.account.aws.batch();
      return createdOrFound(
        async () => {
          const { computeEnvironmentArn } = await whileFresh(
            batch.createComputeEnvironment({
              computeEnvironmentName: own,
              type: "MANAGED",
              state: "ENABLED",
              computeResources: resources(at),
              ...serviceRole(at),
              tags: { ...tags },
            }),
          );
          return found({ ...bare(own), computeEnvironmentArn, tags: { ...tags } });
        },
        ({ message }) => /already exists/i.test(message),
        async () => {
          const live = await describe(batch);
          return live && found(live);
        },
      );
    },
    compare: ({ live, arn }, at) => {
      const { status, statusReason, computeResources: is } = live;
      const differences: Difference[] = [];
      if (status === "CREATING" || status === "UPDATING" || status === "DELETING") {
        const mend = async () => {
          throw busy(live);
        };
        differences.push({ what: "status", is: status.toLowerCase(), shouldBe: "valid", mend });
      }
      if (status === "INVALID") {
        const reason = statusReason ?? "AWS gives no reason";
        differences.push({
          what: "status",
          is: `invalid: ${reason}`,
          shouldBe: "valid",
          // What was wrong may be right by now (a role that was away): Batch looks again when it is updated.
          mend: async () => {
            if (lookedAgain) throw invalidEnvironment(own, reason);
            lookedAgain = true;
            await update({ state: "ENABLED", ...serviceRole(at) });
            throw new StillGoingOn(`look at the compute environment ${own} again`, BATCH_MILLISECONDS);
          },
        });
      }
      differences.push(
        ...tagDifference(live.tags ?? {}, tagsToMend(live.tags ?? {}, tags), async (wrong) => {
          const batch = await scope.account.aws.batch();
          await whileFresh(batch.tagResource({ resourceArn: arn, tags: { ...wrong } }));
        }),
      );
      // Batch changes these only for environments under its service-linked role, as those on Fargate are; one way serves
      // both, since an environment holds nothing. What is away will be another one when it is made again.
      const fixed = (what: string, now: string | undefined, then: string | undefined) => {
        if (then !== undefined && now === then) return;
        const shouldBe = then ?? "one that is made anew";
        differences.push({ what, is: now || "none", shouldBe, replace: true, mend: never });
      };
      const list = (items: readonly string[] | undefined) => [...(items ?? [])].sort().join(", ");
      fixed("type", is?.type, crTypes[type]);
      const subnets = [at.ref("network/subnet-a")?.id, at.ref("network/subnet-b")?.id];
      const wanted = subnets.includes(undefined)
        ? undefined
        : list([...new Set(subnets)].flatMap((id) => id ?? []));
      fixed("subnets", list(is?.subnets), wanted);
      fixed("security groups", list(is?.securityGroupIds), at.ref("network/security-group")?.id);
      if (!isFargate(type)) {
        fixed("instance types", list(is?.instanceTypes), list(spec.instanceTypes ?? ANY_INSTANCE));
        const strategy = type === "spot" ? "SPOT_PRICE_CAPACITY_OPTIMIZED" : "BEST_FIT_PROGRESSIVE";
        fixed("allocation strategy", is?.allocationStrategy, strategy);
        const profile = at.ref("roles/instance-profile");
        // One that is away will have the same name again.
        if (profile !== undefined)
          fixed("instance role", lastOf(is?.instanceRole), lastOf(profileOf(profile)));
        const template = at.ref(`${name}-template`);
        const used = is?.launchTemplate;
        fixed(
          "launch template",
          used && `${used.launchTemplateId} version ${used.version}`,
          template && `${template.id} version ${template.attributes?.version ?? "1"}`,
        );
      }
      const changeable = (what: string, now: string, then: string, change: Parameters<typeof update>[0]) => {
        if (now !== then) differences.push({ what, is: now, shouldBe: then, mend: () => update(change) });
      };
      changeable("state", live.state?.toLowerCase() ?? "unknown", "enabled", { state: "ENABLED" });
      changeable("max vCPUs", String(is?.maxvCpus), String(maxVcpus), {
        computeResources: { maxvCpus: maxVcpus },
      });
      if (!isFargate(type)) {
        // What waits for work costs money: nothing waits.
        changeable("min vCPUs", String(is?.minvCpus ?? 0), "0", { computeResources: { minvCpus: 0 } });
      }
      const role = isFargate(type) ? undefined : at.ref("roles/batch-service")?.arn;
      if (isFargate(type) && live.serviceRole !== undefined && !isServiceLinked(live.serviceRole)) {
        // AWS changes no role for its own one.
        fixed("service role", live.serviceRole, "the one of AWS Batch itself");
      }
      if (role !== undefined && live.serviceRole !== role) {
        const mend = () => update({ serviceRole: role });
        differences.push({ what: "service role", is: live.serviceRole ?? "none", shouldBe: role, mend });
      }
      return differences;
    },
    // Each call does the next step and then waits by throwing, so that it goes on from wherever it was cut off.
    remove: async () => {
      const batch = await scope.account.aws.batch();
      let now = await describe(batch);
      if (now?.state === "ENABLED" && isSettled(now.status)) {
        await unlessGone(batch.updateComputeEnvironment({ computeEnvironment: own, state: "DISABLED" }));
        now = await describe(batch);
      }
      if (now === undefined) return;
      if (isSettled(now.status)) {
        await unlessGone(batch.deleteComputeEnvironment({ computeEnvironment: own }));
        now = await describe(batch);
      }
      if (now !== undefined) throw busy(now);
    },
    console: ({ arn }) =>
      consolePage(scope.account, `batch/home#compute-environments/detail/${encodeURIComponent(arn ?? own)}`),
  });
}

function isServiceLinked(role: string): boolean {
  return role.includes(":role/aws-service-role/");
}

/** What a create says of what it made, in the form of a description: it is read before it is compared. */
function bare(computeEnvironmentName: string): Pick<
  ComputeEnvironmentDetail,
  "computeEnvironmentName" | "status"
> & {
  readonly computeEnvironmentArn: string | undefined;
} {
  return { computeEnvironmentName, status: "CREATING", computeEnvironmentArn: undefined };
}

function profileOf({ id, arn }: Ref): string {
  return arn ?? id;
}

/** Instance profiles may be named by name or ARN. */
function lastOf(arn: string | undefined): string | undefined {
  return arn?.slice(arn.lastIndexOf("/") + 1);
}

function invalidEnvironment(name: string, reason: string): Failure {
  return new Failure(
    "compute-environment-invalid",
    `AWS Batch cannot use the compute environment: "${name}"`,
    {
      why: `It says: ${reason.replace(/[.\s]+$/, "")}.`,
      fix: "Mend what it names and say the same again. If it stays so, delete the environment (`reprod env delete NAME`) and create it anew.",
    },
  );
}
