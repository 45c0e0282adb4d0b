import type { ServiceName } from "./endpoints.js";

/** What stands before the colon in IAM's actions. */
const prefixes: { readonly [Service in ServiceName]: string } = {
  apiGateway: "apigateway",
  batch: "batch",
  ec2: "ec2",
  ecr: "ecr",
  ecs: "ecs",
  events: "events",
  iam: "iam",
  lambda: "lambda",
  logs: "logs",
  quotas: "servicequotas",
  s3: "s3",
  ssm: "ssm",
  sts: "sts",
};

/** Calls of S3 that ask for an action of another name. */
const namedOtherwise = new Map([
  ["CompleteMultipartUpload", "PutObject"],
  ["CopyObject", "PutObject"],
  ["CreateMultipartUpload", "PutObject"],
  ["DeleteBucketEncryption", "PutEncryptionConfiguration"],
  ["DeleteBucketLifecycle", "PutLifecycleConfiguration"],
  ["DeleteBucketOwnershipControls", "PutBucketOwnershipControls"],
  ["DeleteBucketTagging", "PutBucketTagging"],
  ["DeleteObjects", "DeleteObject"],
  ["DeletePublicAccessBlock", "PutBucketPublicAccessBlock"],
  ["GetBucketEncryption", "GetEncryptionConfiguration"],
  ["GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"],
  ["GetPublicAccessBlock", "GetBucketPublicAccessBlock"],
  ["HeadBucket", "ListBucket"],
  ["HeadObject", "GetObject"],
  ["ListBuckets", "ListAllMyBuckets"],
  ["ListMultipartUploads", "ListBucketMultipartUploads"],
  ["ListObjectVersions", "ListBucketVersions"],
  ["ListObjectsV2", "ListBucket"],
  ["ListParts", "ListMultipartUploadParts"],
  ["PutBucketEncryption", "PutEncryptionConfiguration"],
  ["PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"],
  ["PutPublicAccessBlock", "PutBucketPublicAccessBlock"],
  ["UploadPart", "PutObject"],
  ["UploadPartCopy", "PutObject"],
]);

/** API Gateway asks for the method of HTTP. */
const methods = new Map([
  ["Create", "POST"],
  ["Delete", "DELETE"],
  ["Get", "GET"],
  ["Import", "PUT"],
  ["Reimport", "PUT"],
  ["Tag", "POST"],
  ["Untag", "DELETE"],
  ["Update", "PATCH"],
]);

/** What a call asks IAM for: `("s3", "HeadBucket")` → `s3:ListBucket`. `prefix` is IAM's word for the service. */
export function actionOfCall(prefix: string, operation: string): string {
  if (prefix === "apigateway") {
    const verb = /^[A-Z][a-z]+/.exec(operation)?.[0] ?? "";
    return `${prefix}:${methods.get(verb) ?? operation}`;
  }
  return `${prefix}:${(prefix === "s3" ? namedOtherwise.get(operation) : undefined) ?? operation}`;
}

const actions = new WeakMap<object, string>();

/** Remembers which action a call needed that failed: S3 and older calls of EC2 do not say it. */
export function noteAction(error: unknown, service: ServiceName, command: string | undefined): void {
  if (typeof error !== "object" || error === null || command === undefined) return;
  actions.set(error, actionOfCall(prefixes[service], command.replace(/Command$/, "")));
}

/** The action that the call of this error needed, where one of our clients made it. */
export function actionBehind(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? actions.get(error) : undefined;
}
