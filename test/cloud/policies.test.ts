import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOfCall } from "../../server/cloud/actions.js";
import {
  type BucketStatement,
  bucketSidPrefix,
  buildBucketStatements,
  temporaryBucketStatements,
} from "../../server/cloud/policies/bucket.js";
import {
  type Policy,
  type PolicyScope,
  policy,
  policyText,
  type RolePart,
  type RoleSpec,
  roleArn,
  type Statement,
  samePolicy,
} from "../../server/cloud/policies/policy.js";
import { POLICY_SIZE, policySize, readyPolicies } from "../../server/cloud/policies/ready.js";
import { readyPolicyNames } from "../../server/cloud/policies/ready-names.js";
import { allRoles, roleSpecs } from "../../server/cloud/policies/roles.js";
import {
  actionsOfSetup,
  endpointReader,
  endpointWriter,
  engineUser,
  setupPolicy,
} from "../../server/cloud/policies/user.js";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import { STAGING_PREFIX } from "../../server/functions/table.js";
import { taskEndKey, taskLogKey } from "../../server/store/keys.js";
import { type Decision, decide, type Policies, type Request } from "./support/iam.js";

const ACCOUNT = "111122223333";
const REGION = "eu-central-1";
const PROJECT = "abcdefghij23";

function scopeOf(projectId: string, region = REGION, code = "euc1", partition = "aws"): PolicyScope {
  const name = (part: string) => `reprod-${projectId}-${code}-${part}`;
  const names = {
    buildBucket: name("build"),
    temporaryBucket: name("tmp"),
    cluster: name("cluster"),
    logGroup: `/reprod/${projectId}`,
  };
  return { partition, accountId: ACCOUNT, region, projectId, name, names };
}

const scope = scopeOf(PROJECT);
const build = `arn:aws:s3:::${scope.names.buildBucket}`;
const temporary = `arn:aws:s3:::${scope.names.temporaryBucket}`;
const at = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const cluster = at("ecs", `cluster/${scope.name("cluster")}`);
const task = at("ecs", `task/${scope.name("cluster")}/0123abcd`);
const ours = (kind: string, revision = "") =>
  at(kind.split(":")[0] ?? "", `${kind.split(":")[1]}/${scope.name("x")}${revision}`);
const logs = at("logs", `log-group:/reprod/${PROJECT}:*`);
const logStream = at("logs", `log-group:/reprod/${PROJECT}:log-stream:main/main/0123`);

type Call = readonly [action: string, resource: string, context?: Request["context"]];

/** What S3 says of a request that makes a whole object, and of one that begins or continues an upload. */
const creating = { "s3:ObjectCreationOperation": "true", "s3:if-none-match": "*" };
const overwriting = { "s3:ObjectCreationOperation": "true" };
const uploading = { "s3:ObjectCreationOperation": "false" };
const onCluster = { "ecs:cluster": cluster };
const toTasks = { "iam:PassedToService": "ecs-tasks.amazonaws.com" };

/** A multipart upload with all that belongs to it, or an object at once; never over another. */
function create(key: string): readonly Call[] {
  return [
    ["s3:PutObject", key, creating],
    ["s3:PutObject", key, uploading],
    ["s3:AbortMultipartUpload", key],
    ["s3:ListMultipartUploadParts", key],
  ];
}

function write(key: string): readonly Call[] {
  return [...create(key), ["s3:PutObject", key, overwriting]];
}

function ownLog(part: string): readonly Call[] {
  const stream = at("logs", `log-group:/aws/lambda/${scope.name(part)}:log-stream:2026/11/27/1`);
  return [
    ["logs:CreateLogStream", stream],
    ["logs:PutLogEvents", stream],
  ];
}

const readLogs: readonly Call[] = [
  ["logs:GetLogEvents", logStream],
  ["logs:FilterLogEvents", logs],
  ["logs:DescribeLogStreams", logs],
  // Some calls name the group with `:*`, some without.
  ["logs:DescribeLogStreams", at("logs", `log-group:/reprod/${PROJECT}`)],
  ["logs:FilterLogEvents", at("logs", `log-group:/reprod/${PROJECT}`)],
];

const lookAtWork: readonly Call[] = [
  ["ecs:DescribeTasks", task],
  ["batch:DescribeJobs", "*"],
];

function launch(family: string): readonly Call[] {
  return [
    ["ecs:RunTask", at("ecs", `task-definition/${family}:7`), onCluster],
    ["ecs:TagResource", task, { "ecs:CreateAction": "RunTask" }],
    ["ecs:StopTask", task],
    ["ecs:ListTasks", "*", onCluster],
  ];
}

const tagged = { "aws:RequestTag/reprod:project": PROJECT };
const ofOurs = { "aws:ResourceTag/reprod:project": PROJECT };
const ofAnother = { "aws:ResourceTag/reprod:project": "zzzzzzzzzz22" };
const adoptedByUs = { "aws:ResourceTag/reprod:adopted": `aaaaaaaaaaaa ${PROJECT} zzzzzzzzzz22` };
const job = at("batch", "job/0a1b2c3d");
const secret = at("secretsmanager", `secret:reprod/${PROJECT}/token-AbCdEf`);

const launchNodes: readonly Call[] = [
  ...launch(scope.name("node-1")),
  ...lookAtWork,
  ["ecs:RegisterTaskDefinition", ours("ecs:task-definition", ":*")],
  ["ecs:RegisterTaskDefinition", ours("ecs:task-definition")],
  ["ecs:TagResource", ours("ecs:task-definition", ":1"), { "ecs:CreateAction": "RegisterTaskDefinition" }],
  ["ecs:DescribeTaskDefinition", "*"],
  ["batch:RegisterJobDefinition", ours("batch:job-definition")],
  ["batch:TagResource", ours("batch:job-definition", ":1")],
  ["batch:SubmitJob", ours("batch:job-definition", ":1")],
  ["batch:SubmitJob", ours("batch:job-queue")],
  ["batch:SubmitJob", job, tagged],
  ["batch:TagResource", job, tagged],
  ["batch:CancelJob", job, ofOurs],
  ["batch:TerminateJob", job, ofOurs],
  ["batch:ListJobs", "*"],
  ["batch:DescribeComputeEnvironments", "*"],
  ["batch:DescribeJobDefinitions", "*"],
  ["batch:DescribeJobQueues", "*"],
  ["ecr:DescribeImages", ours("ecr:repository")],
  ["servicequotas:GetServiceQuota", at("servicequotas", "fargate/L-3032A538")],
  ["iam:PassRole", roleArn(scope, "task"), toTasks],
  ["iam:PassRole", roleArn(scope, "execution"), toTasks],
];

const storePrefixes = ["objects/sha256/ab/c", "results/ab/c.json", "content/ab/c", "claims/ab/c.json"];

const useStore: readonly Call[] = [
  ...[
    ...storePrefixes,
    `names/${PROJECT}/p/r.ndjson`,
    "names/otherproject/p/r",
    "attempts/n/done.json",
    taskEndKey("0123"),
    "runner/a.mjs",
  ].map((key): Call => ["s3:GetObject", `${build}/${key}`]),
  ["s3:GetObject", `${temporary}/runs/r/journal.ndjson`],
  ["s3:GetObject", `${temporary}/inputs/ab`],
  ["s3:ListBucket", build, { "s3:prefix": "results/" }],
  ["s3:ListBucket", temporary],
  ["s3:GetBucketLocation", build],
  ...[...storePrefixes, `names/${PROJECT}/p/r.ndjson`].flatMap((key) => write(`${build}/${key}`)),
  ...write(`${temporary}/runs/r/journal.ndjson`),
  ["secretsmanager:DescribeSecret", secret],
];

interface Table {
  readonly rule: string;
  readonly needs: readonly Call[];
  readonly mustNot: readonly Call[];
}

const everyPut = (key: string): readonly Call[] => [
  ["s3:PutObject", key, creating],
  ["s3:PutObject", key, uploading],
  ["s3:PutObject", key, overwriting],
];

const tables: { readonly [part in RolePart]?: Table } = {
  task: {
    rule: "D1",
    needs: [
      ["s3:GetObject", `${build}/objects/sha256/ab/cd`],
      ["s3:GetObject", `${build}/results/ab/cd.json`],
      ["s3:GetObject", `${build}/runner/abcd.mjs`],
      ["s3:GetObject", `${temporary}/inputs/abcd`],
      ["s3:GetObject", `${temporary}/runs/01H/specs/abcd.json`],
      ...create(`${build}/objects/sha256/ab/cd`),
      ...create(`${build}/attempts/0123/done.json`),
    ],
    mustNot: [
      ["s3:PutObject", `${build}/objects/sha256/ab/cd`, overwriting],
      ["s3:PutObject", `${build}/attempts/0123/done.json`, overwriting],
      ["s3:PutObject", `${build}/objects/sha256/ab/cd`],
      ...[
        "results/a",
        "content/a",
        `names/${PROJECT}/a`,
        "claims/a",
        "tasks/a",
        "runner/a.mjs",
        "objects",
        "other",
      ].flatMap((key) => everyPut(`${build}/${key}`)),
      ...["runs/r/specs/a.json", "runs/r/journal.ndjson", "inputs/a", "runs/import/a"].flatMap((key) =>
        everyPut(`${temporary}/${key}`),
      ),
      ["s3:GetObject", `${build}/attempts/0123/done.json`],
      ["s3:GetObject", `${build}/claims/a`],
      ["s3:GetObject", `${build}/names/${PROJECT}/a`],
      ["s3:GetObject", `${temporary}/runs/01H/journal.ndjson`],
      ["s3:GetObjectVersion", `${build}/objects/sha256/ab/cd`],
      ["s3:ListBucket", build],
      ["s3:ListBucket", build, { "s3:prefix": "attempts/" }],
      ["s3:ListBucketVersions", build],
      ["s3:ListBucketMultipartUploads", build],
      ["s3:PutObjectTagging", `${build}/objects/sha256/ab/cd`],
      ["s3:PutObjectAcl", `${build}/objects/sha256/ab/cd`],
      ["ecs:RunTask", at("ecs", `task-definition/${scope.name("node")}:1`), onCluster],
      ["ecs:DescribeTasks", task],
      ["iam:PassRole", roleArn(scope, "task"), toTasks],
      ["secretsmanager:GetSecretValue", secret],
      ["secretsmanager:DescribeSecret", secret],
      ["logs:GetLogEvents", logStream],
      ["logs:PutLogEvents", logStream],
      ["ssmmessages:CreateDataChannel", "*"],
    ],
  },
  execution: {
    rule: "D11",
    needs: [
      ["ecr:GetAuthorizationToken", "*"],
      ["ecr:BatchGetImage", ours("ecr:repository")],
      ["ecr:BatchCheckLayerAvailability", ours("ecr:repository")],
      ["ecr:GetDownloadUrlForLayer", ours("ecr:repository")],
      ["logs:CreateLogStream", logStream],
      ["logs:PutLogEvents", logStream],
      ["secretsmanager:GetSecretValue", secret],
    ],
    mustNot: [
      ["secretsmanager:GetSecretValue", at("secretsmanager", "secret:reprod/zzzzzzzzzz22/token-AbCdEf")],
      ["secretsmanager:GetSecretValue", at("secretsmanager", `secret:reprod/${PROJECT}-AbCdEf`)],
      ["secretsmanager:GetSecretValue", at("secretsmanager", "secret:database-AbCdEf")],
      ["secretsmanager:ListSecrets", "*"],
      ["ssm:GetParameters", at("ssm", `parameter/reprod/${PROJECT}/lock/x`)],
      ["ecr:BatchGetImage", at("ecr", "repository/private")],
      ["ecr:PutImage", ours("ecr:repository")],
      ["logs:CreateLogGroup", at("logs", "log-group:/reprod/new")],
      ["logs:PutLogEvents", at("logs", "log-group:/other:log-stream:a")],
      ["logs:GetLogEvents", logStream],
      ["s3:GetObject", `${build}/objects/sha256/ab/cd`],
    ],
  },
  "data-import": {
    rule: "D1",
    needs: [
      ...ownLog("data-import"),
      ["s3:GetObject", `${build}/objects/sha256/ab/cd`],
      ["s3:ListBucket", build],
      ["s3:GetObject", `${temporary}/${STAGING_PREFIX}a`],
      ...create(`${build}/objects/sha256/ab/cd`),
      ...write(`${temporary}/${STAGING_PREFIX}a`),
      ["s3:DeleteObject", `${temporary}/${STAGING_PREFIX}a`],
    ],
    mustNot: [
      ["s3:PutObject", `${build}/objects/sha256/ab/cd`, overwriting],
      ...["results/a", "content/a", "claims/a", "runner/a", "attempts/a", "tasks/a"].flatMap((key) =>
        everyPut(`${build}/${key}`),
      ),
      ...everyPut(`${temporary}/runs/r/request`),
      ["s3:GetObject", `${temporary}/runs/r/journal.ndjson`],
      ["s3:GetObject", "arn:aws:s3:::somebodys-bucket/a"],
      ["s3:ListBucket", temporary],
      ["ecs:RunTask", at("ecs", `task-definition/${scope.name("runner")}:1`), onCluster],
      ["logs:CreateLogGroup", at("logs", `log-group:/aws/lambda/${scope.name("data-import")}`)],
    ],
  },
  "data-rehash": {
    rule: "D8",
    needs: [
      ...ownLog("data-rehash"),
      ["s3:GetObject", `${build}/objects/sha256/ab/cd`],
      ["s3:ListBucket", build, { "s3:prefix": "objects/sha256/ab" }],
    ],
    mustNot: [
      ...["objects/a", "results/a", "runner/a", "tasks/a"].flatMap((key) => everyPut(`${build}/${key}`)),
      ...["inputs/a", "runs/a", `${STAGING_PREFIX}a`].flatMap((key) => everyPut(`${temporary}/${key}`)),
      ["s3:GetObject", `${build}/claims/a`],
      ["s3:GetObject", `${temporary}/inputs/a`],
    ],
  },
  "log-collect": {
    rule: "D1",
    needs: [
      ...ownLog("log-collect"),
      ["logs:GetLogEvents", logStream],
      ["s3:GetObject", `${build}/${taskEndKey("0123")}`],
      ["s3:ListBucket", build],
      ["s3:PutObject", `${build}/${taskEndKey("0123")}`, creating],
      ["s3:PutObject", `${build}/${taskLogKey("0123", "main")}`, overwriting],
    ],
    mustNot: [
      ...["objects/a", "results/a", "content/a", "names/a/b", "claims/a", "runner/a", "attempts/a"].flatMap(
        (key) => everyPut(`${build}/${key}`),
      ),
      ...everyPut(`${temporary}/runs/r/journal.ndjson`),
      ["s3:GetObject", `${build}/attempts/n/done.json`],
      ["s3:GetObject", `${temporary}/runs/r/specs/a.json`],
      ["ecs:DescribeTasks", task],
      ["ecs:StopTask", task],
      ["ecs:RunTask", at("ecs", `task-definition/${scope.name("runner")}:1`), onCluster],
      ["batch:TerminateJob", job, ofOurs],
    ],
  },
  manage: {
    rule: "D10",
    needs: [
      ...ownLog("manage"),
      ...lookAtWork,
      ...readLogs,
      ...launch(scope.name("runner")),
      ["iam:PassRole", roleArn(scope, "runner"), toTasks],
      ["iam:PassRole", roleArn(scope, "execution"), toTasks],
      ...[
        "objects/a",
        "results/a",
        "content/a",
        `names/${PROJECT}/p/r.ndjson`,
        "tasks/a/main.log",
        "runner/a.tar",
      ].map((key): Call => ["s3:GetObject", `${build}/${key}`]),
      ["s3:GetObject", `${temporary}/runs/r/journal.ndjson`],
      ["s3:ListBucket", temporary, { "s3:prefix": "runs/" }],
      ["s3:ListBucket", build],
      ["s3:PutObject", `${temporary}/runs/r/requests/cancel.json`, creating],
      ["s3:PutObject", `${temporary}/runs/r/restarts.json`, overwriting],
    ],
    mustNot: [
      ["iam:PassRole", roleArn(scope, "task"), toTasks],
      ["iam:PassRole", roleArn(scope, "manage"), toTasks],
      ["iam:PassRole", roleArn(scope, "runner"), { "iam:PassedToService": "lambda.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "runner"), { "iam:PassedToService": "ec2.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "runner")],
      ["ecs:RunTask", at("ecs", `task-definition/${scope.name("node-1")}:1`), onCluster],
      ["ecs:RunTask", at("ecs", `task-definition/${scope.name("runner-2")}:1`), onCluster],
      ["ecs:RegisterTaskDefinition", at("ecs", `task-definition/${scope.name("runner")}:*`)],
      ["batch:SubmitJob", ours("batch:job-queue")],
      ...["objects/a", "results/a", "runner/a", "names/a/b", "claims/a"].flatMap((key) =>
        everyPut(`${build}/${key}`),
      ),
      ...everyPut(`${temporary}/inputs/a`),
      ["s3:GetObject", `${build}/attempts/n/done.json`],
      ["s3:GetObject", `${build}/names/zzzzzzzzzz22/p/r.ndjson`],
      ["secretsmanager:DescribeSecret", secret],
    ],
  },
  runner: {
    rule: "D9",
    needs: [...launchNodes, ...useStore, ...readLogs],
    mustNot: [
      ["iam:PassRole", roleArn(scope, "runner"), toTasks],
      ["iam:PassRole", roleArn(scope, "instance"), { "iam:PassedToService": "ec2.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "task"), { "iam:PassedToService": "lambda.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "task")],
      ["iam:GetRole", roleArn(scope, "task")],
      [
        "ecs:RunTask",
        at("ecs", `task-definition/${scope.name("node")}:1`),
        { "ecs:cluster": at("ecs", "cluster/other") },
      ],
      ["ecs:RunTask", at("ecs", `task-definition/${scope.name("node")}:1`)],
      ["ecs:RunTask", at("ecs", "task-definition/web:1"), onCluster],
      ["ecs:RegisterTaskDefinition", at("ecs", "task-definition/web:*")],
      ["ecs:StopTask", at("ecs", "task/other/0123")],
      ["ecs:ListTasks", "*", { "ecs:cluster": at("ecs", "cluster/other") }],
      ["ecs:TagResource", task, { "ecs:CreateAction": "CreateCluster" }],
      ["ecs:TagResource", task],
      ["ecs:UpdateService", at("ecs", "service/other/web")],
      ["batch:SubmitJob", at("batch", "job-queue/other")],
      ["batch:SubmitJob", job],
      ["batch:SubmitJob", job, { "aws:RequestTag/reprod:project": "zzzzzzzzzz22" }],
      ["batch:TerminateJob", job],
      ["batch:TerminateJob", job, { "aws:ResourceTag/reprod:project": "zzzzzzzzzz22" }],
      ...everyPut(`${build}/runner/a.mjs`),
      ...everyPut(`${build}/attempts/n/done.json`),
      ...everyPut(`${build}/names/zzzzzzzzzz22/p/r.ndjson`),
      ...everyPut(`${temporary}/inputs/a`),
      ["secretsmanager:GetSecretValue", secret],
      ["secretsmanager:DescribeSecret", at("secretsmanager", "secret:reprod/zzzzzzzzzz22/token-AbCdEf")],
      ["logs:GetLogEvents", at("logs", "log-group:/other:log-stream:a")],
    ],
  },
};

/** What nobody of ours may do, whatever it is for. */
function forNobody(): readonly Call[] {
  const other = scopeOf("zzzzzzzzzz22");
  const otherBuild = `arn:aws:s3:::${other.names.buildBucket}`;
  const elsewhere = (arn: string) => [arn.replace(ACCOUNT, "999999999999"), arn.replace(REGION, "us-east-1")];
  return [
    ...["CreateRole", "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole"].flatMap(
      (action): readonly Call[] => [
        [`iam:${action}`, roleArn(scope, "task")],
        [`iam:${action}`, `arn:aws:iam::${ACCOUNT}:role/other`],
      ],
    ),
    ["iam:CreateAccessKey", `arn:aws:iam::${ACCOUNT}:user/somebody`],
    ["iam:CreateServiceLinkedRole", `arn:aws:iam::${ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/x`],
    ["sts:AssumeRole", roleArn(scope, "runner")],
    ...["ecs-tasks", "lambda", "ec2", "batch", "cloudformation"].map(
      (service): Call => [
        "iam:PassRole",
        `arn:aws:iam::${ACCOUNT}:role/Administrator`,
        { "iam:PassedToService": `${service}.amazonaws.com` },
      ],
    ),
    ["iam:PassRole", roleArn(other, "task"), toTasks],
    ["iam:PassRole", roleArn(other, "runner"), toTasks],
    ...["objects/a", "results/a", "runner/a", "runs/r/a", "inputs/a", "tasks/a", "claims/a"].flatMap(
      (key): readonly Call[] => [
        ["s3:DeleteObject", `${build}/${key}`],
        ["s3:DeleteObjectVersion", `${build}/${key}`],
        ["s3:DeleteObject", `${temporary}/${key}`],
        ["s3:DeleteObjectVersion", `${temporary}/${key}`],
        ["s3:GetObject", `${otherBuild}/${key}`],
        ...everyPut(`${otherBuild}/${key}`),
        // A bucket whose name only begins like ours.
        ["s3:GetObject", `${build}-2/${key}`],
        ...everyPut(`${build}/${key}`).map(
          ([action, resource, context]): Call => [
            action,
            resource,
            { ...context, "aws:SecureTransport": "false" },
          ],
        ),
        ["s3:GetObject", `${build}/${key}`, { "aws:SecureTransport": "false" }],
        ["s3:GetObject", `${temporary}/${key}`, { "aws:SecureTransport": "false" }],
      ],
    ),
    ["s3:ListBucket", otherBuild],
    ["s3:ListAllMyBuckets", "*"],
    ["s3:PutBucketPolicy", build],
    ["s3:DeleteBucketPolicy", build],
    ["s3:PutLifecycleConfiguration", build],
    ["s3:PutBucketVersioning", build],
    ["s3:DeleteBucket", build],
    ["s3:BypassGovernanceRetention", `${build}/objects/a`],
    ["lambda:UpdateFunctionCode", at("lambda", `function:${scope.name("manage")}`)],
    ["lambda:AddPermission", at("lambda", `function:${scope.name("manage")}`)],
    ["ecs:ExecuteCommand", task],
    ["ecs:DeleteCluster", cluster],
    ["ecs:RunTask", at("ecs", `task-definition/${other.name("runner")}:1`), onCluster],
    ["ecs:StopTask", at("ecs", `task/${other.name("cluster")}/0123`)],
    ["ecs:DescribeTasks", at("ecs", `task/${other.name("cluster")}/0123`)],
    ["ec2:RunInstances", at("ec2", "instance/*")],
    ["batch:SubmitJob", at("batch", `job-queue/${other.name("x")}`)],
    ["secretsmanager:GetSecretValue", at("secretsmanager", "secret:reprod/zzzzzzzzzz22/token-AbCdEf")],
    ["secretsmanager:PutSecretValue", secret],
    ["ssm:GetParameter", at("ssm", "parameter/database")],
    ["kms:Decrypt", at("kms", "key/0123")],
    ["dynamodb:GetItem", at("dynamodb", "table/other")],
    ...elsewhere(task).flatMap((arn): readonly Call[] => [
      ["ecs:StopTask", arn],
      ["ecs:DescribeTasks", arn],
    ]),
    ...elsewhere(logStream).flatMap((arn): readonly Call[] => [
      ["logs:GetLogEvents", arn],
      ["logs:PutLogEvents", arn],
    ]),
    ...elsewhere(secret).flatMap((arn): readonly Call[] => [
      ["secretsmanager:GetSecretValue", arn],
      ["secretsmanager:DescribeSecret", arn],
    ]),
    ...elsewhere(at("ecs", `task-definition/${scope.name("runner")}:1`)).map(
      (arn): Call => ["ecs:RunTask", arn, onCluster],
    ),
    ["iam:PassRole", roleArn(scope, "execution").replace(ACCOUNT, "999999999999"), toTasks],
  ];
}

function inline(spec: RoleSpec): readonly Policy[] {
  return Object.values(spec.inline);
}

const bucketPolicies: { readonly [arn: string]: Policy } = {
  [build]: bucketPolicy(buildBucketStatements(scope)),
  [temporary]: bucketPolicy(temporaryBucketStatements(scope)),
};

function bucketPolicy(statements: readonly BucketStatement[]): Policy {
  return policy(...statements.map(({ statement }) => statement));
}

function asked([action, resource, context]: Call, principal: string): Request {
  return { action, resource, principal, context: { "aws:SecureTransport": "true", ...context } };
}

function answer(call: Call, principal: string, identity: readonly unknown[]): Decision {
  const resource = bucketPolicies[call[1].split("/")[0] ?? ""];
  return decide(asked(call, principal), { identity, ...(resource && { resource }) });
}

/** The calls that are answered otherwise than they should be, readably. */
function wrong(
  calls: readonly Call[],
  should: "allowed" | "not",
  principal: string,
  identity: readonly unknown[],
): readonly string[] {
  return calls
    .filter((call) => (answer(call, principal, identity) === "allowed") !== (should === "allowed"))
    .map(([action, resource, context]) => `${action} ${resource} ${JSON.stringify(context ?? {})}`);
}

for (const [part, table] of Object.entries(tables)) {
  const spec = roleSpecs[part as RolePart](scope);
  const arn = roleArn(scope, spec.part);

  test(`${table.rule} the role "${part}" may do what it is for`, () => {
    assert.deepEqual(wrong(table.needs, "allowed", arn, inline(spec)), []);
  });

  test(`${table.rule} the role "${part}" may do nothing that it is not for`, () => {
    assert.deepEqual(wrong([...table.mustNot, ...forNobody()], "not", arn, inline(spec)), []);
  });

  test(`${table.rule} the role "${part}" has no statement, action or resource that none of its calls needs`, () => {
    const idle: string[] = [];
    for (const [name, document] of Object.entries(spec.inline)) {
      for (const [index, statement] of document.Statement.entries()) {
        for (const [what, without] of lesser(statement)) {
          const less = { ...document, Statement: document.Statement.with(index, without) };
          const policies = Object.entries(spec.inline).map(([other, is]) => (other === name ? less : is));
          if (wrong(table.needs, "allowed", arn, policies).length === 0)
            idle.push(`${statement.Sid}: ${what}`);
        }
      }
    }
    assert.deepEqual(idle, []);
  });
}

/** A statement with one action or one resource less, by what it is. */
function* lesser(statement: Statement): Generator<readonly [string, Statement]> {
  for (const action of statement.Action) {
    yield [action, { ...statement, Action: statement.Action.filter((other) => other !== action) }];
  }
  for (const resource of statement.Resource ?? []) {
    yield [
      resource,
      { ...statement, Resource: (statement.Resource ?? []).filter((other) => other !== resource) },
    ];
  }
}

test("D1 the bucket's policy holds the task role to creating, whatever the role is given", () => {
  const anything = [policy({ Sid: "All", Effect: "Allow", Action: ["*"], Resource: ["*"] })];
  const arn = roleArn(scope, "task");
  const object = `${build}/objects/sha256/ab/cd`;
  const may: readonly Call[] = [
    ...create(object),
    ...create(`${build}/attempts/n/done.json`),
    ["s3:GetObject", object],
  ];
  const mayNot: readonly Call[] = [
    ["s3:PutObject", object, overwriting],
    ["s3:PutObject", `${build}/attempts/n/done.json`, overwriting],
    ...["results/a", "content/a", `names/${PROJECT}/a`, "claims/a", "runner/a.mjs"].flatMap((key) =>
      everyPut(`${build}/${key}`),
    ),
    ["s3:DeleteObject", object],
    ["s3:DeleteObjectVersion", object],
    ...everyPut(`${temporary}/runs/r/specs/a.json`),
    ["s3:DeleteObject", `${temporary}/runs/r/journal.ndjson`],
    ["s3:DeleteObjectVersion", `${temporary}/runs/r/journal.ndjson`],
    ["s3:GetObject", object, { "aws:SecureTransport": "false" }],
    ["s3:ListBucket", temporary, { "aws:SecureTransport": "false" }],
  ];
  assert.deepEqual(wrong(may, "allowed", arn, anything), []);
  assert.deepEqual(wrong(mayNot, "not", arn, anything), []);

  // Somebody else is held to TLS alone.
  const runner = roleArn(scope, "runner");
  const others: readonly Call[] = [...everyPut(`${build}/results/a`), ["s3:DeleteObject", object]];
  assert.deepEqual(wrong(others, "allowed", runner, anything), []);
  assert.deepEqual(
    wrong([["s3:GetObject", object, { "aws:SecureTransport": "false" }]], "not", runner, anything),
    [],
  );

  // Each statement is needed: without it something of the list would be allowed.
  for (const [bucket, document] of Object.entries(bucketPolicies)) {
    for (const statement of document.Statement) {
      const less = policy(...document.Statement.filter((other) => other !== statement));
      const let_ = mayNot.filter(
        (call) =>
          call[1].split("/")[0] === bucket &&
          decide(asked(call, arn), { identity: anything, resource: less }) === "allowed",
      );
      assert.notEqual(let_.length, 0, statement.Sid);
    }
  }
});

test("D1 the role itself is create-only, for buckets whose policy does not say it", () => {
  const spec = roleSpecs.task(scope);
  const put = (context: Request["context"]) =>
    decide(
      { action: "s3:PutObject", resource: `${build}/objects/sha256/ab/cd`, ...(context && { context }) },
      { identity: inline(spec) },
    );
  assert.equal(put(creating), "allowed");
  assert.equal(put(uploading), "allowed");
  assert.equal(put(overwriting), "not allowed");
  assert.equal(put({}), "not allowed");
});

test("D9 people who run pipelines may do what the runner may, bring code and inputs, and start the runner", () => {
  const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;
  const needs: readonly Call[] = [
    ...launchNodes,
    ...useStore,
    ...readLogs,
    ...write(`${build}/runner/abcd.mjs`),
    ...write(`${temporary}/inputs/abcd`),
    ...launch(scope.name("runner")),
    ["iam:PassRole", roleArn(scope, "runner"), toTasks],
    ["logs:StartLiveTail", at("logs", `log-group:/reprod/${PROJECT}`)],
    ["lambda:InvokeFunction", at("lambda", `function:${scope.name("data-import")}`)],
    ["lambda:InvokeFunction", at("lambda", `function:${scope.name("data-rehash")}`)],
  ];
  const mustNot: readonly Call[] = [
    ["iam:PassRole", roleArn(scope, "manage"), { "iam:PassedToService": "lambda.amazonaws.com" }],
    ["iam:PassRole", roleArn(scope, "runner"), { "iam:PassedToService": "lambda.amazonaws.com" }],
    ...everyPut(`${build}/attempts/n/done.json`),
    ["secretsmanager:GetSecretValue", secret],
    ["lambda:InvokeFunction", at("lambda", `function:${scope.name("manage")}`)],
    ["lambda:InvokeFunction", at("lambda", "function:other")],
  ];
  assert.deepEqual(wrong(needs, "allowed", user, Object.values(engineUser(scope))), []);
  assert.deepEqual(wrong([...mustNot, ...forNobody()], "not", user, Object.values(engineUser(scope))), []);
});

test("D10 reading and writing endpoints are two policies, of one API", () => {
  const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;
  const call = (method: string, route: string, api = "a1b2c3"): Call => [
    "execute-api:Invoke",
    at("execute-api", `${api}/$default/${method}/${route}`),
  ];
  const read = [endpointReader(scope, "a1b2c3")];
  const write = [endpointWriter(scope, "a1b2c3")];
  const reads = [call("GET", "runs"), call("GET", "runs/01H"), call("GET", "nodes/ab/logs")];
  const writes = [call("POST", "runs"), call("POST", "runs/01H/cancel"), call("DELETE", "runs/01H")];
  const others = [call("GET", "runs", "zzzzzz"), call("POST", "runs", "zzzzzz"), call("PATCH", "runs/01H")];
  assert.deepEqual(wrong(reads, "allowed", user, read), []);
  assert.deepEqual(wrong([...writes, ...others, ...forNobody()], "not", user, read), []);
  assert.deepEqual(wrong([...reads, ...writes], "allowed", user, write), []);
  assert.deepEqual(wrong([...others, ...forNobody()], "not", user, write), []);
});

const vpc = at("ec2", "vpc/vpc-1");
const api = (part: string) => `arn:aws:apigateway:${REGION}::/apis${part}`;
const tagsOf = (id: string) =>
  `arn:aws:apigateway:${REGION}::/tags/arn%3Aaws%3Aapigateway%3A${REGION}%3A%3A%2Fapis%2F${id}`;

/** What EC2 says of tags that are set or taken away: of the project, where it is about that. */
function tagging(...keys: readonly string[]): NonNullable<Request["context"]> {
  return { "aws:TagKeys": keys, ...(keys.includes("reprod:project") && tagged) };
}
const within = (creation: string) => ({ "ec2:CreateAction": creation });

const setup: {
  readonly [group in (typeof groupNames)[number]]: {
    readonly may: readonly Call[];
    readonly mayNot: readonly Call[];
  };
} = {
  roles: {
    may: [
      ["iam:CreateRole", roleArn(scope, "task")],
      ["iam:PutRolePolicy", roleArn(scope, "manage")],
      [
        "iam:AttachRolePolicy",
        roleArn(scope, "batch-service"),
        { "iam:PolicyARN": "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole" },
      ],
      // Whatever somebody attached by hand.
      [
        "iam:DetachRolePolicy",
        roleArn(scope, "task"),
        { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" },
      ],
      ["iam:AddRoleToInstanceProfile", `arn:aws:iam::${ACCOUNT}:instance-profile/${scope.name("instance")}`],
      ["iam:PassRole", roleArn(scope, "instance"), { "iam:PassedToService": "ec2.amazonaws.com" }],
    ],
    mayNot: [
      [
        "iam:AttachRolePolicy",
        roleArn(scope, "task"),
        { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" },
      ],
      ["iam:PutRolePolicy", `arn:aws:iam::${ACCOUNT}:role/Administrator`],
      [
        "iam:DetachRolePolicy",
        `arn:aws:iam::${ACCOUNT}:role/Administrator`,
        { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" },
      ],
      ["iam:PutRolePolicy", roleArn(scopeOf("zzzzzzzzzz22"), "task")],
      ["iam:PutUserPolicy", `arn:aws:iam::${ACCOUNT}:user/somebody`],
      ["iam:PassRole", roleArn(scope, "runner"), toTasks],
    ],
  },
  storage: {
    may: [
      ["s3:CreateBucket", build],
      ["s3:PutBucketPolicy", temporary],
      ["s3:DeleteObjectVersion", `${build}/objects/a`],
    ],
    mayNot: [
      ["s3:PutBucketPolicy", "arn:aws:s3:::other"],
      ["s3:DeleteObject", "arn:aws:s3:::other/a"],
      ["s3:GetObject", `${build}/objects/a`],
      ["s3:PutObject", `${build}/results/a`],
      ["s3:PutBucketAcl", build],
    ],
  },
  network: {
    may: [
      ["ec2:CreateVpc", at("ec2", "vpc/*"), tagged],
      ["ec2:CreateSubnet", vpc],
      ["ec2:DescribeVpcs", "*"],
      ["ec2:DescribeVpcAttribute", vpc],
      ["ec2:DeleteVpc", vpc, ofOurs],
      ["ec2:RevokeSecurityGroupEgress", at("ec2", "security-group/sg-1"), ofOurs],
      ["ec2:RevokeSecurityGroupIngress", at("ec2", "security-group/sg-1"), adoptedByUs],
      ["ec2:DeleteRoute", at("ec2", "route-table/rtb-1"), adoptedByUs],
      ["ec2:CreateTags", at("ec2", "subnet/*"), { ...tagging("reprod:project"), ...within("CreateSubnet") }],
      ["ec2:CreateTags", vpc, { ...ofOurs, ...tagging("reprod:group", "reprod:part") }],
      ["ec2:CreateTags", vpc, tagging("reprod:adopted")],
      ["ec2:CreateTags", vpc, { ...ofAnother, ...tagging("reprod:changed") }],
      ["ec2:DeleteTags", vpc, tagging("reprod:adopted", "reprod:changed")],
    ],
    mayNot: [
      ["ec2:DeleteSecurityGroup", at("ec2", "security-group/sg-1"), adoptedByUs],
      [
        "ec2:DeleteRoute",
        at("ec2", "route-table/rtb-1"),
        { "aws:ResourceTag/reprod:adopted": "zzzzzzzzzz22" },
      ],
      ["ec2:DeleteVpc", vpc],
      ["ec2:DeleteVpc", vpc, ofAnother],
      ["ec2:DeleteVpc", vpc, adoptedByUs],
      ["ec2:DeleteTags", vpc, { ...ofAnother, ...tagging("reprod:project") }],
      ["ec2:DeleteTags", vpc, tagging("reprod:adopted", "Name")],
      // Without keys it is a deletion of all tags.
      ["ec2:DeleteTags", vpc, ofAnother],
      ["ec2:DeleteTags", vpc],
      ["ec2:CreateTags", at("ec2", "subnet/*"), { ...tagging("reprod:project"), ...within("RunInstances") }],
      ["ec2:CreateTags", at("ec2", "instance/i-1"), tagging("reprod:adopted")],
      ["ec2:DeleteSubnet", at("ec2", "subnet/subnet-1")],
      ["ec2:RevokeSecurityGroupIngress", at("ec2", "security-group/sg-1")],
      ["ec2:CreateVpc", at("ec2", "vpc/*").replace(REGION, "us-east-1")],
      ["ec2:CreateNatGateway", at("ec2", "natgateway/*")],
      ["ec2:TerminateInstances", at("ec2", "instance/i-1"), ofOurs],
    ],
  },
  "key-pair": {
    may: [
      ["ec2:CreateKeyPair", at("ec2", "key-pair/x"), tagged],
      ["ec2:DeleteKeyPair", at("ec2", "key-pair/x"), ofOurs],
      [
        "ec2:CreateTags",
        at("ec2", "key-pair/x"),
        { ...tagging("reprod:project"), ...within("ImportKeyPair") },
      ],
      ["ec2:CreateTags", at("ec2", "key-pair/x"), { ...ofOurs, ...tagging("reprod:group") }],
    ],
    mayNot: [
      ["ec2:CreateTags", at("ec2", "key-pair/x"), tagging("reprod:adopted")],
      ["ec2:DeleteTags", at("ec2", "key-pair/x"), { ...ofOurs, ...tagging("reprod:project") }],
      ["ec2:CreateKeyPair", at("ec2", "key-pair/x")],
      ["ec2:DeleteKeyPair", at("ec2", "key-pair/x")],
    ],
  },
  cluster: {
    may: [
      ["ecs:CreateCluster", cluster],
      ["ecs:PutClusterCapacityProviders", cluster],
      ["ecs:DeleteTaskDefinitions", ours("ecs:task-definition", ":1")],
      ["logs:CreateLogGroup", at("logs", `log-group:/reprod/${PROJECT}`)],
      ["logs:PutRetentionPolicy", logs],
      [
        "iam:CreateServiceLinkedRole",
        `arn:aws:iam::${ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
        { "iam:AWSServiceName": "ecs.amazonaws.com" },
      ],
    ],
    mayNot: [
      ["ecs:DeleteCluster", at("ecs", "cluster/other")],
      ["ecs:DeleteTaskDefinitions", at("ecs", "task-definition/web:1")],
      ["logs:DeleteLogGroup", at("logs", "log-group:/other")],
      ["ecs:RunTask", ours("ecs:task-definition", ":1"), onCluster],
    ],
  },
  functions: {
    may: [
      ["lambda:CreateFunction", at("lambda", `function:${scope.name("manage")}`)],
      ["iam:PassRole", roleArn(scope, "manage"), { "iam:PassedToService": "lambda.amazonaws.com" }],
      ["events:PutRule", ours("events:rule")],
      ["logs:CreateLogGroup", at("logs", `log-group:/aws/lambda/${scope.name("manage")}`)],
    ],
    mayNot: [
      ["lambda:UpdateFunctionCode", at("lambda", "function:other")],
      ["lambda:UpdateFunctionCode", at("lambda", `function:${scope.name("else")}`)],
      ["iam:PassRole", roleArn(scope, "runner"), { "iam:PassedToService": "lambda.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "manage"), { "iam:PassedToService": "ec2.amazonaws.com" }],
      ["events:DeleteRule", at("events", "rule/other")],
    ],
  },
  endpoints: {
    may: [
      ["apigateway:POST", `arn:aws:apigateway:${REGION}::/apis`],
      ["apigateway:GET", api("")],
      ["apigateway:GET", api("/a1b2c3/routes")],
      ["apigateway:DELETE", api("/a1b2c3"), ofOurs],
      ["apigateway:PATCH", api("/a1b2c3/stages/$default"), ofOurs],
      ["apigateway:POST", api("/a1b2c3/integrations"), ofOurs],
      ["apigateway:POST", tagsOf("*"), tagging("reprod:project")],
      ["apigateway:POST", tagsOf("a1b2c3"), { ...ofOurs, ...tagging("reprod:project") }],
      ["lambda:AddPermission", at("lambda", `function:${scope.name("manage")}`)],
    ],
    mayNot: [
      ...["DELETE", "PATCH", "POST", "PUT"].flatMap((method): readonly Call[] => [
        [`apigateway:${method}`, api("/zzzzzz")],
        [`apigateway:${method}`, api("/zzzzzz"), ofAnother],
        [`apigateway:${method}`, api("/zzzzzz/routes/1"), ofAnother],
      ]),
      ["apigateway:POST", tagsOf("zzzzzz"), { ...ofAnother, ...tagging("reprod:project") }],
      ["apigateway:DELETE", tagsOf("zzzzzz")],
      ["apigateway:DELETE", `arn:aws:apigateway:${REGION}::/restapis/a1b2c3`],
      ["apigateway:POST", "arn:aws:apigateway:us-east-1::/apis"],
      ["lambda:AddPermission", at("lambda", "function:other")],
    ],
  },
  "compute-environment": {
    may: [
      ["batch:CreateComputeEnvironment", ours("batch:compute-environment")],
      ["batch:CreateJobQueue", ours("batch:job-queue")],
      ["ec2:CreateLaunchTemplate", at("ec2", "launch-template/*"), tagged],
      ["ec2:DeleteLaunchTemplate", at("ec2", "launch-template/lt-1"), ofOurs],
      [
        "ec2:CreateTags",
        at("ec2", "launch-template/*"),
        { ...tagging("reprod:project"), ...within("CreateLaunchTemplate") },
      ],
      ["ec2:CreateTags", at("ec2", "launch-template/lt-1"), { ...ofOurs, ...tagging("reprod:group") }],
      ["iam:PassRole", roleArn(scope, "batch-service"), { "iam:PassedToService": "batch.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "instance"), { "iam:PassedToService": "ec2.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "spot-fleet"), { "iam:PassedToService": "spotfleet.amazonaws.com" }],
    ],
    mayNot: [
      ["batch:DeleteJobQueue", at("batch", "job-queue/other")],
      ["ec2:DeleteLaunchTemplate", at("ec2", "launch-template/lt-1")],
      ["iam:PassRole", roleArn(scope, "task"), { "iam:PassedToService": "batch.amazonaws.com" }],
      ["iam:PassRole", roleArn(scope, "batch-service"), { "iam:PassedToService": "lambda.amazonaws.com" }],
    ],
  },
  repositories: {
    may: [["ecr:CreateRepository", ours("ecr:repository")]],
    mayNot: [
      ["ecr:DeleteRepository", at("ecr", "repository/other")],
      ["ecr:PutImage", ours("ecr:repository")],
    ],
  },
};

for (const group of groupNames) {
  test(`F1 the policy to set up "${group}" reaches what is the project's, and no more`, () => {
    const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;
    const document = setupPolicy(scope, group);
    const { may, mayNot } = setup[group];
    const common: readonly Call[] = [
      ["ssm:PutParameter", at("ssm", `parameter/reprod/${PROJECT}/lock/${REGION}/1`)],
      ["ssm:GetParametersByPath", at("ssm", `parameter/reprod/${PROJECT}/lock/${REGION}`)],
      ["iam:SimulatePrincipalPolicy", user],
    ];
    const never: readonly Call[] = [
      ["ssm:DeleteParameter", at("ssm", "parameter/reprod/zzzzzzzzzz22/lock/eu-central-1/1")],
      ["ssm:GetParameter", at("ssm", "parameter/database")],
      ["iam:CreateUser", user],
      ["iam:PassRole", `arn:aws:iam::${ACCOUNT}:role/Administrator`, toTasks],
      ["sts:AssumeRole", roleArn(scope, "runner")],
    ];
    assert.deepEqual(wrong([...may, ...common], "allowed", user, [document]), []);
    assert.deepEqual(wrong([...mayNot, ...never], "not", user, [document]), []);

    const given = new Set(document.Statement.flatMap(({ Action }) => Action));
    assert.deepEqual(
      actionsOfSetup[group].filter((action) => !given.has(action)),
      [],
    );
    assert.deepEqual(actionsOfSetup[group], [...new Set(actionsOfSetup[group])].sort());
  });
}

test("F1 whoever may set a project up cannot claim what is another's by tagging it", () => {
  const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;
  const all = groupNames.map((group) => setupPolicy(scope, group));
  const kinds = [
    "internet-gateway",
    "key-pair",
    "launch-template",
    "route-table",
    "security-group",
    "subnet",
    "vpc",
    "vpc-endpoint",
  ].map((kind) => at("ec2", `${kind}/another`));
  const claims = kinds.flatMap((resource) =>
    [{}, ofAnother, { ...ofAnother, ...adoptedByUs }, adoptedByUs].flatMap((now): readonly Call[] => [
      ["ec2:CreateTags", resource, { ...now, ...tagging("reprod:project") }],
      ["ec2:CreateTags", resource, { ...now, ...tagging("reprod:adopted", "reprod:project") }],
      ["ec2:DeleteTags", resource, { ...now, ...tagging("reprod:project") }],
      ["ec2:DeleteTags", resource, now],
    ]),
  );
  assert.deepEqual(wrong(claims, "not", user, all), []);
  // And without the tag nothing of it goes.
  const removals = [
    "DeleteInternetGateway",
    "DeleteKeyPair",
    "DeleteLaunchTemplate",
    "DeleteRouteTable",
    "DeleteSecurityGroup",
    "DeleteSubnet",
    "DeleteVpc",
    "DeleteVpcEndpoints",
  ].flatMap((action) =>
    kinds.map((resource): Call => [`ec2:${action}`, resource, { ...ofAnother, ...adoptedByUs }]),
  );
  assert.deepEqual(wrong(removals, "not", user, all), []);
});

test("F2 an adopted role is marked as used, and nothing else of it is changed", () => {
  const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;
  const task = `arn:aws:iam::${ACCOUNT}:role/team/task`;
  const document = setupPolicy({ ...scope, roleArns: { task } }, "roles");
  const may: readonly Call[] = ["GetRole", "TagRole", "UntagRole"].map((action) => [`iam:${action}`, task]);
  const mayNot = ["DeleteRole", "DetachRolePolicy", "PutRolePolicy", "UpdateAssumeRolePolicy"].map(
    (action): Call => [`iam:${action}`, task],
  );
  assert.deepEqual(wrong(may, "allowed", user, [document]), []);
  assert.deepEqual(wrong(mayNot, "not", user, [document]), []);
  assert.deepEqual(wrong([["iam:DeleteRole", roleArn(scope, "manage")]], "allowed", user, [document]), []);
});

test("D10 the ready policies are documents that IAM takes, whole", () => {
  for (const of of [
    scope,
    scopeOf(PROJECT, "ap-southeast-3", "apse3"),
    scopeOf(PROJECT, "us-gov-west-1", "usgw1", "aws-us-gov"),
  ]) {
    for (const which of readyPolicyNames) {
      const ready = readyPolicies(which, of, () => "a1b2c3");
      const names = which === "all" ? [...groupNames] : [which];
      assert.deepEqual([...ready.keys()], names, which);
      for (const [name, document] of ready) {
        assert.ok(policySize(document) <= POLICY_SIZE, `${name}: ${policySize(document)}`);
        assert.equal(policySize(document), JSON.stringify(document).replaceAll(/\s/g, "").length);
      }
    }
  }
  const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;
  const runs = [...readyPolicies("runs", scope, () => "").values()];
  assert.deepEqual(wrong([...launchNodes, ...useStore, ...readLogs], "allowed", user, runs), []);
  assert.deepEqual(wrong(forNobody(), "not", user, runs), []);
});

test("D9 each role is taken by its service, acting for this account, and by nobody else", () => {
  const from = (service: string, context: Request["context"] = {}): Request => ({
    action: "sts:AssumeRole",
    resource: "*",
    principal: { service },
    context,
  });
  const told = { "aws:SourceAccount": ACCOUNT, "aws:SourceArn": task };
  const foreign = {
    "aws:SourceAccount": "999999999999",
    "aws:SourceArn": task.replace(ACCOUNT, "999999999999"),
  };
  const services: { readonly [part in RolePart]: string } = {
    task: "ecs-tasks.amazonaws.com",
    execution: "ecs-tasks.amazonaws.com",
    runner: "ecs-tasks.amazonaws.com",
    "data-import": "lambda.amazonaws.com",
    "data-rehash": "lambda.amazonaws.com",
    "log-collect": "lambda.amazonaws.com",
    manage: "lambda.amazonaws.com",
    "batch-service": "batch.amazonaws.com",
    instance: "ec2.amazonaws.com",
    "spot-fleet": "spotfleet.amazonaws.com",
  };
  for (const spec of allRoles(scope)) {
    const service = services[spec.part];
    const taken = (request: Request) => decide(request, { resource: spec.trust });
    assert.equal(taken(from(service, told)), "allowed", spec.part);
    assert.notEqual(taken(from("glue.amazonaws.com", told)), "allowed", spec.part);
    assert.notEqual(
      taken({ ...from(service, told), principal: roleArn(scope, "runner") }),
      "allowed",
      spec.part,
    );
    assert.notEqual(taken({ ...from(service, told), action: "sts:AssumeRoleWithWebIdentity" }), "allowed");
    for (const { Principal } of spec.trust.Statement) {
      assert.deepEqual(Principal, { Service: [service] });
    }
    // The others' services do not say for whom they act (`trust` says why that is enough).
    if (/^(?:ecs-tasks|lambda)\./.test(service)) {
      assert.notEqual(taken(from(service, foreign)), "allowed", spec.part);
      assert.notEqual(taken(from(service)), "allowed", spec.part);
    }
    if (service.startsWith("ecs-tasks.")) {
      const s3 = { ...told, "aws:SourceArn": build };
      const region = { ...told, "aws:SourceArn": task.replace(REGION, "us-east-1") };
      assert.notEqual(taken(from(service, s3)), "allowed", spec.part);
      assert.notEqual(taken(from(service, region)), "allowed", spec.part);
    }
  }
  const china = scopeOf(PROJECT, "cn-north-1", "cnn1", "aws-cn");
  assert.deepEqual(roleSpecs.instance(china).trust.Statement[0]?.Principal, {
    Service: ["ec2.amazonaws.com.cn"],
  });
  assert.deepEqual(roleSpecs.instance(china).managed, [
    "arn:aws-cn:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
  ]);
});

test("D9 AWS's own policies stand only where AWS knows best what its service needs", () => {
  const managed = Object.fromEntries(allRoles(scope).map((spec) => [spec.part, spec.managed]));
  const path = "arn:aws:iam::aws:policy/service-role";
  assert.deepEqual(managed, {
    task: [],
    execution: [],
    runner: [],
    "data-import": [],
    "data-rehash": [],
    "log-collect": [],
    manage: [],
    "batch-service": [`${path}/AWSBatchServiceRole`],
    instance: [`${path}/AmazonEC2ContainerServiceforEC2Role`],
    "spot-fleet": [`${path}/AmazonEC2SpotFleetTaggingRole`],
  });
});

/** Actions that IAM knows no resource for, and the one whose resource says nothing about Fargate. */
const withoutResource = new Set([
  "batch:DescribeComputeEnvironments",
  "batch:DescribeJobDefinitions",
  "batch:DescribeJobQueues",
  "batch:DescribeJobs",
  "batch:ListJobs",
  "ec2:DescribeAvailabilityZones",
  "ec2:DescribeInstanceTypes",
  "ec2:DescribeInternetGateways",
  "ec2:DescribeKeyPairs",
  "ec2:DescribeLaunchTemplateVersions",
  "ec2:DescribeLaunchTemplates",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeRouteTables",
  "ec2:DescribeSecurityGroupRules",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:DescribeTags",
  "ec2:DescribeVpcEndpoints",
  "ec2:DescribeVpcs",
  "ecr:GetAuthorizationToken",
  "ecs:DeregisterTaskDefinition",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTaskDefinitionFamilies",
  "ecs:ListTaskDefinitions",
  // Its resource is a container instance, of which Fargate has none; the cluster is asked for by a condition.
  "ecs:ListTasks",
  "logs:DescribeLogGroups",
  "s3:ListAllMyBuckets",
  "servicequotas:GetAWSDefaultServiceQuota",
]);

type Named = readonly (readonly [string, Policy])[];

function documentsOfPeople(of: PolicyScope): Named {
  return [
    ...groupNames.map((group) => [`setup of ${group}`, setupPolicy(of, group)] as const),
    ...Object.entries(engineUser(of)).map(([name, is]) => [`engine user, ${name}`, is] as const),
    ["endpoint reader", endpointReader(of, "a1b2c3")],
    ["endpoint writer", endpointWriter(of, "a1b2c3")],
  ];
}

function documents(of: PolicyScope): Named {
  const ofRoles = allRoles(of).flatMap((spec) =>
    Object.entries(spec.inline).map(([name, is]) => [`${spec.part} ${name}`, is] as const),
  );
  return [...ofRoles, ...documentsOfPeople(of)];
}

test("D9 no statement gives everything, or anything outside the account, the region and the partition", () => {
  for (const of of [scope, scopeOf(PROJECT, "cn-north-1", "cnn1", "aws-cn")]) {
    for (const [name, { Statement: statements }] of documents(of)) {
      for (const statement of statements) {
        const { Sid, Effect, Action, Resource, NotResource, Principal, Condition } = statement;
        const where = `${name}: ${Sid}`;
        assert.equal(Effect, "Allow", where);
        assert.equal(Principal ?? NotResource, undefined, where);
        assert.deepEqual(
          Action.filter((action) => !/^[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action)),
          [],
          where,
        );
        for (const resource of Resource ?? []) {
          if (resource === "*") {
            assert.deepEqual(Resource, ["*"], where);
            assert.deepEqual(
              Action.filter((action) => !withoutResource.has(action)),
              [],
              where,
            );
            if (Action.includes("ecs:ListTasks")) assert.deepEqual(Action, ["ecs:ListTasks"], where);
            continue;
          }
          const [arn, partition, service, region, account] = resource.split(":");
          assert.deepEqual([arn, partition], ["arn", of.partition], where);
          assert.equal(region, service === "iam" || service === "s3" ? "" : of.region, where);
          assert.equal(account, service === "s3" || service === "apigateway" ? "" : of.accountId, where);
        }
        if (Action.includes("ecs:ListTasks")) {
          assert.ok(Condition?.ArnEquals?.["ecs:cluster"], where);
        }
        if (Action.includes("iam:PassRole")) {
          assert.ok(Condition?.StringEquals?.["iam:PassedToService"], where);
        }
      }
    }
  }
});

test("D9 documents are within IAM's limits, with Sids that are unique and names that fit", () => {
  const long = scopeOf(PROJECT, "ap-southeast-3", "apse3");
  const size = (document: Policy) => policyText(document).length;
  for (const of of [scope, long]) {
    for (const spec of allRoles(of)) {
      assert.ok(of.name(spec.part).length <= 64, spec.part);
      const total = inline(spec).reduce((sum, document) => sum + size(document), 0);
      assert.ok(total <= 10_240, `${spec.part}: ${total}`);
      assert.ok(size(spec.trust) <= 2_048, spec.part);
      assert.ok(spec.title.length > 0 && spec.may.length > 0);
    }
    // What people attach is a managed policy.
    for (const [name, document] of documentsOfPeople(of)) {
      assert.ok(size(document) <= POLICY_SIZE, `${name}: ${size(document)}`);
    }
    for (const statements of [buildBucketStatements(of), temporaryBucketStatements(of)]) {
      assert.ok(size(bucketPolicy(statements)) <= 20 * 1024);
      for (const { statement } of statements) assert.ok(statement.Sid.startsWith(bucketSidPrefix(of)));
    }
    const all = [
      ...documents(of).map(([, document]) => document),
      ...allRoles(of).map(({ trust }) => trust),
      bucketPolicy([...buildBucketStatements(of)]),
      bucketPolicy([...temporaryBucketStatements(of)]),
    ];
    for (const { Statement: statements } of all) {
      const sids = statements.map(({ Sid }) => Sid);
      assert.deepEqual(sids, [...new Set(sids)]);
      assert.deepEqual(
        sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid)),
        [],
      );
    }
  }
});

test("F2 statements of two projects in one bucket have different Sids", () => {
  const one = buildBucketStatements(scope).map(({ statement }) => statement.Sid);
  const other = buildBucketStatements(scopeOf("zzzzzzzzzz22")).map(({ statement }) => statement.Sid);
  assert.deepEqual(
    one.filter((sid) => other.includes(sid)),
    [],
  );
  assert.ok(buildBucketStatements(scope).every(({ needsConditions }) => needsConditions));
});

test("F2 adopted roles, repositories and buckets are named as they are", () => {
  const task = `arn:aws:iam::${ACCOUNT}:role/team/task`;
  const adopted: PolicyScope = {
    ...scope,
    roleArns: { task },
    imageRepositories: [at("ecr", "repository/team/tools")],
    importBuckets: ["open-data"],
  };
  const source: Call = ["s3:GetObject", "arn:aws:s3:::open-data/a"];
  assert.deepEqual(wrong([source], "allowed", "", inline(roleSpecs["data-import"](adopted))), []);
  const pass: Call = ["iam:PassRole", task, toTasks];
  assert.deepEqual(wrong([pass], "allowed", roleArn(scope, "runner"), inline(roleSpecs.runner(adopted))), []);
  const pull: Call = ["ecr:BatchGetImage", at("ecr", "repository/team/tools")];
  assert.deepEqual(wrong([pull], "allowed", "", inline(roleSpecs.execution(adopted))), []);
  const refuses = buildBucketStatements(adopted).map(({ statement }) => statement.Condition?.ArnEquals);
  assert.deepEqual(
    refuses.filter((is) => is !== undefined).map((is) => is["aws:PrincipalArn"]),
    [[task], [task], [task]],
  );
});

test("F1 a document is the same as what AWS gives back of it, and as no other", () => {
  const document = policy(
    {
      Sid: "A",
      Effect: "Allow",
      Principal: { AWS: [ACCOUNT] },
      Action: ["s3:GetObject"],
      Resource: ["arn:aws:s3:::b/*"],
    },
    {
      Sid: "B",
      Effect: "Deny",
      Principal: "*",
      Action: ["s3:PutObject", "s3:DeleteObject"],
      Resource: ["arn:aws:s3:::b/x", "arn:aws:s3:::b/y"],
      Condition: { Bool: { "aws:SecureTransport": ["false"] }, StringLike: { "aws:userid": ["a", "b"] } },
    },
  );
  const back = {
    Version: "2012-10-17",
    Statement: [
      {
        Condition: { StringLike: { "AWS:UserId": ["b", "a"] }, Bool: { "aws:SecureTransport": false } },
        Resource: ["arn:aws:s3:::b/y", "arn:aws:s3:::b/x"],
        Action: ["s3:DeleteObject", "S3:putobject"],
        Principal: { AWS: "*" },
        Effect: "Deny",
        Sid: "B",
      },
      {
        Sid: "A",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: "s3:GetObject",
        Resource: "arn:aws:s3:::b/*",
      },
    ],
  };
  assert.ok(samePolicy(document, policyText(document)));
  assert.ok(samePolicy(document, JSON.stringify(back, null, 2)));
  assert.ok(samePolicy(encodeURIComponent(JSON.stringify(back)), document));

  const [deny, let_] = back.Statement;
  const others: readonly unknown[] = [
    { ...back, Version: "2008-10-17" },
    { Statement: back.Statement },
    { ...back, Statement: [deny] },
    { ...back, Statement: [deny, { ...let_, Effect: "Deny" }] },
    { ...back, Statement: [deny, { ...let_, Sid: "C" }] },
    { ...back, Statement: [deny, { ...let_, Resource: "arn:aws:s3:::B/*" }] },
    { ...back, Statement: [deny, { ...let_, Action: ["s3:GetObject", "s3:PutObject"] }] },
    { ...back, Statement: [deny, { ...let_, Principal: "*" }] },
    { ...back, Statement: [deny, { ...let_, Condition: { Bool: { "aws:SecureTransport": "true" } } }] },
    { ...back, Statement: [{ ...deny, Condition: undefined }, let_] },
    [],
    null,
  ];
  for (const other of others) assert.ok(!samePolicy(document, JSON.stringify(other)), JSON.stringify(other));
  assert.ok(!samePolicy(document, "%7Bnot json"));
  assert.ok(!samePolicy("", ""));
  for (const [, is] of documents(scope)) {
    assert.ok(samePolicy(is, encodeURIComponent(policyText(is))));
  }
});

test("F1 the action that a call asks for is known, where it has another name", () => {
  assert.equal(actionOfCall("iam", "CreateRole"), "iam:CreateRole");
  assert.equal(actionOfCall("s3", "HeadBucket"), "s3:ListBucket");
  assert.equal(actionOfCall("s3", "PutBucketEncryption"), "s3:PutEncryptionConfiguration");
  assert.equal(actionOfCall("apigateway", "UpdateStage"), "apigateway:PATCH");
  assert.equal(actionOfCall("apigateway", "ReimportApi"), "apigateway:PUT");
  const called = [
    actionOfCall("s3", "DeleteBucketLifecycle"),
    actionOfCall("s3", "PutPublicAccessBlock"),
    actionOfCall("s3", "DeleteObjects"),
    actionOfCall("s3", "ListObjectVersions"),
  ];
  assert.deepEqual(
    called.filter((action) => !actionsOfSetup.storage.includes(action)),
    [],
  );
});

// The evaluator itself, against the rules that AWS documents.

const user = `arn:aws:iam::${ACCOUNT}:user/somebody`;

function single(statement: { readonly [element: string]: unknown }): unknown {
  return {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "s3:*", Resource: "*", ...statement },
  };
}

const get: Request = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k/x", principal: user };

const evaluations: readonly (readonly [name: string, Request, Policies, Decision])[] = [
  ["without a policy nothing is allowed", get, {}, "not allowed"],
  ["an allow allows", get, { identity: [single({})] }, "allowed"],
  ["of another action it does not", get, { identity: [single({ Action: "s3:PutObject" })] }, "not allowed"],
  ["a deny wins", get, { identity: [single({}), single({ Effect: "Deny" })] }, "refused"],
  ["a deny wins in any order", get, { identity: [single({ Effect: "Deny" }), single({})] }, "refused"],
  [
    "a deny of the resource wins",
    get,
    { identity: [single({})], resource: single({ Effect: "Deny", Principal: "*" }) },
    "refused",
  ],
  [
    "an allow of the resource is enough in one account",
    get,
    { resource: single({ Principal: { AWS: user } }) },
    "allowed",
  ],
  [
    "allowing an account leaves it to its policies",
    get,
    { resource: single({ Principal: { AWS: ACCOUNT } }) },
    "not allowed",
  ],
  [
    "which may allow it",
    get,
    { identity: [single({})], resource: single({ Principal: { AWS: ACCOUNT } }) },
    "allowed",
  ],
  [
    "refusing an account is refusing all in it",
    get,
    { identity: [single({})], resource: single({ Effect: "Deny", Principal: { AWS: ACCOUNT } }) },
    "refused",
  ],
  [
    "its root is the account",
    get,
    {
      identity: [single({})],
      resource: single({ Effect: "Deny", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }),
    },
    "refused",
  ],
  [
    "another account does not",
    get,
    { resource: single({ Principal: { AWS: "999999999999" } }) },
    "not allowed",
  ],
  [
    "a service is no user",
    get,
    { resource: single({ Principal: { Service: "ec2.amazonaws.com" } }) },
    "not allowed",
  ],
  ["actions are the same in any case", get, { identity: [single({ Action: "S3:getobject" })] }, "allowed"],
  ["resources are not", get, { identity: [single({ Resource: "arn:aws:s3:::B/k/x" })] }, "not allowed"],
  [
    "a star is any text",
    get,
    { identity: [single({ Action: "s3:Get*", Resource: "arn:aws:s3:::b/*" })] },
    "allowed",
  ],
  ["also none", get, { identity: [single({ Action: "s3:GetObject*" })] }, "allowed"],
  [
    "a question mark is one character",
    get,
    { identity: [single({ Resource: "arn:aws:s3:::b/?/x" })] },
    "allowed",
  ],
  ["and not none", get, { identity: [single({ Resource: "arn:aws:s3:::b/k/x?" })] }, "not allowed"],
  ["a dot is a dot", get, { identity: [single({ Resource: "arn:aws:s3:::b.k/x" })] }, "not allowed"],
  ["a pattern is of the whole", get, { identity: [single({ Resource: "arn:aws:s3:::b/k" })] }, "not allowed"],
  [
    "all but these actions",
    get,
    { identity: [single({ Action: undefined, NotAction: "s3:Put*" })] },
    "allowed",
  ],
  [
    "all but this action",
    get,
    { identity: [single({ Action: undefined, NotAction: "s3:get*" })] },
    "not allowed",
  ],
  [
    "all but these resources",
    get,
    { identity: [single({ Resource: undefined, NotResource: "arn:aws:s3:::c/*" })] },
    "allowed",
  ],
  [
    "all but this resource",
    get,
    { identity: [single({ Resource: undefined, NotResource: "arn:aws:s3:::b/*" })] },
    "not allowed",
  ],
];

const conditions: readonly (readonly [
  string,
  Request["context"],
  { readonly [operator: string]: unknown },
  boolean,
])[] = [
  ["equal", { k: "a" }, { StringEquals: { k: "a" } }, true],
  ["one of the values is enough", { k: "a" }, { StringEquals: { k: ["b", "a"] } }, true],
  ["equal minds the case", { k: "A" }, { StringEquals: { k: "a" } }, false],
  ["equal knows no star", { k: "ab" }, { StringEquals: { k: "a*" } }, false],
  ["like does", { k: "ab" }, { StringLike: { k: "a*" } }, true],
  [
    "names of keys are the same in any case",
    { "AWS:SourceAccount": "a" },
    { StringEquals: { "aws:sourceaccount": "a" } },
    true,
  ],
  ["all keys must hold", { k: "a", l: "b" }, { StringEquals: { k: "a", l: "c" } }, false],
  ["all operators must hold", { k: "a" }, { StringEquals: { k: "a" }, StringLike: { k: "b*" } }, false],
  ["what is not there is not equal", {}, { StringEquals: { k: "a" } }, false],
  ["what is not there differs", {}, { StringNotEquals: { k: "a" } }, true],
  ["it differs if it is none of the values", { k: "a" }, { StringNotEquals: { k: ["a", "b"] } }, false],
  ["if exists, and is not there", {}, { StringEqualsIfExists: { k: "a" } }, true],
  ["if exists, and is there", { k: "b" }, { StringEqualsIfExists: { k: "a" } }, false],
  ["no such key", {}, { Null: { k: "true" } }, true],
  ["such a key", { k: "" }, { Null: { k: "true" } }, false],
  ["there must be a key", { k: "a" }, { Null: { k: "false" } }, true],
  ["there is none", {}, { Null: { k: "false" } }, false],
  ["true", { k: "true" }, { Bool: { k: "true" } }, true],
  ["true as JSON has it", { k: "true" }, { Bool: { k: true } }, true],
  ["false is not true", { k: "false" }, { Bool: { k: "true" } }, false],
  ["nothing is not false", {}, { Bool: { k: "false" } }, false],
  ["nothing is false if it need not exist", {}, { BoolIfExists: { k: "false" } }, true],
  ["an ARN", { k: cluster }, { ArnEquals: { k: cluster } }, true],
  ["an ARN with a star, of either name", { k: cluster }, { ArnEquals: { k: at("ecs", "*") } }, true],
  [
    "a star stays in its part of an ARN",
    { k: "arn:aws:ecs:r:1:x" },
    { ArnLike: { k: "arn:aws:*:x" } },
    false,
  ],
  [
    "but in the last",
    { k: "arn:aws:logs:r:1:log-group:a:b" },
    { ArnLike: { k: "arn:aws:logs:r:1:log-*" } },
    true,
  ],
  ["a text is no ARN", { k: "x" }, { ArnLike: { k: "*" } }, false],
  ["not this ARN", { k: cluster }, { ArnNotLike: { k: at("ecs", "*") } }, false],
  ["any of many", { k: ["a", "b"] }, { "ForAnyValue:StringEquals": { k: "b" } }, true],
  ["none of many", { k: ["a", "b"] }, { "ForAnyValue:StringEquals": { k: "c" } }, false],
  ["any of none", {}, { "ForAnyValue:StringEquals": { k: "c" } }, false],
  ["all of many", { k: ["a", "b"] }, { "ForAllValues:StringEquals": { k: ["a", "b", "c"] } }, true],
  ["not all of many", { k: ["a", "z"] }, { "ForAllValues:StringEquals": { k: ["a", "b"] } }, false],
  ["all of none", {}, { "ForAllValues:StringEquals": { k: "a" } }, true],
];

test("the evaluator decides as IAM does", () => {
  for (const [name, request, policies, decision] of evaluations) {
    assert.equal(decide(request, withoutUndefined(policies)), decision, name);
  }
  for (const [name, context, condition, holds] of conditions) {
    const decision = decide(
      { ...get, ...(context && { context }) },
      { identity: [single({ Condition: condition })] },
    );
    assert.equal(decision, holds ? "allowed" : "not allowed", name);
  }
  const principal = { ArnEquals: { "aws:PrincipalArn": user } };
  assert.equal(decide(get, { identity: [single({ Condition: principal })] }), "allowed");
});

test("the evaluator throws for what it does not know", () => {
  const unknown: readonly { readonly [element: string]: unknown }[] = [
    { Condition: { NumericLessThan: { k: "1" } } },
    { Condition: { StringEquals: { k: "b" }, IpAddress: { k: "10.0.0.0/8" } } },
    { Condition: { toString: { k: "1" } } },
    { Condition: { StringLike: { k: "${aws:username}" } } },
    { Condition: { StringEquals: { many: "a" } } },
    { Condition: { StringEquals: { k: 1 } } },
    { Condition: { Null: { k: "maybe" } } },
    { Resource: "arn:aws:s3:::${aws:username}/*" },
    { NotPrincipal: "*" },
    { Effect: "allow" },
    { Action: undefined },
    { Principal: "*" },
  ];
  const request = { ...get, context: { k: "a", many: ["a", "b"] } };
  for (const statement of unknown) {
    assert.throws(
      () => decide(request, withoutUndefined({ identity: [single(statement)] })),
      JSON.stringify(statement),
    );
  }
  assert.throws(() => decide(request, { identity: [{ Version: "2008-10-17", Statement: [] }] }));
  assert.throws(() => decide(request, { resource: single({}) }));
  assert.throws(() => decide(request, { resource: single({ Principal: { Federated: "x" } }) }));
});

/** As a document comes from JSON: what is undefined is not there. */
function withoutUndefined(policies: Policies): Policies {
  return JSON.parse(JSON.stringify(policies)) as Policies;
}
