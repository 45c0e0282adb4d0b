/**
 * The only file that imports code of the AWS SDK; all others take types. It is bundled apart (`scripts/build.mjs`), so
 * that no process reads it before it talks to AWS, and each package in it sleeps until its function is called.
 */
export const sdk = {
  apiGateway: async () => (await import("@aws-sdk/client-apigatewayv2")).ApiGatewayV2,
  batch: async () => (await import("@aws-sdk/client-batch")).Batch,
  ec2: async () => (await import("@aws-sdk/client-ec2")).EC2,
  ecr: async () => (await import("@aws-sdk/client-ecr")).ECR,
  ecs: async () => (await import("@aws-sdk/client-ecs")).ECS,
  events: async () => (await import("@aws-sdk/client-eventbridge")).EventBridge,
  iam: async () => (await import("@aws-sdk/client-iam")).IAM,
  lambda: async () => (await import("@aws-sdk/client-lambda")).Lambda,
  logs: async () => (await import("@aws-sdk/client-cloudwatch-logs")).CloudWatchLogs,
  quotas: async () => (await import("@aws-sdk/client-service-quotas")).ServiceQuotas,
  s3: async () => (await import("@aws-sdk/client-s3")).S3,
  ssm: async () => (await import("@aws-sdk/client-ssm")).SSM,
  sts: async () => (await import("@aws-sdk/client-sts")).STS,
  credentials: () => import("@aws-sdk/credential-providers"),
  /** The reader of the shared files that the SDK itself uses, with the same memory. */
  files: () => import("@smithy/core/config"),
};
