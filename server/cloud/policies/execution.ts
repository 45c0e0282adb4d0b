import {
  allow,
  logStreamArns,
  type PolicyScope,
  policy,
  type RoleSpec,
  regionalArn,
  trust,
} from "./policy.js";

/**
 * The role by which ECS starts a task's containers. AWS's own AmazonECSTaskExecutionRolePolicy would pull from every
 * repository and write to every log group of the account; this one knows its own, and its project's secrets (D11).
 */
export function executionRole(scope: PolicyScope): RoleSpec {
  return {
    part: "execution",
    title: "Role by which ECS starts containers",
    may: [
      "pull images from the project's repositories",
      "write to the project's log group",
      `read secrets under reprod/${scope.projectId}/`,
    ],
    trust: trust(scope, "ecs-tasks", "account and ARN"),
    managed: [],
    inline: {
      start: policy(
        allow("SignInToRepositories", ["ecr:GetAuthorizationToken"], ["*"]),
        allow(
          "Pull",
          ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
          repositoryArns(scope),
        ),
        allow(
          "Log",
          ["logs:CreateLogStream", "logs:PutLogEvents"],
          [logStreamArns(scope, scope.names.logGroup)],
        ),
        allow("Secrets", ["secretsmanager:GetSecretValue"], [secretArns(scope)]),
      ),
    },
  };
}

/** The secrets of the project: the only ones that a pipeline can name. */
export function secretArns(scope: PolicyScope): string {
  return regionalArn(scope, "secretsmanager", `secret:reprod/${scope.projectId}/*`);
}

/** Where images may come from. What is public needs no permission. */
export function repositoryArns(scope: PolicyScope): readonly string[] {
  return [regionalArn(scope, "ecr", `repository/${scope.name("*")}`), ...(scope.imageRepositories ?? [])];
}
