import { repositoryArns, secretArns } from "./execution.js";
import {
  allow,
  bucketArn,
  buildKeys,
  clusterArn,
  logGroupArn,
  logStreamArns,
  type PolicyScope,
  passRole,
  regionalArn,
  type Statement,
  taskArns,
  taskDefinitionArns,
  temporaryKeys,
} from "./policy.js";

/** The part of the name of the task definition that the in-cloud runner is started from. */
export const RUNNER_FAMILY = "runner";

/** Seeing what became of tasks and jobs. */
export function describeWork(scope: PolicyScope): readonly Statement[] {
  return [
    allow("DescribeTasks", ["ecs:DescribeTasks"], [taskArns(scope)]),
    // Batch knows no resource for looking at jobs.
    allow("DescribeJobs", ["batch:DescribeJobs"], ["*"]),
  ];
}

export function readLogs(scope: PolicyScope): readonly Statement[] {
  const group = scope.names.logGroup;
  return [
    allow(
      "ReadLogs",
      ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
      [logGroupArn(scope, group), logStreamArns(scope, group)],
    ),
  ];
}

/** Starting tasks of the families that match, on the project's cluster alone. */
export function runTasks(scope: PolicyScope, family: string): readonly Statement[] {
  return [
    allow("RunTasks", ["ecs:RunTask"], [taskDefinitionArns(scope, family)], {
      ArnEquals: { "ecs:cluster": [clusterArn(scope)] },
    }),
    allow("TagTasks", ["ecs:TagResource"], [taskArns(scope)], {
      StringEquals: { "ecs:CreateAction": ["RunTask"] },
    }),
    allow("StopTasks", ["ecs:StopTask"], [taskArns(scope)]),
    // A list is of container instances to IAM, of which Fargate has none: the cluster is what limits it.
    allow("ListTasks", ["ecs:ListTasks"], ["*"], { ArnEquals: { "ecs:cluster": [clusterArn(scope)] } }),
  ];
}

/**
 * What launching nodes needs, of whoever launches: definitions, tasks and jobs under the project's names, and handing
 * on exactly the two roles of tasks, to tasks (D9).
 */
export function launchNodes(scope: PolicyScope): readonly Statement[] {
  const ours = scope.name("*");
  return [
    allow(
      "RegisterTaskDefinitions",
      ["ecs:RegisterTaskDefinition"],
      [regionalArn(scope, "ecs", `task-definition/${ours}`)],
    ),
    allow("TagTaskDefinitions", ["ecs:TagResource"], [taskDefinitionArns(scope, ours)], {
      StringEquals: { "ecs:CreateAction": ["RegisterTaskDefinition"] },
    }),
    allow("DescribeTaskDefinitions", ["ecs:DescribeTaskDefinition"], ["*"]),
    ...runTasks(scope, ours),
    ...describeWork(scope),
    allow(
      "RegisterJobDefinitions",
      ["batch:RegisterJobDefinition", "batch:TagResource"],
      [regionalArn(scope, "batch", `job-definition/${ours}`)],
    ),
    allow(
      "SubmitJobs",
      ["batch:SubmitJob"],
      [
        regionalArn(scope, "batch", `job-definition/${ours}`),
        regionalArn(scope, "batch", `job-queue/${ours}`),
      ],
    ),
    // A job's ARN has a random id, so what tells ours is the tag that we give it.
    allow(
      "SubmitTaggedJobs",
      ["batch:SubmitJob", "batch:TagResource"],
      [regionalArn(scope, "batch", "job/*")],
      {
        StringEquals: { "aws:RequestTag/reprod:project": [scope.projectId] },
      },
    ),
    allow("EndJobs", ["batch:CancelJob", "batch:TerminateJob"], [regionalArn(scope, "batch", "job/*")], {
      StringEquals: { "aws:ResourceTag/reprod:project": [scope.projectId] },
    }),
    allow(
      "LookForJobs",
      [
        "batch:DescribeComputeEnvironments",
        "batch:DescribeJobDefinitions",
        "batch:DescribeJobQueues",
        "batch:ListJobs",
      ],
      ["*"],
    ),
    // The digest that a tag has now is what a launch pins.
    allow("ResolveImages", ["ecr:DescribeImages"], repositoryArns(scope)),
    allow("AskForQuotas", ["servicequotas:GetServiceQuota"], [regionalArn(scope, "servicequotas", "*")]),
    passRole(scope, "HandOnTaskRoles", ["task", "execution"], "ecs-tasks"),
  ];
}

/** What a runner reads and writes: the store, its run, and no delete anywhere. Garbage is collected by another role (E2). */
export function useStore(scope: PolicyScope): readonly Statement[] {
  return [
    allow(
      "ReadStore",
      ["s3:GetObject"],
      [
        ...buildKeys(
          scope,
          "objects/",
          "results/",
          "content/",
          "names/",
          "claims/",
          "attempts/",
          "tasks/",
          "runner/",
        ),
        ...temporaryKeys(scope, "runs/", "inputs/"),
      ],
    ),
    // To a runner "not there" and "not allowed" must not be one: S3 tells them apart only to who may list.
    allow(
      "ListBuckets",
      ["s3:GetBucketLocation", "s3:ListBucket"],
      [bucketArn(scope, "build"), bucketArn(scope, "temporary")],
    ),
    // A broken object or record is replaced (A1), a claim renewed by its ETag (D7): these are no creations.
    allow(
      "WriteStore",
      ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"],
      [
        ...buildKeys(scope, "objects/", "results/", "content/", `names/${scope.projectId}/`, "claims/"),
        ...temporaryKeys(scope, "runs/"),
      ],
    ),
    // Names and versions, which records tell (D11); never a value.
    allow("NameSecrets", ["secretsmanager:DescribeSecret"], [secretArns(scope)]),
  ];
}
