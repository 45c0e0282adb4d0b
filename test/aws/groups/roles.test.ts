import assert from "node:assert/strict";
import { IAM } from "@aws-sdk/client-iam";
import { Failure } from "../../../server/base/failure.js";
import { samePolicy } from "../../../server/cloud/policies/policy.js";
import { allRoles } from "../../../server/cloud/policies/roles.js";
import { awsTests } from "../support/aws.js";
import { CloudProject, projectSettings } from "../support/command-line.js";
import { loseAnswerOf, only, throttleEvery } from "../support/faults.js";
import { settingUp } from "./support/world.js";

const awsTest = awsTests();

const parts = [
  "task",
  "execution",
  "runner",
  "data-import",
  "data-rehash",
  "log-collect",
  "manage",
  "batch-service",
  "instance",
  "spot-fleet",
];

/** A trust policy of a role that somebody else made. */
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
});

awsTest("roles: from nothing, again, and away", async (t, aws) => {
  const world = await settingUp(t, aws);
  const iam = aws.client(IAM);
  const { plan } = await world.plan(["roles"]);
  assert.deepEqual(
    plan.steps.map(({ action, key }) => `${action} ${key}`),
    [...parts, "instance-profile"].map((part) => `create roles/${part}`),
  );
  assert.equal(plan.atRest, 0);
  const task = plan.steps.find(({ key }) => key === "roles/task");
  assert.equal(
    task?.detail,
    "read inputs, objects and results; create, but never overwrite or delete, objects and what its own attempt leaves",
  );
  await world.apply(["roles"]);

  const settings = world.settings("environment-settings.json");
  const arn = (part: string) => `arn:aws:iam::${aws.accountId}:role/${world.name(part)}`;
  assert.deepEqual(settings, {
    roles: Object.fromEntries(parts.map((part) => [part.replaceAll("-", "_"), arn(part)])),
    instance_profile: `arn:aws:iam::${aws.accountId}:instance-profile/${world.name("instance")}`,
  });
  for (const spec of allRoles({
    partition: "aws",
    accountId: aws.accountId,
    region: world.account.region,
    projectId: world.projectId,
    name: world.name,
    names: {
      buildBucket: world.name("build"),
      temporaryBucket: world.name("tmp"),
      cluster: world.name("cluster"),
      logGroup: `/reprod/${world.name("tasks")}`,
    },
  })) {
    const RoleName = world.name(spec.part);
    const { Role } = await iam.getRole({ RoleName });
    assert.deepEqual(
      Object.fromEntries((Role?.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
      world.tags("roles", spec.part),
    );
    assert.ok(samePolicy(Role?.AssumeRolePolicyDocument ?? "", spec.trust), spec.part);
    const { PolicyNames } = await iam.listRolePolicies({ RoleName });
    assert.deepEqual(PolicyNames?.sort(), Object.keys(spec.inline).sort());
    for (const [PolicyName, policy] of Object.entries(spec.inline)) {
      const { PolicyDocument = "" } = await iam.getRolePolicy({ RoleName, PolicyName });
      assert.ok(samePolicy(PolicyDocument, policy), `${spec.part} ${PolicyName}`);
    }
    const { AttachedPolicies } = await iam.listAttachedRolePolicies({ RoleName });
    assert.deepEqual(
      AttachedPolicies?.map(({ PolicyArn }) => PolicyArn),
      spec.managed,
    );
  }
  const { InstanceProfile } = await iam.getInstanceProfile({ InstanceProfileName: world.name("instance") });
  assert.deepEqual(
    InstanceProfile?.Roles?.map(({ RoleName }) => RoleName),
    [world.name("instance")],
  );

  aws.clear();
  const again = await world.plan(["roles"]);
  assert.deepEqual(world.changes(again.plan), []);
  assert.equal(again.plan.groups[0]?.state, "ready");
  assert.deepEqual(aws.mutations(), []);

  // Roles of somebody else, and a role in no project, stay.
  await iam.createRole({ RoleName: "of-others", AssumeRolePolicyDocument: trust });
  const removal = await world.planRemoval(["roles"]);
  assert.deepEqual(removal.against, []);
  assert.deepEqual((await world.remove(["roles"])).left, []);
  const { Roles } = await iam.listRoles({});
  assert.deepEqual(
    Roles?.map(({ RoleName }) => RoleName),
    ["of-others"],
  );
  assert.deepEqual((await iam.listInstanceProfiles({})).InstanceProfiles, []);
});

awsTest("roles: what was changed by hand is shown and put right", async (t, aws) => {
  const world = await settingUp(t, aws);
  const iam = aws.client(IAM);
  await world.apply(["roles"]);
  const RoleName = world.name("task");
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trust });
  await iam.updateRole({ RoleName, MaxSessionDuration: 7200 });
  await iam.putRolePolicy({
    RoleName,
    PolicyName: "work",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
        { Sid: "Delete", Effect: "Allow", Action: "s3:DeleteObject", Resource: "*" },
      ],
    }),
  });
  await iam.putRolePolicy({ RoleName, PolicyName: "more", PolicyDocument: policyOf("s3:*") });
  await iam.attachRolePolicy({ RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" });
  await iam.untagRole({ RoleName, TagKeys: ["reprod:part"] });
  await iam.deleteRolePolicy({ RoleName: world.name("execution"), PolicyName: "start" });
  await iam.detachRolePolicy({
    RoleName: world.name("batch-service"),
    PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole",
  });
  await iam.removeRoleFromInstanceProfile({
    InstanceProfileName: world.name("instance"),
    RoleName: world.name("instance"),
  });
  await iam.detachRolePolicy({
    RoleName: world.name("instance"),
    PolicyArn: "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
  });
  await iam.deleteRole({ RoleName: world.name("instance") });

  const { plan } = await world.plan(["roles"]);
  assert.equal(plan.groups[0]?.state, "drifted");
  assert.deepEqual(world.changes(plan), [
    [
      "change roles/task: trust policy no Assume, a statement without a name as well → Assume",
      "maximum session 7200 s → 3600 s",
      "inline policy work another Read, no CreateWhole, no CreateParts, no CreateUpload, Delete as well → Read, CreateWhole, CreateParts, CreateUpload",
      "inline policy more there → none",
      "managed policy AdministratorAccess attached → not attached",
      "tags no reprod:part → reprod:part task",
    ].join("; "),
    "change roles/execution: inline policy start missing → SignInToRepositories, Pull, Log, Secrets",
    "change roles/batch-service: managed policy AWSBatchServiceRole not attached → attached",
    `create roles/instance: ${world.name("instance")} is gone`,
    `change roles/instance-profile: role none → ${world.name("instance")}`,
  ]);
  await world.apply(["roles"]);
  assert.deepEqual(world.changes((await world.plan(["roles"])).plan), []);

  // A profile that another role was put into.
  const InstanceProfileName = world.name("instance");
  await iam.createRole({ RoleName: "of-others", AssumeRolePolicyDocument: trust });
  await iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: world.name("instance") });
  await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: "of-others" });
  assert.deepEqual(world.changes((await world.plan(["roles"])).plan), [
    `change roles/instance-profile: role of-others → ${world.name("instance")}`,
  ]);
  await world.apply(["roles"]);
  assert.deepEqual(world.changes((await world.plan(["roles"])).plan), []);
});

awsTest("F1 roles: one of our name that we did not make is neither changed nor removed", async (t, aws) => {
  const world = await settingUp(t, aws);
  const iam = aws.client(IAM);
  const RoleName = world.name("task");
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust });
  await assert.rejects(world.plan(["roles"]), isFailure("not-ours"));
  await iam.tagRole({ RoleName, Tags: [{ Key: "reprod:project", Value: "another" }] });
  await assert.rejects(world.plan(["roles"]), isFailure("not-ours"));
  aws.clear();
  const { plan } = await world.planRemoval(["roles"]);
  assert.deepEqual(plan.steps, []);
  assert.deepEqual(aws.mutations(), []);
});

awsTest("F2 roles: an adopted one gets a tag and nothing else, and is let go of", async (t, aws) => {
  const iam = aws.client(IAM);
  await iam.createRole({ RoleName: "mine", Path: "/lab/", AssumeRolePolicyDocument: trust });
  await iam.putRolePolicy({ RoleName: "mine", PolicyName: "own", PolicyDocument: policyOf("s3:Get*") });
  await iam.tagRole({ RoleName: "mine", Tags: [{ Key: "team", Value: "lab" }] });
  await iam.createInstanceProfile({ InstanceProfileName: "machines" });
  const arn = `arn:aws:iam::${aws.accountId}:role/lab/mine`;
  const one = await settingUp(t, aws, {
    adopt: { "roles/task": arn, "roles/instance-profile": "machines" },
  });
  const two = await settingUp(t, aws, { adopt: { "roles/task": arn } });
  const { plan } = await one.plan(["roles"]);
  assert.deepEqual(
    plan.steps
      .filter(({ action }) => action === "adopt")
      .map(({ key, name, differences }) => `${key} ${name} ${differences.map(({ what }) => what).join()}`),
    ["roles/task mine tags", "roles/instance-profile machines tags"],
  );
  await one.apply(["roles"]);
  await two.apply(["roles"]);
  const tags = async () =>
    Object.fromEntries(
      ((await iam.getRole({ RoleName: "mine" })).Role?.Tags ?? []).map(({ Key = "", Value }) => [Key, Value]),
    );
  const both = [one.projectId, two.projectId].sort().join(" ");
  assert.deepEqual(await tags(), { team: "lab", "reprod:adopted": both });
  assert.deepEqual(rolesOf(one.settings("environment-settings.json")).task, arn);
  // What runs tasks may hand on the adopted role, where it is.
  const { PolicyDocument = "" } = await iam.getRolePolicy({
    RoleName: one.name("runner"),
    PolicyName: "launch",
  });
  assert.match(decodeURIComponent(PolicyDocument), new RegExp(arn));
  assert.deepEqual(one.changes((await one.plan(["roles"])).plan), []);

  await one.remove(["roles"]);
  assert.deepEqual(await tags(), { team: "lab", "reprod:adopted": two.projectId });
  await two.remove(["roles"]);
  assert.deepEqual(await tags(), { team: "lab" });
  assert.deepEqual((await iam.listRolePolicies({ RoleName: "mine" })).PolicyNames, ["own"]);
  assert.deepEqual(
    (await iam.listRoles({})).Roles?.map(({ RoleName }) => RoleName),
    ["mine"],
  );
  const { InstanceProfile } = await iam.getInstanceProfile({ InstanceProfileName: "machines" });
  assert.deepEqual(InstanceProfile?.Roles, []);
  assert.deepEqual(InstanceProfile?.Tags ?? [], []);
});

awsTest("roles: one that is to be adopted and is not there is named", async (t, aws) => {
  const world = await settingUp(t, aws, { adopt: { "roles/task": "nowhere" } });
  await assert.rejects(world.plan(["roles"]), isFailure("adopted-missing"));
});

awsTest(
  "F3 roles: a create whose answer was lost is found again, and throttling is waited for",
  async (t, aws) => {
    const world = await settingUp(t, aws);
    aws.inject(
      only(({ name }) => name === "iam:CreateRole", loseAnswerOf(3)),
      only(({ name }) => name === "iam:CreateInstanceProfile", loseAnswerOf(1)),
      only(({ name }) => name === "iam:AddRoleToInstanceProfile", loseAnswerOf(1)),
      throttleEvery(7),
    );
    await world.apply(["roles"]);
    aws.inject();
    assert.equal((await world.state("roles")).state, "ready");
  },
);

awsTest("F3 roles: a fresh role that is not known everywhere yet is waited for", async (t, aws) => {
  const world = await settingUp(t, aws);
  const unknown = new Map<string, number>();
  aws.inject(({ name, params }) => {
    if (!["iam:ListRolePolicies", "iam:PutRolePolicy", "iam:AttachRolePolicy"].includes(name)) return "pass";
    const key = `${name} ${params.RoleName}`;
    const before = unknown.get(key) ?? 0;
    unknown.set(key, before + 1);
    const message = `The role with name ${params.RoleName} cannot be found.`;
    return before === 0 ? { status: 404, code: "NoSuchEntity", message } : "pass";
  });
  await world.apply(["roles"]);
  aws.inject();
  assert.equal((await world.state("roles")).state, "ready");
});

function rolesOf(settings: { readonly [key: string]: unknown }): { readonly [part: string]: unknown } {
  return settings.roles as { readonly [part: string]: unknown };
}

function policyOf(action: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
  });
}

function isFailure(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.code === code;
}

awsTest(
  "roles: what reprod.json lets them read beyond our own is in their policies, and drift when it is not",
  async (t, account) => {
    const image = `arn:aws:ecr:eu-central-1:123456789012:repository/shared/samtools`;
    const project = new CloudProject(
      t,
      account.env,
      projectSettings({ importFrom: ["open-data"], images: [image] }),
    );
    await project.succeeds("setup", "roles", "--yes");
    const iam = account.client(IAM);
    const documents = async (part: string): Promise<string> => {
      const RoleName = `reprod-${project.id}-euc1-${part}`;
      const { PolicyNames = [] } = await iam.listRolePolicies({ RoleName });
      const found = await Promise.all(
        PolicyNames.map((PolicyName) => iam.getRolePolicy({ RoleName, PolicyName })),
      );
      return found.map(({ PolicyDocument = "" }) => decodeURIComponent(PolicyDocument)).join();
    };
    assert.match(await documents("data-import"), /arn:aws:s3:::open-data\/\*/);
    assert.ok((await documents("execution")).includes(image));
    project.write("reprod.json", JSON.stringify({ ...project.json("reprod.json"), cloud: {} }));
    assert.match(await project.succeeds("setup", "roles", "--yes"), /~ IAM role .*data-import/);
    assert.doesNotMatch(await documents("data-import"), /open-data/);
  },
);
