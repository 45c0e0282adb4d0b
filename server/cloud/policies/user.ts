import type { GroupName } from "../reconcile/resource.js";
import { tagKeys } from "../reconcile/scope.js";
import { functionLogGroup } from "./function-role.js";
import { launchNodes, readLogs, useStore } from "./launch.js";
import {
  allow,
  bucketArn,
  buildKeys,
  type Condition,
  clusterArn,
  functionArn,
  logGroupArn,
  logStreamArns,
  type Policy,
  type PolicyScope,
  passRole,
  policy,
  type RolePart,
  regionalArn,
  roleArn,
  type Statement,
  servicePrincipal,
  taskArns,
  taskDefinitionArns,
  temporaryKeys,
} from "./policy.js";
import { allRoles } from "./roles.js";

/**
 * For who runs pipelines with `--executor ecs` or `batch`, or with `--in-cloud`: what the in-cloud runner may do, and
 * beyond it to bring the code and the inputs there, and to start the runner. Two documents, by name: a managed policy
 * holds 6,144 characters.
 */
export function engineUser(scope: PolicyScope): { readonly launch: Policy; readonly store: Policy } {
  const { logGroup } = scope.names;
  return {
    launch: policy(
      ...launchNodes(scope),
      passRole(scope, "HandOnRunnerRole", ["runner"], "ecs-tasks"),
      allow(
        "CallFunctions",
        ["lambda:InvokeFunction"],
        [functionArn(scope, "data-import"), functionArn(scope, "data-rehash")],
      ),
    ),
    store: policy(
      ...useStore(scope),
      // Content-addressed, but people may replace a broken upload; tasks cannot write there at all (D9).
      allow(
        "BringCodeAndInputs",
        ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"],
        [...buildKeys(scope, "runner/"), ...temporaryKeys(scope, "inputs/")],
      ),
      ...readLogs(scope),
      allow(
        "FollowLogs",
        ["logs:StartLiveTail"],
        [logGroupArn(scope, logGroup), logStreamArns(scope, logGroup)],
      ),
    ),
  };
}

/** For who only looks at runs through the endpoints. */
export function endpointReader(scope: PolicyScope, apiId: string): Policy {
  return policy(allow("Read", ["execute-api:Invoke"], [routes(scope, apiId, "GET")]));
}

/** For who also starts and cancels them: that is running code under the runner's role (D10). */
export function endpointWriter(scope: PolicyScope, apiId: string): Policy {
  return policy(
    allow("Read", ["execute-api:Invoke"], [routes(scope, apiId, "GET")]),
    allow("Write", ["execute-api:Invoke"], [routes(scope, apiId, "POST"), routes(scope, apiId, "DELETE")]),
  );
}

function routes(scope: PolicyScope, apiId: string, method: string): string {
  return regionalArn(scope, "execute-api", `${apiId}/$default/${method}/*`);
}

/** Something that setting up or tearing down does: statements of policies and what doctor asks for come from it. */
interface Need {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly on: (scope: PolicyScope) => readonly string[];
  readonly if?: (scope: PolicyScope) => Condition;
}

const everything = () => ["*"];
const ours = (scope: PolicyScope) => ({
  StringEquals: { "aws:ResourceTag/reprod:project": [scope.projectId] },
});
const oursToBe = (scope: PolicyScope) => ({
  StringEquals: { "aws:RequestTag/reprod:project": [scope.projectId] },
});
/** Tagging within a creation, which EC2 asks for as for a call of its own. */
const oursByCreating =
  (...creations: readonly string[]) =>
  (scope: PolicyScope): Condition => ({
    StringEquals: {
      "aws:RequestTag/reprod:project": [scope.projectId],
      "ec2:CreateAction": creations,
    },
  });
const ec2 =
  (...kinds: readonly string[]) =>
  (scope: PolicyScope) =>
    kinds.map((kind) => regionalArn(scope, "ec2", `${kind}/*`));

/**
 * Tags tell what is ours and may be removed, so whoever could set them on anything could remove anything: they are set
 * on what is being created, and mended on what is ours already.
 */
const tagOurs = (name: string, on: Need["on"], ...creations: readonly string[]): readonly Need[] => [
  { sid: `Tag${name}Made`, actions: ["ec2:CreateTags"], on, if: oursByCreating(...creations) },
  { sid: `Tag${name}`, actions: ["ec2:CreateTags"], on, if: ours },
];

const apis =
  (...paths: readonly string[]) =>
  (scope: PolicyScope) =>
    paths.map((path) => `arn:${scope.partition}:apigateway:${scope.region}::${path}`);

const roles =
  (which: "ours" | "adopted"): Need["on"] =>
  (scope) =>
    allRoles(scope)
      .filter(({ part }) => (scope.roleArns?.[part] === undefined) === (which === "ours"))
      .map(({ part }) => roleArn(scope, part));

const rolesOf =
  (...parts: readonly RolePart[]): Need["on"] =>
  (scope) =>
    parts.map((part) => roleArn(scope, part));

const passed =
  (service: string) =>
  (scope: PolicyScope): Condition => ({
    StringEquals: { "iam:PassedToService": [servicePrincipal(scope, service)] },
  });

const functionParts = ["data-import", "data-rehash", "log-collect", "manage"] as const;

/** The lock of applies (engine-rules.md F4). */
const lock: Need = {
  sid: "Lock",
  actions: [
    "ssm:AddTagsToResource",
    "ssm:DeleteParameter",
    "ssm:GetParameter",
    "ssm:GetParametersByPath",
    "ssm:PutParameter",
  ],
  on: (scope) => [regionalArn(scope, "ssm", `parameter/reprod/${scope.projectId}/lock/*`)],
};

const logGroups = (sid: string, groups: (scope: PolicyScope) => readonly string[]): Need => ({
  sid,
  actions: [
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteRetentionPolicy",
    "logs:DescribeLogStreams",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
  ],
  on: (scope) => groups(scope).flatMap((group) => [logGroupArn(scope, group), logStreamArns(scope, group)]),
});

/** Names of log groups are looked for by prefix, which IAM cannot limit. */
const findLogGroups: Need = { sid: "FindLogGroups", actions: ["logs:DescribeLogGroups"], on: everything };

const needs: { readonly [group in GroupName]: readonly Need[] } = {
  roles: [
    {
      sid: "Roles",
      actions: [
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        // Of any policy: what somebody attached by hand is taken off again.
        "iam:DetachRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoleTags",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ],
      on: roles("ours"),
    },
    {
      sid: "AdoptedRoles",
      actions: ["iam:GetRole", "iam:TagRole", "iam:UntagRole"],
      on: roles("adopted"),
    },
    {
      sid: "ManagedPolicies",
      actions: ["iam:AttachRolePolicy"],
      on: roles("ours"),
      if: (scope) => ({ ArnEquals: { "iam:PolicyARN": allRoles(scope).flatMap(({ managed }) => managed) } }),
    },
    {
      sid: "InstanceProfile",
      actions: [
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfileTags",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
      ],
      on: (scope) => [
        `arn:${scope.partition}:iam::${scope.accountId}:instance-profile/${scope.name("instance")}`,
      ],
    },
    {
      sid: "HandOnInstanceRole",
      actions: ["iam:PassRole"],
      on: rolesOf("instance"),
      if: passed("ec2"),
    },
  ],
  storage: [
    {
      sid: "Buckets",
      actions: [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:GetBucketLocation",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        // Asked of who creates a bucket with its tags.
        "s3:TagResource",
      ],
      on: (scope) => [bucketArn(scope, "build"), bucketArn(scope, "temporary")],
    },
    {
      // Teardown of a bucket, after its name was typed (F5).
      sid: "EmptyBuckets",
      actions: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"],
      on: (scope) => [`${bucketArn(scope, "build")}/*`, `${bucketArn(scope, "temporary")}/*`],
    },
  ],
  network: [
    {
      sid: "FindNetwork",
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
      ],
      on: everything,
    },
    {
      // No condition on tags: a VPC that was adopted has not ours, and takes subnets.
      sid: "MakeNetwork",
      actions: [
        "ec2:AssociateRouteTable",
        "ec2:AttachInternetGateway",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateInternetGateway",
        "ec2:CreateRoute",
        "ec2:ReplaceRoute",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateVpc",
        "ec2:CreateVpcEndpoint",
        "ec2:DescribeVpcAttribute",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVpcEndpoint",
      ],
      on: ec2(
        "internet-gateway",
        "route-table",
        "security-group",
        "security-group-rule",
        "subnet",
        "vpc",
        "vpc-endpoint",
      ),
    },
    ...tagOurs(
      "Network",
      ec2("internet-gateway", "route-table", "security-group", "subnet", "vpc", "vpc-endpoint"),
      "CreateInternetGateway",
      "CreateRouteTable",
      "CreateSecurityGroup",
      "CreateSubnet",
      "CreateVpc",
      "CreateVpcEndpoint",
    ),
    {
      // Anything may be adopted, so these two keys can be set on anything; no other, and none can be taken away.
      sid: "TagAdopted",
      actions: ["ec2:CreateTags", "ec2:DeleteTags"],
      on: ec2("internet-gateway", "route-table", "security-group", "subnet", "vpc"),
      if: () => ({
        "ForAllValues:StringEquals": { "aws:TagKeys": [tagKeys.adopted, "reprod:changed"] },
        // Of no keys all are among these: a deletion that names none is one of all tags.
        Null: { "aws:TagKeys": ["false"] },
      }),
    },
    {
      sid: "RemoveNetwork",
      actions: [
        "ec2:DeleteInternetGateway",
        "ec2:DeleteRoute",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DeleteVpc",
        "ec2:DeleteVpcEndpoints",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
      ],
      on: ec2("internet-gateway", "route-table", "security-group", "subnet", "vpc", "vpc-endpoint"),
      if: ours,
    },
    {
      // What we added to things of others is taken out again: they say in a tag that this project uses them. Who says
      // that of anything can spoil its rules and routes, as "MakeNetwork" can; it cannot remove it.
      sid: "MendAdopted",
      actions: ["ec2:DeleteRoute", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
      on: ec2("route-table", "security-group"),
      if: (scope) => ({ StringLike: { "aws:ResourceTag/reprod:adopted": [`*${scope.projectId}*`] } }),
    },
    {
      // Two resources each, of which one may be of an adopted VPC.
      sid: "DetachNetwork",
      actions: ["ec2:DetachInternetGateway", "ec2:DisassociateRouteTable"],
      on: ec2("internet-gateway", "route-table", "subnet", "vpc"),
    },
  ],
  "key-pair": [
    { sid: "FindKeyPairs", actions: ["ec2:DescribeKeyPairs", "ec2:DescribeTags"], on: everything },
    {
      sid: "MakeKeyPair",
      actions: ["ec2:CreateKeyPair", "ec2:ImportKeyPair"],
      on: ec2("key-pair"),
      if: oursToBe,
    },
    ...tagOurs("KeyPair", ec2("key-pair"), "CreateKeyPair", "ImportKeyPair"),
    { sid: "RemoveKeyPair", actions: ["ec2:DeleteKeyPair"], on: ec2("key-pair"), if: ours },
  ],
  cluster: [
    {
      sid: "Cluster",
      actions: [
        "ecs:CreateCluster",
        "ecs:DeleteCluster",
        "ecs:DescribeClusters",
        "ecs:ListTagsForResource",
        "ecs:PutClusterCapacityProviders",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:UpdateCluster",
      ],
      on: (scope) => [clusterArn(scope)],
    },
    {
      sid: "ListTasks",
      actions: ["ecs:ListTasks"],
      on: everything,
      if: (scope) => ({ ArnEquals: { "ecs:cluster": [clusterArn(scope)] } }),
    },
    { sid: "LookAtTasks", actions: ["ecs:DescribeTasks", "ecs:StopTask"], on: (scope) => [taskArns(scope)] },
    {
      sid: "FindTaskDefinitions",
      actions: [
        "ecs:DeregisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitionFamilies",
        "ecs:ListTaskDefinitions",
      ],
      on: everything,
    },
    {
      sid: "DeleteTaskDefinitions",
      actions: ["ecs:DeleteTaskDefinitions"],
      on: (scope) => [taskDefinitionArns(scope, scope.name("*"))],
    },
    {
      sid: "ServiceRole",
      actions: ["iam:CreateServiceLinkedRole"],
      on: (scope) => [serviceLinkedRole(scope, "ecs.amazonaws.com")],
      if: () => ({ StringEquals: { "iam:AWSServiceName": ["ecs.amazonaws.com"] } }),
    },
    logGroups("LogGroup", (scope) => [scope.names.logGroup]),
    findLogGroups,
  ],
  functions: [
    {
      sid: "Functions",
      actions: [
        "lambda:AddPermission",
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:DeleteFunctionEventInvokeConfig",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:GetPolicy",
        "lambda:InvokeFunction",
        "lambda:ListFunctionEventInvokeConfigs",
        "lambda:ListTags",
        "lambda:PutFunctionConcurrency",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
      ],
      on: (scope) => functionParts.map((part) => functionArn(scope, part)),
    },
    {
      sid: "HandOnFunctionRoles",
      actions: ["iam:PassRole"],
      on: rolesOf(...functionParts),
      if: passed("lambda"),
    },
    {
      sid: "Rules",
      actions: [
        "events:DeleteRule",
        "events:DescribeRule",
        "events:ListTagsForResource",
        "events:ListTargetsByRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:TagResource",
        "events:UntagResource",
      ],
      on: (scope) => [regionalArn(scope, "events", `rule/${scope.name("*")}`)],
    },
    logGroups("FunctionLogs", (scope) => functionParts.map((part) => functionLogGroup(scope, part))),
    findLogGroups,
  ],
  endpoints: [
    { sid: "FindApis", actions: ["apigateway:GET"], on: apis("/apis", "/apis/*") },
    { sid: "MakeApi", actions: ["apigateway:POST"], on: apis("/apis") },
    {
      // A tag is a resource of its own, asked for in creating an API too, which has none then. An API of another project
      // cannot be claimed so; IAM has nothing that would tell one without tags from one that is being created.
      sid: "TagApi",
      actions: ["apigateway:POST"],
      on: apis("/tags/*"),
      if: (scope) => ({ StringEqualsIfExists: { "aws:ResourceTag/reprod:project": [scope.projectId] } }),
    },
    {
      // Its id is AWS's choice, so what tells ours is its tag, which its parts inherit.
      sid: "Api",
      actions: ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"],
      on: apis("/apis/*"),
      if: ours,
    },
    {
      sid: "LetApiCall",
      actions: ["lambda:AddPermission", "lambda:GetFunction", "lambda:GetPolicy", "lambda:RemovePermission"],
      on: (scope) => [functionArn(scope, "manage")],
    },
  ],
  "compute-environment": [
    {
      sid: "ComputeEnvironments",
      actions: [
        "batch:CreateComputeEnvironment",
        "batch:CreateJobQueue",
        "batch:DeleteComputeEnvironment",
        "batch:DeleteJobQueue",
        "batch:ListTagsForResource",
        "batch:TagResource",
        "batch:UntagResource",
        "batch:UpdateComputeEnvironment",
        "batch:UpdateJobQueue",
      ],
      on: (scope) => [
        regionalArn(scope, "batch", `compute-environment/${scope.name("*")}`),
        regionalArn(scope, "batch", `job-queue/${scope.name("*")}`),
      ],
    },
    {
      sid: "FindComputeEnvironments",
      actions: [
        "batch:DescribeComputeEnvironments",
        "batch:DescribeJobQueues",
        "batch:ListJobs",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "ec2:DescribeTags",
      ],
      on: everything,
    },
    {
      sid: "MakeLaunchTemplate",
      actions: ["ec2:CreateLaunchTemplate"],
      on: ec2("launch-template"),
      if: oursToBe,
    },
    ...tagOurs("LaunchTemplate", ec2("launch-template"), "CreateLaunchTemplate"),
    {
      sid: "LaunchTemplate",
      actions: [
        "ec2:CreateLaunchTemplateVersion",
        "ec2:DeleteLaunchTemplate",
        "ec2:DeleteLaunchTemplateVersions",
        "ec2:ModifyLaunchTemplate",
      ],
      on: ec2("launch-template"),
      if: ours,
    },
    {
      sid: "HandOnBatchRole",
      actions: ["iam:PassRole"],
      on: rolesOf("batch-service"),
      if: passed("batch"),
    },
    {
      sid: "HandOnInstanceRole",
      actions: ["iam:PassRole"],
      on: rolesOf("instance"),
      if: passed("ec2"),
    },
    {
      sid: "HandOnSpotRole",
      actions: ["iam:PassRole"],
      on: rolesOf("spot-fleet"),
      if: passed("spotfleet"),
    },
    {
      sid: "ServiceRoles",
      actions: ["iam:CreateServiceLinkedRole"],
      on: (scope) => batchHelpers.map((service) => serviceLinkedRole(scope, service)),
      if: () => ({ StringEquals: { "iam:AWSServiceName": [...batchHelpers] } }),
    },
  ],
  repositories: [
    // Those that are not declared any more are found among all of them.
    {
      sid: "FindRepositories",
      actions: ["ecr:DescribeRepositories"],
      on: (scope) => [regionalArn(scope, "ecr", "repository/*")],
    },
    {
      sid: "Repositories",
      actions: [
        "ecr:CreateRepository",
        "ecr:DeleteLifecyclePolicy",
        "ecr:DeleteRepository",
        "ecr:DescribeImages",
        "ecr:GetLifecyclePolicy",
        "ecr:ListImages",
        "ecr:ListTagsForResource",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy",
        "ecr:TagResource",
        "ecr:UntagResource",
      ],
      on: (scope) => [regionalArn(scope, "ecr", `repository/${scope.name("*")}`)],
    },
  ],
};

/** The services whose own roles Batch has made, in an account that never used them. */
const batchHelpers = [
  "batch.amazonaws.com",
  "ecs.amazonaws.com",
  "spot.amazonaws.com",
  "spotfleet.amazonaws.com",
];

function serviceLinkedRole(scope: PolicyScope, service: string): string {
  return `arn:${scope.partition}:iam::${scope.accountId}:role/aws-service-role/${service}/*`;
}

/** What `reprod doctor` itself asks: quotas, and what the caller may do. */
const doctor: readonly Need[] = [
  {
    sid: "AskForPermissions",
    actions: ["iam:SimulatePrincipalPolicy"],
    on: (scope) => ["role", "user"].map((kind) => `arn:${scope.partition}:iam::${scope.accountId}:${kind}/*`),
  },
  {
    sid: "AskForQuotas",
    actions: ["servicequotas:GetServiceQuota"],
    on: (scope) => [regionalArn(scope, "servicequotas", "*")],
  },
  { sid: "AskForDefaults", actions: ["servicequotas:GetAWSDefaultServiceQuota"], on: everything },
  { sid: "CountForQuotas", actions: ["ec2:DescribeVpcs", "s3:ListAllMyBuckets"], on: everything },
];

/** The actions that setting up and tearing down a group calls for: what doctor checks. */
export const actionsOfSetup: { readonly [group in GroupName]: readonly string[] } = {
  roles: actionsOf("roles"),
  storage: actionsOf("storage"),
  network: actionsOf("network"),
  "key-pair": actionsOf("key-pair"),
  cluster: actionsOf("cluster"),
  functions: actionsOf("functions"),
  endpoints: actionsOf("endpoints"),
  "compute-environment": actionsOf("compute-environment"),
  repositories: actionsOf("repositories"),
};

function actionsOf(group: GroupName): readonly string[] {
  return [...new Set([lock, ...needs[group]].flatMap(({ actions }) => actions))].sort();
}

/** What setting up and tearing down these groups needs, and on what: what doctor simulates, one question a statement. */
export function statementsOfSetup(scope: PolicyScope, group: GroupName): readonly Statement[] {
  return [lock, ...needs[group]].flatMap((need) => {
    const statement = statementOf(scope, need, titled(group));
    // Nothing of it is there for this project: nothing adopted, or all.
    return statement.Resource?.length === 0 ? [] : [statement];
  });
}

/**
 * A ready policy for who sets up and tears down these groups. A managed policy holds 6,144 characters, which few groups
 * fit in at once, so there is one for each.
 */
export function setupPolicy(scope: PolicyScope, group: GroupName): Policy {
  return policy(...statementsOfSetup(scope, group), ...doctor.map((need) => statementOf(scope, need, "")));
}

function statementOf(scope: PolicyScope, need: Need, group: string): Statement {
  return allow(`${group}${need.sid}`, need.actions, need.on(scope), need.if?.(scope));
}

/** `compute-environment` → `ComputeEnvironment` */
function titled(group: GroupName): string {
  return group.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
