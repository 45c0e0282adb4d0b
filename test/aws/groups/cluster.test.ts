import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECS } from "@aws-sdk/client-ecs";
import { S3 } from "@aws-sdk/client-s3";
import { cluster } from "../../../server/cloud/groups/cluster.js";
import type { At } from "../../../server/cloud/reconcile/resource.js";
import { makeScope } from "../../../server/cloud/reconcile/scope.js";
import { type Account, awsTests, REGION } from "../support/aws.js";
import { denyAction } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";
import { settingUp } from "./support/world.js";

const test = awsTests();
const groups = ["roles", "cluster"] as const;

test("a cluster with Fargate, Fargate Spot and a log group; again, nothing is done", async (t, account) => {
  const world = await settingUp(t, account);
  const { plan } = await world.plan(["roles"]);
  await world.apply(["roles"]);
  assert.ok(plan.steps.length > 0);

  const first = await world.plan(["cluster"]);
  assert.deepEqual(
    first.plan.steps.map(({ key, action, kind, detail, cost, losesData }) => ({
      key,
      action,
      kind,
      detail,
      cost,
      losesData,
    })),
    [
      {
        key: "cluster/log-group",
        action: "create",
        kind: "log group",
        detail: "what tasks write, kept 90 days",
        cost: { atRest: 0, use: "$0.50 per GB written" },
        losesData: false,
      },
      {
        key: "cluster/cluster",
        action: "create",
        kind: "ECS cluster",
        detail: "Fargate and Fargate Spot",
        cost: { atRest: 0 },
        losesData: false,
      },
    ],
  );
  await world.apply(["cluster"]);

  const name = world.name("cluster");
  const ecs = account.client(ECS);
  const { clusters } = await ecs.describeClusters({
    clusters: [name],
    include: ["TAGS", "SETTINGS", "CONFIGURATIONS"],
  });
  const [cluster] = clusters ?? [];
  assert.equal(cluster?.status, "ACTIVE");
  assert.deepEqual([...(cluster?.capacityProviders ?? [])].sort(), ["FARGATE", "FARGATE_SPOT"]);
  assert.deepEqual(cluster?.settings, [{ name: "containerInsights", value: "disabled" }]);
  assert.deepEqual(
    Object.fromEntries((cluster?.tags ?? []).map(({ key, value }) => [key, value])),
    world.tags("cluster", "cluster"),
  );
  const logs = account.client(CloudWatchLogs);
  const [group] =
    (await logs.describeLogGroups({ logGroupNamePrefix: `/reprod/${world.name("tasks")}` })).logGroups ?? [];
  assert.equal(group?.retentionInDays, 90);
  assert.deepEqual(world.settings("cluster-settings.json"), {
    cluster_name: name,
    cluster_arn: `arn:aws:ecs:${REGION}:${account.accountId}:cluster/${name}`,
    log_group: `/reprod/${world.name("tasks")}`,
  });

  account.clear();
  const second = await world.plan(groups);
  assert.deepEqual(world.changes(second.plan), []);
  assert.equal((await world.state("cluster")).state, "ready");
  await world.apply(groups);
  assert.deepEqual(
    account.mutations().filter(({ service }) => service !== "ssm"),
    [],
  );
});

test("what was changed or deleted by hand is told and mended", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(groups);
  const ecs = account.client(ECS);
  const logs = account.client(CloudWatchLogs);
  const cluster = world.name("cluster");
  const logGroupName = `/reprod/${world.name("tasks")}`;
  const clusterArn = `arn:aws:ecs:${REGION}:${account.accountId}:cluster/${cluster}`;
  const logArn = `arn:aws:logs:${REGION}:${account.accountId}:log-group:${logGroupName}`;

  await ecs.putClusterCapacityProviders({
    cluster,
    capacityProviders: ["FARGATE"],
    defaultCapacityProviderStrategy: [],
  });
  await ecs.updateCluster({ cluster, settings: [{ name: "containerInsights", value: "enabled" }] });
  await ecs.updateCluster({
    cluster,
    configuration: { executeCommandConfiguration: { logging: "DEFAULT" } },
  });
  await ecs.untagResource({ resourceArn: clusterArn, tagKeys: ["reprod:part"] });
  await logs.deleteRetentionPolicy({ logGroupName });
  await logs.tagResource({ resourceArn: logArn, tags: { "reprod:group": "x" } });
  const { plan } = await world.plan(["cluster"]);
  assert.deepEqual(world.changes(plan), [
    "change cluster/log-group: retention for ever → 90 days; tags reprod:group x → reprod:group cluster",
    "change cluster/cluster: capacity providers FARGATE → FARGATE, FARGATE_SPOT; container insights enabled → disabled; ECS Exec logging DEFAULT → NONE; tags no reprod:part → reprod:part cluster",
  ]);
  assert.equal((await world.state("cluster")).state, "drifted");
  await world.apply(["cluster"]);
  assert.equal((await world.state("cluster")).state, "ready");

  // One that was deleted is still told of as INACTIVE.
  await ecs.deleteCluster({ cluster });
  await logs.deleteLogGroup({ logGroupName });
  const gone = await world.plan(["cluster"]);
  assert.deepEqual(world.changes(gone.plan), [
    `create cluster/log-group: ${logGroupName} is gone`,
    `create cluster/cluster: ${cluster} is gone`,
  ]);
  await world.apply(["cluster"]);
  assert.equal((await world.state("cluster")).state, "ready");
});

test("F1 a cluster or log group of our name that somebody else made is not touched", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(["roles"]);
  const logs = account.client(CloudWatchLogs);
  const logGroupName = `/reprod/${world.name("tasks")}`;
  await logs.createLogGroup({ logGroupName });
  await assert.rejects(world.plan(["cluster"]), { code: "not-ours" });
  await logs.deleteLogGroup({ logGroupName });

  const ecs = account.client(ECS);
  await ecs.createCluster({
    clusterName: world.name("cluster"),
    tags: [{ key: "reprod:project", value: "aaaaaaaaaaaa" }],
  });
  await assert.rejects(world.plan(["cluster"]), { code: "not-ours" });
});

test("F1 an id that was edited by hand in the settings file makes no cluster of others ours", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(groups);
  await account.client(ECS).createCluster({ clusterName: "lab" });
  const file = path.join(world.root, "cluster-settings.json");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replaceAll(`"${world.name("cluster")}"`, '"lab"'));
  await world.apply(["cluster"]);
  assert.equal(world.settings("cluster-settings.json").cluster_name, world.name("cluster"));
  await world.remove(["cluster"]);
  const { clusters = [] } = await account.client(ECS).describeClusters({ clusters: ["lab"] });
  assert.deepEqual(
    clusters.map(({ status }) => status),
    ["ACTIVE"],
  );
});

test("F5 logs that tasks wrote are told before they go", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(groups);
  const logs = account.client(CloudWatchLogs);
  const logGroupName = `/reprod/${world.name("tasks")}`;
  assert.deepEqual((await world.planRemoval(["cluster"])).against, []);
  await logs.createLogStream({ logGroupName, logStreamName: "a" });
  // Its size is told hours later: until then the stream alone says that there is something.
  assert.deepEqual((await world.planRemoval(["cluster"])).against, [
    {
      key: "cluster/log-group",
      why: `the log group ${logGroupName} has log streams, whose newest lines are not counted yet`,
    },
  ]);
  await logs.putLogEvents({
    logGroupName,
    logStreamName: "a",
    logEvents: [{ timestamp: Date.now(), message: "x".repeat(2048) }],
  });
  const { against } = await world.planRemoval(["cluster"]);
  assert.deepEqual(
    against.map(({ key }) => key),
    ["cluster/log-group"],
  );
  assert.match(against[0]?.why ?? "", /^the log group \/reprod\/\S+ holds 2(\.\d)? KiB of logs$/);
  await assert.rejects(world.remove(["cluster"]), { code: "in-use" });
  assert.deepEqual((await world.remove(["cluster"], { force: true })).left, []);
});

test("F5 others' tasks in an adopted cluster do not speak against letting go of it, ours do", async (t, account) => {
  const ecs = account.client(ECS);
  await ecs.createCluster({ clusterName: "lab", capacityProviders: ["FARGATE", "FARGATE_SPOT"] });
  const world = await settingUp(t, account, { adopt: { "cluster/cluster": "lab" } });
  await world.apply(groups);
  await runTasks(account, "lab", "of-others", {});
  assert.deepEqual((await world.planRemoval(["cluster"])).against, []);
  await runTasks(account, "lab", world.name("node"), { "reprod:project": world.projectId });
  assert.deepEqual(
    (await world.planRemoval(["cluster"])).against.map(({ why }) => why),
    ["2 tasks of this project run or wait in the cluster lab"],
  );
  assert.deepEqual((await world.remove(["cluster"], { force: true })).left, []);
  assert.ok((await ecs.listTasks({ cluster: "lab", family: "of-others" })).taskArns?.length === 2);
});

for (const by of ["name", "ARN"] as const) {
  test(`F2 a cluster is adopted by its ${by}: it gets one tag, and loses it again`, async (t, account) => {
    const ecs = account.client(ECS);
    const { cluster: made } = await ecs.createCluster({
      clusterName: "lab",
      capacityProviders: ["FARGATE"],
      tags: [
        { key: "team", value: "lab" },
        { key: "reprod:adopted", value: "zzzzzzzzzzzz" },
      ],
    });
    const world = await settingUp(t, account, {
      adopt: { "cluster/cluster": by === "name" ? "lab" : (made?.clusterArn ?? "") },
    });
    await world.apply(["roles"]);
    const { plan } = await world.plan(["cluster"]);
    const step = plan.steps.find(({ key }) => key === "cluster/cluster");
    assert.equal(step?.action, "adopt");
    assert.equal(step?.name, "lab");
    assert.equal(
      step?.detail,
      "without the capacity provider FARGATE_SPOT: it is not added to a cluster of others",
    );
    assert.equal(step?.cost, undefined);
    await world.apply(["cluster"]);
    assert.equal((await world.state("cluster")).state, "ready");
    assert.equal(world.settings("cluster-settings.json").cluster_name, "lab");
    const tagsOf = async () => {
      const { clusters } = await ecs.describeClusters({ clusters: ["lab"], include: ["TAGS"] });
      assert.deepEqual(clusters?.[0]?.capacityProviders, ["FARGATE"]);
      return Object.fromEntries((clusters?.[0]?.tags ?? []).map(({ key, value }) => [key, value]));
    };
    assert.deepEqual(await tagsOf(), {
      team: "lab",
      "reprod:adopted": ["zzzzzzzzzzzz", world.projectId].sort().join(" "),
    });
    const removal = await world.remove(["cluster"]);
    assert.deepEqual(removal.left, []);
    assert.deepEqual(await tagsOf(), { team: "lab", "reprod:adopted": "zzzzzzzzzzzz" });
  });
}

test("F5 task definitions of the project are deregistered and deleted, and nobody else's", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(groups);
  const ecs = account.client(ECS);
  const tags = [{ key: "reprod:project", value: world.projectId }];
  const container = { name: "main", image: "busybox", memoryReservation: 64 };
  const register = async (family: string, own: boolean) => {
    await ecs.registerTaskDefinition({
      family,
      containerDefinitions: [container],
      ...(own && { tags }),
    });
  };
  const family = world.name("node");
  for (let revision = 1; revision <= 12; revision++) await register(family, true);
  await ecs.deregisterTaskDefinition({ taskDefinition: `${family}:3` });
  await register(`${family}-longer`, true);
  await register(world.name("untagged"), false);
  await register("other", false);
  await world.remove(["cluster"]);
  const listed = async (status: "ACTIVE" | "INACTIVE") =>
    ((await ecs.listTaskDefinitions({ status })).taskDefinitionArns ?? []).map((arn) =>
      arn.split("/").at(-1),
    );
  assert.deepEqual((await listed("ACTIVE")).sort(), ["other:1", `${world.name("untagged")}:1`].sort());
  assert.deepEqual(await listed("INACTIVE"), []);
  assert.deepEqual(
    (await taggedResources(account, world.projectId)).filter(
      (line) => !/^(role|instance-profile) /.test(line),
    ),
    [],
  );
});

test("F5 buckets are not removed while tasks run, which use them", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...groups, "storage"]);
  const cluster = world.name("cluster");
  assert.deepEqual((await world.planRemoval(["storage"])).against, []);
  await runTasks(account, cluster, world.name("node"), { "reprod:project": world.projectId });
  await account.client(S3).putObject({ Bucket: world.name("tmp"), Key: "runs/1", Body: "x" });
  const tasks = `is used by what runs: 2 tasks run or wait in the cluster ${cluster}`;
  const reasons = async () => (await world.planRemoval(["storage"])).against.map(({ why }) => why).sort();
  assert.deepEqual(await reasons(), [
    `the bucket ${world.name("build")} ${tasks}`,
    `the bucket ${world.name("tmp")} holds 1 object and ${tasks}`,
  ]);
  await assert.rejects(world.remove(["storage"]), { code: "in-use" });

  // Who may not look at tasks is told what may be seen.
  account.inject(denyAction("ecs:ListTasks"));
  assert.deepEqual(await reasons(), [`the bucket ${world.name("tmp")} holds 1 object`]);
  account.inject();
  assert.deepEqual((await world.remove(["storage"], { force: true })).left, []);
});

test("a region that has no Fargate gets a cluster without its providers", async (t, account) => {
  const world = await settingUp(t, account);
  const declared = (region: string) => {
    const scope = makeScope({
      projectId: world.projectId,
      projectName: "x",
      folder: world.root,
      account: { ...world.account, region },
      settings: {},
      version: "0",
      declared: new Map(),
    });
    const resource = cluster.resources(scope).find(({ part }) => part === "cluster");
    assert.ok(resource !== undefined);
    return resource;
  };
  const at: At = {
    ref: () => undefined,
    need: () => ({ id: "" }),
    id: undefined,
    adopted: false,
    forced: false,
    signal: undefined,
  };
  for (const [region, providers, detail] of [
    ["ap-southeast-6", [], "without Fargate, which ap-southeast-6 does not have"],
    ["xx-new-1", ["FARGATE", "FARGATE_SPOT"], "Fargate and Fargate Spot"],
  ] as const) {
    const resource = declared(region);
    const made = await resource.create(at);
    assert.equal(resource.detail, detail);
    assert.deepEqual(await resource.compare?.(made, at), []);
    const { clusters } = await account.client(ECS).describeClusters({ clusters: [made.id] });
    assert.deepEqual(clusters?.[0]?.capacityProviders, providers);
  }
});

test("F5 a cluster with tasks is not removed, unless it is forced", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(groups);
  const ecs = account.client(ECS);
  const cluster = world.name("cluster");
  await runTasks(account, cluster, world.name("node"), { "reprod:project": world.projectId });
  const removal = await world.planRemoval(["cluster"]);
  assert.deepEqual(
    removal.against.map(({ why }) => why),
    [`2 tasks run or wait in the cluster ${cluster}`],
  );
  await assert.rejects(world.remove(["cluster"]), { code: "in-use" });
  const forced = await world.remove(["cluster"], { force: true });
  assert.deepEqual(forced.left, []);
  assert.deepEqual(
    forced.done.map(({ key }) => key),
    ["cluster/cluster", "cluster/log-group"],
  );
  assert.equal((await world.state("cluster")).state, "not-set-up");
  assert.equal(
    (await ecs.describeClusters({ clusters: [cluster] })).clusters?.some(({ status }) => status === "ACTIVE"),
    false,
  );
});

/** Two tasks of a family. */
async function runTasks(
  account: Account,
  cluster: string,
  family: string,
  tags: { readonly [key: string]: string },
): Promise<void> {
  const ecs = account.client(ECS);
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family,
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    containerDefinitions: [{ name: "main", image: "busybox", memoryReservation: 64 }],
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  const ec2 = account.client(EC2);
  const [subnet] = (await ec2.describeSubnets()).Subnets ?? [];
  const [group] = (await ec2.describeSecurityGroups()).SecurityGroups ?? [];
  await ecs.runTask({
    cluster,
    taskDefinition: taskDefinition?.taskDefinitionArn,
    launchType: "FARGATE",
    count: 2,
    networkConfiguration: {
      awsvpcConfiguration: { subnets: [subnet?.SubnetId ?? ""], securityGroups: [group?.GroupId ?? ""] },
    },
  });
}
