import assert from "node:assert/strict";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import { type Account, awsTests } from "./support/aws.js";
import { CloudProject, projectSettings } from "./support/command-line.js";
import { denyAction, only } from "./support/faults.js";

const test = awsTests();

interface Result {
  readonly outcome: string;
  readonly what: string;
  readonly why: string | null;
  readonly fix: string | null;
}
interface Report {
  readonly account: { readonly account: string } | null;
  readonly checks: readonly { readonly id: string; readonly results: readonly Result[] }[];
}

const settings = { projectId: "abcdefghij23", name: "weather" };

async function doctor(
  project: CloudProject,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number | null; readonly report: Report; of(id: string): readonly Result[] }> {
  const { code, out, notes } = await project.run(["doctor", "--json", ...args], env);
  assert.ok(out.startsWith("{"), `${out}\n${notes}`);
  const report: Report = JSON.parse(out);
  return { code, report, of: (id) => report.checks.find((check) => check.id === id)?.results ?? [] };
}

/** A user as AWS knows them; whoever has no key of IAM is nobody whose permissions could be asked for. */
async function anna(account: Account): Promise<NodeJS.ProcessEnv> {
  const iam = account.client(IAM);
  await iam.createUser({ UserName: "anna" });
  const { AccessKey } = await iam.createAccessKey({ UserName: "anna" });
  return { AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId, AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey };
}

const lines = (results: readonly Result[]) => results.map(({ outcome, what }) => `${outcome}: ${what}`);

test("doctor looks at a new account, changes nothing, and says what is missing", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  const { code, report, of } = await doctor(project);
  assert.equal(account.mutations().length, 0);
  assert.equal(report.account?.account, account.accountId);
  assert.deepEqual(
    report.checks.map(({ id }) => id),
    ["identity", "region", "clock", "reachability", "permissions", "quotas", "resources"],
  );
  assert.match(
    of("identity")[0]?.what ?? "",
    new RegExp(`of account ${account.accountId}, region eu-central-1`),
  );
  assert.deepEqual(lines(of("region")), ["ok: eu-central-1 has Fargate"]);
  assert.deepEqual(lines(of("clock")), ["ok: the clock of this machine is right"]);
  assert.match(lines(of("reachability"))[0] ?? "", /^ok: 12 services answer/);
  assert.match(
    lines(of("quotas"))[0] ?? "",
    /^warning: Fargate On-Demand vCPU resource count: 6, so at most 6 nodes of 1 run at once$/,
  );
  assert.deepEqual(
    of("resources")
      .filter(({ outcome }) => outcome === "warning")
      .map(({ what }) => what),
    ["roles", "storage", "network", "cluster"].map((name) => `this group is not set up: "${name}"`),
  );
  assert.equal(code, 0, JSON.stringify(report, undefined, 1));

  const { out } = await project.run(["doctor"]);
  assert.match(out, /^Credentials\n {2}ok {7}arn:/);
  assert.match(out, /Nothing failed; \d+ warnings/);
});

test("a denied action is named with its group", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  account.lacks.add("ec2:CreateVpc");
  account.lacks.add("ecs:CreateCluster");
  account.lacks.add("ecs:RunTask");
  const env = await anna(account);
  const { code, of } = await doctor(project, [], env);
  assert.equal(code, 1);
  assert.deepEqual(
    lines(of("permissions")).filter((line) => !line.startsWith("ok")),
    [
      "failed: may not set up network: ec2:CreateVpc",
      "failed: may not set up cluster: ecs:CreateCluster",
      "failed: may not run nodes in the cloud: ecs:RunTask",
    ],
  );
  assert.match(
    of("permissions").find(({ outcome }) => outcome === "failed")?.fix ?? "",
    /administers account/,
  );
  assert.deepEqual(
    of("permissions")
      .filter(({ outcome }) => outcome === "failed")
      .map(({ fix }) => /`reprod doctor --policy (\S+)`/.exec(fix ?? "")?.[1]),
    ["network", "cluster", "runs"],
  );
  const { code: human, out } = await project.run(["doctor"], env);
  assert.equal(human, 1);
  assert.match(out, /3 things to mend before a run in the account/);
});

test("the ready policies are printed alone, as IAM takes them, and ask AWS only who we are", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  const iam = account.client(IAM);
  account.clear();
  const printed = await Promise.all(
    [...groupNames, "runs"].map(async (which) => {
      const { code, out, notes } = await project.run(["doctor", "--policy", which]);
      assert.deepEqual([code, notes], [0, ""], which);
      return [which, out] as const;
    }),
  );
  assert.deepEqual(
    [...new Set(account.calls.map(({ permission }) => permission))],
    ["sts:GetCallerIdentity"],
  );
  for (const [which, PolicyDocument] of printed) {
    const { Policy } = await iam.createPolicy({ PolicyName: which, PolicyDocument });
    assert.ok(Policy?.Arn, which);
    assert.ok(
      PolicyDocument.includes(account.accountId) && PolicyDocument.includes(settings.projectId),
      which,
    );
  }

  const all = await project.run(["doctor", "--policy", "all"]);
  assert.equal(all.code, 0);
  const one = (text: string): unknown => JSON.parse(text);
  assert.deepEqual(
    all.out.trimEnd().split("\n").map(one),
    printed.filter(([which]) => which !== "runs").map(([, out]) => one(out)),
  );
  assert.match(
    all.notes,
    /^A policy of IAM holds 6,144 characters, so these are 9, one a line: roles, storage, /,
  );
});

test("the policies of the endpoints name the API, once there is one", async (t, account) => {
  const project = new CloudProject(t, account.env, projectSettings({}));
  const before = await project.run(["doctor", "--policy", "endpoints-read"]);
  assert.deepEqual([before.code, before.out], [1, ""]);
  assert.match(before.notes, /needs-group[\s\S]*reprod setup endpoints/);
  await project.succeeds("setup", "roles", "storage", "cluster", "functions", "endpoints", "--yes");
  const id = project.json("endpoints-settings.json").api_id;
  const iam = account.client(IAM);
  const methods: { readonly [which: string]: readonly string[] } = {
    "endpoints-read": ["GET"],
    "endpoints-write": ["GET", "POST", "DELETE"],
  };
  for (const [which, expected] of Object.entries(methods)) {
    const out = await project.succeeds("doctor", "--policy", which);
    await iam.createPolicy({ PolicyName: which, PolicyDocument: out });
    const resources = [...out.matchAll(/"arn:aws:execute-api:[\w-]+:\d+:(\w+)\/\$default\/(\w+)\/\*"/g)];
    assert.deepEqual([...new Set(resources.map(([, api]) => api))], [id]);
    assert.deepEqual([...new Set(resources.map(([, , method]) => method))], expected);
  }
});

test("a policy that is not known is refused with those that are; without an id of the project it is made", async (t, account) => {
  const project = new CloudProject(t, account.env);
  const unknown = await project.run(["doctor", "--policy", "everything"]);
  assert.deepEqual([unknown.code, unknown.out], [2, ""]);
  assert.match(
    unknown.notes,
    /everything[\s\S]*roles, storage,[\s\S]*all, runs, endpoints-read, endpoints-write/,
  );
  const out = await project.succeeds("doctor", "--policy", "storage");
  assert.ok(out.includes(`reprod-${project.id}-euc1-build`));
});

test("who may not ask for permissions is told which action would tell", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  account.inject(denyAction("iam:SimulatePrincipalPolicy"));
  const denied = await doctor(project, [], await anna(account));
  assert.deepEqual(lines(denied.of("permissions")), [
    'unknown: what you may do could not be asked: "iam:SimulatePrincipalPolicy"',
  ]);
  assert.equal(denied.code, 0, JSON.stringify(denied.report, undefined, 1));
});

test("of a session it is the role's permissions that are asked for, by its ARN with its path", async (t, account) => {
  const { Role } = await account.client(IAM).createRole({
    RoleName: "team",
    Path: "/people/",
    AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [] }),
  });
  const { Credentials } = await account
    .client(STS)
    .assumeRole({ RoleArn: Role?.Arn, RoleSessionName: "anna" });
  const project = new CloudProject(t, account.env, settings);
  const { of } = await doctor(project, [], {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials?.SessionToken,
  });
  assert.ok(of("permissions").every(({ outcome }) => outcome === "ok"));
  const asked = account.calls.filter(({ action }) => action === "SimulatePrincipalPolicy");
  assert.ok(asked.length > 10);
  assert.ok(asked.every(({ params }) => params.PolicySourceArn === Role?.Arn));
});

test("a quota that stops a run fails, and who may not ask for it is told so", async (t, account) => {
  account.quotas.set("fargate/L-3032A538", 2);
  account.quotas.set("fargate/L-36FBB829", 1000);
  account.quotas.set("vpc/L-F678F1CE", 2);
  const ec2 = account.client(EC2);
  await ec2.createVpc({ CidrBlock: "10.9.0.0/16" });
  const project = new CloudProject(t, account.env, { ...settings, resources: { cpus: 4 } });
  const { code, of } = await doctor(project);
  assert.equal(code, 1);
  const quotas = lines(of("quotas"));
  assert.equal(quotas[0], "failed: Fargate On-Demand vCPU resource count: 2, and one node needs 4");
  assert.equal(quotas[1], "ok: Fargate Spot vCPU resource count: 1000");
  assert.equal(quotas[3], "failed: VPCs per Region: 2 of 2 used, and 1 more is needed");
  account.inject(denyAction("servicequotas:GetServiceQuota"));
  const denied = await doctor(project);
  assert.equal(denied.code, 0, JSON.stringify(denied.report, undefined, 1));
  assert.ok(denied.of("quotas").every(({ outcome }) => outcome === "unknown"));
  assert.match(denied.of("quotas")[0]?.what ?? "", /servicequotas:GetServiceQuota/);
});

test("a service that fails is named; the others are looked at", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  account.inject(
    only(
      ({ service }) => service === "ecr",
      () => ({ status: 503, code: "ServiceUnavailableException", message: "no" }),
    ),
  );
  const { code, of } = await doctor(project, [], await anna(account));
  assert.equal(code, 1);
  assert.match(lines(of("reachability")).join("\n"), /^failed: ECR: /m);
  assert.equal(
    of("permissions").every(({ outcome }) => outcome === "ok"),
    true,
  );
});

test("a group that is set up and not as declared is named", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  const { code, out, notes } = await project.run(["setup", "roles", "--yes"]);
  assert.equal(code, 0, `${out}\n${notes}`);
  assert.match(lines((await doctor(project)).of("resources"))[0] ?? "", /^ok: ready: roles/);
});

test("what cannot be seen of the resources is told with its reason", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  await project.succeeds("setup", "roles", "--yes");
  project.write("reprod.json", JSON.stringify({ ...settings, cloud: { network: { cidr: "10.0.0.0/30" } } }));
  account.inject(denyAction("iam:GetRole"));
  const { of } = await doctor(project);
  const told = lines(of("resources")).join("\n");
  assert.match(told, /^failed: .*10\.0\.0\.0\/30/m);
  assert.match(told, /^unknown: it is not allowed to look at roles\/task and 9 more: .*iam:GetRole/m);
  assert.doesNotMatch(told, /this group is unknown/);
});

test("without credentials nothing is asked, and a region without Fargate fails", async (t, account) => {
  const project = new CloudProject(t, account.env, settings);
  const none = await doctor(project, ["--profile", "nobody"]);
  assert.equal(none.code, 1);
  assert.equal(none.report.account, null);
  assert.equal(none.of("identity")[0]?.outcome, "failed");
  assert.match(none.of("identity")[0]?.what ?? "", /nobody/);
  const elsewhere = await doctor(project, ["--region", "ap-southeast-6"]);
  assert.equal(elsewhere.code, 1);
  assert.deepEqual(lines(elsewhere.of("region")), [
    'failed: there is no Fargate in this region: "ap-southeast-6"',
  ]);
});
