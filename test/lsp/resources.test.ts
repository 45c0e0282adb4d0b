import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { EC2 } from "@aws-sdk/client-ec2";
import { S3 } from "@aws-sdk/client-s3";
import { CancellationTokenSource, ResponseError } from "vscode-languageserver/node";
import {
  accountRequest,
  applyResourcesRequest,
  type EnvironmentArguments,
  environmentsRequest,
  FAILURE_CODE,
  mfaRequest,
  planResourcesRequest,
  profilesRequest,
  resourceProjectsRequest,
  resourcesChanged,
  resourcesProgress,
  resourcesRequest,
  trustGranted,
} from "../../server/protocol.js";
import { type Account, awsTests, REGION } from "../aws/support/aws.js";
import { denyAction } from "../aws/support/faults.js";
import type { ClientOptions } from "../support/language-client.js";
import { type Server, startServer } from "../support/language-server.js";
import { temporaryFolder } from "../support/temporary.js";

const awsTest = awsTests();

interface Opened {
  readonly server: Server;
  readonly root: string;
  /** What the client's settings say of a folder. */
  readonly settings: { profile: string; region: string };
}

async function open(
  t: TestContext,
  account: Account,
  more: Partial<ClientOptions> & { readonly trusted?: boolean } = {},
): Promise<Opened> {
  const root = fs.realpathSync(temporaryFolder(t));
  fs.writeFileSync(
    path.join(root, "reprod.json"),
    JSON.stringify({ projectId: "abcdefghijkl", name: "weather" }),
  );
  const { AWS_ENDPOINT_URL, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = account.env;
  fs.writeFileSync(
    AWS_CONFIG_FILE,
    [
      `[profile lab]\nregion = ${REGION}`,
      "[profile cold]\nregion = eu-central-1\nsso_start_url = https://a.example\nsso_region = eu-central-1",
      "sso_account_id = 123456789012\nsso_role_name = Runner",
      `[profile guarded]\nregion = ${REGION}\nsource_profile = lab`,
      `role_arn = arn:aws:iam::${account.accountId}:role/guarded`,
      `mfa_serial = arn:aws:iam::${account.accountId}:mfa/anna`,
      "",
    ].join("\n"),
  );
  fs.writeFileSync(
    AWS_SHARED_CREDENTIALS_FILE,
    `[lab]\naws_access_key_id = ${account.accessKeyId}\naws_secret_access_key = ${account.secretAccessKey}\n`,
    { mode: 0o600 },
  );
  const settings = { profile: "lab", region: "" };
  const { trusted = true, ...options } = more;
  const server = await startServer(t, {
    folders: [root],
    initializationOptions: { trusted },
    configuration: () => settings,
    env: {
      AWS_ENDPOINT_URL,
      AWS_CONFIG_FILE,
      AWS_SHARED_CREDENTIALS_FILE,
      AWS_EC2_METADATA_DISABLED: "true",
      HOME: root,
    },
    ...options,
  });
  return { server, root, settings };
}

function failure(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ResponseError, String(error));
    assert.equal(error.code, FAILURE_CODE, error.message);
    assert.equal(Reflect.get(Object(error.data), "code"), code, error.message);
    return true;
  };
}

const network = (project: string, teardown = false) =>
  ({ project, groups: ["network"], ...(teardown ? { teardown } : {}) }) as const;

test("only resources.ts and its page know cloud/, and its code is loaded when it is asked for", () => {
  const files = fs
    .readdirSync("server/lsp", { recursive: true })
    .map((file) => path.join("server/lsp", String(file)))
    .filter((file) => file.endsWith(".ts"));
  const knowing = files.filter((file) => /"(?:\.\.\/)+cloud\//.test(fs.readFileSync(file, "utf8")));
  assert.deepEqual(knowing.sort(), ["server/lsp/pages/resources-plan.ts", "server/lsp/resources.ts"]);
  for (const file of knowing)
    assert.doesNotMatch(fs.readFileSync(file, "utf8"), /^import (?!type )[^;]*"(?:\.\.\/)+cloud\//m, file);
});

awsTest("nothing is asked of AWS by a server that nobody asks for resources", async (t, account) => {
  const { server } = await open(t, account);
  await server.request(profilesRequest, {});
  await server.request(resourceProjectsRequest, {});
  assert.deepEqual(account.calls, []);
});

awsTest("profiles come with regions, kinds and warnings, and without keys", async (t, account) => {
  const { server, settings } = await open(t, account);
  const view = await server.request(profilesRequest, {});
  assert.deepEqual(
    view.profiles.map(({ name, region, kind, mfa }) => [name, region, kind, mfa]),
    [
      ["cold", REGION, "sso", false],
      ["guarded", REGION, "assume-role", true],
      ["lab", REGION, "keys", false],
    ],
  );
  assert.match(view.profiles[0]?.warnings[0]?.fix ?? "", /aws sso login --profile cold/);
  assert.deepEqual(view.chosen, { by: "setting", profile: "lab", region: REGION });
  assert.ok(view.regions.some(({ name, fargate }) => name === "eu-central-1" && fargate));
  const text = JSON.stringify(view);
  assert.ok(!text.includes(account.accessKeyId) && !text.includes(account.secretAccessKey));
  settings.profile = "";
  settings.region = "us-west-2";
  server.changedConfiguration();
  const none = await server.request(profilesRequest, {});
  assert.deepEqual(none.chosen, { by: "machine", region: "us-west-2" });
});

awsTest("who we are, or why nobody knows and what to run", async (t, account) => {
  const { server, settings } = await open(t, account);
  const { failure: none, ...known } = await server.request(accountRequest, { again: true });
  assert.equal(none, undefined);
  assert.equal(known.accountId, account.accountId);
  assert.equal(known.profile, "lab");
  settings.profile = "cold";
  server.changedConfiguration();
  const cold = await server.request(accountRequest, { again: true });
  assert.equal(cold.failure?.code, "credentials-expired");
  assert.equal(cold.command, "aws sso login --profile cold");
  settings.profile = "nobody";
  server.changedConfiguration();
  assert.equal((await server.request(accountRequest, { again: true })).failure?.code, "profile-unknown");
});

awsTest("a code of an MFA device is asked for once, and its absence is told", async (t, account) => {
  const { server, settings } = await open(t, account);
  settings.profile = "guarded";
  server.changedConfiguration();
  const given: string[] = [];
  let code: string | null = null;
  server.connection.onRequest(mfaRequest.method, ({ serial }: { readonly serial: string }) => {
    given.push(serial);
    return code;
  });
  const gaveUp = await server.request(accountRequest, { again: true });
  assert.equal(gaveUp.failure?.code, "mfa-needed");
  // A view that looks again does not ask again; a person who does, does.
  await server.request(resourcesRequest, { again: false });
  assert.deepEqual(given, [`arn:aws:iam::${account.accountId}:mfa/anna`]);
  code = "123456";
  const known = await server.request(accountRequest, { again: true });
  assert.equal(known.failure, undefined, known.failure?.message);
  assert.equal(given.length, 2);
});

awsTest("a plan, its progress, what is there, drift, repair and removal", async (t, account) => {
  const { server, root } = await open(t, account);
  const [project] = await server.request(resourceProjectsRequest, {});
  assert.equal(project?.project, root);
  assert.equal(project?.name, "weather");

  const plan = await server.request(planResourcesRequest, network(root));
  assert.equal(plan.nothing, false);
  assert.equal(plan.create, 7);
  assert.equal(plan.money, "free at rest");
  assert.match(plan.page.markdown, new RegExp(`Account \\*\\*${account.accountId}\\*\\*`));
  assert.match(plan.page.markdown, /`\+`\u00a0create \| VPC \| `reprod-abcdefghijkl-euc1-vpc`/);
  assert.deepEqual(account.mutations(), []);

  const applied = await server.request(applyResourcesRequest, { token: plan.token });
  assert.deepEqual(applied, { outcome: "done", done: 7, left: [] });
  const told = server.all(resourcesProgress);
  assert.deepEqual(told.at(-1), {
    ...told.at(-1),
    project: root,
    token: plan.token,
    group: "network",
    done: 7,
    total: 7,
    phase: "done",
  });
  assert.ok(told.every(({ done }, at) => done >= (told[at - 1]?.done ?? 0)));
  await server.when(resourcesChanged);
  // A plan is done once.
  await assert.rejects(server.request(applyResourcesRequest, { token: plan.token }), failure("plan-changed"));

  const groupOf = async () => {
    const { projects } = await server.request(resourcesRequest, { again: true });
    const group = projects[0]?.groups.find(({ name }) => name === "network");
    assert.ok(group);
    return group;
  };
  const ready = await groupOf();
  assert.equal(ready.state, "ready");
  assert.match(ready.settingsFile ?? "", /^file:.*network-settings\.json$/);
  const vpc = ready.resources.find(({ kind }) => kind === "VPC");
  assert.match(vpc?.id ?? "", /^vpc-/);
  assert.equal(vpc?.short, vpc?.id);
  assert.match(vpc?.console ?? "", /^https:\/\/eu-central-1\.console\.aws\.amazon\.com\//);

  const ec2 = account.client(EC2);
  const group = ready.resources.find(({ kind }) => kind === "security group");
  await ec2.authorizeSecurityGroupIngress({
    GroupId: group?.id,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
  });
  const drifted = await groupOf();
  assert.equal(drifted.state, "drifted");
  const wrong = drifted.resources.find(({ state }) => state === "drifted");
  assert.match(wrong?.differences[0]?.is ?? "", /22 from 0\.0\.0\.0\/0/);

  const repair = await server.request(planResourcesRequest, network(root));
  assert.deepEqual([repair.create, repair.change], [0, 1]);
  await server.request(applyResourcesRequest, { token: repair.token });
  assert.equal((await groupOf()).state, "ready");
  assert.equal((await server.request(planResourcesRequest, network(root))).nothing, true);

  const removal = await server.request(planResourcesRequest, network(root, true));
  assert.deepEqual([removal.remove, removal.against, removal.losesData, removal.money], [7, [], [], ""]);
  await server.request(applyResourcesRequest, { token: removal.token });
  const gone = await groupOf();
  assert.deepEqual([gone.state, gone.resources, gone.settingsFile], ["not-set-up", [], undefined]);
  assert.equal((await server.request(planResourcesRequest, network(root, true))).nothing, true);
});

awsTest("a cancel is answered with what stays, and the next plan goes on", async (t, account) => {
  const { server, root } = await open(t, account);
  const plan = await server.request(planResourcesRequest, network(root));
  account.inject(({ mutating }) => (mutating ? { delay: 150 } : "pass"));
  const source = new CancellationTokenSource();
  const work = server.request(applyResourcesRequest, { token: plan.token }, source.token);
  await server.when(resourcesProgress, ({ done }) => done >= 1);
  source.cancel();
  const { outcome, done, left } = await work;
  account.inject();
  assert.equal(outcome, "cancelled");
  assert.equal(done + left.length, 7);
  assert.ok(done >= 1 && left.length >= 1);
  const again = await server.request(planResourcesRequest, network(root));
  assert.ok(again.create + again.change <= left.length, "what was done is not done again");
  await server.request(applyResourcesRequest, { token: again.token });
  const { projects } = await server.request(resourcesRequest, { again: true });
  assert.equal(projects[0]?.groups.find(({ name }) => name === "network")?.state, "ready");
});

awsTest("a plan of one account is not carried out in another", async (t, account, aws) => {
  const { server, root, settings } = await open(t, account);
  const plan = await server.request(planResourcesRequest, network(root));
  settings.region = "us-west-2";
  server.changedConfiguration();
  await assert.rejects(server.request(applyResourcesRequest, { token: plan.token }), failure("plan-changed"));
  assert.deepEqual(account.mutations(), []);
  assert.ok(aws.moto.url);
});

awsTest("without trust nothing is listed, read or made; with it, all is", async (t, account) => {
  const { server, root } = await open(t, account, { trusted: false });
  for (const asked of [
    () => server.request(profilesRequest, {}),
    () => server.request(accountRequest, { again: true }),
    () => server.request(resourcesRequest, { again: true }),
    () => server.request(planResourcesRequest, network(root)),
    () => server.request(applyResourcesRequest, { token: "x" }),
    () => server.request(environmentsRequest, { project: root }),
  ])
    await assert.rejects(asked(), failure("untrusted-workspace"));
  assert.deepEqual(account.calls, []);
  server.notify(trustGranted, {});
  assert.equal((await server.request(accountRequest, { again: true })).accountId, account.accountId);
});

awsTest("other folders are no projects, and what is in the way is told as a failure", async (t, account) => {
  const { server, root } = await open(t, account);
  await assert.rejects(server.request(planResourcesRequest, network("/")), failure("unknown-run"));
  await assert.rejects(
    server.request(planResourcesRequest, { project: root, groups: ["cluster"] }),
    failure("needs-group"),
  );
  const both = await server.request(planResourcesRequest, {
    project: root,
    groups: ["cluster"],
    withNeeds: true,
  });
  assert.deepEqual(both.titles, ["Roles", "Cluster"]);
  fs.writeFileSync(
    path.join(root, "network-settings.json"),
    JSON.stringify({ reprod: { project: "zzzzzzzzzzzz", account: "1", region: REGION, resources: {} } }),
  );
  const { projects } = await server.request(resourcesRequest, { again: true });
  assert.equal(projects[0]?.account.accountId, account.accountId);
  assert.equal(projects[0]?.failure, undefined);
  const [foreign, ...others] = (projects[0]?.groups ?? []).filter(({ trouble }) => trouble !== undefined);
  assert.deepEqual([foreign?.name, foreign?.state], ["network", "unknown"]);
  assert.equal(foreign?.trouble?.code, "settings-of-another");
  assert.deepEqual(others, []);
});

awsTest(
  "what may not be seen is unknown, with the reason; the others are as they are",
  async (t, account) => {
    const { server, root } = await open(t, account);
    const plan = await server.request(planResourcesRequest, network(root));
    await server.request(applyResourcesRequest, { token: plan.token });
    account.inject(denyAction("ec2:DescribeVpcs"));
    const { projects } = await server.request(resourcesRequest, { again: true });
    account.inject();
    const group = projects[0]?.groups.find(({ name }) => name === "network");
    assert.equal(group?.state, "unknown");
    const vpc = group?.resources.find(({ kind }) => kind === "VPC");
    assert.equal(vpc?.state, "unknown");
    assert.equal(vpc?.trouble?.code, "access-denied");
    assert.match(vpc?.trouble?.message ?? "", /ec2:DescribeVpcs/);
    assert.deepEqual(
      group?.resources.filter(({ state }) => state === "missing"),
      [],
    );
  },
);

awsTest("a failure in the midst of it says how far it came, and that it goes on", async (t, account) => {
  const { server, root } = await open(t, account);
  const plan = await server.request(planResourcesRequest, network(root));
  account.inject(denyAction("ec2:CreateSubnet"));
  await assert.rejects(server.request(applyResourcesRequest, { token: plan.token }), (error) => {
    failure("access-denied")(error);
    const { fix } = Object(Reflect.get(Object(error), "data"));
    assert.match(String(fix), /[1-9]\d* of 7 steps done\. What was made stays/);
    return true;
  });
});

awsTest("another profile that is chosen meanwhile ends nothing that is carried out", async (t, account) => {
  const { server, root, settings } = await open(t, account);
  const plan = await server.request(planResourcesRequest, network(root));
  account.inject(({ mutating }) => (mutating ? { delay: 100 } : "pass"));
  const work = server.request(applyResourcesRequest, { token: plan.token });
  await server.when(resourcesProgress, ({ done }) => done >= 1);
  settings.region = "us-west-2";
  server.changedConfiguration();
  assert.deepEqual(await work, { outcome: "done", done: 7, left: [] });
  account.inject();
  settings.region = "";
  server.changedConfiguration();
  // Its lock is not left behind either.
  const removal = await server.request(planResourcesRequest, network(root, true));
  await server.request(applyResourcesRequest, { token: removal.token });
});

awsTest(
  "who gives up the opening of an account does not wait for it, and may ask again",
  async (t, account) => {
    const { server } = await open(t, account);
    account.inject(() => "hang");
    const source = new CancellationTokenSource();
    const asked = server.request(accountRequest, { again: true }, source.token);
    while (account.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    source.cancel();
    await assert.rejects(asked);
    account.inject();
    assert.equal((await server.request(accountRequest, { again: true })).accountId, account.accountId);
  },
);

awsTest("two environments that were planned beside each other are both made", async (t, account) => {
  const { server, root } = await open(t, account);
  const all = await server.request(planResourcesRequest, { project: root, groups: ["roles", "network"] });
  await server.request(applyResourcesRequest, { token: all.token });
  const planOf = (environment: EnvironmentArguments) =>
    server.request(planResourcesRequest, {
      project: root,
      groups: ["compute-environment"],
      createEnvironment: environment,
    });
  await assert.rejects(planOf({ name: "x", type: "fargate", diskGiB: 50 }), failure("environments-invalid"));
  const one = await planOf({ name: "one", type: "spot", diskGiB: 200, instanceTypes: ["m5"] });
  const two = await planOf({ name: "two", type: "fargate", maxVcpus: 8 });
  for (const { token } of [one, two]) await server.request(applyResourcesRequest, { token });
  const { reprod } = JSON.parse(fs.readFileSync(path.join(root, "compute-environments.json"), "utf8"));
  assert.deepEqual(reprod.declared, {
    one: { type: "spot", maxVcpus: 64, instanceTypes: ["m5"], diskGiB: 200 },
    two: { type: "fargate", maxVcpus: 8 },
  });
  const { environments } = await server.request(environmentsRequest, { project: root });
  assert.deepEqual(
    environments.map(({ name }) => name),
    ["one", "two"],
  );
});

awsTest("a set-up against what is in use says so, and is refused without force", async (t, account) => {
  const { server, root } = await open(t, account);
  const first = await server.request(planResourcesRequest, network(root));
  await server.request(applyResourcesRequest, { token: first.token });
  const { subnet_id: SubnetId } = JSON.parse(
    fs.readFileSync(path.join(root, "network-settings.json"), "utf8"),
  );
  await account.client(EC2).runInstances({ ImageId: "ami-1234abcd", MinCount: 1, MaxCount: 1, SubnetId });
  fs.writeFileSync(
    path.join(root, "reprod.json"),
    JSON.stringify({
      projectId: "abcdefghijkl",
      name: "weather",
      cloud: { network: { cidr: "10.9.0.0/16" } },
    }),
  );
  const plan = await server.request(planResourcesRequest, network(root));
  assert.ok(plan.replace > 0, "the settings are those on disk, whether the watcher has told of them or not");
  assert.match(plan.against.join("; "), /a network interface is in use in the VPC vpc-/);
  assert.match(plan.page.markdown, /\*\*In use:\*\* a network interface is in use in the VPC/);
  assert.deepEqual(plan.losesData, []);
  account.clear();
  await assert.rejects(server.request(applyResourcesRequest, { token: plan.token }), failure("in-use"));
  assert.deepEqual(
    account.mutations().filter(({ name }) => name.startsWith("ec2:")),
    [],
  );
});

awsTest("a settings file that others write is told, once", async (t, account) => {
  const { server, root } = await open(t, account);
  await server.request(resourcesRequest, { again: true });
  account.clear();
  const since = server.mark();
  for (let times = 0; times < 3; times++)
    fs.writeFileSync(path.join(root, "storage-settings.json"), `{"times": ${times}}\n`);
  await server.when(resourcesChanged, () => true, since);
  fs.writeFileSync(path.join(root, "notes.json"), "{}\n");
  await server.request(resourceProjectsRequest, {});
  assert.equal(server.all(resourcesChanged, since).length, 1);
  assert.deepEqual(account.calls, [], "AWS is asked by who looks, not by who tells");
});

awsTest(
  "what is to be is read from disk when it is planned, and told when it is edited",
  async (t, account) => {
    const { server, root } = await open(t, account);
    await server.request(resourcesRequest, { again: true });
    const since = server.mark();
    const file = path.join(root, "reprod.json");
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace("}", `, "cloud": { "network": { "cidr": "10.9.0" } } }`));
    await assert.rejects(
      server.request(planResourcesRequest, network(root)),
      failure("project-invalid"),
      "the last good settings count for checks of pipelines alone",
    );
    const { projects } = await server.request(resourcesRequest, { again: false });
    assert.deepEqual(
      projects.map(({ failure }) => failure?.code),
      ["project-invalid"],
    );
    await server.when(resourcesChanged, () => true, since);
    const planned = server.mark();
    fs.writeFileSync(file, text);
    const plan = await server.request(planResourcesRequest, network(root));
    assert.ok(plan.create > 0);
    await server.when(resourcesChanged, () => true, planned);
  },
);

awsTest(
  "what holds data since it was asked about is not lost with what was agreed to",
  async (t, account) => {
    const { server, root } = await open(t, account);
    const groups = ["storage"] as const;
    const first = await server.request(planResourcesRequest, { project: root, groups });
    await server.request(applyResourcesRequest, { token: first.token });
    const { storage } = JSON.parse(fs.readFileSync(path.join(root, "storage-settings.json"), "utf8"));
    const s3 = account.client(S3);
    await s3.putObject({ Bucket: storage.tmp_bucket, Key: "small", Body: "1" });
    const plan = await server.request(planResourcesRequest, { project: root, groups, teardown: true });
    assert.deepEqual(
      plan.losesData.map(({ name }) => name),
      [storage.tmp_bucket],
    );
    await s3.putObject({ Bucket: storage.build_bucket, Key: "precious", Body: "2" });
    await assert.rejects(
      server.request(applyResourcesRequest, { token: plan.token, force: true }),
      failure("plan-changed"),
    );
    for (const Bucket of [storage.tmp_bucket, storage.build_bucket])
      assert.equal((await s3.listObjectsV2({ Bucket })).KeyCount, 1);
  },
);

awsTest(
  "a misspelt line of what is to be taken from elsewhere is refused, with what was meant",
  async (t, account) => {
    const { server, root } = await open(t, account);
    const file = path.join(root, "reprod.json");
    const adopt = { "network/vcp": "vpc-1" };
    fs.writeFileSync(file, JSON.stringify({ projectId: "abcdefghijkl", cloud: { adopt } }));
    await assert.rejects(
      server.request(planResourcesRequest, network(root)),
      (error) => failure("cannot-adopt")(error) && /did you mean "network\/vpc"/.test(String(error)),
    );
  },
);

awsTest("who only looks leaves no trace, and names are the same when it is done", async (t, account) => {
  const { server, root } = await open(t, account);
  fs.rmSync(path.join(root, "reprod.json"));
  fs.rmSync(path.join(root, ".reprod"), { recursive: true, force: true });
  await server.request(resourcesRequest, { again: true });
  const plan = await server.request(planResourcesRequest, network(root));
  assert.deepEqual(fs.readdirSync(root), []);
  const [name = ""] = /reprod-[a-z2-7]{12}-euc1-vpc/.exec(plan.page.markdown) ?? [];
  await server.request(applyResourcesRequest, { token: plan.token });
  const { reprod } = JSON.parse(fs.readFileSync(path.join(root, "network-settings.json"), "utf8"));
  assert.equal(reprod.resources.vpc.name, name);
});

awsTest(
  "a removal of nothing writes when it is carried out, and not when it is planned",
  async (t, account) => {
    const { server, root } = await open(t, account);
    const first = await server.request(planResourcesRequest, network(root));
    await server.request(applyResourcesRequest, { token: first.token });
    const file = path.join(root, "network-settings.json");
    const noted = fs.readFileSync(file, "utf8");
    const teardown = { ...network(root), teardown: true };
    const removal = await server.request(planResourcesRequest, teardown);
    await server.request(applyResourcesRequest, { token: removal.token });
    // As a process leaves it that was killed behind its last step.
    fs.writeFileSync(file, noted);
    account.clear();
    const nothing = await server.request(planResourcesRequest, teardown);
    assert.deepEqual([nothing.nothing, nothing.forgets], [true, true]);
    assert.equal(fs.readFileSync(file, "utf8"), noted);
    assert.deepEqual(account.mutations(), []);
    await server.request(applyResourcesRequest, { token: nothing.token });
    assert.ok(!fs.existsSync(file));
  },
);
