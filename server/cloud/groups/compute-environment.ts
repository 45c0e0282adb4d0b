import { randomUUID } from "node:crypto";
import type {
  Batch,
  ComputeEnvironmentDetail,
  ComputeResource,
  CRType,
  JobQueueDetail,
  JobStatus,
} from "@aws-sdk/client-batch";
import type {
  Filter,
  LaunchTemplate,
  LaunchTemplateVersion,
  RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { Failure } from "../../base/failure.js";
import { EC2_ON_DEMAND_USE, EC2_SPOT_USE, FARGATE_SPOT_USE, FARGATE_USE } from "../prices.js";
import { StillGoingOn } from "../reconcile/patience.js";
import type { At, Cost, Difference, Found, Group, Ref, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, tagKeys, tagList, tagsOf, tagsToMend } from "../reconcile/scope.js";
import { consolePage } from "./support/console.js";
import {
  commonDifferences,
  createdOrFound,
  type Ec2Kind,
  filter,
  type Looked,
  lookUp,
  tagsOnCreate,
  whileFresh,
} from "./support/ec2.js";
import {
  DEFAULT_DISK,
  defaultSpec,
  type EnvironmentSpec,
  environmentsToRemove,
  isEnvironmentName,
  isFargate,
  parseEnvironmentSpecs,
  settledEnvironments,
} from "./support/environment-specs.js";
import { unlessGone } from "./support/gone.js";
import { allPages } from "./support/pages.js";
import { tagDifference } from "./support/tags.js";

const GROUP = "compute-environment";

/** AWS Batch says nothing sooner, and to remove an environment may take minutes while its instances end. */
const BATCH_MILLISECONDS = 10 * 60_000;

// ---------------------------------------------------------------- the group

export const computeEnvironment: Group = {
  name: GROUP,
  title: "Compute Environment",
  purpose: "Machines for AWS Batch that come and go with the work.",
  needs: ["roles", "network"],
  settingsFile: "compute-environments.json",
  resources: (scope) =>
    Object.entries(parseEnvironmentSpecs(scope.declared(GROUP))).flatMap(([name, spec]) => [
      ...(isFargate(spec.type) ? [] : [template(scope, name, spec)]),
      environment(scope, name, spec),
      queue(scope, name),
    ]),
  settings: (of, scope) => {
    const specs = Object.entries(parseEnvironmentSpecs(scope.declared(GROUP)));
    // A file that says nothing is none: the last environment was deleted.
    if (specs.length === 0) return {};
    return {
      environments: Object.fromEntries(
        specs.map(([name, { type, maxVcpus }]) => [
          name,
          {
            compute_environment_arn: of(`${name}-environment`).arn,
            job_queue_arn: of(`${name}-queue`).arn,
            ...(!isFargate(type) && { launch_template_id: of(`${name}-template`).id }),
            type,
            max_vcpus: maxVcpus,
          },
        ]),
      ),
    };
  },
  declaredByDefault: { default: defaultSpec },
  settled: settledEnvironments,
  strays,
};

/** What of environments is there and was made for names that are not asked for any more, or for another type. */
async function strays(scope: Scope): Promise<readonly Resource[]> {
  const specs = parseEnvironmentSpecs(scope.declared(GROUP));
  const removed = new Set(environmentsToRemove(scope.declared(GROUP)));
  const declared = new Set(
    Object.entries(specs).flatMap(([name, { type }]) => [
      ...(isFargate(type) ? [] : [`${name}-template`]),
      `${name}-environment`,
      `${name}-queue`,
    ]),
  );
  const batch = await scope.account.aws.batch();
  const [templates, environments, queues] = await Promise.all([
    launchTemplates(scope).list([
      filter(`tag:${tagKeys.project}`, scope.projectId),
      filter(`tag:${tagKeys.group}`, GROUP),
    ]),
    allPages(async (nextToken) => {
      const answer = await batch.describeComputeEnvironments({ nextToken });
      return { items: answer.computeEnvironments, next: answer.nextToken };
    }),
    allPages(async (nextToken) => {
      const answer = await batch.describeJobQueues({ nextToken });
      return { items: answer.jobQueues, next: answer.nextToken };
    }),
  ]);
  const names = new Map<string, Set<string>>();
  const take = (kind: string, tags: { readonly [key: string]: string } | undefined, status?: string) => {
    if (tags === undefined || status === "DELETED") return;
    const { [tagKeys.part]: part = "", [tagKeys.group]: group } = tags;
    const name = part.endsWith(`-${kind}`) ? part.slice(0, -kind.length - 1) : "";
    if (group !== GROUP || !isEnvironmentName(name) || declared.has(part)) return;
    if (scope.owner(tags, false) !== "ours") return;
    names.set(name, (names.get(name) ?? new Set()).add(kind));
  };
  for (const { Tags } of templates) take("template", tagsOf(Tags));
  for (const { tags, status } of environments) take("environment", tags, status);
  for (const { tags, status } of queues) take("queue", tags, status);
  return [...names].flatMap(([name, kinds]) =>
    [
      ...(kinds.has("template") ? [template(scope, name, defaultSpec)] : []),
      ...(kinds.has("environment") ? [environment(scope, name, defaultSpec)] : []),
      ...(kinds.has("queue") ? [queue(scope, name)] : []),
    ].map((one) =>
      // A template that is left of an environment which is on Fargate now goes by itself.
      removed.has(name) || specs[name] !== undefined ? one : { ...one, staysUntilAsked: true as const },
    ),
  );
}

async function never(): Promise<void> {
  throw new Error("what cannot be changed is replaced");
}

// ---------------------------------------------------------------- launch template

function launchTemplates(scope: Scope): Ec2Kind<LaunchTemplate> {
  const list = async (which: { Filters: Filter[] } | { LaunchTemplateIds: string[] }) => {
    const ec2 = await scope.account.aws.ec2();
    return allPages<LaunchTemplate>(async (NextToken) => {
      const answer = await ec2.describeLaunchTemplates({ ...which, NextToken });
      return { items: answer.LaunchTemplates, next: answer.NextToken };
    });
  };
  return {
    id: ({ LaunchTemplateId = "" }) => LaunchTemplateId,
    tags: ({ Tags }) => Tags,
    // The first version is the one that is used: Batch keeps to the one that it was given (see `template`).
    ref: () => ({ attributes: { version: "1" } }),
    byId: (id) => list({ LaunchTemplateIds: [id] }),
    list: (Filters) => list({ Filters }),
  };
}

/** Blocks tasks that have a network interface of their own from the instance's role (engine-rules.md D2). */
const USER_DATA = [
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="==reprod=="',
  "",
  "--==reprod==",
  'Content-Type: text/x-shellscript; charset="us-ascii"',
  "",
  "#!/bin/sh",
  "echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config",
  "",
  "--==reprod==--",
  "",
].join("\n");

function templateData(scope: Scope, name: string, diskGiB: number): RequestLaunchTemplateData {
  const Tags = tagList({ ...scope.tags(GROUP, `${name}-instance`), Name: scope.name(name) });
  return {
    BlockDeviceMappings: [
      {
        DeviceName: "/dev/xvda",
        Ebs: { VolumeType: "gp3", VolumeSize: diskGiB, Encrypted: true, DeleteOnTermination: true },
      },
    ],
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1, HttpEndpoint: "enabled" },
    UserData: Buffer.from(USER_DATA).toString("base64"),
    TagSpecifications: [
      { ResourceType: "instance", Tags },
      { ResourceType: "volume", Tags },
    ],
  };
}

/**
 * Batch takes a version when an environment is made and keeps to it, even for `$Latest`, and changes it only for
 * environments under its service-linked role. So there is one version, the first, and another content is another
 * template with another environment. Versions that somebody adds are used by nothing of ours.
 */
function template(scope: Scope, name: string, { diskGiB = DEFAULT_DISK }: EnvironmentSpec): Resource {
  const part = `${name}-template`;
  const kind = launchTemplates(scope);
  const look = lookUp(scope, GROUP, part, kind, {
    order: (items) =>
      [...items].sort((a, b) => (a.CreateTime?.getTime() ?? 0) - (b.CreateTime?.getTime() ?? 0)),
    named: () => [filter("launch-template-name", scope.name(part))],
  });
  const remove = async (LaunchTemplateId: string): Promise<void> => {
    await unlessGone((await scope.account.aws.ec2()).deleteLaunchTemplate({ LaunchTemplateId }));
  };
  return resource<Looked<LaunchTemplate>>({
    part,
    kind: "launch template",
    name: scope.name(part),
    detail: `IMDSv2, encrypted gp3 disk of ${diskGiB} GiB`,
    find: look.find,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      return createdOrFound(
        async () => {
          const { LaunchTemplate } = await ec2.createLaunchTemplate({
            LaunchTemplateName: scope.name(part),
            LaunchTemplateData: templateData(scope, name, diskGiB),
            TagSpecifications: tagsOnCreate("launch-template", scope, GROUP, part),
            ClientToken: randomUUID(),
          });
          if (LaunchTemplate === undefined)
            throw new Error("AWS made a launch template and did not say which");
          return look.found(LaunchTemplate, at);
        },
        (error) => error.name === "InvalidLaunchTemplateName.AlreadyExistsException",
        () => look.find(at),
      );
    },
    compare: async (found) => {
      const ec2 = await scope.account.aws.ec2();
      const versions = await whileFresh(
        allPages<LaunchTemplateVersion>(async (NextToken) => {
          const answer = await ec2.describeLaunchTemplateVersions({ LaunchTemplateId: found.id, NextToken });
          return { items: answer.LaunchTemplateVersions, next: answer.NextToken };
        }),
      );
      const first = versions.find(({ VersionNumber }) => VersionNumber === 1);
      const common = commonDifferences(scope, GROUP, part, found, found.live.item.Tags, remove);
      if (first === undefined)
        return [...common, { what: "version 1", is: "none", shouldBe: "there", replace: true, mend: never }];
      return [...common, ...templateDifferences(first, templateData(scope, name, diskGiB))];
    },
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    console: ({ id }) => consolePage(scope.account, `ec2/home#LaunchTemplateDetails:launchTemplateId=${id}`),
  });
}

/** What is read of a version: AWS answers with the same shapes as it is asked with, under types of their own. */
interface TemplateShape {
  readonly BlockDeviceMappings?:
    | readonly {
        readonly DeviceName?: string | undefined;
        readonly Ebs?:
          | {
              readonly VolumeType?: string | undefined;
              readonly VolumeSize?: number | undefined;
              readonly Encrypted?: boolean | undefined;
            }
          | undefined;
      }[]
    | undefined;
  readonly MetadataOptions?:
    | { readonly HttpTokens?: string | undefined; readonly HttpPutResponseHopLimit?: number | undefined }
    | undefined;
  readonly UserData?: string | undefined;
}

function templateDifferences(
  { LaunchTemplateData = {} }: LaunchTemplateVersion,
  wanted: RequestLaunchTemplateData,
): readonly Difference[] {
  const aspects: readonly (readonly [what: string, (data: TemplateShape) => string])[] = [
    [
      "disk",
      ({ BlockDeviceMappings = [] }) =>
        BlockDeviceMappings.map(({ DeviceName, Ebs }) =>
          [
            DeviceName,
            Ebs?.VolumeType,
            `${Ebs?.VolumeSize} GiB`,
            Ebs?.Encrypted === true ? "encrypted" : "plain",
          ].join(" "),
        ).join(", "),
    ],
    [
      "instance metadata",
      ({ MetadataOptions: options }) =>
        `tokens ${options?.HttpTokens}, hop limit ${options?.HttpPutResponseHopLimit}`,
    ],
    ["user data", ({ UserData }) => (UserData === wanted.UserData ? "as declared" : "another")],
  ];
  return aspects.flatMap(([what, of]) => {
    const is = of(LaunchTemplateData);
    const shouldBe = of(wanted);
    return is === shouldBe ? [] : [{ what, is: is || "none", shouldBe, replace: true as const, mend: never }];
  });
}

// ---------------------------------------------------------------- compute environment

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

function environment(scope: Scope, name: string, spec: EnvironmentSpec): Resource {
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

/** Batch takes changes only while it works on nothing. It says no status of what is neither. */
function isServiceLinked(role: string): boolean {
  return role.includes(":role/aws-service-role/");
}

function isSettled(status: string | undefined): boolean {
  return status === undefined || status === "VALID" || status === "INVALID";
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

// ---------------------------------------------------------------- job queue

/** Everything before an end. */
const unfinished: readonly JobStatus[] = ["RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED"];

function queue(scope: Scope, name: string): Resource {
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
