import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../server/base/failure.js";
import { endpointsOf } from "../../server/cloud/endpoints.js";
import { filesStamp, type Profiles, readProfiles } from "../../server/cloud/profiles.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

/** A home with AWS's files in it, and the environment that leads there. */
function home(
  context: TestContext,
  files: { readonly [name: string]: string | Uint8Array },
): NodeJS.ProcessEnv {
  const folder = temporaryFolder(context);
  writeFiles(folder, files);
  for (const name of ["config", "credentials"]) {
    const file = path.join(folder, ".aws", name);
    if (fs.existsSync(file) && fs.statSync(file).isFile()) fs.chmodSync(file, 0o600);
  }
  return { HOME: folder };
}

function codes({ warnings }: Profiles): readonly string[] {
  return warnings.map(({ code, profile }) => (profile === undefined ? code : `${profile}: ${code}`));
}

async function refusal(environment: NodeJS.ProcessEnv): Promise<Failure> {
  try {
    await readProfiles(environment);
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  throw new Error("it was read");
}

const KEY = "AKIAIOSFODNN7EXAMPLE";
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

test("profiles of both files are listed with region and kind, and no key", async (context) => {
  const environment = home(context, {
    ".aws/config": `# mine
[default]
region = eu-central-1

[profile team]
role_arn = arn:aws:iam::123456789012:role/Team
source_profile = default
mfa_serial = arn:aws:iam::123456789012:mfa/anna
region=us-west-2
[profile "quoted"]
credential_process = /usr/bin/true
region = us-east-1
s3 =
  max_concurrent_requests = 20
[profile web]
role_arn = arn:aws:iam::123456789012:role/Web
web_identity_token_file = /tmp/token
region = us-east-1
[profile console]
login_session = arn:aws:iam::123456789012:user/anna
region = us-east-1
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Dev
region = eu-west-1
[profile empty]
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
[services local]
s3 =
  endpoint_url = http://127.0.0.1:9
`,
    ".aws/credentials": `[default]\naws_access_key_id=${KEY}\naws_secret_access_key=${SECRET}\n\n[only-keys]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\n`,
  });
  const read = await readProfiles(environment);
  assert.deepEqual(
    read.profiles.map(({ name, region, kind, mfa }) => [name, region ?? "-", kind, mfa].join(" ")),
    [
      "default eu-central-1 keys false",
      "console us-east-1 login false",
      "empty - unknown false",
      "only-keys - keys false",
      "quoted us-east-1 process false",
      "sso eu-west-1 sso false",
      "team us-west-2 assume-role true",
      "web us-east-1 web-identity false",
    ],
  );
  assert.deepEqual(codes(read), [
    "empty: no-region",
    "empty: incomplete",
    "only-keys: no-region",
    "sso: not-signed-in",
  ]);
  const text = JSON.stringify(read);
  for (const hidden of [KEY, SECRET, "corp.example"]) assert.ok(!text.includes(hidden), hidden);
});

test("no files are no profiles; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say where they are", async (context) => {
  const environment = home(context, {
    "a/config": "[profile here]\nregion = eu-central-1\n",
    "b/keys": `[here]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\n`,
  });
  assert.deepEqual((await readProfiles(environment)).profiles, []);
  const folder = environment.HOME ?? "";
  fs.chmodSync(`${folder}/b/keys`, 0o600);
  const read = await readProfiles({
    ...environment,
    AWS_CONFIG_FILE: "~/a/config",
    AWS_SHARED_CREDENTIALS_FILE: `${folder}/b/keys`,
  });
  assert.deepEqual(read.profiles, [{ name: "here", region: "eu-central-1", kind: "keys", mfa: false }]);
  assert.deepEqual(read.warnings, []);
});

test("changed files are read again, and leave another stamp", async (context) => {
  const environment = home(context, { ".aws/config": "[default]\nregion = eu-central-1\n" });
  const before = filesStamp(environment);
  assert.equal((await readProfiles(environment)).profiles.length, 1);
  fs.appendFileSync(`${environment.HOME}/.aws/config`, "[profile more]\nregion = eu-west-1\n");
  assert.equal((await readProfiles(environment)).profiles.length, 2);
  const between = filesStamp(environment);
  assert.notEqual(between, before);
  // `aws sso login` leaves a token, and touches neither file.
  writeFiles(environment.HOME ?? "", { ".aws/sso/cache/x.json": "{}" });
  assert.notEqual(filesStamp(environment), between);
});

test("a region without Fargate, an unknown one and none are pointed out", async (context) => {
  const environment = home(context, {
    ".aws/config": ["ap-southeast-6", "eu-centrl-1", "eu-central-1", "xx-new-9"]
      .map((region) => `[profile ${region}]\nregion = ${region}\ncredential_process = true\n`)
      .join(""),
  });
  const read = await readProfiles(environment);
  assert.deepEqual(codes(read), [
    "ap-southeast-6: no-fargate",
    "eu-centrl-1: region-unknown",
    "xx-new-9: region-unknown",
  ]);
  assert.match(read.warnings[1]?.message ?? "", /did you mean "eu-central-1"/);
  assert.equal(read.warnings[1]?.fix, "aws configure set region eu-central-1 --profile eu-centrl-1");
});

test("keys that others can read are pointed out, with the command that closes them", {
  skip: process.platform === "win32",
}, async (context) => {
  const keys = `[default]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\nregion = eu-central-1\n`;
  const environment = home(context, {
    ".aws/credentials": keys,
    ".aws/config": "[profile x]\nregion=eu-central-1\ncredential_process=x\n",
  });
  const [config, credentials] = ["config", "credentials"].map((name) => `${environment.HOME}/.aws/${name}`);
  for (const mode of [0o640, 0o604, 0o660, 0o620]) {
    fs.chmodSync(credentials ?? "", mode);
    const [warning, ...rest] = (await readProfiles(environment)).warnings;
    assert.equal(warning?.code, "readable-by-others");
    assert.equal(warning?.fix, `chmod go-rw "${credentials}"`);
    assert.deepEqual(rest, []);
  }
  fs.chmodSync(credentials ?? "", 0o600);
  fs.chmodSync(config ?? "", 0o644);
  assert.deepEqual((await readProfiles(environment)).warnings, [], "a config file without keys may be read");
  fs.writeFileSync(config ?? "", keys);
  assert.deepEqual(codes(await readProfiles(environment)), ["readable-by-others"]);
});

test("a sign-in is seen by its token, an incomplete profile by what it lacks", async (context) => {
  const environment = home(context, {
    ".aws/config": `[profile sso]
region = eu-west-1
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Dev
[profile half]
region = eu-west-1
sso_session = corp
[profile lost]
region = eu-west-1
sso_session = nowhere
sso_account_id = 123456789012
[profile chained]
region = eu-west-1
role_arn = arn:aws:iam::1:role/x
source_profile = gone
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
`,
  });
  const tell = async () =>
    (await readProfiles(environment)).warnings.map(
      ({ profile, code, message }) => `${profile}: ${code}: ${message}`,
    );
  const incomplete = [
    'chained: incomplete: it takes its credentials from a profile that is not there: "gone"',
    "half: incomplete: it lacks sso_account_id, sso_role_name",
    "lost: incomplete: there is no [sso-session nowhere]",
  ];
  assert.deepEqual(await tell(), [
    ...incomplete,
    "sso: not-signed-in: nobody is signed in, or the session has expired",
  ]);
  const token = `.aws/sso/cache/${createHash("sha1").update("corp").digest("hex")}.json`;
  writeFiles(environment.HOME ?? "", { [token]: JSON.stringify({ expiresAt: "2020-01-01T00:00:00Z" }) });
  assert.equal((await tell()).length, 4);
  writeFiles(environment.HOME ?? "", { [token]: JSON.stringify({ expiresAt: "2999-01-01T00:00:00Z" }) });
  assert.deepEqual(await tell(), incomplete);
});

test("sections that nobody reads are pointed out", async (context) => {
  const environment = home(context, {
    ".aws/config": "[dev]\nregion = x\n[profile a b c]\nregion = x\n",
    ".aws/credentials": `[profile dev]\naws_access_key_id = ${KEY}\n`,
  });
  const read = await readProfiles(environment);
  assert.deepEqual(read.profiles, []);
  assert.deepEqual(
    read.warnings.map(({ message, fix }) => `${message.replace(/\(.*\//, "(")} ${fix.split(":")[0]?.trim()}`),
    [
      "nobody reads the section [dev] (config:1) Name it [profile dev]",
      "nobody reads the section [profile a b c] (config:3) Give it a name of letters, digits and - _ . @ + %",
      "nobody reads the section [profile dev] (credentials:1) Name it [dev]",
    ],
  );
});

test("broken files are told with their place, and no line of them is quoted", async (context) => {
  const table: readonly (readonly [content: string | Uint8Array, place: RegExp, what: RegExp])[] = [
    [new Uint8Array([0xff, 0xfe, 0x00, 0x41]), /config$/, /no text in UTF-8/],
    ["[default]\nregion = \0\n", /config$/, /no text in UTF-8/],
    [`aws_secret_access_key = ${SECRET}\n[default]\n`, /config:1$/, /before the first section/],
    [`[default]\n${SECRET}\n`, /config:2$/, /neither a section nor a key/],
    [
      "[default]\nregion = a\n[profile x]\n[default]\nregion = b\n",
      /config:4$/,
      /stands twice, first in line 1/,
    ],
    ["[default\nregion = a\n", /config:1$/, /not closed/],
    ["[]\nregion = a\n", /config:1$/, /not closed or has no name/],
    ["[profile __proto__]\nregion = a\n", /config:1$/, /no section may have this name/],
  ];
  for (const [content, place, what] of table) {
    const failure = await refusal(home(context, { ".aws/config": content }));
    assert.equal(failure.code, "aws-config-broken");
    assert.match(failure.place ?? "", place);
    assert.match(failure.message, what);
    assert.ok(!JSON.stringify([failure.message, failure.why, failure.fix, failure.place]).includes(SECRET));
  }
  const folder = home(context, { ".aws/config/x": "" });
  assert.match((await refusal(folder)).message, /this is no file/);
  const inside = home(context, { ".aws": "not a folder" });
  assert.deepEqual((await readProfiles(inside)).profiles, []);
});

test("files that may not be read are told", { skip: process.platform === "win32" }, async (context) => {
  const environment = home(context, { ".aws/credentials": "[default]\n" });
  fs.chmodSync(`${environment.HOME}/.aws/credentials`, 0o000);
  // Root may read everything, so it is somebody else for as long as the files are opened, which is at once.
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  const read = refusal(environment);
  if (root) process.seteuid?.(0);
  assert.match((await read).fix ?? "", /chmod u\+r/);
});

test("any file is either read or refused", async (context) => {
  const environment = home(context, {});
  const folder = environment.HOME ?? "";
  const piece = fc.oneof(
    fc.constantFrom(
      "[",
      "]",
      "profile ",
      "\n",
      "=",
      " ",
      "#",
      "[default]\n",
      "[profile x]\n",
      "region = eu-central-1\n",
      "\r\n",
      "  ",
      "sso_session = y\n",
      "__proto__",
      "constructor = 1\n",
    ),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      writeFiles(folder, { ".aws/config": pieces.join("") });
      try {
        await readProfiles(environment);
      } catch (error) {
        assert.ok(error instanceof Failure, String(error));
      }
    }),
    { numRuns: 200 },
  );
});

test("endpoints: variable of the service, variable for all, services section, profile", () => {
  const profile = { services: "local", endpoint_url: "http://profile:1" };
  const services = new Map([
    ["local", { "s3.endpoint_url": "http://section:1", "cloudwatch_logs.endpoint_url": "http://logs:1" }],
  ]);
  const all = { AWS_ENDPOINT_URL: "http://all:1" };
  const at = (environment: NodeJS.ProcessEnv, service: "s3" | "logs" | "ec2", given = profile) =>
    endpointsOf(environment, given, services)(service);
  assert.equal(at({ ...all, AWS_ENDPOINT_URL_S3: "http://s3:1" }, "s3"), "http://s3:1");
  assert.equal(at(all, "s3"), "http://all:1");
  assert.equal(at({}, "s3"), "http://section:1");
  assert.equal(at({}, "logs"), "http://logs:1");
  assert.equal(at({ AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: "http://x:1" }, "logs"), "http://x:1");
  assert.equal(at({}, "ec2"), "http://profile:1");
  assert.equal(endpointsOf({}, {}, services)("ec2"), undefined);
  assert.equal(at({ ...all, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, "s3"), undefined);
  assert.throws(
    () => at({ AWS_ENDPOINT_URL: "localhost:4566" }, "s3"),
    (error) =>
      error instanceof Failure && error.code === "aws-config-broken" && error.place === "AWS_ENDPOINT_URL",
  );
});
