import { createHash, randomBytes } from "node:crypto";
import * as http from "node:http";
import type { TestContext } from "node:test";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { S3 } from "@aws-sdk/client-s3";
import { isSha256, type Sha256 } from "../../server/base/brand.js";
import type { Context } from "../../server/functions/entry.js";
import { makeS3 } from "../../server/functions/s3-client.js";
import { type Account, awsTests, REGION } from "../aws/support/aws.js";
import { listening } from "../support/listening.js";

export const BUILD = "reprod-abcdefghijkl-euc1-build";
export const TMP = "reprod-abcdefghijkl-euc1-tmp";
export const PROJECT = "abcdefghijkl";

/** Names of buckets are one for all accounts, so each test begins with a moto in which there is nothing. */
export function emptyAwsTests(): (
  name: string,
  run: (test: TestContext, account: Account) => Promise<void>,
) => void {
  const awsTest = awsTests();
  return (name, run) =>
    awsTest(name, async (test, account, aws) => {
      await aws.reset();
      await run(test, account);
    });
}

/** As Lambda gives it, with so much time. */
export function context(milliseconds = 900_000): Context {
  const end = performance.now() + milliseconds;
  return {
    awsRequestId: `test-${randomBytes(4).toString("hex")}`,
    getRemainingTimeInMillis: () => end - performance.now(),
  };
}

export function sha256(bytes: string | Uint8Array): Sha256 {
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (!isSha256(digest)) throw new Error("it is one");
  return digest;
}

/** The client of a handler: its calls are noted, and what the account injects happens to it. */
export function handlerS3(account: Account, maxAttempts = 1): S3 {
  return makeS3({ ...config(account), maxAttempts, responseChecksumValidation: "WHEN_REQUIRED" });
}

export function handlerLogs(account: Account): CloudWatchLogs {
  return new CloudWatchLogs(config(account));
}

function config({ endpoint, accessKeyId, secretAccessKey }: Account) {
  return {
    endpoint,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    forcePathStyle: true,
  };
}

/** Both buckets; by the way that is not noted. */
export async function buckets(account: Account): Promise<S3> {
  const s3 = account.client(S3);
  for (const Bucket of [BUILD, TMP])
    await s3.createBucket({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } });
  return s3;
}

export async function keysOf(s3: S3, Bucket: string): Promise<readonly string[]> {
  const { Contents } = await s3.listObjectsV2({ Bucket });
  return (Contents ?? []).map(({ Key }) => Key ?? "");
}

export async function openUploads(s3: S3, Bucket: string): Promise<number> {
  return (await s3.listMultipartUploads({ Bucket })).Uploads?.length ?? 0;
}

export async function textOf(s3: S3, Bucket: string, Key: string): Promise<string> {
  const { Body } = await s3.getObject({ Bucket, Key });
  return (await Body?.transformToString()) ?? "";
}

export interface Site {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly requests: http.IncomingMessage[];
}

/** A web server on this machine, as the source of addresses. */
export async function site(
  test: TestContext,
  answer: (request: http.IncomingMessage, response: http.ServerResponse, index: number) => void,
): Promise<Site> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length - 1);
  });
  return { url: `http://${await listening(test, server)}`, requests };
}
