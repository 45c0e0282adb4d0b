import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { Batch } from "@aws-sdk/client-batch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECR } from "@aws-sdk/client-ecr";
import { ECS } from "@aws-sdk/client-ecs";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { ServiceQuotas } from "@aws-sdk/client-service-quotas";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";
import { temporaryFolder, writeFiles } from "../support/temporary.js";
import { type Account, awsTests, type ClientConfig, REGION } from "./support/aws.js";
import {
  bucketTaken,
  denyAction,
  expiredCredentials,
  failWith5xx,
  type Injector,
  killAt,
  loseAnswerOf,
  only,
  quotaReached,
  throttleEvery,
} from "./support/faults.js";
import { assertFoundIndependently, findIndependently } from "./support/independent.js";
import { taggedResources } from "./support/tagged.js";

const awsTest = awsTests();
const PROJECT = "abcdefghijkl";
const tags = { "reprod:project": PROJECT };
const Tags = [{ Key: "reprod:project", Value: PROJECT }];
const lowerTags = [{ key: "reprod:project", value: PROJECT }];

/** A client as the code under test has it: by the way on which calls are noted and things go wrong. */
function noted<Client>(
  account: Account,
  make: new (config: ClientConfig) => Client,
  maxAttempts = 1,
): Client {
  const { endpoint, accessKeyId, secretAccessKey } = account;
  return new make({
    endpoint,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts,
  });
}

const trust = (service: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });

/** A zip archive with nothing in it. */
const emptyZip = Buffer.concat([Buffer.from("PK\x05\x06"), Buffer.alloc(18)]);

awsTest("two accounts do not see each other", async (t, one, aws) => {
  const two = await aws.account(t);
  const { Vpc } = await one.client(EC2).createVpc({ CidrBlock: "10.7.0.0/16" });
  const seen = async (account: Account) =>
    ((await account.client(EC2).describeVpcs()).Vpcs ?? []).map(({ VpcId }) => VpcId);
  assert.ok((await seen(one)).includes(Vpc?.VpcId));
  assert.ok(!(await seen(two)).includes(Vpc?.VpcId));
  for (const account of [one, two])
    assert.equal((await account.client(STS).getCallerIdentity()).Account, account.accountId);
  await one.client(S3).createBucket({ Bucket: "one-of-one" });
  assert.deepEqual((await two.client(S3).listBuckets()).Buckets ?? [], []);
  // Names of buckets are shared by all of the world.
  await assert.rejects(two.client(S3).createBucket({ Bucket: "one-of-one" }), {
    name: "BucketAlreadyExists",
  });
});

awsTest("a role of another account leads there", async (t, one, aws) => {
  const two = await aws.account(t);
  const made = await two.client(IAM).createRole({ RoleName: "guest", AssumeRolePolicyDocument: trust("x") });
  const sts = noted(one, STS);
  const RoleArn = made.Role?.Arn;
  const { Credentials } = await sts.assumeRole({ RoleArn, RoleSessionName: "s" });
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  const there = new STS({ endpoint: one.endpoint, region: REGION, credentials });
  assert.equal((await there.getCallerIdentity()).Account, two.accountId);
  assert.equal((await sts.getCallerIdentity()).Account, one.accountId);
});

awsTest("calls of each service are named, in order", async (_t, account) => {
  const { Role } = await account
    .client(IAM)
    .createRole({ RoleName: "l", AssumeRolePolicyDocument: trust("lambda.amazonaws.com") });
  await noted(account, EC2).createVpc({ CidrBlock: "10.0.0.0/16" });
  await noted(account, IAM).createRole({ RoleName: "r", AssumeRolePolicyDocument: trust("x") });
  await noted(account, STS).getCallerIdentity();
  const s3 = noted(account, S3);
  await s3.createBucket({ Bucket: `b-${account.accountId}` });
  await s3.putBucketTagging({ Bucket: `b-${account.accountId}`, Tagging: { TagSet: Tags } });
  await s3.putObject({ Bucket: `b-${account.accountId}`, Key: "a/b c/", Body: "text" });
  await s3.listObjectsV2({ Bucket: `b-${account.accountId}` });
  await s3.putBucketLifecycleConfiguration({
    Bucket: `b-${account.accountId}`,
    LifecycleConfiguration: {
      Rules: [{ ID: "x", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } }],
    },
  });
  await noted(account, SSM).putParameter({ Name: "/a", Value: "b", Type: "String" });
  await noted(account, ECS).createCluster({ clusterName: "c" });
  await noted(account, CloudWatchLogs).createLogGroup({ logGroupName: "g" });
  const lambda = noted(account, Lambda);
  await lambda.createFunction({
    FunctionName: "f",
    Role: Role?.Arn,
    Runtime: "nodejs20.x",
    Handler: "index.handler",
    Code: { ZipFile: emptyZip },
  });
  await lambda.getFunction({ FunctionName: "f" });
  const gateway = noted(account, ApiGatewayV2);
  const { ApiId } = await gateway.createApi({ Name: "a", ProtocolType: "HTTP" });
  await gateway.createRoute({ ApiId, RouteKey: "GET /x" });
  await gateway.getRoutes({ ApiId });
  await noted(account, Batch).describeComputeEnvironments();
  await noted(account, ECR).createRepository({ repositoryName: "x" });
  await noted(account, EventBridge).putRule({ Name: "x", ScheduleExpression: "rate(1 day)" });
  await noted(account, ServiceQuotas).listAWSDefaultServiceQuotas({ ServiceCode: "vpc" });
  assert.deepEqual(
    account.calls.map(({ name, mutating, status }) => `${name}${mutating ? " !" : ""} ${status}`),
    [
      "ec2:CreateVpc ! 200",
      "iam:CreateRole ! 200",
      "sts:GetCallerIdentity 200",
      "s3:CreateBucket ! 200",
      "s3:PutBucketTagging ! 204",
      "s3:PutObject ! 200",
      "s3:ListObjectsV2 200",
      "s3:PutBucketLifecycleConfiguration ! 200",
      "ssm:PutParameter ! 200",
      "ecs:CreateCluster ! 200",
      "logs:CreateLogGroup ! 200",
      "lambda:CreateFunction ! 201",
      "lambda:GetFunction 200",
      "apigateway:CreateApi ! 200",
      "apigateway:CreateRoute ! 200",
      "apigateway:GetRoutes 200",
      "batch:DescribeComputeEnvironments 200",
      "ecr:CreateRepository ! 200",
      "events:PutRule ! 200",
      "servicequotas:ListAWSDefaultServiceQuotas 200",
    ],
  );
  assert.deepEqual(
    account.calls.map(({ index }) => index),
    account.calls.map((_, index) => index),
  );
  assert.equal(account.calls[0]?.params.CidrBlock, "10.0.0.0/16");
  assert.equal(account.calls[8]?.params.Name, "/a");
  assert.equal(account.calls[7]?.permission, "s3:PutLifecycleConfiguration");
  assert.equal(account.calls[13]?.permission, "apigateway:POST");
  assert.equal(account.calls[0]?.region, REGION);
  assert.equal(account.counts()["iam:CreateRole"], 1, "what a client behind does is not noted");
  assert.equal(account.mutations().length, 14);
});

awsTest("errors have the names of each service", async (_t, account) => {
  const calls: { readonly [service: string]: () => Promise<unknown> } = {
    ec2: () => noted(account, EC2).createSubnet({ VpcId: "vpc-1", CidrBlock: "10.0.0.0/24" }),
    iam: () => noted(account, IAM).createRole({ RoleName: "r", AssumeRolePolicyDocument: trust("x") }),
    s3: () => noted(account, S3).createBucket({ Bucket: "some-bucket" }),
    ssm: () => noted(account, SSM).putParameter({ Name: "/a", Value: "b", Type: "String" }),
    lambda: () => noted(account, Lambda).listFunctions(),
    batch: () => noted(account, Batch).describeJobQueues(),
  };
  const names = async (injector: Injector) => {
    account.inject(injector);
    const seen: { [service: string]: string } = {};
    for (const [service, call] of Object.entries(calls))
      seen[service] = await call().then(
        () => "none",
        (error: unknown) => (error instanceof Error ? error.name : "?"),
      );
    return seen;
  };
  assert.deepEqual(await names(throttleEvery(1)), {
    ec2: "RequestLimitExceeded",
    iam: "Throttling",
    s3: "SlowDown",
    ssm: "ThrottlingException",
    lambda: "TooManyRequestsException",
    batch: "TooManyRequestsException",
  });
  assert.deepEqual(await names(failWith5xx(1)), {
    ec2: "InternalError",
    iam: "ServiceFailureException",
    s3: "InternalError",
    ssm: "InternalFailure",
    lambda: "ServiceException",
    batch: "ServiceException",
  });
  assert.deepEqual(await names(expiredCredentials()), {
    ec2: "RequestExpired",
    iam: "ExpiredToken",
    s3: "ExpiredToken",
    ssm: "ExpiredTokenException",
    lambda: "ExpiredTokenException",
    batch: "ExpiredTokenException",
  });
  for (const [service, permission, name] of [
    ["ec2", "ec2:CreateSubnet", "UnauthorizedOperation"],
    ["iam", "iam:CreateRole", "AccessDenied"],
    ["s3", "s3:CreateBucket", "AccessDenied"],
    ["ssm", "ssm:PutParameter", "AccessDeniedException"],
    ["lambda", "lambda:ListFunctions", "AccessDeniedException"],
  ] as const) {
    account.inject(denyAction(permission));
    await assert.rejects(
      async () => calls[service]?.(),
      (error: Error) => {
        assert.equal(error.name, name);
        assert.match(error.message, /User: arn:aws:iam::\d+:user\/anna is not authorized to perform: /);
        assert.ok(error.message.includes(permission));
        return true;
      },
    );
  }
  account.inject(bucketTaken());
  await assert.rejects(async () => calls.s3?.(), { name: "BucketAlreadyExists" });
  account.inject(quotaReached("ec2:CreateVpc"));
  await assert.rejects(noted(account, EC2).createVpc({ CidrBlock: "10.0.0.0/16" }), {
    name: "VpcLimitExceeded",
    message: "The maximum number of VPCs has been reached.",
  });
  account.inject();
  await calls.iam?.();
  assert.deepEqual(account.crashes, []);
});

awsTest("the SDK gets through throttling and failures by itself", async (_t, account) => {
  account.inject(throttleEvery(2), failWith5xx(1));
  const ec2 = noted(account, EC2, 5);
  for (let round = 0; round < 3; round++) await ec2.describeVpcs();
  const faults = account.calls.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  assert.ok(faults.includes("RequestLimitExceeded") && faults.includes("InternalError"), faults.join());
});

awsTest("an answer is lost, though AWS has done it", async (_t, account) => {
  account.inject(loseAnswerOf(1));
  await assert.rejects(noted(account, EC2).createVpc({ CidrBlock: "10.9.0.0/16" }), { code: "ECONNRESET" });
  const vpcs = (await account.client(EC2).describeVpcs()).Vpcs ?? [];
  assert.equal(vpcs.filter(({ CidrBlock }) => CidrBlock === "10.9.0.0/16").length, 1);
  assert.equal(account.calls[0]?.fault, "drop-response");
});

awsTest("a call hangs, and another is slow", async (_t, account) => {
  account.inject(
    only(
      ({ action }) => action === "DescribeVpcs",
      () => "hang",
    ),
  );
  const abort = new AbortController();
  const asked = noted(account, EC2).describeVpcs({}, { abortSignal: abort.signal });
  setTimeout(() => abort.abort(), 200);
  await assert.rejects(asked, { name: "AbortError" });
  account.inject(() => ({ delay: 50 }));
  await noted(account, EC2).describeVpcs();
  assert.deepEqual(
    account.calls.map(({ fault, status }) => [fault, status]),
    [
      ["hang", undefined],
      ["delay", 200],
    ],
  );
});

const creator = `
const { EC2 } = require("@aws-sdk/client-ec2");
(async () => {
  const ec2 = new EC2({});
  for (let at = 0; at < 5; at++) {
    await ec2.describeVpcs();
    await ec2.createVpc({ CidrBlock: "10." + (100 + at) + ".0.0/16" });
  }
})();`;

for (const [when, left] of [
  ["before", 2],
  ["after", 3],
] as const)
  awsTest(`a process is killed ${when} its third change`, async (_t, account) => {
    const start = () =>
      spawn(process.execPath, ["-e", creator], { env: { ...process.env, ...account.env }, stdio: "inherit" });
    account.inject(killAt(3, () => child, when));
    const child = start();
    const [code, signal] = await once(child, "close");
    assert.deepEqual([code, signal], [null, "SIGKILL"]);
    const vpcs = (await account.client(EC2).describeVpcs()).Vpcs ?? [];
    assert.equal(vpcs.filter(({ CidrBlock }) => CidrBlock?.startsWith("10.1")).length, left);
    assert.equal(account.mutations().length, 3);
  });

awsTest("what moto gets wrong is made good", async (_t, account) => {
  const s3 = noted(account, S3);
  const Bucket = `mended-${account.accountId}`;
  await s3.createBucket({
    Bucket,
    CreateBucketConfiguration: { LocationConstraint: REGION, Tags },
  });
  assert.deepEqual((await account.client(S3).getBucketTagging({ Bucket })).TagSet, Tags);
  await assert.rejects(s3.getBucketPolicy({ Bucket }), { name: "NoSuchBucketPolicy" });
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: `arn:aws:s3:::${Bucket}/*`,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
  await s3.putBucketPolicy({ Bucket, Policy });
  await s3.putObject({ Bucket, Key: "a", Body: "text" });
  assert.equal((await s3.getBucketPolicy({ Bucket })).Policy, Policy);
  assert.equal((await account.client(S3).getBucketPolicy({ Bucket })).Policy, Policy);
  await assert.rejects(s3.putBucketPolicy({ Bucket, Policy: "{nonsense" }), { name: "MalformedPolicy" });
  await s3.deleteBucketPolicy({ Bucket });
  await assert.rejects(s3.getBucketPolicy({ Bucket }), { name: "NoSuchBucketPolicy" });

  const gateway = noted(account, ApiGatewayV2);
  const { ApiId } = await gateway.createApi({ Name: "a", ProtocolType: "HTTP" });
  await gateway.createStage({ ApiId, StageName: "$default", AutoDeploy: true, Tags: tags });
  await gateway.updateStage({
    ApiId,
    StageName: "$default",
    DefaultRouteSettings: { ThrottlingRateLimit: 10 },
  });
  const stage = await gateway.getStage({ ApiId, StageName: "$default" });
  assert.equal(stage.DefaultRouteSettings?.ThrottlingRateLimit, 10);
  assert.deepEqual(stage.Tags, tags);

  account.lacks.add("ec2:CreateVpc");
  const simulated = await noted(account, IAM).simulatePrincipalPolicy({
    PolicySourceArn: `arn:aws:iam::${account.accountId}:user/anna`,
    ActionNames: ["ec2:CreateVpc", "ec2:CreateSubnet"],
  });
  assert.deepEqual(
    simulated.EvaluationResults?.map(({ EvalActionName, EvalDecision }) => [EvalActionName, EvalDecision]),
    [
      ["ec2:CreateVpc", "implicitDeny"],
      ["ec2:CreateSubnet", "allowed"],
    ],
  );
  const asked = { ServiceCode: "fargate", QuotaCode: "L-3032A538" };
  assert.equal((await noted(account, ServiceQuotas).getServiceQuota(asked)).Quota?.Value, 6);
  account.quotas.set("fargate/L-3032A538", 100);
  assert.equal((await noted(account, ServiceQuotas).getServiceQuota(asked)).Quota?.Value, 100);

  const { "compute-environments.json": made } = await createOfEachKind(account);
  assert.ok(made);
  const batch = noted(account, Batch);
  await assert.rejects(batch.deleteJobQueue({ jobQueue: "reprod" }), { name: "ClientException" });
  await batch.updateJobQueue({ jobQueue: "reprod", state: "DISABLED" });
  await batch.deleteJobQueue({ jobQueue: "reprod" });
  await assert.rejects(batch.deleteComputeEnvironment({ computeEnvironment: "reprod" }), {
    name: "ClientException",
  });
  await batch.updateComputeEnvironment({ computeEnvironment: "reprod", state: "DISABLED" });
  await batch.deleteComputeEnvironment({ computeEnvironment: "reprod" });
  assert.deepEqual((await batch.describeComputeEnvironments()).computeEnvironments, []);
  assert.deepEqual(account.crashes, []);
});

awsTest("what carries a project's tag is found, of each kind", async (t, account, aws) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(await taggedResources(account, PROJECT), []);
  const settings = await createOfEachKind(account);
  const found = await taggedResources(account, PROJECT);
  assert.deepEqual(
    [...new Set(found.map((one) => one.split(" ")[0]))],
    [
      "api",
      "bucket",
      "cluster",
      "compute-environment",
      "function",
      "instance-profile",
      "internet-gateway",
      "job-definition",
      "job-queue",
      "key-pair",
      "launch-template",
      "log-group",
      "parameter",
      "policy",
      "repository",
      "role",
      "route-table",
      "rule",
      "security-group",
      "subnet",
      "task-definition",
      "vpc",
      "vpc-endpoint",
    ],
  );
  assert.deepEqual(await taggedResources(account, "mnopqrstuvwx"), []);

  writeFiles(
    folder,
    Object.fromEntries(Object.entries(settings).map(([name, content]) => [name, JSON.stringify(content)])),
  );
  await assertFoundIndependently(aws, account, folder, Object.keys(settings));
  const broken = {
    "network-settings.json": { vpc_id: "vpc-0123456789abcdef0", subnet_ids: ["nonsense"] },
    "storage-settings.json": { storage: { tmp_bucket: "no-such-bucket-here" } },
    "environment-settings.json": { roles: { task: `arn:aws:iam::${account.accountId}:role/nobody` } },
    "endpoints-settings.json": { api_id: "abcdef" },
    "repositories-settings.json": {
      repositories: { tools: `${account.accountId}.dkr.ecr.${REGION}.amazonaws.com/nothing` },
    },
    "lambda-settings.json": {
      functions: { manage: `arn:aws:lambda:${REGION}:${account.accountId}:function:nothing` },
    },
    "key-pair-settings.json": { key_name: "none", key_pair_id: "key-0123456789abcdef0" },
  };
  for (const name of Object.keys(settings)) fs.rmSync(path.join(folder, name));
  writeFiles(
    folder,
    Object.fromEntries(Object.entries(broken).map(([name, content]) => [name, JSON.stringify(content)])),
  );
  assert.deepEqual(await findIndependently(aws, account, folder), {
    "network-settings.json": { vpc_id: "missing", "subnet_ids.0": "unrecognised" },
    "storage-settings.json": { "storage.tmp_bucket": "missing" },
    "environment-settings.json": { "roles.task": "missing" },
    "endpoints-settings.json": { api_id: "missing" },
    "repositories-settings.json": { "repositories.tools": "missing" },
    "lambda-settings.json": { "functions.manage": "missing" },
    "key-pair-settings.json": { key_name: "missing", key_pair_id: "missing" },
  });
});

/** One thing of each kind with the tag, and what settings files would say of them. */
async function createOfEachKind(account: Account): Promise<{ readonly [file: string]: unknown }> {
  const spec = <Type extends string>(type: Type) => [{ ResourceType: type, Tags }];
  const ec2 = account.client(EC2);
  const { Vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16", TagSpecifications: spec("vpc") });
  const VpcId = Vpc?.VpcId;
  const { Subnet } = await ec2.createSubnet({
    VpcId,
    CidrBlock: "10.0.0.0/24",
    TagSpecifications: spec("subnet"),
  });
  await ec2.createInternetGateway({ TagSpecifications: spec("internet-gateway") });
  const { RouteTable } = await ec2.createRouteTable({ VpcId, TagSpecifications: spec("route-table") });
  const group = await ec2.createSecurityGroup({
    VpcId,
    GroupName: "reprod",
    Description: "of a test",
    TagSpecifications: spec("security-group"),
  });
  await ec2.createVpcEndpoint({
    VpcId,
    ServiceName: `com.amazonaws.${REGION}.s3`,
    RouteTableIds: [RouteTable?.RouteTableId ?? ""],
    TagSpecifications: spec("vpc-endpoint"),
  });
  const key = await ec2.createKeyPair({
    KeyName: "reprod-key",
    KeyType: "ed25519",
    TagSpecifications: spec("key-pair"),
  });
  const { LaunchTemplate } = await ec2.createLaunchTemplate({
    LaunchTemplateName: "reprod",
    LaunchTemplateData: { MetadataOptions: { HttpTokens: "required" } },
    TagSpecifications: spec("launch-template"),
  });

  const iam = account.client(IAM);
  const { Role } = await iam.createRole({
    RoleName: "reprod-role",
    AssumeRolePolicyDocument: trust("ecs-tasks.amazonaws.com"),
    Tags,
  });
  await iam.attachRolePolicy({
    RoleName: "reprod-role",
    PolicyArn: "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
  });
  await iam.createInstanceProfile({ InstanceProfileName: "reprod-profile", Tags });
  await iam.createPolicy({
    PolicyName: "reprod-policy",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
    }),
    Tags,
  });

  const s3 = account.client(S3);
  const Bucket = `reprod-${account.accountId}`;
  await s3.createBucket({ Bucket });
  await s3.putBucketTagging({ Bucket, Tagging: { TagSet: Tags } });
  const ecs = account.client(ECS);
  const { cluster } = await ecs.createCluster({ clusterName: "reprod", tags: lowerTags });
  await ecs.registerTaskDefinition({
    family: "reprod",
    tags: lowerTags,
    containerDefinitions: [{ name: "main", image: "alpine", memory: 128 }],
  });
  await account.client(CloudWatchLogs).createLogGroup({ logGroupName: "/reprod/x", tags });
  const made = await account.client(Lambda).createFunction({
    FunctionName: "reprod-manage",
    Role: Role?.Arn,
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Code: { ZipFile: emptyZip },
    Tags: tags,
  });
  const api = await account
    .client(ApiGatewayV2)
    .createApi({ Name: "reprod", ProtocolType: "HTTP", Tags: tags });

  const batch = account.client(Batch);
  const environment = await batch.createComputeEnvironment({
    computeEnvironmentName: "reprod",
    type: "MANAGED",
    state: "ENABLED",
    serviceRole: Role?.Arn,
    computeResources: {
      type: "FARGATE_SPOT",
      maxvCpus: 4,
      subnets: [Subnet?.SubnetId ?? ""],
      securityGroupIds: [group.GroupId ?? ""],
    },
    tags,
  });
  const queue = await batch.createJobQueue({
    jobQueueName: "reprod",
    state: "ENABLED",
    priority: 1,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment.computeEnvironmentArn }],
    tags,
  });
  await batch.registerJobDefinition({
    jobDefinitionName: "reprod",
    type: "container",
    containerProperties: { image: "alpine", vcpus: 1, memory: 128 },
    tags,
  });
  const { repository } = await account
    .client(ECR)
    .createRepository({ repositoryName: "reprod/tools", tags: Tags });
  await account.client(EventBridge).putRule({ Name: "reprod", ScheduleExpression: "rate(1 day)", Tags });
  await account.client(SSM).putParameter({ Name: `/reprod/${PROJECT}/lock`, Value: "x", Type: "String" });

  return {
    "network-settings.json": {
      vpc_id: VpcId,
      subnet_id: Subnet?.SubnetId,
      subnet_ids: [Subnet?.SubnetId],
      security_group_id: group.GroupId,
      reprod: { state: "ready" },
    },
    "key-pair-settings.json": {
      key_name: key.KeyName,
      key_pair_id: key.KeyPairId,
      key_file: "key-pair.pem",
    },
    "storage-settings.json": { storage: { tmp_bucket: Bucket, build_bucket: Bucket } },
    "environment-settings.json": { roles: { task: Role?.Arn } },
    "cluster-settings.json": {
      cluster_name: "reprod",
      cluster_arn: cluster?.clusterArn,
      log_group: "/reprod/x",
    },
    "lambda-settings.json": { functions: { manage: made.FunctionArn } },
    "endpoints-settings.json": { api_id: api.ApiId, url: api.ApiEndpoint },
    "compute-environments.json": {
      environments: {
        big: {
          compute_environment_arn: environment.computeEnvironmentArn,
          job_queue_arn: queue.jobQueueArn,
          launch_template_id: LaunchTemplate?.LaunchTemplateId,
        },
      },
    },
    "repositories-settings.json": { repositories: { tools: repository?.repositoryUri } },
  };
}

test("moto ends with the process that started it", async (t) => {
  const folder = temporaryFolder(t);
  const script = path.join(folder, "start.mjs");
  const moto = path.resolve("scripts/moto.mjs");
  fs.writeFileSync(
    script,
    `import { startMoto } from ${JSON.stringify(moto)};
const { url } = await startMoto();
console.log(url);
setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] });
  const started = await Promise.race([
    once(child.stdout, "data"),
    once(child, "close").then(() => undefined),
  ]);
  if (started === undefined) {
    t.skip("moto does not start here");
    return;
  }
  const url = String(started[0]).trim();
  assert.equal((await fetch(`${url}/moto-api/`)).status, 200);
  child.kill("SIGKILL");
  await once(child, "close");
  for (;;) {
    try {
      await fetch(`${url}/moto-api/`);
    } catch {
      return;
    }
  }
});

test("without Python it is said what to install", (t) => {
  // Where no environment has been made yet.
  const root = temporaryFolder(t);
  for (const file of ["test/aws/requirements.txt", "scripts/rest-actions.py"])
    writeFiles(root, { [file]: fs.readFileSync(file) });
  const asked = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { motoEnvironment } from ${JSON.stringify(path.resolve("scripts/moto.mjs"))};
await motoEnvironment(${JSON.stringify(root)}).catch((error) => console.log(error.constructor.name, error.message));`,
    ],
    { encoding: "utf8", env: { PATH: "/nowhere" } },
  );
  assert.match(
    asked.stdout,
    /^MotoUnavailable moto takes Python 3\.10 or newer, and there is none on PATH: install/,
  );
  assert.deepEqual(fs.readdirSync(path.join(root, "out")), [], "nothing is left");
});
