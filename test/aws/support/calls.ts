import type { IncomingHttpHeaders } from "node:http";
import type { RestAction } from "../../../scripts/moto.mjs";

/** How a service speaks, which is also how it says that something went wrong. */
export type Protocol = "ec2" | "query" | "json" | "rest-json" | "s3";

/** One request that came to the account. */
export interface Call {
  /** Its place among all requests to the account, from 0. */
  readonly index: number;
  /** The name that it was signed for: `ec2`, `iam`, `sts`, `s3`, `ssm`, `ecs`, `logs`, `lambda`, `apigateway`, … */
  readonly service: string;
  /** As the SDK calls it: `CreateVpc`. */
  readonly action: string;
  /** `ec2:CreateVpc` */
  readonly name: string;
  /** What a policy calls it, where that differs: `s3:PutLifecycleConfiguration`, `apigateway:POST`. */
  readonly permission: string;
  readonly protocol: Protocol;
  readonly mutating: boolean;
  readonly region: string;
  /** Milliseconds since the account was made. */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What was asked for, by name: of a query protocol flat (`Tag.1.Key`), of a JSON protocol as in its body. */
  readonly params: { readonly [name: string]: unknown };
  /** What came back, once it did; undefined for what was lost or hangs. */
  status?: number;
  /** What an injector made of it, when it did. */
  fault?: string;
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Tells what a request asks of which service. */
export function callOf(
  { method, url, headers, body }: Request,
  tables: { readonly [service: string]: readonly RestAction[] },
  index: number,
  at: number,
): Call {
  const { pathname, searchParams } = new URL(url, "http://host");
  const { service, region } = scopeOf(headers, searchParams);
  const type = headers["content-type"] ?? "";
  const form = type.startsWith("application/x-www-form-urlencoded")
    ? new URLSearchParams(body.toString("utf8"))
    : undefined;
  const target = String(headers["x-amz-target"] ?? "");
  const rpc = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(pathname)?.[1];
  let protocol: Protocol;
  let action: string | undefined;
  if (form?.has("Action") === true) {
    protocol = service === "ec2" ? "ec2" : "query";
    action = form.get("Action") ?? undefined;
  } else if (target !== "") {
    protocol = "json";
    action = target.slice(target.lastIndexOf(".") + 1);
  } else if (rpc !== undefined) {
    protocol = "json";
    action = rpc;
  } else {
    protocol = service === "s3" ? "s3" : "rest-json";
    action = restAction(tables[service] ?? [], method, pathname, searchParams, headers);
  }
  action ??= `${method} ${pathname}`;
  return {
    index,
    service,
    action,
    name: `${service}:${action}`,
    permission: permissionOf(service, action, method),
    protocol,
    mutating: isMutating(service, action),
    region,
    at,
    method,
    url,
    headers,
    body,
    params: form === undefined ? jsonOf(body) : Object.fromEntries(form),
  };
}

/** Key, region and service stand in the signature: `Credential=AKIA…/20260102/eu-central-1/ec2/aws4_request`. */
function scopeOf(headers: IncomingHttpHeaders, query: URLSearchParams): { service: string; region: string } {
  const [, , region = "", service = ""] = credentialOf(headers, query).split("/");
  // Web identity is the one thing here that is asked for without a signature.
  return service === "" ? { service: "sts", region: "" } : { service, region };
}

/** The access key that a request was signed with, or "". */
export function accessKeyOf(headers: IncomingHttpHeaders, query: URLSearchParams): string {
  return credentialOf(headers, query).split("/")[0] ?? "";
}

function credentialOf(headers: IncomingHttpHeaders, query: URLSearchParams): string {
  const signed = /Credential=([^,\s]+)/.exec(headers.authorization ?? "")?.[1];
  return signed ?? query.get("X-Amz-Credential") ?? "";
}

function restAction(
  table: readonly RestAction[],
  method: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): string | undefined {
  // The SDK says it for S3, where paths alone do not tell actions apart.
  const said = query.get("x-id");
  if (said !== null) return said;
  let best: RestAction | undefined;
  for (const entry of table) {
    const [wanted, pattern, needs, needed] = entry;
    if (wanted !== method || !fits(pattern, path)) continue;
    if (!needs.every((need) => has(query, need)) || !needed.every((name) => name in headers)) continue;
    if (best === undefined || weight(entry) > weight(best)) best = entry;
  }
  return best?.[4];
}

/** What says more is nearer: `/functions/{Name}/policy` than `/functions/{Name+}`, `?uploads` than nothing. */
function weight([, pattern, needs, needed]: RestAction): number {
  return (
    10 * (needs.length + needed.length) + pattern.split("/").filter((part) => !part.startsWith("{")).length
  );
}

function has(query: URLSearchParams, need: string): boolean {
  const [name = "", value] = need.split("=");
  return query.has(name) && (value === undefined || query.get(name) === value);
}

function fits(pattern: string, path: string): boolean {
  const wanted = trimmed(pattern).split("/");
  const parts = trimmed(path).split("/");
  for (const [at, part] of wanted.entries()) {
    const given = parts[at];
    if (given === undefined) return false;
    if (/^\{.*\+\}$/.test(part) && at === wanted.length - 1) return given !== "";
    if (/^\{.*\}$/.test(part) ? given === "" : given !== part) return false;
  }
  return parts.length === wanted.length;
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

const reads =
  /^(Describe|Get|List|Head|Lookup|Search|BatchGet|BatchCheck|Check|Simulate|Filter|Test|Validate)/;

function isMutating(service: string, action: string): boolean {
  return service !== "sts" && !reads.test(action);
}

/** Where a policy's word is another one than the action's. */
const permissions: { readonly [name: string]: string } = {
  "s3:ListBuckets": "s3:ListAllMyBuckets",
  "s3:HeadBucket": "s3:ListBucket",
  "s3:ListObjects": "s3:ListBucket",
  "s3:ListObjectsV2": "s3:ListBucket",
  "s3:ListObjectVersions": "s3:ListBucketVersions",
  "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
  "s3:ListParts": "s3:ListMultipartUploadParts",
  "s3:HeadObject": "s3:GetObject",
  "s3:CopyObject": "s3:PutObject",
  "s3:CreateMultipartUpload": "s3:PutObject",
  "s3:UploadPart": "s3:PutObject",
  "s3:UploadPartCopy": "s3:PutObject",
  "s3:CompleteMultipartUpload": "s3:PutObject",
  "s3:DeleteObjects": "s3:DeleteObject",
  "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
  "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
  "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
  "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
  "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
  "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
  "s3:DeleteBucketTagging": "s3:PutBucketTagging",
  "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
  "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "lambda:Invoke": "lambda:InvokeFunction",
};

function permissionOf(service: string, action: string, method: string): string {
  if (service === "apigateway") return `apigateway:${method}`;
  return permissions[`${service}:${action}`] ?? `${service}:${action}`;
}

function jsonOf(body: Buffer): { readonly [name: string]: unknown } {
  // A file that is uploaded may be large, and is not asked for by any name.
  if (body.length === 0 || body.length > 1024 * 1024 || body[0] !== 0x7b) return {};
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
