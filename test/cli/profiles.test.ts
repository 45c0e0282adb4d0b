import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { type TestContext, test } from "node:test";
import { startSts } from "../cloud/support/fake-sts.js";
import { reprod, startOnTerminal } from "../support/command-line.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";
import { sends, startWeb, status } from "../support/web.js";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** A home with these files of AWS's, and an environment in which nothing else leads to AWS. */
function home(context: TestContext, files: { readonly [name: string]: string }) {
  const folder = temporaryFolder(context);
  writeFiles(folder, files);
  if (fs.existsSync(`${folder}/.aws/credentials`)) fs.chmodSync(`${folder}/.aws/credentials`, 0o600);
  const environment: NodeJS.ProcessEnv = { HOME: folder, AWS_EC2_METADATA_DISABLED: "true" };
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) environment[name] = "";
  return { folder, environment: { ...environment, AWS_EC2_METADATA_DISABLED: "true" } };
}

const two = {
  ".aws/config":
    "[default]\nregion = eu-central-1\n[profile work]\nregion = ap-southeast-6\ncredential_process = false\n",
  ".aws/credentials": `[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = ${SECRET}\n`,
};

test("profiles are a table with a mark at the one in use, warnings below, and no word on stderr", async (context) => {
  const { folder, environment } = home(context, two);
  const ended = await reprod(folder, ["profiles"], environment);
  assert.equal(ended.stderr, "");
  assert.equal(ended.code, 0);
  assert.match(
    ended.stdout,
    /^ {3}PROFILE {2}REGION {10}CREDENTIALS\n\* {2}default {2}eu-central-1 {4}keys\n {3}work {5}ap-southeast-6 {2}process\n\nwarning: work: Fargate did not run/,
  );
  const named = await reprod(folder, ["profiles"], { ...environment, AWS_PROFILE: "work" });
  assert.match(named.stdout, /\n\* {2}work/);
  const away = await reprod(folder, ["profiles", "--profile", "gone"], environment);
  assert.match(away.stdout, /The profile that is asked for \(argument\) is not there: gone/);
});

test("--json says the same, and neither says a key", async (context) => {
  const { folder, environment } = home(context, two);
  const ended = await reprod(folder, ["profiles", "--json"], environment);
  assert.equal(ended.code, 0);
  assert.doesNotMatch(ended.stdout, /AKIA|wJalr/);
  const read: unknown = JSON.parse(ended.stdout);
  assert.deepEqual(read, {
    files: { config: `${folder}/.aws/config`, credentials: `${folder}/.aws/credentials` },
    chosen: { profile: "default", by: "default", region: "eu-central-1" },
    profiles: [
      { name: "default", region: "eu-central-1", kind: "keys", mfa: false, chosen: true },
      { name: "work", region: "ap-southeast-6", kind: "process", mfa: false, chosen: false },
    ],
    warnings: [
      {
        code: "no-fargate",
        profile: "work",
        message: 'Fargate did not run in this region in 2026-11: "ap-southeast-6"',
        fix: "Choose another region, or use compute environments on EC2 (`reprod env create`).",
      },
    ],
  });
});

test("--check asks who the profile is, without a warning of the SDK on stderr", async (context) => {
  const { folder, environment } = home(context, two);
  const sts = await startSts(context);
  const asked = { ...environment, AWS_ENDPOINT_URL_STS: sts.url };
  const ended = await reprod(folder, ["profiles", "--check"], asked);
  assert.equal(ended.stderr, "");
  assert.match(
    ended.stdout,
    /\naccount 123456789012 in eu-central-1, as arn:aws:iam::123456789012:user\/\[?/,
  );
  assert.equal(ended.code, 0);
  sts.refuse = () => ({ status: 403, code: "InvalidClientTokenId", message: "invalid" });
  const refused = await reprod(folder, ["profiles", "--check", "--json"], asked);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /"code": "credentials-refused"/);
});

test("an SSO profile gets its keys with the token of the sign-in; an ended one is told", async (context) => {
  const { folder, environment } = home(context, {
    ".aws/config": `[profile sso]
region = eu-central-1
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Dev
[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://corp.example/start
`,
    [`.aws/sso/cache/${createHash("sha1").update("corp").digest("hex")}.json`]: JSON.stringify({
      accessToken: "the-token-of-the-sign-in",
      expiresAt: "2999-01-01T00:00:00Z",
    }),
  });
  const sts = await startSts(context);
  const roleCredentials = {
    accessKeyId: "OFSSO",
    secretAccessKey: "secret-of-sso",
    sessionToken: "t".repeat(20),
    expiration: Date.now() + 3_600_000,
  };
  const web = await startWeb(context, {
    "/federation/credentials": sends(JSON.stringify({ roleCredentials }), {
      "content-type": "application/json",
    }),
  });
  const asked = { ...environment, AWS_ENDPOINT_URL_STS: sts.url, AWS_ENDPOINT_URL_SSO: web.url };
  const ended = await reprod(folder, ["profiles", "--check", "--profile", "sso"], asked);
  assert.match(ended.stdout, /user\/OFSSO/, ended.stdout + ended.stderr);
  web.paths.set("/federation/credentials", status(401, { "x-amzn-errortype": "UnauthorizedException" }));
  const expired = await reprod(folder, ["profiles", "--check", "--profile", "sso"], asked);
  assert.equal(expired.code, 1);
  assert.match(
    expired.stdout,
    /error\[credentials-expired\].*\n {2}fix: Sign in again: `aws sso login --profile sso`/,
  );
});

test("no argument of a credential_process is printed, and nothing that it printed", async (context) => {
  const { folder, environment } = home(context, {
    ".aws/config":
      "[profile p]\nregion = eu-central-1\ncredential_process = sh -c 'echo HUNTER2X >&2; exit 1' --token SUPERSECRETTOKEN\n",
  });
  for (const command of [
    ["profiles", "--check"],
    ["profiles", "--check", "--json"],
    ["doctor"],
    ["doctor", "--json"],
  ]) {
    const ended = await reprod(folder, [...command, "--profile", "p"], environment);
    assert.doesNotMatch(ended.stdout + ended.stderr, /SUPERSECRET|HUNTER2X/);
    assert.match(ended.stdout + ended.stderr, /The program of `credential_process` failed/);
    assert.notEqual(ended.code, 70);
    if (command[0] === "profiles") assert.match(ended.stdout, /\.aws\/config:3\b/);
  }
});

test("a profile that points to nothing is no defect, for doctor neither", async (context) => {
  const { folder, environment } = home(context, {
    ".aws/config":
      "[profile s]\nregion = eu-central-1\nsso_session = nosuch\nsso_account_id = 1\nsso_role_name = a\n[profile w]\nregion = eu-central-1\nrole_arn = arn:aws:iam::1:role/x\nweb_identity_token_file = /no/such/token\n",
  });
  for (const profile of ["s", "w"]) {
    for (const command of [["profiles", "--check"], ["doctor"]]) {
      const ended = await reprod(folder, [...command, "--profile", profile], environment);
      assert.match(ended.stdout, /credentials-missing|no credentials could be had/, ended.stderr);
      assert.equal(ended.code, 1);
    }
  }
});

test("a broken file ends with its place, as text and as JSON", async (context) => {
  const { folder, environment } = home(context, {
    ".aws/config": `[default]\nregion = eu-central-1\n${SECRET}\n`,
  });
  const ended = await reprod(folder, ["profiles"], environment);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /error\[aws-config-broken\].*\n {2}--> .*\.aws\/config:3\n/);
  assert.doesNotMatch(ended.stderr, /wJalr/);
  assert.match(
    (await reprod(folder, ["profiles", "--json"], environment)).stdout,
    /"code":"aws-config-broken"/,
  );
});

test("without files it says where they would be", async (context) => {
  const { folder, environment } = home(context, {});
  const ended = await reprod(folder, ["profiles"], environment);
  assert.match(ended.stdout, /no AWS profiles in .*config and .*credentials; `aws configure` makes one/);
  assert.equal(ended.code, 0);
});

test("at a terminal the code of an MFA device is asked for", {
  skip: process.platform !== "linux",
}, async (context) => {
  const { folder, environment } = home(context, {
    ...two,
    ".aws/config":
      "[default]\nregion = eu-central-1\n[profile admin]\nregion = eu-central-1\nrole_arn = arn:aws:iam::123456789012:role/Admin\nsource_profile = default\nmfa_serial = arn:aws:iam::123456789012:mfa/anna\n",
  });
  const sts = await startSts(context);
  const { child, prints, ended } = startOnTerminal(["profiles", "--check", "--profile", "admin"], {
    cwd: folder,
    env: { ...environment, AWS_ENDPOINT_URL_STS: sts.url },
  });
  await prints("mfa/anna");
  child.stdin?.write("654321\n");
  assert.match((await ended).stdout, /user\/Admin-1/);
  assert.equal(sts.requests[0]?.parameters.get("TokenCode"), "654321");
  for (const key of ["\n", "\u0004"]) {
    sts.requests.length = 0;
    const again = startOnTerminal(["profiles", "--check", "--profile", "admin"], {
      cwd: folder,
      env: { ...environment, AWS_ENDPOINT_URL_STS: sts.url },
    });
    await again.prints("Code of the MFA device arn:aws:iam::123456789012:mfa/anna (6 digits):");
    again.child.stdin?.write(key);
    assert.match((await again.ended).stdout, /error\[mfa-needed\].*: no code of the MFA device was given/);
    assert.deepEqual(sts.requests, [], "nobody is asked with an empty code");
  }
});

test("what stays on this machine never reads the AWS SDK", async (context) => {
  const { folder, environment } = home(context, {
    "a.reprod": "let a = 1\n",
    "watch.cjs": `process.on("exit", () => {
  require("node:fs").writeFileSync(${JSON.stringify("loaded")}, Object.keys(require.cache).join("\\n"));
});
`,
  });
  const watching = { ...environment, NODE_OPTIONS: `--require ${folder}/watch.cjs` };
  await reprod(folder, ["plan", "a.reprod"], watching);
  assert.match(fs.readFileSync(`${folder}/loaded`, "utf8"), /cli\.js$/m);
  assert.doesNotMatch(fs.readFileSync(`${folder}/loaded`, "utf8"), /aws-sdk/);
  await reprod(folder, ["profiles"], watching);
  assert.match(fs.readFileSync(`${folder}/loaded`, "utf8"), /aws-sdk\.js$/m);
});
