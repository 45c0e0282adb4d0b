import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../server/base/failure.js";
import {
  awsFailure,
  isNotReadyYet,
  isNotThere,
  isStillUsed,
  isThrottle,
  isTransient,
  providerFailure,
  withoutSecrets,
} from "../../server/cloud/failures.js";
import type { CredentialKind } from "../../server/cloud/profiles.js";
import { keepSecret } from "../../server/cloud/secrets.js";

const account = {
  profile: "dev",
  region: "eu-central-1",
  accountId: "123456789012",
  callerArn: "arn:aws:iam::123456789012:user/anna",
};

/** An error as the SDK throws it for an answer of a service. */
function answer(name: string, message = "", status = 400, more: object = {}): Error {
  return Object.assign(new Error(message), {
    name,
    $fault: status < 500 ? "client" : "server",
    $metadata: { httpStatusCode: status, requestId: "7a62c49f-347e-4fc4-9331-6e8e" },
    ...more,
  });
}

/** An error as the SDK throws it for an answer that it can make nothing of. */
function unreadable(error: Error, statusCode: number): Error {
  error.message +=
    "\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.";
  return Object.assign(error, {
    $metadata: { httpStatusCode: statusCode, attempts: 1 },
    $response: { statusCode, body: {} },
  });
}

function broken(code: string, more: object = {}): Error {
  return Object.assign(new Error(`connect ${code}`), { code, syscall: "connect", ...more });
}

function told(error: unknown, doing = "make the VPC", who: object = account): Failure {
  return awsFailure(error, { doing, account: who });
}

test("every kind of error has its code", () => {
  const table: readonly (readonly [code: string, error: Error])[] = [
    [
      "credentials-missing",
      Object.assign(
        new Error("Could not resolve credentials using profile: [dev] in configuration/credentials file(s)."),
        { name: "CredentialsProviderError", tryNextLink: true },
      ),
    ],
    [
      "credentials-expired",
      Object.assign(
        new Error(
          "The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.",
        ),
        { name: "CredentialsProviderError" },
      ),
    ],
    [
      "credentials-expired",
      Object.assign(
        new Error(
          "Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
        ),
        { name: "CredentialsProviderError" },
      ),
    ],
    ["credentials-expired", answer("ExpiredToken", "The provided token has expired.")],
    [
      "credentials-expired",
      answer("ExpiredTokenException", "The security token included in the request is expired", 403),
    ],
    [
      "credentials-refused",
      answer("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    ],
    [
      "credentials-refused",
      answer("UnrecognizedClientException", "The security token included in the request is invalid."),
    ],
    [
      "credentials-refused",
      answer("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    ],
    [
      "credentials-refused",
      answer(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.",
        403,
      ),
    ],
    [
      "credentials-refused",
      answer("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    ],
    [
      "mfa-wrong",
      answer("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", 403),
    ],
    [
      "mfa-wrong",
      answer(
        "ValidationError",
        "1 validation error detected: Value '12' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6",
      ),
    ],
    [
      "clock-wrong",
      answer(
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        403,
      ),
    ],
    [
      "clock-wrong",
      answer(
        "SignatureDoesNotMatch",
        "Signature expired: 20261127T000000Z is now earlier than 20261127T010000Z",
        403,
      ),
    ],
    ["clock-wrong", answer("InvalidSignatureException", "Signature not yet current: 20261127T0300", 403)],
    ["clock-wrong", answer("RequestExpired", "Request has expired.")],
    ["access-denied", answer("AccessDenied", "Access Denied", 403)],
    [
      "access-denied",
      answer(
        "AccessDeniedException",
        "User: arn:aws:iam::1:user/a is not authorized to perform: ecs:CreateCluster on resource: *",
      ),
    ],
    [
      "access-denied",
      answer("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
    ],
    ["access-denied", answer("ForbiddenException", "Forbidden", 403)],
    [
      "access-denied",
      answer(
        "ClientException",
        "User: arn:aws:iam::1:user/a is not authorized to perform: batch:CreateComputeEnvironment",
        403,
      ),
    ],
    ["aws-throttled", answer("Throttling", "Rate exceeded")],
    ["aws-throttled", answer("ThrottlingException", "Rate exceeded")],
    ["aws-throttled", answer("RequestLimitExceeded", "Request limit exceeded.", 503)],
    ["aws-throttled", answer("SlowDown", "Please reduce your request rate.", 503)],
    ["aws-throttled", answer("TooManyRequestsException", "Rate exceeded", 429)],
    ["quota-reached", answer("VpcLimitExceeded", "The maximum number of VPCs has been reached.")],
    ["quota-reached", answer("TooManyBuckets", "You have attempted to create more buckets than allowed")],
    ["quota-reached", answer("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", 409)],
    ["quota-reached", answer("LimitExceededException", "Resource limit exceeded.")],
    ["quota-reached", answer("ServiceQuotaExceededException", "too many")],
    [
      "quota-reached",
      answer(
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
      ),
    ],
    ["bucket-name-taken", answer("BucketAlreadyExists", "The requested bucket name is not available.", 409)],
    ["aws-failed", answer("InternalError", "An internal error has occurred", 500)],
    ["aws-failed", answer("ServiceUnavailable", "", 503)],
    [
      "aws-failed",
      Object.assign(new SyntaxError("Unexpected token '<', \"<!doctype \"... is not valid JSON"), {
        $metadata: { attempts: 1 },
        $response: { statusCode: 500 },
      }),
    ],
    ["aws-failed", unreadable(new SyntaxError("Unexpected token '<', \"<html><bod\"..."), 200)],
    ["aws-failed", unreadable(new TypeError("Cannot read properties of null (reading 'NextMarker')"), 200)],
    ["aws-failed", unreadable(new Error("@aws-sdk XML parse error: unexpected content."), 403)],
    ["aws-failed", unreadable(new SyntaxError("Unexpected token '<'"), 503)],
    ["aws-throttled", unreadable(new SyntaxError("Unexpected token '<'"), 429)],
    [
      "aws-unreachable",
      Object.assign(new Error("ProxyRefused: it answered with 407 Proxy Authentication Required"), {
        name: "CredentialsProviderError",
      }),
    ],
    ["aws-unreachable", broken("ECONNREFUSED", { address: "127.0.0.1", port: 9 })],
    ["aws-unreachable", broken("ENOTFOUND", { hostname: "sts.eu-central-1.amazonaws.com" })],
    ["aws-unreachable", new AggregateError([broken("ENETUNREACH"), broken("ETIMEDOUT")])],
    ["aws-unreachable", broken("SELF_SIGNED_CERT_IN_CHAIN")],
    [
      "aws-unreachable",
      Object.assign(new Error("Connection timed out after 5000 ms"), { name: "TimeoutError" }),
    ],
    ["cancelled", Object.assign(new Error("Request aborted"), { name: "AbortError" })],
    ["aws-refused", answer("InvalidParameterValue", "Value (x) for parameter cidrBlock is invalid.")],
  ];
  for (const [code, error] of table) {
    const failure = told(error);
    assert.equal(failure.code, code, `${error.name}: ${error.message}`);
    if (code !== "cancelled") assert.ok(failure.fix !== undefined, `${error.name} has a fix`);
    for (const text of [failure.message, failure.why, failure.fix]) {
      assert.doesNotMatch(text ?? "", /undefined|\[object|\n/, `${error.name}: ${text}`);
    }
  }
});

test("a missing permission is named, with who lacks it and why, from the words of every service", () => {
  const table: readonly (readonly [name: string, message: string])[] = [
    [
      "AccessDenied",
      "User: arn:aws:sts::123456789012:assumed-role/dev/anna is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/reprod-x because no identity-based policy allows the iam:CreateRole action",
    ],
    [
      "UnauthorizedOperation",
      `You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/dev/anna is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/reprod-x because no identity-based policy allows the iam:CreateRole action. Encoded authorization failure message: ${"Ab3_-".repeat(80)}`,
    ],
  ];
  for (const [name, message] of table) {
    const failure = told(answer(name, message, 403));
    assert.equal(failure.message, 'AWS does not allow this: "iam:CreateRole"');
    assert.equal(
      failure.why,
      '"arn:aws:sts::123456789012:assumed-role/dev/anna" may not do iam:CreateRole on "arn:aws:iam::123456789012:role/reprod-x", because no identity-based policy allows the iam:CreateRole action.',
    );
    assert.match(failure.fix ?? "", /account 123456789012 to allow "iam:CreateRole" to "arn:aws:sts/);
  }
  const denied = told(
    answer(
      "AccessDenied",
      "User: arn:aws:iam::1:user/a is not authorized to perform: s3:CreateBucket with an explicit deny in a service control policy",
      403,
    ),
  );
  assert.match(denied.fix ?? "", /the denial has to go/);
  assert.equal(denied.message, 'AWS does not allow this: "s3:CreateBucket"');
});

test("where a service does not say which permission is missing, the caller does", () => {
  const bare = answer("AccessDenied", "Access Denied", 403);
  assert.equal(
    awsFailure(bare, { doing: "make the bucket", action: "s3:CreateBucket", account }).message,
    'AWS does not allow this: "s3:CreateBucket"',
  );
  assert.equal(told(bare, "s3:PutBucketPolicy").message, 'AWS does not allow this: "s3:PutBucketPolicy"');
  assert.match(
    told(bare, "make the bucket").why ?? "",
    /user\/anna may not make the bucket\. AWS did not say/,
  );
  assert.match(awsFailure(bare, { doing: "make it" }).why ?? "", /Who the environment is may not make it/);
});

test("a region that is not there, or not enabled, is told as such", () => {
  const mistyped = told(broken("ENOTFOUND", { hostname: "sts.eu-centrl-1.amazonaws.com" }), "ask", {
    ...account,
    region: "eu-centrl-1",
  });
  assert.equal(mistyped.code, "region-unknown");
  assert.match(mistyped.message, /did you mean "eu-central-1"\?/);
  const optIn = told(
    answer("UnrecognizedClientException", "The security token included in the request is invalid."),
    "ask",
    {
      ...account,
      region: "eu-south-2",
    },
  );
  assert.equal(optIn.code, "region-unknown");
  assert.match(optIn.why ?? "", /has to enable/);
});

test("a quota is named", () => {
  assert.match(told(answer("VpcLimitExceeded", "…")).message, /"VPCs per Region"$/);
  assert.match(
    told(answer("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000")).message,
    /"RolesPerAccount"$/,
  );
  assert.match(told(answer("VpcLimitExceeded", "…")).fix ?? "", /Service Quotas \(eu-central-1\)/);
});

test("expired credentials are told with the command that renews them", () => {
  const sso = Object.assign(new Error("The SSO session associated with this profile is invalid."), {
    name: "CredentialsProviderError",
  });
  assert.equal(told(sso).fix, "Sign in again: `aws sso login --profile dev`.");
  assert.match(told(sso, "x", { profile: "my 'dev'" }).fix ?? "", /--profile 'my '\\''dev'\\'''/);
});

test("what is said of an answer that is none of AWS's holds no piece of it, and leads to what answered", () => {
  const failure = told(
    unreadable(new SyntaxError("Unexpected token 'h', \"hello secret-answer\" is not valid JSON"), 200),
  );
  assert.match(failure.message, /^what answered was not AWS, or AWS answered brokenly/);
  assert.match(failure.why ?? "", /^There was an answer \(200\), and none in a form/);
  assert.match(failure.fix ?? "", /AWS_ENDPOINT_URL.*HTTPS_PROXY/);
  const after = told(unreadable(new SyntaxError("Unexpected token 'h', \"hello secret-answer\""), 503));
  assert.equal(
    after.why,
    "It answered with 503, and nothing that could be read. It was tried several times.",
  );
  assert.equal(isTransient(after), true);
  for (const { message, why, cause } of [failure, after]) {
    assert.doesNotMatch([message, why, String(cause)].join(), /secret-answer|\$response/);
  }
});

test("the words of the SDK's providers are not repeated, as they hold what programs print", () => {
  for (const words of [
    "Command failed: get-keys --token HUNTER2X",
    "Command failed: get-keys\nForbiddenException: no access for HUNTER2X, the sso login session has expired",
    "Unsupported credential source in profile x. Got HUNTER2X",
    "Failed to load token from /x: SyntaxError: Unexpected token 'H', \"HUNTER2X\" is not valid JSON",
  ]) {
    for (const kind of [undefined, "process", "login", "keys", "unknown"] as const) {
      const error = Object.assign(new Error(words), { name: "CredentialsProviderError" });
      const from = { profile: "dev", region: "eu-central-1", kind, place: "/home/anna/.aws/config:3" };
      for (const failure of [told(error, "ask", { ...account, kind }), providerFailure(error, from)]) {
        const all = [failure.message, failure.why, failure.fix, failure.stack, String(failure.cause)].join();
        assert.doesNotMatch(all, /HUNTER2X|get-keys/, `${kind}: ${words}`);
      }
    }
  }
  const sso = Object.assign(new Error("ForbiddenException: No access"), { name: "CredentialsProviderError" });
  const denied = providerFailure(sso, { profile: "dev", region: "x", kind: "sso", place: "f:1" });
  assert.equal(denied.code, "access-denied");
  assert.equal(denied.why, "ForbiddenException: No access.");
  assert.equal(denied.place, undefined);
});

test("what helps follows how the profile comes to its credentials", () => {
  const old = answer("ExpiredToken", "The provided token has expired.");
  const bad = answer("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
  const of = (kind: CredentialKind | undefined, error: Error): string =>
    told(error, "ask", { ...account, kind }).fix ?? "";
  assert.match(of("keys", old), /put them into the profile: aws_access_key_id/);
  assert.match(of("sso", old), /`aws sso login --profile dev`/);
  assert.match(of("login", old), /`aws login --profile dev`/);
  assert.match(of("process", old), /`credential_process`/);
  assert.match(of("web-identity", old), /web_identity_token_file/);
  assert.match(of("keys", bad), /`aws configure --profile dev`/);
  for (const kind of ["sso", "login", "process", "web-identity", "assume-role"] as const) {
    assert.doesNotMatch(of(kind, bad), /aws configure/, kind);
  }
  assert.match(
    told(bad, "ask", { region: "eu-central-1" }).fix ?? "",
    /into the environment: AWS_ACCESS_KEY_ID/,
  );
  const source = awsFailure(bad, {
    doing: "get credentials",
    account: { ...account, kind: "assume-role" },
    signedBy: { profile: "below", kind: "keys" },
  });
  assert.match(source.message, /keys of profile "below"/);
  assert.match(source.fix ?? "", /--profile below/);
});

test("another bucket is named by how the settings say it", () => {
  const { fix } = told(answer("BucketAlreadyExists", "", 409));
  assert.match(fix ?? "", /`"cloud": \{ "adopt": \{ "storage\/tmp": .*It has to exist/);
});

test("what is no error of AWS is thrown on, and a failure stays what it is", () => {
  const defect = new TypeError("x is not a function");
  assert.throws(
    () => told(defect),
    (error) => error === defect,
  );
  const failure = new Failure("cancelled", "it was cancelled");
  assert.equal(told(failure), failure);
});

test("code can decide by the error and by the failure that was made from it", () => {
  const kinds: readonly (readonly [
    kind: (error: unknown) => boolean,
    yes: readonly Error[],
    no: readonly Error[],
  ])[] = [
    [
      isThrottle,
      [
        answer("Throttling"),
        answer("RequestLimitExceeded", "", 503),
        answer("SlowDown", "", 503),
        answer("X", "", 429),
        answer("TooManyRequestsException"),
      ],
      [
        answer("VpcLimitExceeded"),
        answer("LimitExceededException"),
        answer("TooManyBuckets"),
        answer("AccessDenied", "", 403),
      ],
    ],
    [
      isTransient,
      [
        answer("InternalError", "", 500),
        answer("Throttling"),
        broken("ECONNRESET"),
        broken("ETIMEDOUT"),
        broken("ENOTFOUND"),
        Object.assign(new Error("x"), { name: "TimeoutError" }),
      ],
      [
        answer("AccessDenied", "", 403),
        broken("CERT_HAS_EXPIRED"),
        answer("ValidationException"),
        answer("VpcLimitExceeded"),
      ],
    ],
    [
      isNotThere,
      [
        answer("NoSuchEntity", "", 404),
        answer("NoSuchEntityException", "", 404),
        answer("NoSuchBucket", "", 404),
        answer("NotFound", "", 404),
        answer("NoSuchBucketPolicy", "", 404),
        answer("NoSuchTagSet", "", 404),
        answer("NoSuchLifecycleConfiguration", "", 404),
        answer("NoSuchPublicAccessBlockConfiguration", "", 404),
        answer("ServerSideEncryptionConfigurationNotFoundError", "", 404),
        answer("InvalidVpcID.NotFound"),
        answer("InvalidGroup.NotFound"),
        answer("InvalidKeyPair.NotFound"),
        answer("InvalidLaunchTemplateName.NotFoundException"),
        answer("InvalidAssociationID.NotFound"),
        answer("Gateway.NotAttached"),
        answer("ResourceNotFoundException", "", 404),
        answer("ClusterNotFoundException"),
        answer("RepositoryNotFoundException"),
        answer("ParameterNotFound"),
        answer("NotFoundException", "", 404),
        answer("ClientException", "Unable to describe task definition."),
      ],
      [
        answer("AccessDenied", "", 403),
        answer("UnknownError", "", 404),
        answer("InvalidParameterValue", "x"),
        broken("ENOTFOUND"),
        answer("DependencyViolation"),
      ],
    ],
    [
      isNotReadyYet,
      [
        answer(
          "InvalidParameterValueException",
          "The role defined for the function cannot be assumed by Lambda.",
        ),
        answer(
          "InvalidParameterValue",
          "Value (reprod-x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        answer("ClientException", "Unable to assume the role"),
        answer(
          "InvalidParameterException",
          "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        ),
        answer("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:aws:iam::1:role/x"'),
        answer(
          "OperationAborted",
          "A conflicting conditional operation is currently in progress against this resource.",
          409,
        ),
        answer("ConcurrentModification"),
        answer("OperationAbortedException", "Multiple concurrent requests to update the same resource."),
        answer(
          "ResourceConflictException",
          "The operation cannot be performed at this time. An update is in progress for resource",
          409,
        ),
      ],
      [
        answer(
          "AccessDenied",
          "User: arn:aws:iam::1:user/a is not authorized to perform: sts:AssumeRole on resource: x",
          403,
        ),
        answer("MalformedPolicyDocument", "Syntax errors in policy."),
        answer("ResourceConflictException", "Function already exist: x", 409),
        answer("InvalidParameterValue", "Value (x) for parameter cidrBlock is invalid."),
        answer("DependencyViolation"),
      ],
    ],
    [
      isStillUsed,
      [
        answer("DependencyViolation", "resource sg-1 has a dependent object"),
        answer("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409),
        answer("InvalidGroup.InUse"),
        answer("ResourceInUseException"),
        answer("ClusterContainsTasksException"),
        answer("BucketNotEmpty", "The bucket you tried to delete is not empty", 409),
        answer("RepositoryNotEmptyException"),
        answer("ClientException", "Cannot delete, found existing JobQueue relationship"),
      ],
      [
        answer("AccessDenied", "", 403),
        answer("TargetNotConnectedException"),
        answer("BucketAlreadyExists", "", 409),
        answer("NoSuchEntity", "", 404),
      ],
    ],
  ];
  for (const [kind, yes, no] of kinds) {
    for (const error of yes) {
      assert.equal(kind(error), true, `${kind.name} ${error.name} ${error.message}`);
      assert.equal(kind(told(error)), true, `${kind.name} of the failure for ${error.name}`);
    }
    for (const error of no) assert.equal(kind(error), false, `${kind.name} ${error.name} ${error.message}`);
    for (const other of [undefined, null, "x", {}, new Error("x")]) assert.equal(kind(other), false);
  }
});

// ---------------------------------------------------------------- secrets

const base64 = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"];
const hex = [..."0123456789abcdef"];
const characters = (alphabet: readonly string[], minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength, maxLength }).map((all) => all.join(""));
const secret = characters(base64, 40, 40).filter((text) => !/^[0-9a-f]*$/.test(text));
const token = characters(base64, 200, 900);
const keyId = characters([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"], 16, 16).map((text) => `AKIA${text}`);
const signature = characters(hex, 64, 64);

test("no key, token or signature gets through, wherever it stands in a text", () => {
  const around = fc.constantFrom(" ", '"', "'", ": ", ", ", "=", ">", "(", "\n");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(
          secret,
          fc.constantFrom("", "aws_secret_access_key = ", '"SecretAccessKey":"', "<SecretAccessKey>"),
        ),
        fc.tuple(
          token,
          fc.constantFrom("", "aws_session_token=", "X-Amz-Security-Token=", '"sessionToken": "'),
        ),
        fc.tuple(keyId, fc.constantFrom("", "Credential=", "aws_access_key_id = ")),
        fc.tuple(signature, fc.constantFrom("Signature=", "X-Amz-Signature=", "&Signature=")),
      ),
      fc.lorem(),
      around,
      around,
      fc.lorem(),
      ([hidden, label], before, left, right, after) => {
        const text = `${before}${left}${label}${hidden}${right}${after}`;
        assert.ok(!withoutSecrets(text).includes(hidden), text);
        const failure = told(answer("ValidationException", text));
        const all = JSON.stringify([
          failure.message,
          failure.why,
          failure.fix,
          failure.stack,
          String(failure.cause),
        ]);
        assert.ok(!all.includes(hidden), all);
      },
    ),
    { numRuns: 300 },
  );
});

test("values that were seen as credentials are hidden in any form of text", () => {
  fc.assert(
    fc.property(characters([...base64, "_", "-"], 8, 60), (value) => {
      keepSecret(value);
      assert.ok(!withoutSecrets(`x${value}y`).includes(value));
    }),
    { numRuns: 100 },
  );
});

test("digests, paths, ARNs and ids are left to read", () => {
  for (const text of [
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "arn:aws:iam::123456789012:role/reprod-abcdefghijkl-euc1-task",
    "objects/9f/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "/home/anna/projects/genomics/pipelines/variants/aligned.bam",
    "subnet-0bb1c79de3EXAMPLE in vpc-0a1b2c3d",
  ]) {
    assert.equal(withoutSecrets(text), text);
  }
});

test("an encoded authorization message is cut, a private key is hidden", () => {
  assert.equal(
    withoutSecrets(`Not allowed. Encoded authorization failure message: ${"aB-_".repeat(200)}`),
    "Not allowed.",
  );
  assert.doesNotMatch(
    withoutSecrets("x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y"),
    /MIIE/,
  );
});
