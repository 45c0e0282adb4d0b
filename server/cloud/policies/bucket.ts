import { bucketArn, buildKeys, type PolicyScope, roleArn, type Statement } from "./policy.js";

/** A statement of a bucket's policy. */
export interface BucketStatement {
  readonly statement: Statement;
  /**
   * Whether it says the wrong thing to a stand-in for AWS that does not read conditions: a refusal would be one of
   * everything. To be left out where the service is reached over plain HTTP, which no AWS endpoint needs.
   */
  readonly needsConditions: boolean;
}

/**
 * What the policy of the build bucket must say. The task role is known by `aws:PrincipalArn`, not as the principal:
 * AWS keeps a principal by the id of the role that has the name now, so that the refusals would not hold for a role
 * that is made again, and could not be written before it is made.
 */
export function buildBucketStatements(scope: PolicyScope): readonly BucketStatement[] {
  const all = `${bucketArn(scope, "build")}/*`;
  const byTask = { "aws:PrincipalArn": [roleArn(scope, "task")] };
  return [
    tlsOnly(scope, "build"),
    // Beginning and continuing a multipart upload cannot carry the header; its end creates the object, and must.
    refusal(
      sid(scope, "TaskOnlyCreates"),
      ["s3:PutObject"],
      { Resource: [all] },
      {
        ArnEquals: byTask,
        Null: { "s3:if-none-match": ["true"] },
        Bool: { "s3:ObjectCreationOperation": ["true"] },
      },
    ),
    refusal(
      sid(scope, "TaskWritesNowhereElse"),
      ["s3:PutObject"],
      { NotResource: buildKeys(scope, "objects/", "attempts/") },
      { ArnEquals: byTask },
    ),
    refusal(sid(scope, "TaskDeletesNothing"), DELETES, { Resource: [all] }, { ArnEquals: byTask }),
  ];
}

/** What the policy of the temporary bucket must say: of it, tasks read alone. */
export function temporaryBucketStatements(scope: PolicyScope): readonly BucketStatement[] {
  const all = `${bucketArn(scope, "temporary")}/*`;
  const byTask = { "aws:PrincipalArn": [roleArn(scope, "task")] };
  return [
    tlsOnly(scope, "temporary"),
    refusal(
      sid(scope, "TaskOnlyReads"),
      ["s3:PutObject", ...DELETES],
      { Resource: [all] },
      { ArnEquals: byTask },
    ),
  ];
}

/** The Sids that are ours in a bucket's policy begin so: several projects may share an adopted bucket (F2). */
export function bucketSidPrefix(scope: Pick<PolicyScope, "projectId">): string {
  return `Reprod${scope.projectId}`;
}

const DELETES = ["s3:DeleteObject", "s3:DeleteObjectVersion"];

function sid(scope: PolicyScope, name: string): string {
  return `${bucketSidPrefix(scope)}${name}`;
}

function tlsOnly(scope: PolicyScope, bucket: "build" | "temporary"): BucketStatement {
  const arn = bucketArn(scope, bucket);
  return refusal(
    sid(scope, "TlsOnly"),
    ["s3:*"],
    { Resource: [arn, `${arn}/*`] },
    {
      Bool: { "aws:SecureTransport": ["false"] },
    },
  );
}

function refusal(
  Sid: string,
  Action: readonly string[],
  of: Pick<Statement, "Resource" | "NotResource">,
  Condition: NonNullable<Statement["Condition"]>,
): BucketStatement {
  return {
    statement: { Sid, Effect: "Deny", Principal: "*", Action, ...of, Condition },
    needsConditions: true,
  };
}
