import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type TestContext, test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import { Accounts } from "../../server/cloud/accounts.js";
import { type AccountOptions, chosenProfile, openAccount } from "../../server/cloud/credentials.js";
import { awsFailure, withoutSecrets } from "../../server/cloud/failures.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";
import { startWeb } from "../support/web.js";
import { type FakeSts, startSts } from "./support/fake-sts.js";

const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = secret-of-${id}\n`;

const CONFIG = `[default]
region = eu-central-1
[profile dev]
region = us-west-2
[profile chained]
role_arn = arn:aws:iam::123456789012:role/Chained
source_profile = dev
region = eu-west-1
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = default
mfa_serial = arn:aws:iam::123456789012:mfa/anna
region = eu-central-1
[profile nowhere]
credential_process = false
[profile failing]
region = eu-central-1
credential_process = sh -c 'echo "secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" >&2; exit 3'
[profile process]
region = eu-central-1
credential_process = echo '{"Version":1,"AccessKeyId":"OFPROCESS","SecretAccessKey":"secret-of-process"}'
[profile web]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/Web
web_identity_token_file = TOKEN_FILE
[profile sso]
region = eu-central-1
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Dev
[profile from-sso]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/FromSso
source_profile = sso
mfa_serial = arn:aws:iam::123456789012:mfa/anna
[profile one]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/One
source_profile = other
[profile other]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/Other
source_profile = one
[profile twice]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/Twice
source_profile = chained
[profile lost]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/Lost
source_profile = gone
[profile from-environment]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/FromEnvironment
credential_source = Environment
mfa_serial = arn:aws:iam::123456789012:mfa/anna
[profile from-container]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/FromContainer
credential_source = EcsContainer
[profile from-machine]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/FromMachine
credential_source = Ec2InstanceMetadata
[profile lost-session]
region = eu-central-1
sso_session = nosuch
sso_account_id = 123456789012
sso_role_name = Dev
[profile lost-token]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/Web
web_identity_token_file = /no/such/token
[profile role-only]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/Web
[profile login]
region = eu-central-1
login_session = arn:aws:iam::123456789012:user/anna
[profile talking]
region = eu-central-1
credential_process = sh -c 'echo "no access: HUNTER2X" >&2; exit 3' --token SUPERSECRETTOKEN
[profile from-talking]
region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/FromTalking
source_profile = talking
[profile chatting]
region = eu-central-1
credential_process = echo HUNTER2X SUPERSECRETTOKEN
[profile "with space"]
region = eu-central-1
[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://corp.example/start
`;

interface Place {
  readonly sts: FakeSts;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  open(options?: AccountOptions): ReturnType<typeof openAccount>;
  fails(options?: AccountOptions): Promise<Failure>;
}

/** A home with profiles of every kind, and something that answers as STS. */
async function place(context: TestContext, more: NodeJS.ProcessEnv = {}): Promise<Place> {
  const folder = temporaryFolder(context);
  writeFiles(folder, {
    ".aws/config": CONFIG.replace("TOKEN_FILE", `${folder}/token`),
    ".aws/credentials": `[default]\n${keys("OFDEFAULT")}[dev]\n${keys("OFDEV")}`,
    token: "eyJhbGciOi.web.identity",
  });
  const sts = await startSts(context);
  const environment = {
    HOME: folder,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_EC2_METADATA_DISABLED: "true",
    ...more,
  };
  const open = (options: AccountOptions = {}) => openAccount({ environment, ...options });
  const fails = async (options: AccountOptions = {}): Promise<Failure> => {
    try {
      const { aws } = await open(options);
      aws.destroy();
    } catch (error) {
      assert.ok(error instanceof Failure, error instanceof Error ? error.stack : String(error));
      return error;
    }
    throw new Error("it was opened");
  };
  return { sts, folder, environment, open, fails };
}

test("the profile is the one that is named, else AWS_PROFILE, the environment's own, default, the machine's", () => {
  const profiles = new Map([["default", {}]]);
  const own = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const choose = (named: string | undefined, environment: NodeJS.ProcessEnv, known = profiles) =>
    Object.values(chosenProfile(named, known, environment)).join(" by ");
  assert.equal(choose("x", { AWS_PROFILE: "y", ...own }), "x by argument");
  assert.equal(choose(undefined, { AWS_PROFILE: "y", ...own }), "y by AWS_PROFILE");
  assert.equal(choose(undefined, own), " by environment");
  assert.equal(choose(undefined, { AWS_WEB_IDENTITY_TOKEN_FILE: "f", AWS_ROLE_ARN: "r" }), " by environment");
  assert.equal(choose(undefined, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" }), " by environment");
  assert.equal(choose(undefined, { AWS_PROFILE: "" }), "default by default");
  assert.equal(choose(undefined, {}, new Map()), " by machine");
});

test("keys, roles, processes and web identities lead to an account", async (context) => {
  const { sts, open } = await place(context);
  const table: readonly (readonly [profile: string, region: string, key: string])[] = [
    ["default", "eu-central-1", "OFDEFAULT"],
    ["dev", "us-west-2", "OFDEV"],
    ["chained", "eu-west-1", "Chained-3"],
    ["process", "eu-central-1", "OFPROCESS"],
    ["web", "eu-central-1", "Web-6"],
  ];
  for (const [profile, region, key] of table) {
    const account = await open({ profile });
    const { aws, ...rest } = account;
    assert.deepEqual(rest, {
      profile,
      region,
      accountId: "123456789012",
      callerArn: `arn:aws:iam::123456789012:user/${key}`,
      partition: "aws",
    });
    aws.destroy();
  }
  assert.deepEqual(
    sts.requests.map(({ action, key }) => `${action} ${key}`.trim()),
    [
      "GetCallerIdentity OFDEFAULT",
      "GetCallerIdentity OFDEV",
      "AssumeRole OFDEV",
      "GetCallerIdentity Chained-3",
      "GetCallerIdentity OFPROCESS",
      "AssumeRoleWithWebIdentity",
      "GetCallerIdentity Web-6",
    ],
  );
  for (const { userAgent } of sts.requests) assert.match(userAgent, /reprod\/\d/);
});

test("region: argument, environment, profile", async (context) => {
  const { open, fails } = await place(context);
  const regionOf = async (options: AccountOptions): Promise<string> => {
    const { aws, region } = await open(options);
    aws.destroy();
    return region;
  };
  const { environment } = await place(context, { AWS_REGION: "eu-north-1" });
  assert.equal(await regionOf({ profile: "dev" }), "us-west-2");
  assert.equal(await regionOf({ profile: "dev", environment }), "eu-north-1");
  assert.equal(await regionOf({ profile: "dev", region: "sa-east-1", environment }), "sa-east-1");
  const missing = await fails({ profile: "nowhere" });
  assert.equal(missing.code, "region-missing");
  assert.match(missing.fix ?? "", /aws configure set region eu-central-1 --profile nowhere/);
  assert.equal((await fails({ profile: "dev", region: "us-wst-2.evil.example" })).code, "region-unknown");
  assert.match((await fails({ profile: "dev", region: "Frankfurt" })).message, /"Frankfurt"/);
});

test("the environment's own credentials need no profile", async (context) => {
  const { open, environment, folder } = await place(context);
  const own = {
    ...environment,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "OFENVIRONMENT",
    AWS_SECRET_ACCESS_KEY: "secret-of-environment",
  };
  const account = await open({ environment: own });
  assert.equal(account.profile, undefined);
  assert.match(account.callerArn, /OFENVIRONMENT$/);
  account.aws.destroy();
  const { AWS_ACCESS_KEY_ID, ...rest } = own;
  const web = await open({
    environment: {
      ...rest,
      AWS_ROLE_ARN: "arn:aws:iam::1:role/Env",
      AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token`,
    },
  });
  assert.match(web.callerArn, /user\/Env-\d$/);
  web.aws.destroy();
});

test("what goes wrong is one failure that says what to do", async (context) => {
  const { sts, fails, folder, environment } = await place(context);
  const unknown = await fails({ profile: "deb" });
  assert.equal(unknown.code, "profile-unknown");
  assert.match(unknown.message, /"deb", did you mean "dev"\?/);
  assert.match(unknown.why ?? "", /There are: default, dev, /);
  assert.match(
    (await fails({ environment: { ...environment, AWS_PROFILE: "gone" } })).why ?? "",
    /AWS_PROFILE asks/,
  );

  const failing = await fails({ profile: "failing" });
  assert.equal(failing.code, "credentials-missing");
  assert.doesNotMatch(JSON.stringify([failing.message, failing.why, failing.fix]), /wJalrXUtn/);

  const sso = await fails({ profile: "sso" });
  assert.equal(sso.code, "credentials-expired");
  assert.equal(sso.fix, "Sign in again: `aws sso login --profile sso`.");

  assert.equal((await fails({ profile: "mfa" })).code, "mfa-needed");

  sts.refuse = () => ({
    status: 403,
    code: "InvalidClientTokenId",
    message: "The security token included in the request is invalid.",
  });
  assert.equal((await fails({ profile: "dev" })).code, "credentials-refused");
  const source = await fails({ profile: "chained" });
  assert.match(source.message, /keys of profile "dev"/);
  sts.refuse = () => ({
    status: 400,
    code: "ExpiredToken",
    message: "The security token included in the request is expired",
  });
  assert.equal((await fails({ profile: "dev" })).code, "credentials-expired");
  sts.refuse = ({ action }) =>
    action === "AssumeRole"
      ? {
          status: 403,
          code: "AccessDenied",
          message:
            "User: arn:aws:iam::123456789012:user/anna is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/Chained",
        }
      : undefined;
  const denied = await fails({ profile: "chained" });
  assert.equal(denied.message, 'AWS does not allow this: "sts:AssumeRole"');

  const refused = { ...environment, AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9" };
  const away = await fails({ profile: "dev", environment: refused });
  assert.equal(away.code, "aws-unreachable");
  assert.match(away.message, /127\.0\.0\.1:9/);

  fs.rmSync(`${folder}/.aws`, { recursive: true });
  assert.equal((await fails({ region: "eu-central-1" })).code, "credentials-missing");
});

test("neither the arguments nor the output of a credential_process are told, but where it stands", async (context) => {
  const { fails, folder } = await place(context);
  const lines = fs.readFileSync(`${folder}/.aws/config`, "utf8").split("\n");
  const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
  for (const [profile, why, line] of [
    ["talking", "The program of `credential_process` failed.", lineOf("no access")],
    ["from-talking", "The program of `credential_process` failed.", lineOf("no access")],
    [
      "chatting",
      "The program of `credential_process` printed something else than JSON.",
      lineOf("= echo HUNTER2X"),
    ],
  ] as const) {
    const failure = await fails({ profile });
    assert.equal(failure.code, "credentials-missing");
    assert.match(failure.message, /from profile "(?:talking|chatting)"$/);
    assert.equal(failure.why, why);
    assert.equal(failure.place, `${folder}/.aws/config:${line}`);
    const all = [failure.message, failure.why, failure.fix, failure.stack, String(failure.cause)].join();
    assert.doesNotMatch(all, /SUPERSECRET|HUNTER2X|sh -c/);
  }
});

test("a profile that lacks something is told with its place and what helps, and is no defect", async (context) => {
  const { sts, fails, folder, environment } = await place(context);
  for (const [profile, why, fix] of [
    ["lost-session", /no \[sso-session nosuch\]/, /`aws configure sso --profile lost-session`/],
    ["lost-token", /web_identity_token_file cannot be read, it is not there: "\/no\/such\/token"/, /path/],
    ["role-only", /names a role, and not whose credentials/, /`aws configure set source_profile default /],
    ["from-environment", /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set/, /^Set them/],
    ["from-container", /AWS_CONTAINER_CREDENTIALS_RELATIVE_URI/, /container of ECS/],
    ["from-machine", /Ec2InstanceMetadata/, /machine of EC2/],
  ] as const) {
    const failure = await fails({ profile, mfa: async () => "123456" });
    assert.equal(failure.code, "credentials-missing", profile);
    assert.match(failure.message, new RegExp(`profile "${profile}"`));
    assert.match(failure.why ?? "", why);
    assert.match(failure.fix ?? "", fix);
    assert.match(failure.place ?? "", /\.aws\/config:\d+$/);
  }
  const login = await fails({ profile: "login" });
  assert.equal(login.code, "credentials-expired");
  assert.equal(login.fix, "Sign in again: `aws login --profile login`.");
  const beyond = await fails({ profile: "with space" });
  assert.equal(beyond.code, "profile-unknown");
  assert.match(beyond.why ?? "", /^Only the AWS command line, not the SDK, reads/);
  const token = { AWS_ROLE_ARN: "arn:aws:iam::1:role/Env", AWS_WEB_IDENTITY_TOKEN_FILE: "/no/such/token" };
  const region = "eu-central-1";
  const gone = await fails({ region, environment: { ...environment, ...token } });
  assert.equal(gone.code, "credentials-missing");
  assert.equal(gone.place, "AWS_WEB_IDENTITY_TOKEN_FILE");
  assert.deepEqual(sts.requests, []);
  fs.rmSync(`${folder}/.aws/config`);
  fs.symlinkSync("config", `${folder}/.aws/config`);
  assert.equal((await fails({ profile: "dev" })).code, "aws-config-broken");
});

test("a token file that goes away later is told as well", async (context) => {
  const { sts, environment, folder } = await place(context);
  sts.lifetimeMilliseconds = -1;
  const account = await openAccount({ profile: "web", environment });
  fs.rmSync(`${folder}/token`);
  await assert.rejects(
    (await account.aws.sts()).getCallerIdentity({}),
    (error) => error instanceof Failure && error.code === "credentials-missing",
  );
  account.aws.destroy();
});

test("a role rests on the keys of the environment where its profile says so", async (context) => {
  const { sts, open, environment } = await place(context);
  const own = { AWS_ACCESS_KEY_ID: "OFENVIRONMENT", AWS_SECRET_ACCESS_KEY: "secret-of-environment" };
  const account = await open({
    profile: "from-environment",
    environment: { ...environment, ...own },
    mfa: async () => "123 456",
  });
  account.aws.destroy();
  const [assumed] = sts.requests;
  assert.equal(`${assumed?.action} ${assumed?.key}`, "AssumeRole OFENVIRONMENT");
  assert.equal(assumed?.parameters.get("TokenCode"), "123456");
});

test("an answer that is none of AWS's is told as that", async (context) => {
  const { sts, fails } = await place(context);
  for (const [type, body] of [
    ["text/html", "<!doctype html><html><head><meta charset=utf8><body>Sign in <br>"],
    ["text/plain", "hello"],
    ["application/json", "{}"],
  ] as const) {
    sts.page = { status: 200, type, body };
    const failure = await fails({ profile: "dev" });
    assert.equal(failure.code, "aws-failed", type);
    assert.match(failure.message, /^what answered was not AWS/);
  }
});

test("no code is no question to AWS, and one of another form is a wrong one", async (context) => {
  const { sts, fails } = await place(context);
  for (const typed of ["", " \n"]) {
    const failure = await fails({ profile: "mfa", mfa: async () => typed });
    assert.equal(failure.code, "mfa-needed");
    assert.match(failure.message, /^no code of the MFA device was given/);
  }
  assert.deepEqual(sts.requests, []);
  sts.refuse = ({ action }) =>
    action === "AssumeRole"
      ? {
          status: 400,
          code: "ValidationError",
          message:
            "1 validation error detected: Value '12' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6",
        }
      : undefined;
  assert.equal((await fails({ profile: "mfa", mfa: async () => "12" })).code, "mfa-wrong");
});

test("a code of an MFA device is asked for once, and given to the role", async (context) => {
  const { sts, open, fails } = await place(context);
  const asked: string[] = [];
  const mfa = async (serial: string): Promise<string> => {
    asked.push(serial);
    return " 123456\n";
  };
  const account = await open({ profile: "mfa", mfa });
  const client = await account.aws.sts();
  await Promise.all(Array.from({ length: 10 }, () => client.getCallerIdentity({})));
  assert.deepEqual(asked, ["arn:aws:iam::123456789012:mfa/anna"]);
  assert.equal(
    sts.requests.find(({ action }) => action === "AssumeRole")?.parameters.get("TokenCode"),
    "123456",
  );
  account.aws.destroy();
  sts.refuse = ({ action }) =>
    action === "AssumeRole"
      ? {
          status: 403,
          code: "AccessDenied",
          message: "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
        }
      : undefined;
  assert.equal((await fails({ profile: "mfa", mfa })).code, "mfa-wrong");
});

test("a source that fails is told before anybody is asked for a code", async (context) => {
  const { fails } = await place(context);
  let asked = 0;
  const mfa = async (): Promise<string> => {
    asked++;
    return "1";
  };
  const failure = await fails({ profile: "from-sso", mfa });
  assert.equal(failure.code, "credentials-expired");
  assert.equal(failure.fix, "Sign in again: `aws sso login --profile sso`.");
  assert.equal(asked, 0);
});

test("a role may rest on a role, not on itself or on nothing", async (context) => {
  const { sts, open, fails } = await place(context);
  (await open({ profile: "twice" })).aws.destroy();
  assert.deepEqual(
    sts.requests.map(({ action, key }) => `${action} ${key}`),
    ["AssumeRole OFDEV", "AssumeRole Chained-1", "GetCallerIdentity Twice-2"],
  );
  const circle = await fails({ profile: "one" });
  assert.equal(circle.code, "aws-config-broken");
  assert.equal(circle.why, "one → other → one.");
  const lost = await fails({ profile: "lost" });
  assert.equal(lost.code, "profile-unknown");
  assert.match(lost.why ?? "", /^The profile "lost" takes its credentials from it\. There are: /);
});

test("credentials that end are renewed; a renewal that fails is told without asking again", async (context) => {
  const { sts, open } = await place(context);
  // Within the five minutes in which the SDK wants new ones at each call.
  sts.lifetimeMilliseconds = 60_000;
  const account = await open({ profile: "chained" });
  const client = await account.aws.sts();
  const assumed = () => sts.requests.filter(({ action }) => action === "AssumeRole").length;
  const before = assumed();
  await client.getCallerIdentity({});
  assert.ok(assumed() > before);
  sts.lifetimeMilliseconds = -1;
  await client.getCallerIdentity({});
  sts.refuse = ({ action }) =>
    action === "AssumeRole" ? { status: 400, code: "ExpiredToken", message: "expired" } : undefined;
  for (let time = 0; time < 3; time++) {
    await assert.rejects(
      client.getCallerIdentity({}),
      (error) => error instanceof Failure && error.code === "credentials-expired",
    );
  }
  const refusedAt = assumed();
  await assert.rejects(client.getCallerIdentity({}));
  assert.equal(assumed(), refusedAt);
  account.aws.destroy();
});

test("a signal ends the opening and what is asked later, at once", async (context) => {
  const { sts, open } = await place(context);
  const abort = new AbortController();
  let release = (): void => undefined;
  sts.wait = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const opening = open({ profile: "dev", signal: abort.signal });
  while (sts.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort(130);
  await assert.rejects(opening, (error) => error instanceof Failure && error.code === "cancelled");
  release();

  sts.wait = async () => undefined;
  const account = await open({ profile: "dev" });
  const client = await account.aws.sts();
  sts.wait = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const asking = client.getCallerIdentity({});
  while (sts.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  account.aws.destroy();
  const cancelled = (error: unknown): boolean => error instanceof Failure && error.code === "cancelled";
  await assert.rejects(asking, cancelled);
  await assert.rejects(client.getCallerIdentity({}), cancelled);
  await assert.rejects(account.aws.s3(), cancelled);
  release();
});

test("what was seen as a secret is hidden from then on", async (context) => {
  const { open } = await place(context);
  (await open({ profile: "process" })).aws.destroy();
  assert.equal(withoutSecrets("it is secret-of-process, no?"), "it is [hidden], no?");
});

test("a bare refusal of a client names the action that its call needed", async (context) => {
  const web = await startWeb(context, {
    "/bucket": (_request, response) => {
      response
        .writeHead(403, { "content-type": "application/xml" })
        .end("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
    },
  });
  web.paths.set("/bucket/", web.paths.get("/bucket") ?? (() => undefined));
  const { open, environment } = await place(context, { AWS_ENDPOINT_URL_S3: web.url });
  const account = await open({ profile: "dev", environment });
  const s3 = await account.aws.s3();
  const refusal = async (asked: Promise<unknown>): Promise<string> => {
    const error: unknown = await asked.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return awsFailure(error, { doing: "look at the bucket", account }).message;
  };
  const Bucket = "bucket";
  assert.equal(
    await refusal(s3.getBucketLifecycleConfiguration({ Bucket })),
    'AWS does not allow this: "s3:GetLifecycleConfiguration"',
  );
  assert.equal(await refusal(s3.headBucket({ Bucket })), 'AWS does not allow this: "s3:ListBucket"');
  assert.equal(await refusal(s3.createBucket({ Bucket })), 'AWS does not allow this: "s3:CreateBucket"');
  account.aws.destroy();
});

test("a stand-in for AWS is asked over plain HTTP, with buckets in the path", async (context) => {
  const { open, environment } = await place(context, { AWS_ENDPOINT_URL_S3: "http://localhost:1" });
  const account = await open({ profile: "dev", environment });
  assert.equal(await account.aws.isPlain("s3"), true);
  const s3 = await account.aws.s3();
  assert.equal(s3.config.forcePathStyle, true);
  account.aws.destroy();
});

test("accounts are opened once, and again when files change or somebody asks after a failure", async (context) => {
  const { sts, environment, folder } = await place(context);
  let asked = 0;
  const accounts = new Accounts({
    environment,
    mfa: async () => {
      asked++;
      return "000000";
    },
  });
  const [one, other] = await Promise.all([accounts.get("dev"), accounts.get("dev")]);
  assert.equal(one, other);
  assert.equal(sts.requests.length, 1);

  sts.refuse = ({ action }) =>
    action === "AssumeRole"
      ? {
          status: 403,
          code: "AccessDenied",
          message: "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        }
      : undefined;
  for (let time = 0; time < 5; time++) await assert.rejects(accounts.get("mfa"));
  assert.equal(asked, 1, "a view that looks often does not ask often");
  sts.refuse = () => undefined;
  await assert.rejects(accounts.get("mfa"));
  assert.match((await accounts.again("mfa")).callerArn, /Admin/);
  assert.equal(asked, 2);
  assert.equal(await accounts.again("mfa"), await accounts.get("mfa"));

  fs.appendFileSync(`${folder}/.aws/config`, "# touched\n");
  const renewed = await accounts.get("dev");
  assert.notEqual(renewed, one);
  // Who works with it still may end; only dropping ends it.
  await (await one.aws.sts()).getCallerIdentity({});
  accounts.drop();
  await assert.rejects(one.aws.sts());
  await assert.rejects(renewed.aws.sts());
  assert.notEqual(await accounts.get("dev"), renewed);
  accounts.drop();
});

test("an account that something is carried out through outlives the choice of another", async (context) => {
  const { environment } = await place(context);
  const accounts = new Accounts({ environment });
  const held = await accounts.get("dev");
  const [letGo, letGoToo] = [accounts.hold(held), accounts.hold(held)];
  accounts.drop();
  await (await held.aws.sts()).getCallerIdentity({});
  assert.notEqual(await accounts.get("dev"), held, "who asks now gets another");
  letGo();
  await (await held.aws.sts()).getCallerIdentity({});
  letGoToo();
  await assert.rejects(held.aws.sts());
  accounts.drop();
});

test("an opening ends with the last who waits for it", async (context) => {
  const { environment } = await place(context);
  const signals: AbortSignal[] = [];
  const accounts = new Accounts({ environment }, ({ signal }) => {
    assert.ok(signal);
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const [one, other] = [new AbortController(), new AbortController()];
  const waiting = [accounts.get("dev", "", one.signal), accounts.get("dev", "", other.signal)];
  one.abort();
  await assert.rejects(waiting[0] ?? Promise.resolve());
  assert.deepEqual([signals.length, signals[0]?.aborted], [1, false], "the other one still waits");
  other.abort();
  await assert.rejects(waiting[1] ?? Promise.resolve());
  assert.equal(signals[0]?.aborted, true);
  // Nothing of it is remembered.
  const third = new AbortController();
  const again = accounts.get("dev", "", third.signal);
  assert.equal(signals.length, 2);
  third.abort();
  await assert.rejects(again);
});

test("an outage is not remembered", async (context) => {
  const { sts, environment } = await place(context);
  const accounts = new Accounts({ environment });
  sts.refuse = () => ({ status: 503, code: "ServiceUnavailable", message: "later" });
  await assert.rejects(
    accounts.get("dev"),
    (error) => error instanceof Failure && error.code === "aws-failed",
  );
  sts.refuse = () => undefined;
  assert.equal((await accounts.get("dev")).accountId, "123456789012");
  accounts.drop();
});
