import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { Batch, type ComputeEnvironmentDetail } from "@aws-sdk/client-batch";
import { EC2 } from "@aws-sdk/client-ec2";
import { Failure } from "../../../server/base/failure.js";
import {
  defaultSpec,
  isEnvironmentName,
  LEFT,
  parseEnvironmentSpecs,
  settledEnvironments,
  withEnvironment,
  withoutEnvironment,
} from "../../../server/cloud/groups/support/environment-specs.js";
import type { Plan } from "../../../server/cloud/reconcile/plan.js";
import { planSetup, type Request, readResources } from "../../../server/cloud/setup.js";
import { absolutePath } from "../../../server/data/files.js";
import { readProject } from "../../../server/data/project.js";
import { type Account, awsTests } from "../support/aws.js";
import { failWith5xx, loseAnswerOf, only, throttleEvery } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";
import { actions, type Checkout, checkout, differences, fastClock } from "./support/project.js";

const awsTest = awsTests();
const GROUP = "compute-environment";

/** With roles and network set up. */
async function ready(t: TestContext, aws: Account): Promise<Checkout> {
  const project = await checkout(t, aws);
  await project.apply("roles");
  await project.apply("network");
  aws.clear();
  return project;
}

function requestOf({ root, account }: Checkout): Omit<Request, "groups"> {
  return { project: readProject(absolutePath(root)), account, clock: fastClock() };
}

/** The plan for what is made of what is known, as commands ask for it. */
async function declaring(project: Checkout, change: (now: unknown) => unknown): Promise<Plan> {
  const declare = new Map([[GROUP, change] as const]);
  return (await planSetup({ ...requestOf(project), groups: [GROUP], declare })).plan;
}

async function ofBatch(aws: Account, project: Checkout): Promise<readonly string[]> {
  return (await taggedResources(aws, project.projectId)).filter((one) => /^(compute|job|launch)/.test(one));
}

async function fails(work: Promise<unknown> | (() => unknown), code: string): Promise<Failure> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`no ${code}`);
}

/**
 * Batch as it takes its time, over moto, where all is done at once and an update changes nothing. A stand-in for states
 * alone: every call goes on to moto as well.
 */
class Slow {
  readonly statuses: string[] = [];
  maxvCpus: number | undefined;
  /** How many looks each change takes. */
  looks = 3;
  invalid: string | undefined;
  #left = 0;
  #doing: "CREATING" | "UPDATING" | "DELETING" | undefined;
  #last: ComputeEnvironmentDetail | undefined;

  constructor(project: Checkout) {
    const { account } = project;
    project.account = {
      ...account,
      aws: { ...account.aws, batch: async () => this.over(await account.aws.batch()) },
    };
  }

  private over(batch: Batch): Batch {
    const begin = (doing: "CREATING" | "UPDATING" | "DELETING") => {
      this.#doing = doing;
      this.#left = this.looks;
    };
    const own = {
      createComputeEnvironment: async (input: Parameters<Batch["createComputeEnvironment"]>[0]) => {
        begin("CREATING");
        return batch.createComputeEnvironment(input);
      },
      updateComputeEnvironment: async (input: Parameters<Batch["updateComputeEnvironment"]>[0]) => {
        if (this.#left > 0) throw new Error("Cannot update, resource is being modified.");
        if (input.computeResources?.maxvCpus !== undefined) this.maxvCpus = input.computeResources.maxvCpus;
        begin("UPDATING");
        return batch.updateComputeEnvironment(input);
      },
      deleteComputeEnvironment: async (input: Parameters<Batch["deleteComputeEnvironment"]>[0]) => {
        if (this.#left > 0) throw new Error("Cannot delete, resource is being modified.");
        begin("DELETING");
        return batch.deleteComputeEnvironment(input);
      },
      describeComputeEnvironments: async (input: Parameters<Batch["describeComputeEnvironments"]>[0]) => {
        const answer = await batch.describeComputeEnvironments(input);
        if (input.computeEnvironments === undefined) return answer;
        const [live = this.#doing === "DELETING" && this.#left > 0 ? this.#last : undefined] =
          answer.computeEnvironments ?? [];
        if (live === undefined) return answer;
        this.#last = live;
        const busy = this.#left-- > 0 ? this.#doing : undefined;
        const status = busy ?? (this.invalid === undefined ? "VALID" : "INVALID");
        this.statuses.push(status);
        const resources = this.maxvCpus === undefined ? {} : { maxvCpus: this.maxvCpus };
        const computeResources = live.computeResources && { ...live.computeResources, ...resources };
        return {
          ...answer,
          computeEnvironments: [{ ...live, status, statusReason: this.invalid, computeResources }],
        };
      },
    };
    return new Proxy(batch, {
      get: (target, name) => Reflect.get(own, name) ?? Reflect.get(target, name),
    }) as Batch;
  }
}

awsTest("an environment: from nothing, again, and away with what it made", async (t, aws) => {
  const project = await ready(t, aws);
  const batch = aws.client(Batch);
  const ec2 = aws.client(EC2);
  const declared = withEnvironment(null, "default");
  const plan = await project.plan(GROUP, declared);
  assert.deepEqual(actions(plan), [
    "create compute-environment/default-template",
    "create compute-environment/default-environment",
    "create compute-environment/default-queue",
  ]);
  assert.equal(plan.atRest, 0);
  assert.match(plan.steps[1]?.cost?.use ?? "", /^EC2 Spot prices while jobs run/);
  assert.deepEqual(
    plan.steps.map(({ detail }) => detail),
    ["IMDSv2, encrypted gp3 disk of 100 GiB", "spot, up to 64 vCPUs, instances as Batch chooses", undefined],
  );
  await project.apply(GROUP, declared);

  const { computeEnvironments: [environment] = [] } = await batch.describeComputeEnvironments({});
  const { jobQueues: [queue] = [] } = await batch.describeJobQueues({});
  const { LaunchTemplates: [template] = [] } = await ec2.describeLaunchTemplates();
  const network = project.settings("network-settings.json");
  const roles = project.settings("environment-settings.json");
  const is = environment?.computeResources;
  assert.equal(environment?.computeEnvironmentName, project.name("default-environment"));
  assert.equal(environment?.state, "ENABLED");
  assert.equal(environment?.serviceRole, Reflect.get(Object(roles.roles), "batch_service"));
  assert.deepEqual(
    [
      is?.type,
      is?.allocationStrategy,
      is?.minvCpus,
      is?.maxvCpus,
      is?.subnets,
      is?.securityGroupIds,
      is?.instanceRole,
    ],
    [
      "SPOT",
      "SPOT_PRICE_CAPACITY_OPTIMIZED",
      0,
      64,
      network.subnet_ids,
      [network.security_group_id],
      roles.instance_profile,
    ],
  );
  assert.deepEqual(is?.launchTemplate, { launchTemplateId: template?.LaunchTemplateId, version: "1" });
  assert.deepEqual(
    [queue?.priority, queue?.state, queue?.computeEnvironmentOrder],
    [1, "ENABLED", [{ order: 1, computeEnvironment: environment?.computeEnvironmentArn }]],
  );
  const { LaunchTemplateVersions: [version] = [] } = await ec2.describeLaunchTemplateVersions({
    LaunchTemplateId: template?.LaunchTemplateId,
  });
  const data = version?.LaunchTemplateData;
  assert.deepEqual(
    [data?.MetadataOptions?.HttpTokens, data?.MetadataOptions?.HttpPutResponseHopLimit],
    ["required", 1],
  );
  const [disk] = data?.BlockDeviceMappings ?? [];
  assert.deepEqual([disk?.Ebs?.VolumeType, disk?.Ebs?.VolumeSize, disk?.Ebs?.Encrypted], ["gp3", 100, true]);
  assert.match(Buffer.from(data?.UserData ?? "", "base64").toString(), /ECS_AWSVPC_BLOCK_IMDS=true/);
  assert.deepEqual(
    // moto puts the template's own tags among them.
    data?.TagSpecifications?.map(({ ResourceType }) => ResourceType).slice(0, 2),
    ["instance", "volume"],
  );
  for (const { Tags = [] } of data?.TagSpecifications ?? [])
    assert.ok(Tags.some(({ Key, Value }) => Key === "reprod:project" && Value === project.projectId));
  assert.deepEqual(project.settings("compute-environments.json"), {
    environments: {
      default: {
        compute_environment_arn: environment?.computeEnvironmentArn,
        job_queue_arn: queue?.jobQueueArn,
        launch_template_id: template?.LaunchTemplateId,
        type: "spot",
        max_vcpus: 64,
      },
    },
  });

  aws.clear();
  assert.deepEqual(actions(await project.plan(GROUP)), []);
  await project.apply(GROUP);
  assert.deepEqual(
    aws.mutations().filter(({ service }) => service !== "ssm"),
    [],
  );
  assert.equal((await project.state(GROUP)).state, "ready");

  await fails(project.planRemoval("network"), "needed-by");
  assert.deepEqual((await project.remove([GROUP])).left, []);
  assert.deepEqual(await ofBatch(aws, project), []);
  assert.equal((await project.state(GROUP)).state, "not-set-up");
  assert.deepEqual((await project.remove(["network", "roles"])).left, []);
  assert.deepEqual(await taggedResources(aws, project.projectId), []);
  assert.deepEqual(aws.crashes, []);
});

awsTest("several by name: one more, one away, one of another kind", async (t, aws) => {
  const project = await ready(t, aws);
  await project.apply(GROUP, withEnvironment(null, "default"));
  const two = withEnvironment(withEnvironment(null, "default"), "big", { type: "fargate", maxVcpus: 16 });
  const plan = await project.plan(GROUP, two);
  assert.deepEqual(actions(plan), [
    "create compute-environment/big-environment",
    "create compute-environment/big-queue",
  ]);
  await project.apply(GROUP, two);
  assert.equal((await ofBatch(aws, project)).length, 5);
  const { computeEnvironments = [] } = await aws.client(Batch).describeComputeEnvironments({});
  assert.deepEqual(
    computeEnvironments.map(({ serviceRole = "" }) => serviceRole.replace(/^[^/]*\//, "")).sort(),
    ["aws-service-role/batch.amazonaws.com/AWSServiceRoleForbatch", project.name("batch-service")].sort(),
  );
  const { big } = Object(project.settings("compute-environments.json").environments);
  assert.deepEqual(Object.keys(big), ["compute_environment_arn", "job_queue_arn", "type", "max_vcpus"]);

  const one = withoutEnvironment(two, "default");
  const removal = await project.plan(GROUP, one);
  assert.deepEqual(actions(removal), [
    "remove compute-environment/default-template",
    "remove compute-environment/default-environment",
    "remove compute-environment/default-queue",
  ]);
  await project.apply(GROUP, one);
  assert.deepEqual(await ofBatch(aws, project), [
    `compute-environment ${project.name("big-environment")}`,
    `job-queue ${project.name("big-queue")}`,
  ]);

  // Another kind is another environment under the same name.
  const spot = withEnvironment(one, "big", { type: "spot", maxVcpus: 16 });
  assert.deepEqual(actions(await project.plan(GROUP, spot)), [
    "create compute-environment/big-template",
    "replace compute-environment/big-environment",
    "replace compute-environment/big-queue",
  ]);
  await project.apply(GROUP, spot);
  assert.deepEqual(actions(await project.plan(GROUP)), []);
  const disk = withEnvironment(spot, "big", { diskGiB: 500 });
  const bigger = await project.plan(GROUP, disk);
  assert.deepEqual(differences(bigger), [
    "compute-environment/big-template disk: /dev/xvda gp3 100 GiB encrypted → /dev/xvda gp3 500 GiB encrypted",
  ]);
  assert.deepEqual(
    bigger.steps.map(({ action }) => action),
    ["replace", "replace", "replace"],
  );
  await project.apply(GROUP, disk);
  assert.deepEqual(actions(await project.plan(GROUP)), []);
  // Back to Fargate: the launch template has no use any more.
  const fargate = withEnvironment(disk, "big", { type: "fargate" });
  await project.apply(GROUP, fargate);
  assert.equal((await ofBatch(aws, project)).length, 2);

  await project.apply(GROUP, withoutEnvironment(fargate, "big"));
  assert.deepEqual(await ofBatch(aws, project), []);
  assert.equal((await project.state(GROUP)).state, "not-set-up");
});

awsTest(
  "F3 a settings file that is lost costs no environment: what is there is asked for as it is, and put back",
  async (t, aws) => {
    const project = await ready(t, aws);
    const lose = () => fs.rmSync(path.join(project.root, "compute-environments.json"));
    let three: unknown = withEnvironment(null, "default");
    const big = { type: "on-demand", maxVcpus: 16, diskGiB: 50, instanceTypes: ["c5.large", "m5"] } as const;
    three = withEnvironment(three, "big", big);
    three = withEnvironment(three, "none", { type: "fargate-spot", maxVcpus: 3 });
    await project.apply(GROUP, three);
    const made = await ofBatch(aws, project);
    const settings = project.settings("compute-environments.json");
    lose();
    const readings = await readResources(requestOf(project));
    assert.deepEqual(readings.scope.declared(GROUP), three);
    assert.equal(readings.byKey.get(`${GROUP}/big-queue`)?.stray, false);
    aws.clear();
    const plan = await project.plan(GROUP);
    // Listed once for what was asked for and what is not asked for any more.
    assert.equal(aws.calls.filter(({ name }) => name === "ec2:DescribeLaunchTemplateVersions").length, 4);
    assert.deepEqual([actions(plan), plan.notes], [[], []]);
    assert.equal(plan.steps.length, 8);
    aws.clear();
    await project.apply(GROUP);
    assert.deepEqual(
      aws.mutations().filter(({ service }) => service !== "ssm"),
      [],
    );
    assert.deepEqual(project.settings("compute-environments.json"), settings);
    assert.equal((await project.state(GROUP)).state, "ready");

    // Of all that is asked for next, what is there is known too.
    lose();
    const before = await declaring(project, (now) => withEnvironment(now, "big", { maxVcpus: 32 }));
    assert.deepEqual(differences(before), ["compute-environment/big-environment max vCPUs: 16 → 32"]);
    const without = await declaring(project, (now) => withoutEnvironment(now, "big"));
    assert.deepEqual(actions(without), [
      "remove compute-environment/big-template",
      "remove compute-environment/big-environment",
      "remove compute-environment/big-queue",
    ]);
    assert.deepEqual(
      without.steps.slice(-3).map(({ detail }) => detail),
      [undefined, "on-demand, up to 16 vCPUs, c5.large m5", undefined],
    );
    assert.equal((await ofBatch(aws, project)).length, made.length);
  },
);

awsTest("the last one that is deleted is not followed by the default one", async (t, aws) => {
  const project = await ready(t, aws);
  assert.equal(actions(await project.plan(GROUP)).length, 3);
  const one = withEnvironment(null, "one", { type: "fargate" });
  await project.apply(GROUP, one);
  await project.apply(GROUP, withoutEnvironment(one, "one"));
  assert.deepEqual(await ofBatch(aws, project), []);
  const plan = await project.plan(GROUP);
  assert.deepEqual([plan.steps, plan.groups[0]?.state], [[], "not-set-up"]);
  await project.apply(GROUP);
  // A group that is torn down begins anew.
  await project.remove([GROUP]);
  assert.ok(!fs.existsSync(path.join(project.root, "compute-environments.json")));
  assert.equal(actions(await project.plan(GROUP)).length, 3);
});

awsTest("what was changed or deleted by hand is told and put right", async (t, aws) => {
  const project = await ready(t, aws);
  const batch = aws.client(Batch);
  const ec2 = aws.client(EC2);
  await project.apply(GROUP, withEnvironment(null, "default"));
  const computeEnvironment = project.name("default-environment");
  const jobQueue = project.name("default-queue");
  await batch.updateComputeEnvironment({ computeEnvironment, state: "DISABLED" });
  await batch.updateJobQueue({ jobQueue, state: "DISABLED", priority: 7 });
  assert.deepEqual(differences(await project.plan(GROUP)), [
    "compute-environment/default-environment state: disabled → enabled",
    "compute-environment/default-queue state: disabled → enabled",
    "compute-environment/default-queue priority: 7 → 1",
  ]);
  await project.apply(GROUP);
  assert.deepEqual(differences(await project.plan(GROUP)), []);

  await batch.updateJobQueue({ jobQueue, state: "DISABLED" });
  await batch.deleteJobQueue({ jobQueue });
  assert.deepEqual(actions(await project.plan(GROUP)), ["create compute-environment/default-queue"]);
  await project.apply(GROUP);
  await ec2.deleteLaunchTemplate({ LaunchTemplateName: project.name("default-template") });
  assert.deepEqual(actions(await project.plan(GROUP)), [
    "create compute-environment/default-template",
    "replace compute-environment/default-environment",
    "replace compute-environment/default-queue",
  ]);
  await project.apply(GROUP);
  assert.deepEqual(actions(await project.plan(GROUP)), []);
  assert.equal((await ofBatch(aws, project)).length, 3);
});

awsTest(
  "Batch takes its time: it is waited for, and what it cannot use is told with its reason",
  async (t, aws) => {
    const project = await ready(t, aws);
    const slow = new Slow(project);
    await project.apply(GROUP, withEnvironment(null, "default"));
    assert.ok(slow.statuses.includes("CREATING"));
    // Longer than a minute of a service that is just not heard of everywhere.
    slow.looks = 12;
    const more = withEnvironment(null, "default", { maxVcpus: 128 });
    assert.deepEqual(differences(await project.plan(GROUP, more)), [
      "compute-environment/default-environment max vCPUs: 64 → 128",
    ]);
    await project.apply(GROUP, more);
    assert.equal(slow.maxvCpus, 128);
    assert.deepEqual(actions(await project.plan(GROUP)), []);

    slow.invalid = "CLIENT_ERROR - Access denied";
    slow.looks = 1;
    assert.deepEqual(differences(await project.plan(GROUP)), [
      "compute-environment/default-environment status: invalid: CLIENT_ERROR - Access denied → valid",
    ]);
    const failure = await fails(project.apply(GROUP), "compute-environment-invalid");
    assert.equal(failure.why, "It says: CLIENT_ERROR - Access denied.");
    slow.invalid = undefined;
    slow.looks = 10;
    assert.deepEqual((await project.remove([GROUP])).left, []);
    assert.ok(slow.statuses.includes("DELETING"));
    assert.deepEqual(await ofBatch(aws, project), []);

    // So long that it is left for later, which goes on.
    await project.apply(GROUP, withEnvironment(null, "default"));
    slow.looks = 1000;
    const { left } = await project.remove([GROUP]);
    assert.deepEqual(
      left.map(({ step, why }) => `${step.key}: ${why}`),
      [
        "compute-environment/default-environment: it is still in use; try again later",
        "compute-environment/default-template: compute environment compute-environment/default-environment uses it",
      ],
    );
  },
);

awsTest("F5 jobs that have not ended speak against removal", async (t, aws) => {
  const project = await ready(t, aws);
  const { account } = project;
  await project.apply(GROUP, withEnvironment(null, "default"));
  // moto ends jobs at once or needs Docker.
  const batch = await account.aws.batch();
  const listJobs = async ({ jobStatus }: { jobStatus?: string }) => ({
    jobSummaryList: jobStatus === "RUNNING" ? [{ jobId: "1", jobName: "align-1" }] : [],
  });
  const busy = new Proxy(batch, {
    get: (target, name) => (name === "listJobs" ? listJobs : Reflect.get(target, name)),
  });
  project.account = { ...account, aws: { ...account.aws, batch: async () => busy } };
  const { against } = await project.planRemoval(GROUP);
  assert.deepEqual(
    against.map(({ why }) => why),
    [`a job has not ended in the queue ${project.name("default-queue")}: align-1`],
  );
  await fails(project.remove([GROUP]), "in-use");
  assert.deepEqual((await project.remove([GROUP], true)).left, []);
});

awsTest("F3 lost answers, throttling and failures leave one of each", async (t, aws) => {
  const project = await ready(t, aws);
  for (const name of ["ec2:CreateLaunchTemplate", "batch:CreateComputeEnvironment", "batch:CreateJobQueue"]) {
    aws.inject(only((call) => call.name === name, loseAnswerOf(1)));
    await project.apply(GROUP, withEnvironment(null, "default"));
    aws.inject();
    assert.equal((await ofBatch(aws, project)).length, 3, name);
    await project.remove([GROUP]);
    assert.deepEqual(await ofBatch(aws, project), []);
  }
  aws.inject(throttleEvery(9), failWith5xx(1));
  await project.apply(GROUP, withEnvironment(null, "default"));
  await project.remove([GROUP]);
  aws.inject();
  assert.deepEqual(await ofBatch(aws, project), []);
});

awsTest("F1 an environment of our name that nobody tagged is not ours, and stays", async (t, aws) => {
  const project = await ready(t, aws);
  const batch = aws.client(Batch);
  const roles = project.settings("environment-settings.json");
  // moto gives what was deleted's tags to what is made under its name, so nothing was deleted here before.
  await batch.createComputeEnvironment({
    computeEnvironmentName: project.name("other-environment"),
    type: "UNMANAGED",
    serviceRole: String(Reflect.get(Object(roles.roles), "batch_service")),
  });
  await fails(project.plan(GROUP, withEnvironment(null, "other")), "not-ours");
  await project.remove([GROUP]);
  assert.equal((await batch.describeComputeEnvironments({})).computeEnvironments?.length, 1);
});

awsTest("what is asked for is checked, wherever it comes from", async () => {
  assert.deepEqual(parseEnvironmentSpecs(null), {});
  assert.deepEqual(withEnvironment(null, "b"), { b: defaultSpec });
  assert.deepEqual(Object.keys(withEnvironment({ b: defaultSpec }, "a")), ["a", "b"]);
  assert.deepEqual(withEnvironment(null, "f", { type: "fargate-spot" }), {
    f: { type: "fargate-spot", maxVcpus: 64 },
  });
  assert.deepEqual(withEnvironment({ f: { type: "fargate", maxVcpus: 3 } }, "f", { type: "on-demand" }), {
    f: { type: "on-demand", maxVcpus: 3, diskGiB: 100 },
  });
  assert.deepEqual(withEnvironment(null, "a", { instanceTypes: ["m7i.large", "c7g"] }), {
    a: { type: "spot", maxVcpus: 64, instanceTypes: ["m7i.large", "c7g"], diskGiB: 100 },
  });
  // What is to go is remembered until it is gone, and nothing else ever goes.
  assert.deepEqual(withoutEnvironment({ a: defaultSpec }, "a"), { a: null });
  assert.deepEqual(parseEnvironmentSpecs({ a: null }), {});
  assert.deepEqual(withoutEnvironment({ a: null }, "a"), { a: null });
  await fails(() => withoutEnvironment(null, "a"), "environment-unknown");
  assert.deepEqual(withoutEnvironment({ a: null, b: LEFT, c: defaultSpec }, "b"), {
    ...{ a: null, b: null, c: defaultSpec },
  });
  assert.deepEqual(withEnvironment({ a: null, b: LEFT }, "c"), { a: null, b: LEFT, c: defaultSpec });
  assert.deepEqual(parseEnvironmentSpecs({ a: null, b: LEFT }), {});
  assert.deepEqual(settledEnvironments({ a: null, b: LEFT, c: defaultSpec }), { c: defaultSpec });
  assert.deepEqual([settledEnvironments(null), settledEnvironments({ a: null })], [null, {}]);
  const fargate = await fails(
    () => withEnvironment(null, "f2", { type: "fargate", diskGiB: 50 }),
    "environments-invalid",
  );
  assert.equal(
    fargate.message,
    'environments of AWS Batch are not declared rightly: "f2 is on Fargate, where there is no choice of a disk size (--disk)"',
  );
  for (const name of ["", "A", "1a", "a_b", "a".repeat(21), "-a"]) {
    assert.ok(!isEnvironmentName(name), name);
    await fails(() => withEnvironment(null, name), "environment-name");
  }
  for (const broken of [
    [],
    "x",
    { A: defaultSpec },
    { a: { type: "spot" } },
    { a: { type: "spit", maxVcpus: 1 } },
    { a: { type: "spot", maxVcpus: 0 } },
    { a: { type: "spot", maxVcpus: 1.5 } },
    { a: { type: "spot", maxVcpus: 1, diskGiB: 20 } },
    { a: { type: "spot", maxVcpus: 1, instanceTypes: [] } },
    { a: { type: "spot", maxVcpus: 1, instanceTypes: ["a b"] } },
    { a: { type: "spot", maxVcpus: 1, colour: "red" } },
    { a: { type: "fargate", maxVcpus: 1, diskGiB: 100 } },
  ]) {
    await fails(() => parseEnvironmentSpecs(broken), "environments-invalid");
  }
});
