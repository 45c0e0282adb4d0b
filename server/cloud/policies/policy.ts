import { canonicalText } from "../../graph/canonical.js";

/** The operators that our documents use. A new one needs its rule in the evaluator of the tests first. */
export type ConditionOperator =
  | "ArnEquals"
  | "ArnLike"
  | "Bool"
  | "ForAllValues:StringEquals"
  | "Null"
  | "StringEquals"
  | "StringEqualsIfExists"
  | "StringLike"
  | "StringNotEquals";

export type Condition = {
  readonly [operator in ConditionOperator]?: { readonly [key: string]: readonly string[] };
};

export type Principal = "*" | { readonly Service: readonly string[] } | { readonly AWS: readonly string[] };

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  /** Only of trust and bucket policies. */
  readonly Principal?: Principal;
  readonly Action: readonly string[];
  /** A trust policy has none: it belongs to its role. */
  readonly Resource?: readonly string[];
  /** In place of `Resource`: all but these. */
  readonly NotResource?: readonly string[];
  readonly Condition?: Condition;
}

export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

/** Whose resources the documents name, and how those are called. */
export interface PolicyScope {
  /** `aws`, `aws-cn`, `aws-us-gov` */
  readonly partition: string;
  readonly accountId: string;
  readonly region: string;
  readonly projectId: string;
  /** `reprod-<project id>-<region code>-<part>`; of `*` the pattern of all of them. */
  name(part: string): string;
  readonly names: {
    readonly buildBucket: string;
    readonly temporaryBucket: string;
    readonly cluster: string;
    readonly logGroup: string;
  };
  /** Of roles that were adopted, by part; all others have our names. */
  readonly roleArns?: { readonly [part in RolePart]?: string };
  /** ARNs of the repositories, beyond our own, that images come from. */
  readonly imageRepositories?: readonly string[];
  /** Names of the buckets, beyond our own, that `data-import` may read `s3://` addresses of. */
  readonly importBuckets?: readonly string[];
}

export type RolePart =
  | "task"
  | "execution"
  | "runner"
  | "data-import"
  | "data-rehash"
  | "log-collect"
  | "manage"
  | "batch-service"
  | "instance"
  | "spot-fleet";

/** What a role is to be, for one scope. */
export interface RoleSpec {
  readonly part: RolePart;
  /** For people. */
  readonly title: string;
  /** What it may do, in words, for plans and docs: one phrase a line. */
  readonly may: readonly string[];
  readonly trust: Policy;
  /** ARNs of AWS's own policies, where AWS has the right one. */
  readonly managed: readonly string[];
  /** By the name of the inline policy. */
  readonly inline: { readonly [name: string]: Policy };
}

export function policy(...statements: readonly Statement[]): Policy {
  return { Version: "2012-10-17", Statement: statements };
}

export function allow(
  Sid: string,
  Action: readonly string[],
  Resource: readonly string[],
  Condition?: Condition,
): Statement {
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition && { Condition }) };
}

/** The text to give to AWS: one text for one document, so that texts can be compared and hashed. */
export function policyText(document: Policy): string {
  return canonicalText(document);
}

/**
 * Whether two documents say the same. AWS gives back what it was given in other words: URL-encoded, a single string in
 * place of a list of one, statements and values in another order, `{"AWS":"*"}` for `"*"`, an account's root in place
 * of its number. Sids count, since what is ours in a bucket's policy is found by them. A text that is no policy is
 * like none.
 */
export function samePolicy(one: Policy | string, other: Policy | string): boolean {
  const left = normalText(one);
  return left !== undefined && left === normalText(other);
}

/** As `samePolicy`, of single statements. */
export function sameStatement(one: unknown, other: unknown): boolean {
  return canonicalText(normalStatement(one)) === canonicalText(normalStatement(other));
}

/** The document in a text as AWS gives it, as it stands there; undefined for a text that is none. */
export function parsedPolicy(text: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text.trimStart().startsWith("%") ? decodeURIComponent(text) : text);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof URIError) return undefined;
    throw error;
  }
}

function normalText(document: Policy | string): string | undefined {
  const value: unknown = typeof document === "string" ? parsedPolicy(document) : document;
  if (!isObject(value) || value.Statement === undefined) return undefined;
  const statements = listOf(value.Statement).map((statement) => canonicalText(normalStatement(statement)));
  // Without its version a document is one of 2008, where variables are plain text: not the same.
  return canonicalText({ version: value.Version ?? "2008-10-17", statements: statements.sort() });
}

function normalStatement(statement: unknown): unknown {
  if (!isObject(statement)) return statement;
  const normal: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(statement)) {
    if (value === undefined) continue;
    if (key === "Action" || key === "NotAction") normal[key] = sortedTexts(value, lowerCase);
    else if (key === "Resource" || key === "NotResource") normal[key] = sortedTexts(value);
    else if (key === "Principal" || key === "NotPrincipal") normal[key] = normalPrincipal(value);
    else if (key === "Condition") normal[key] = normalCondition(value);
    else normal[key] = value;
  }
  return normal;
}

function normalPrincipal(principal: unknown): unknown {
  if (!isObject(principal)) return principal === "*" ? { AWS: ["*"] } : principal;
  const normal: { [kind: string]: unknown } = {};
  for (const [kind, names] of Object.entries(principal)) {
    normal[kind] = sortedTexts(names, (name) => /^arn:[\w-]+:iam::(\d{12}):root$/.exec(name)?.[1] ?? name);
  }
  return normal;
}

function normalCondition(condition: unknown): unknown {
  if (!isObject(condition)) return condition;
  const normal: { [operator: string]: unknown } = {};
  for (const [operator, keys] of Object.entries(condition)) {
    if (!isObject(keys)) return condition;
    // Keys of conditions are the same in any case.
    const entries = Object.entries(keys).map(([key, values]) => [lowerCase(key), sortedTexts(values)]);
    if (entries.length > 0) normal[operator] = Object.fromEntries(entries);
  }
  return normal;
}

function sortedTexts(value: unknown, each = (text: string) => text): readonly string[] {
  return [...new Set(listOf(value).map((item) => each(String(item))))].sort();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `arn:aws:<service>:<region>:<account>:<resource>` */
export function regionalArn(scope: PolicyScope, service: string, resource: string): string {
  return `arn:${scope.partition}:${service}:${scope.region}:${scope.accountId}:${resource}`;
}

export function roleArn(scope: PolicyScope, part: RolePart): string {
  return scope.roleArns?.[part] ?? `arn:${scope.partition}:iam::${scope.accountId}:role/${scope.name(part)}`;
}

/** Of one of AWS's own policies: `service-role/AWSBatchServiceRole` */
export function managedPolicyArn(scope: PolicyScope, path: string): string {
  return `arn:${scope.partition}:iam::aws:policy/${path}`;
}

export function bucketArn(scope: PolicyScope, bucket: "build" | "temporary"): string {
  const { buildBucket, temporaryBucket } = scope.names;
  return `arn:${scope.partition}:s3:::${bucket === "build" ? buildBucket : temporaryBucket}`;
}

/** All keys of the build bucket that start so. */
export function buildKeys(scope: PolicyScope, ...prefixes: readonly BuildPrefix[]): readonly string[] {
  return prefixes.map((prefix) => `${bucketArn(scope, "build")}/${prefix}*`);
}

export function temporaryKeys(
  scope: PolicyScope,
  ...prefixes: readonly TemporaryPrefix[]
): readonly string[] {
  return prefixes.map((prefix) => `${bucketArn(scope, "temporary")}/${prefix}*`);
}

/** What lies in the build bucket: a store, as on disk, and what only the cloud has. */
export type BuildPrefix =
  | "objects/"
  | "results/"
  | "content/"
  | "names/"
  | `names/${string}/`
  | "claims/"
  /** What attempts leave, each behind its nonce (D1). */
  | "attempts/"
  /** How tasks ended and what they wrote, as AWS says it: from the function on their end. */
  | "tasks/"
  /** Bundles of the engine and of pipelines' sources, by digest (D3, D9). */
  | "runner/";

/** What lies in the temporary bucket and expires there. */
export type TemporaryPrefix =
  /** `runs/<run>/`: what was asked for, the journal, requests. */
  | "runs/"
  /** `runs/<run>/specs/<digest>.json`: what a task is to do. */
  | "runs/*/specs/"
  /** Local inputs, pushed before launch. */
  | "inputs/"
  /** Downloads whose digest is not known yet. No run has such an id. */
  | "runs/import/";

export function clusterArn(scope: PolicyScope): string {
  return regionalArn(scope, "ecs", `cluster/${scope.names.cluster}`);
}

/** Every task of the project's cluster. */
export function taskArns(scope: PolicyScope): string {
  return regionalArn(scope, "ecs", `task/${scope.names.cluster}/*`);
}

/** All revisions of the families that match. */
export function taskDefinitionArns(scope: PolicyScope, family: string): string {
  return regionalArn(scope, "ecs", `task-definition/${family}:*`);
}

export function functionArn(scope: PolicyScope, part: string): string {
  return regionalArn(scope, "lambda", `function:${scope.name(part)}`);
}

export function logGroupArn(scope: PolicyScope, group: string): string {
  return regionalArn(scope, "logs", `log-group:${group}`);
}

/** A log group's streams. Services differ in whether they ask for the group with `:*` or for a stream: this is both. */
export function logStreamArns(scope: PolicyScope, group: string): string {
  return `${logGroupArn(scope, group)}:*`;
}

/** EC2 is the one of our services that has a name of its own in China. */
export function servicePrincipal(scope: PolicyScope, service: string): string {
  return service === "ec2" && scope.partition === "aws-cn"
    ? "ec2.amazonaws.com.cn"
    : `${service}.amazonaws.com`;
}

/**
 * Who may take a role: a service, with the account (and the kind of resource) that it must act for, where the service
 * tells them. AWS documents that for ECS tasks and Lambda (the latter by account only). For Batch, EC2 and Spot Fleet
 * it does not, and a condition on what is never sent locks the service out; there only the rule holds that a role can
 * be passed by callers of its own account alone.
 */
export function trust(
  scope: PolicyScope,
  service: string,
  told: "account and ARN" | "account" | "nothing",
): Policy {
  const account = { "aws:SourceAccount": [scope.accountId] };
  const source = { "aws:SourceArn": [regionalArn(scope, "ecs", "*")] };
  return policy({
    Sid: "Assume",
    Effect: "Allow",
    Principal: { Service: [servicePrincipal(scope, service)] },
    Action: ["sts:AssumeRole"],
    ...(told !== "nothing" && {
      Condition: { StringEquals: account, ...(told === "account and ARN" && { ArnLike: source }) },
    }),
  });
}

/** The one way in which any of our roles may hand a role on. */
export function passRole(
  scope: PolicyScope,
  Sid: string,
  parts: readonly RolePart[],
  service: string,
): Statement {
  return allow(
    Sid,
    ["iam:PassRole"],
    parts.map((part) => roleArn(scope, part)),
    { StringEquals: { "iam:PassedToService": [servicePrincipal(scope, service)] } },
  );
}

/**
 * Creating objects, never overwriting one: a whole object or the end of a multipart upload must carry
 * `If-None-Match`; what only begins or continues an upload cannot carry it.
 */
export function createOnly(name: string, resources: readonly string[]): readonly Statement[] {
  return [
    allow(`${name}Whole`, ["s3:PutObject"], resources, { Null: { "s3:if-none-match": ["false"] } }),
    allow(`${name}Parts`, ["s3:PutObject"], resources, { Bool: { "s3:ObjectCreationOperation": ["false"] } }),
    allow(`${name}Upload`, ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], resources),
  ];
}
