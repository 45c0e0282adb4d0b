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
import { SSM } from "@aws-sdk/client-ssm";
import type { Account } from "./aws.js";

/** Tags as one API or another has them. */
type Tags =
  | { readonly [key: string]: string | undefined }
  | readonly {
      readonly Key?: string | undefined;
      readonly Value?: string | undefined;
      readonly key?: string | undefined;
      readonly value?: string | undefined;
    }[]
  | undefined;

/**
 * Everything in the account that carries the tag `reprod:project` with this id, as `kind id`, sorted, and every
 * parameter under `/reprod/<id>/`. Asks each service by itself: moto's API of tags knows few of them.
 */
export async function taggedResources(account: Account, projectId: string): Promise<readonly string[]> {
  const found: string[] = [];
  const take = (kind: string, id: string | undefined, tags: Tags) => {
    if (tagOf(tags, "reprod:project") === projectId) found.push(`${kind} ${id}`);
  };
  await Promise.all([
    ofEC2(account, take),
    ofIAM(account, take),
    ofS3(account, take),
    ofECS(account, take),
    ofServices(account, take),
    ofBatch(account, take),
    ofSSM(account, projectId, (name) => found.push(`parameter ${name}`)),
  ]);
  return found.sort();
}

type Take = (kind: string, id: string | undefined, tags: Tags) => void;

function tagOf(tags: Tags, key: string): string | undefined {
  if (tags === undefined) return undefined;
  if (!isList(tags)) return tags[key];
  const tag = tags.find((tag) => (tag.Key ?? tag.key) === key);
  return tag?.Value ?? tag?.value;
}

function isList(tags: NonNullable<Tags>): tags is Extract<Tags, readonly unknown[]> {
  return Array.isArray(tags);
}

async function ofEC2(account: Account, take: Take): Promise<void> {
  const ec2 = account.client(EC2);
  for (const { VpcId, Tags } of (await ec2.describeVpcs()).Vpcs ?? []) take("vpc", VpcId, Tags);
  for (const { SubnetId, Tags } of (await ec2.describeSubnets()).Subnets ?? [])
    take("subnet", SubnetId, Tags);
  for (const { InternetGatewayId, Tags } of (await ec2.describeInternetGateways()).InternetGateways ?? [])
    take("internet-gateway", InternetGatewayId, Tags);
  for (const { RouteTableId, Tags } of (await ec2.describeRouteTables()).RouteTables ?? [])
    take("route-table", RouteTableId, Tags);
  for (const { GroupId, Tags } of (await ec2.describeSecurityGroups()).SecurityGroups ?? [])
    take("security-group", GroupId, Tags);
  for (const { VpcEndpointId, Tags, State } of (await ec2.describeVpcEndpoints()).VpcEndpoints ?? []) {
    // Deleted ones are listed for a while, by AWS too.
    if (!/^delet/i.test(State ?? "")) take("vpc-endpoint", VpcEndpointId, Tags);
  }
  for (const { KeyPairId, Tags } of (await ec2.describeKeyPairs()).KeyPairs ?? [])
    take("key-pair", KeyPairId, Tags);
  for (const { LaunchTemplateId, Tags } of (await ec2.describeLaunchTemplates()).LaunchTemplates ?? [])
    take("launch-template", LaunchTemplateId, Tags);
  for (const { NetworkInterfaceId, TagSet } of (await ec2.describeNetworkInterfaces()).NetworkInterfaces ??
    [])
    take("network-interface", NetworkInterfaceId, TagSet);
  for (const { Instances } of (await ec2.describeInstances()).Reservations ?? [])
    for (const { InstanceId, State, Tags } of Instances ?? [])
      if (State?.Name !== "terminated") take("instance", InstanceId, Tags);
}

async function ofIAM(account: Account, take: Take): Promise<void> {
  const iam = account.client(IAM);
  for (const { RoleName = "" } of (await iam.listRoles()).Roles ?? [])
    take("role", RoleName, (await iam.listRoleTags({ RoleName })).Tags);
  for (const { InstanceProfileName } of (await iam.listInstanceProfiles()).InstanceProfiles ?? []) {
    const { InstanceProfile } = await iam.getInstanceProfile({ InstanceProfileName });
    take("instance-profile", InstanceProfileName, InstanceProfile?.Tags);
  }
  for (const { PolicyArn, PolicyName } of ((await iam.listPolicies({ Scope: "Local" })).Policies ?? []).map(
    ({ Arn, PolicyName }) => ({ PolicyArn: Arn, PolicyName }),
  ))
    take("policy", PolicyName, (await iam.listPolicyTags({ PolicyArn })).Tags);
}

async function ofS3(account: Account, take: Take): Promise<void> {
  const s3 = account.client(S3);
  for (const { Name } of (await s3.listBuckets()).Buckets ?? []) {
    try {
      take("bucket", Name, (await s3.getBucketTagging({ Bucket: Name })).TagSet);
    } catch (error) {
      if (!(error instanceof Error && error.name === "NoSuchTagSet")) throw error;
    }
  }
}

async function ofECS(account: Account, take: Take): Promise<void> {
  const ecs = account.client(ECS);
  const { clusterArns: clusters } = await ecs.listClusters();
  if (clusters !== undefined && clusters.length > 0) {
    const described = await ecs.describeClusters({ clusters, include: ["TAGS"] });
    for (const { clusterName, status, tags } of described.clusters ?? [])
      if (status !== "INACTIVE") take("cluster", clusterName, tags);
  }
  for (const status of ["ACTIVE", "INACTIVE"] as const)
    for (const taskDefinition of (await ecs.listTaskDefinitions({ status })).taskDefinitionArns ?? [])
      take(
        "task-definition",
        taskDefinition.slice(taskDefinition.lastIndexOf("/") + 1),
        (await ecs.describeTaskDefinition({ taskDefinition, include: ["TAGS"] })).tags,
      );
}

async function ofServices(account: Account, take: Take): Promise<void> {
  const logs = account.client(CloudWatchLogs);
  for (const { arn, logGroupName } of (await logs.describeLogGroups()).logGroups ?? []) {
    const resourceArn = arn?.replace(/:\*$/, "");
    take("log-group", logGroupName, (await logs.listTagsForResource({ resourceArn })).tags);
  }
  const lambda = account.client(Lambda);
  for (const { FunctionArn, FunctionName } of (await lambda.listFunctions()).Functions ?? [])
    take("function", FunctionName, (await lambda.listTags({ Resource: FunctionArn })).Tags);
  const gateway = account.client(ApiGatewayV2);
  for (const { ApiId, Tags } of (await gateway.getApis()).Items ?? []) take("api", ApiId, Tags);
  const ecr = account.client(ECR);
  for (const { repositoryArn, repositoryName } of (await ecr.describeRepositories()).repositories ?? [])
    take("repository", repositoryName, (await ecr.listTagsForResource({ resourceArn: repositoryArn })).tags);
  const events = account.client(EventBridge);
  for (const { Arn, Name } of (await events.listRules()).Rules ?? [])
    take("rule", Name, (await events.listTagsForResource({ ResourceARN: Arn })).Tags);
}

async function ofBatch(account: Account, take: Take): Promise<void> {
  const batch = account.client(Batch);
  const { computeEnvironments } = await batch.describeComputeEnvironments();
  for (const { computeEnvironmentName, tags } of computeEnvironments ?? [])
    take("compute-environment", computeEnvironmentName, tags);
  for (const { jobQueueName, tags } of (await batch.describeJobQueues()).jobQueues ?? [])
    take("job-queue", jobQueueName, tags);
  const { jobDefinitions } = await batch.describeJobDefinitions({ status: "ACTIVE" });
  for (const { jobDefinitionArn, tags } of jobDefinitions ?? [])
    take("job-definition", jobDefinitionArn, tags);
}

async function ofSSM(account: Account, projectId: string, take: (name: string) => void): Promise<void> {
  const ssm = account.client(SSM);
  const { Parameters } = await ssm.getParametersByPath({ Path: `/reprod/${projectId}`, Recursive: true });
  for (const { Name = "" } of Parameters ?? []) take(Name);
}
