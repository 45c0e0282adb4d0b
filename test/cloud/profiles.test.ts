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
web_identity_token_file = /dev/null
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
      "nobody reads the section [profile a b c] (config:3) Give it a name of letters a-z, digits and - _ . @ + %",
      "nobody reads the section [profile dev] (credentials:1) Name it [dev]",
    ],
  );
});

test("what only the AWS command line reads is told as that, with how to write it", async (context) => {
  const sections = [
    '[profile "with space"]',
    "[profile üñí]",
    "[  profile   a  ]",
    "[profile   b]",
    "[profile c ]",
    "[profile\td]",
    "[profile 'e']",
    "[profile g#h]",
    "[ default ]",
    "[profile i] # mine",
    "[profile]",
    '[sso-session "a b"]',
  ];
  const environment = home(context, {
    ".aws/config": sections
      .map((section) => `${section}\nregion = eu-west-1\ncredential_process = true\n`)
      .join(""),
    ".aws/credentials": `[with space]\naws_access_key_id = ${KEY}\n[ z ]\naws_access_key_id = ${KEY}\n`,
  });
  const read = await readProfiles(environment);
  // What is left out has a warning, so no profile is listed without what stands in it.
  assert.deepEqual(
    read.profiles.map(({ name, kind }) => `${name} ${kind}`),
    ["d process", "e process", "i process"],
  );
  const characters = "letters a-z, digits and - _ . @ + % : / only";
  const both = "only the AWS command line, not the SDK, reads";
  assert.deepEqual(
    read.warnings.map(({ message, fix }) => `${message.replace(/ the section(.*) \(.*\//, "$1 (")}. ${fix}`),
    [
      `${both} [profile "with space"] (config:1). Rename it: a name of ${characters}, without spaces.`,
      `${both} [profile üñí] (config:4). Rename it: a name of ${characters}, without spaces.`,
      "nobody reads [  profile   a  ] (config:7). Write it [profile a], without spaces around it.",
      `${both} [profile   b] (config:10). Write it [profile b], with one space.`,
      `${both} [profile c ] (config:13). Write it [profile c], with one space.`,
      `${both} [profile g#h] (config:22). Rename it: a name of ${characters}, without spaces.`,
      "nobody reads [ default ] (config:25). Write it [default], without spaces around it.",
      `nobody reads [profile] (config:31). Give it a name of ${characters}: [profile NAME].`,
      `${both} [sso-session "a b"] (config:34). Rename it: a name of ${characters}, without spaces.`,
      `${both} [with space] (credentials:1). Rename the profile: a name of ${characters}, without spaces.`,
      "nobody reads [ z ] (credentials:3). Write it [z]: spaces around a name belong to it.",
    ],
  );
});

test("a profile that gives no credentials is told by what it lacks, with the command for its kind", async (context) => {
  const role = "role_arn = arn:aws:iam::123456789012:role/x\n";
  const sections: { readonly [name: string]: string } = {
    both: `${role}source_profile = keys\ncredential_source = Environment\n`,
    circle: `${role}source_profile = other\n`,
    half: `aws_access_key_id = ${KEY}\n`,
    keys: `${role}source_profile = keys\naws_access_key_id = ${KEY}\naws_secret_access_key = ${SECRET}\n`,
    long: `${role}source_profile = keys\nduration_seconds = an hour\n`,
    other: `${role}source_profile = circle\n`,
    "role-only": role,
    self: `${role}source_profile = self\n`,
    source: `${role}credential_source = Enviroment\n`,
    "source-only": "source_profile = keys\n",
    token: `${role}web_identity_token_file = /no/such/token\n`,
    typo: `${role}source_profile = kyes\n`,
    well: `${role}source_profile = keys\n`,
  };
  const environment = home(context, {
    ".aws/config": Object.entries(sections)
      .map(([name, lines]) => `[profile ${name}]\nregion = eu-west-1\n${lines}`)
      .join(""),
  });
  const { warnings } = await readProfiles(environment);
  assert.deepEqual(
    warnings.map(({ profile, code, message, fix }) => `${profile}: ${code}: ${message} | ${fix}`),
    [
      "both: incomplete: it names both source_profile and credential_source, and the AWS tools take one of them | Take one of the two out.",
      "circle: source-loop: profiles take their credentials from each other: circle → other → circle | Let one of them have credentials of its own.",
      "half: incomplete: it lacks aws_secret_access_key | aws configure --profile half",
      'long: incomplete: its duration_seconds is no number: "an hour" | aws configure set duration_seconds 3600 --profile long',
      "other: source-loop: profiles take their credentials from each other: other → circle → other | Let one of them have credentials of its own.",
      "role-only: incomplete: it names a role, and not whose credentials it is assumed with: source_profile, credential_source or web_identity_token_file | aws configure set source_profile default --profile role-only",
      "self: source-loop: profiles take their credentials from each other: self → self | Let one of them have credentials of its own.",
      'source: incomplete: there is no such credential_source: "Enviroment", did you mean "Environment"? | Write one of Environment, Ec2InstanceMetadata, EcsContainer: `aws configure set credential_source Environment --profile source`.',
      "source-only: incomplete: it has source_profile, and no role_arn | aws configure set role_arn ARN --profile source-only",
      'token: incomplete: the file of web_identity_token_file cannot be read, it is not there: "/no/such/token" | Correct the path, or start what writes the token: such files belong to machines that are given one, as in Kubernetes or CI.',
      'typo: incomplete: it takes its credentials from a profile that is not there: "kyes", did you mean "keys"? | aws configure set source_profile keys --profile typo',
    ],
  );
});

test("a file that is a link to itself is told with its place", {
  skip: process.platform === "win32",
}, async (context) => {
  const environment = home(context, { ".aws/x": "" });
  const config = `${environment.HOME}/.aws/config`;
  fs.symlinkSync("config", config);
  const failure = await refusal(environment);
  assert.equal(failure.code, "aws-config-broken");
  assert.equal(failure.place, config);
  assert.match(failure.why ?? "", /leads back to itself/);
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
    ["[default]#c\nregion = a\n", /config:1$/, /does not see a section because of its comment/],
    ["[profile a ; c]\nregion = a\n", /config:1$/, /does not see a section because of its comment/],
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
