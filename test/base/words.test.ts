import assert from "node:assert/strict";
import { test } from "node:test";
import { withArticle } from "../../server/base/words.js";

test("the article follows how a word is said", () => {
  for (const text of [
    "an S3 bucket",
    "an IAM role",
    "an ECS cluster",
    "an EC2 key pair",
    "an ECR repository",
    "an HTTP API",
    "an API",
    "an SSM parameter",
    "an ARN",
    "an AWS account",
    "an SSO session",
    "an MFA device",
    "an EventBridge rule",
    "an internet gateway",
    "an instance profile",
    "an endpoint",
    "an unknown thing",
    "an uninstalled thing",
    "an hour",
    "a VPC",
    "a URL",
    "a UTC time",
    "a DNS name",
    "a NAT gateway",
    "a Batch compute environment",
    "a CloudWatch log group",
    "a Lambda function",
    "a subnet",
    "a security group",
    "a launch template",
    "a user",
    "a usage plan",
    "a unit",
    "a one-off",
    "a host",
    "a key pair",
  ]) {
    assert.equal(withArticle(text.replace(/^an? /, "")), text);
  }
});
