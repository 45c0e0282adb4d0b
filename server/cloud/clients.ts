import type { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import type { Batch } from "@aws-sdk/client-batch";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { EC2 } from "@aws-sdk/client-ec2";
import type { ECR } from "@aws-sdk/client-ecr";
import type { ECS } from "@aws-sdk/client-ecs";
import type { EventBridge } from "@aws-sdk/client-eventbridge";
import type { IAM } from "@aws-sdk/client-iam";
import type { Lambda } from "@aws-sdk/client-lambda";
import type { S3 } from "@aws-sdk/client-s3";
import type { ServiceQuotas } from "@aws-sdk/client-service-quotas";
import type { SSM } from "@aws-sdk/client-ssm";
import type { STS } from "@aws-sdk/client-sts";

/** The clients of one profile in one region: each is loaded and made when it is asked for the first time. */
export interface Clients {
  apiGateway(): Promise<ApiGatewayV2>;
  batch(): Promise<Batch>;
  ec2(): Promise<EC2>;
  ecr(): Promise<ECR>;
  ecs(): Promise<ECS>;
  events(): Promise<EventBridge>;
  iam(): Promise<IAM>;
  lambda(): Promise<Lambda>;
  logs(): Promise<CloudWatchLogs>;
  quotas(): Promise<ServiceQuotas>;
  s3(): Promise<S3>;
  ssm(): Promise<SSM>;
  sts(): Promise<STS>;
  /** Whether the service is reached over plain HTTP: a stand-in for AWS, where nothing may ask for TLS. */
  isPlain(service: "s3"): Promise<boolean>;
  /** Closes all connections. Nothing can be asked afterwards. */
  destroy(): void;
}
