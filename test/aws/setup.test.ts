import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { TestContext } from "node:test";
import { EC2 } from "@aws-sdk/client-ec2";
import { S3 } from "@aws-sdk/client-s3";
import { groupsByName } from "../../server/cloud/groups/index.js";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import { type Account, awsTests, REGION } from "./support/aws.js";
import { CloudProject, projectSettings } from "./support/command-line.js";
import {
  bucketTaken,
  denyAction,
  expiredCredentials,
  failWith5xx,
  quotaReached,
  throttleEvery,
} from "./support/faults.js";
import { assertFoundIndependently } from "./support/independent.js";
import { taggedResources } from "./support/tagged.js";

const awsTest = awsTests();

const files = groupNames.map((name) => groupsByName[name].settingsFile);

function projectOf(test: TestContext, account: Account, own: object = projectSettings()): CloudProject {
  return new CloudProject(test, account.env, own);
}

const allReady = Object.fromEntries(groupNames.map((name) => [name, "ready"]));
const nothing = Object.fromEntries(groupNames.map((name) => [name, "not-set-up"]));

awsTest(
  "all groups from nothing, again without a change, one thing deleted and restored, and removed without a rest",
  async (test, account, aws) => {
    const project = projectOf(test, account);
    assert.deepEqual(await project.states(), nothing);
    assert.equal(account.mutations().length, 0, "looking changes nothing");

    const planned = await project.succeeds("setup", "all", "--plan");
    assert.equal(account.mutations().length, 0, "planning changes nothing");
    assert.match(planned, new RegExp(`\\+ VPC reprod-${project.id}-euc1-\\S+ 10\\.0\\.0\\.0/16`));
    assert.match(
      planned,
      new RegExp(`In account ${account.accountId}, ${REGION}, as .*create \\d+ resources; free at rest`),
    );

    await project.succeeds("setup", "all", "--yes");
    assert.deepEqual(await project.states(), allReady);
    // An independent reader finds every id that the settings files name.
    await assertFoundIndependently(aws, account, project.folder, files);
    const made = await taggedResources(account, project.id);
    assert.ok(made.length > 20, made.join("\n"));

    account.clear();
    const again = await project.succeeds("setup", "all", "--yes");
    assert.match(again, /no change/);
    assert.deepEqual(
      account.mutations().map(({ name }) => name),
      [],
    );
    assert.deepEqual(await taggedResources(account, project.id), made);

    const ec2 = account.client(EC2);
    const { security_group_id: group } = project.json("network-settings.json");
    await ec2.deleteSecurityGroup({ GroupId: String(group) });
    const drifted = await project.succeeds("setup", "network", "--plan");
    assert.match(drifted, new RegExp(`\\+ security group .*${String(group)} is gone`));
    assert.equal((await project.states()).network, "drifted");
    await project.succeeds("setup", "all", "--yes");
    assert.deepEqual(await project.states(), allReady);
    assert.notEqual(project.json("network-settings.json").security_group_id, group);

    await project.succeeds("teardown", "all", "--yes");
    assert.deepEqual(await taggedResources(account, project.id), []);
    assert.deepEqual(await project.states(), nothing);
    assert.deepEqual(
      files.filter((file) => project.has(file)),
      [],
    );
    assert.deepEqual(account.crashes, []);
  },
);

awsTest(
  "the settings files have the names and keys that other tools know, and ids that are there",
  async (test, account) => {
    const project = projectOf(test, account);
    await project.succeeds("setup", "all", "--yes");
    const keys = (file: string) => Object.keys(project.json(file)).filter((key) => key !== "reprod");
    assert.deepEqual(keys("network-settings.json").sort(), [
      "security_group_id",
      "subnet_id",
      "subnet_ids",
      "vpc_id",
    ]);
    assert.deepEqual(keys("storage-settings.json"), ["storage"]);
    assert.deepEqual(Object.keys(Object(project.json("storage-settings.json").storage)).sort(), [
      "build_bucket",
      "tmp_bucket",
    ]);
    assert.ok(project.has("environment-settings.json"));
    assert.ok(project.has("key-pair-settings.json"));
    assert.ok(project.has("cluster-settings.json"));
    assert.ok(project.has("lambda-settings.json"));
    assert.ok(project.has("endpoints-settings.json"));
    assert.ok(project.has("compute-environments.json"));
    assert.equal(fs.statSync(project.path("key-pair.pem")).mode & 0o777, 0o400);
    assert.match(project.read(".gitignore"), /^key-pair\.pem$/m);
  },
);

awsTest(
  "F1 two projects share an account and a region without touching each other",
  async (test, account) => {
    const one = projectOf(test, account);
    const other = projectOf(test, account, projectSettings({}));
    await one.succeeds("setup", "network", "storage", "--yes");
    const before = await taggedResources(account, one.id);
    await other.succeeds("setup", "network", "storage", "--yes");
    await other.succeeds("teardown", "all", "--yes");
    assert.deepEqual(await taggedResources(account, other.id), []);
    assert.deepEqual(await taggedResources(account, one.id), before);
    assert.equal((await one.states()).network, "ready");
  },
);

awsTest("F1 the id of a project without one is made once, and kept in reprod.json", async (test, account) => {
  const project = new CloudProject(test, account.env);
  await project.succeeds("setup", "key-pair", "--yes");
  assert.match(project.id, /^[a-z2-7]{12}$/);
  const second = new CloudProject(test, account.env, { name: "no id yet", cloud: {} });
  await second.succeeds("setup", "key-pair", "--yes");
  assert.match(second.id, /^[a-z2-7]{12}$/);
  assert.equal(second.json("reprod.json").name, "no id yet");
});

awsTest(
  "F2 an existing VPC and bucket are used, and are as before when the groups are removed",
  async (test, account) => {
    const ec2 = account.client(EC2);
    const s3 = account.client(S3);
    const vpc = await ec2.createVpc({ CidrBlock: "172.30.0.0/16" });
    const id = vpc.Vpc?.VpcId ?? "";
    await s3.createBucket({
      Bucket: "data-of-a-lab",
      CreateBucketConfiguration: { LocationConstraint: REGION },
    });
    await s3.putBucketTagging({
      Bucket: "data-of-a-lab",
      Tagging: { TagSet: [{ Key: "Team", Value: "lab" }] },
    });
    const project = projectOf(
      test,
      account,
      projectSettings({ adopt: { "network/vpc": id, "storage/build": "data-of-a-lab" } }),
    );
    await project.succeeds("setup", "storage", "network", "--yes");
    assert.equal(project.json("network-settings.json").vpc_id, id);
    assert.equal(Object(project.json("storage-settings.json").storage).build_bucket, "data-of-a-lab");
    await s3.putObject({ Bucket: "data-of-a-lab", Key: "precious", Body: "data" });
    const removed = await project.succeeds("teardown", "all", "--yes");
    assert.match(removed, /^removed \d+ resources, let go of 2 that were there before$/m);
    assert.doesNotMatch(removed, /free at rest/);
    const tags = await s3.getBucketTagging({ Bucket: "data-of-a-lab" });
    assert.deepEqual(tags.TagSet, [{ Key: "Team", Value: "lab" }]);
    assert.equal((await s3.getObject({ Bucket: "data-of-a-lab", Key: "precious" })).ContentLength, 4);
    const after = await ec2.describeVpcs({ VpcIds: [id] });
    assert.deepEqual(after.Vpcs?.[0]?.Tags ?? [], []);
  },
);

awsTest(
  "who only looks writes nothing, and a lost settings file is said and mended",
  async (test, account) => {
    const looked = new CloudProject(test, account.env);
    await looked.succeeds("resources");
    await looked.succeeds("setup", "network", "--plan");
    await looked.succeeds("doctor");
    assert.deepEqual(fs.readdirSync(looked.folder), []);

    const project = projectOf(test, account);
    await project.succeeds("setup", "key-pair", "--yes");
    fs.rmSync(project.path("key-pair-settings.json"));
    assert.match(
      await project.succeeds("resources"),
      /key-pair-settings\.json, which does not say what is there/,
    );
    const { groups } = JSON.parse(await project.succeeds("resources", "--json"));
    const pair = groups.find(({ name }: { name: string }) => name === "key-pair");
    assert.equal(pair.settingsFileDiffers, true);
    await project.succeeds("setup", "key-pair", "--yes");
    assert.equal((await project.states())["key-pair"], "ready");
  },
);

awsTest("F4 of two who set up at once one does it, and the other learns who", async (test, account) => {
  const shared = projectSettings();
  const one = projectOf(test, account, shared);
  const other = projectOf(test, account, shared);
  const ended = await Promise.all([
    one.run(["setup", "network", "--yes"]),
    other.run(["setup", "network", "--yes"]),
  ]);
  const refused = ended.filter(({ code }) => code !== 0);
  for (const { notes, code } of refused) {
    assert.match(notes, /setup-busy.*being changed by/s);
    assert.equal(code, 1);
  }
  assert.ok(refused.length <= 1, ended.map(({ notes }) => notes).join("\n"));
  // Whoever was refused says it again, and finds all of it there.
  await other.succeeds("setup", "network", "--yes");
  await one.succeeds("setup", "network", "--yes");
  assert.equal(one.json("network-settings.json").vpc_id, other.json("network-settings.json").vpc_id);
  const vpcs = await account
    .client(EC2)
    .describeVpcs({ Filters: [{ Name: "tag:reprod:project", Values: [one.id] }] });
  assert.equal(vpcs.Vpcs?.length, 1);
});

awsTest("F4 nothing is removed that was not agreed to", async (test, account) => {
  const project = projectOf(test, account);
  await project.run(["setup", "storage", "--yes"]);
  const refused = await project.run(["teardown", "storage"]);
  assert.equal(refused.code, 2);
  assert.match(refused.notes, /needs-consent/);
  assert.equal((await project.states()).storage, "ready");
});

awsTest(
  "F5 a bucket with objects is not removed without force, and then with all versions",
  async (test, account) => {
    const project = projectOf(test, account);
    await project.succeeds("setup", "storage", "--yes");
    const { build_bucket: Bucket } = Object(project.json("storage-settings.json").storage);
    const s3 = account.client(S3);
    for (const body of ["one", "two"]) await s3.putObject({ Bucket, Key: "results/a", Body: body });
    await s3.deleteObject({ Bucket, Key: "results/a" });
    await s3.createMultipartUpload({ Bucket, Key: "objects/half" });
    const refused = await project.run(["teardown", "storage", "--yes"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.notes, /in-use/);
    assert.ok(refused.notes.includes(Bucket));
    await project.succeeds("teardown", "storage", "--yes", "--force");
    assert.deepEqual(await taggedResources(account, project.id), []);
  },
);

awsTest("F5 a set-up that would replace what is in use is refused without force", async (test, account) => {
  const project = projectOf(test, account);
  await project.succeeds("setup", "network", "--yes");
  const { vpc_id: vpc, subnet_id: subnet } = project.json("network-settings.json");
  const ec2 = account.client(EC2);
  const { Instances: [instance] = [] } = await ec2.runInstances({
    ImageId: "ami-1234abcd",
    MinCount: 1,
    MaxCount: 1,
    SubnetId: String(subnet),
  });
  const cloud = { network: { cidr: "10.9.0.0/16" } };
  project.write("reprod.json", JSON.stringify({ projectId: project.id, cloud }));
  const reason = `a network interface is in use in the VPC ${String(vpc)}`;
  const planned = await project.succeeds("setup", "network", "--plan");
  assert.match(planned, /! VPC /);
  assert.ok(planned.includes(`in use: ${reason}`), planned);
  const { against } = JSON.parse(await project.succeeds("setup", "network", "--plan", "--json"));
  assert.ok(String(against).includes(reason), String(against));
  account.clear();
  const refused = await project.run(["setup", "network", "--yes"]);
  assert.equal(refused.code, 1);
  assert.match(refused.notes, /error\[in-use\]/);
  assert.ok(refused.notes.includes(reason));
  const forced = await project.run(["setup", "network", "--force"]);
  assert.match(forced.notes, /needs-consent/, "force is no consent");
  assert.deepEqual(account.mutations(), []);
  await ec2.terminateInstances({ InstanceIds: [instance?.InstanceId ?? ""] });
});

awsTest(
  "at a prompt, Ctrl-C ends it and changes nothing; so does a no, and a wrong name",
  async (test, account) => {
    const project = projectOf(test, account);
    const asked = /Create \d+ resources?\? \[y\/N\]/;
    const interrupted = await project.atTerminal(["setup", "key-pair"], [[asked, "\u0003"]]);
    assert.equal(interrupted.code, 130, interrupted.out);
    assert.match(interrupted.out, /nothing was changed/);
    const declined = await project.atTerminal(["setup", "key-pair"], [[asked, "n\r"]]);
    assert.equal(declined.code, 1, declined.out);
    assert.match(declined.out, /nothing was changed/);
    const ended = await project.atTerminal(["setup", "key-pair"], [[asked, "\u0004"]]);
    assert.equal(ended.code, 1, ended.out);
    assert.deepEqual(account.mutations(), []);
    const agreed = await project.atTerminal(["setup", "storage"], [[asked, "y\r"]]);
    assert.equal(agreed.code, 0, agreed.out);
    const { build_bucket: Bucket } = Object(project.json("storage-settings.json").storage);
    await account.client(S3).putObject({ Bucket, Key: "results/a", Body: "one" });
    const wrong = await project.atTerminal(
      ["teardown", "storage", "--force"],
      [
        [/resources\? \[y\/N\]/, "y\r"],
        [/Type its name to go on/, "another\r"],
      ],
    );
    assert.equal(wrong.code, 1, wrong.out);
    // Of the two buckets only the one that holds something is asked about.
    assert.equal(wrong.out.match(/Type its name/g)?.length, 1);
    const right = await project.atTerminal(
      ["teardown", "storage", "--force"],
      [
        [/resources\? \[y\/N\]/, "y\r"],
        [/Type its name to go on/, `${Bucket}\r`],
      ],
    );
    assert.equal(right.code, 0, right.out);
    assert.deepEqual(await taggedResources(account, project.id), []);
  },
);

awsTest("an account that does not open can be interrupted", async (test, account) => {
  const project = projectOf(test, account);
  account.inject(() => "hang");
  for (const command of [["setup", "network", "--yes"], ["resources"], ["doctor"]]) {
    account.clear();
    const { child, ended } = project.start(command);
    while (account.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    const { code, notes } = await ended;
    assert.equal(code, 130, notes);
    assert.match(notes, /error\[interrupted\]: .*nothing was changed/);
  }
});

awsTest("a signal in the midst of a set-up or removal ends it with its own code", async (test, account) => {
  const project = projectOf(test, account);
  for (const [command, name, signal, code, words] of [
    ["setup", "ec2:CreateSubnet", "SIGTERM", 143, "What was made stays"],
    ["setup", "ec2:CreateSubnet", "SIGHUP", 129, "What was made stays"],
    ["setup", "", "", 0, ""],
    ["teardown", "ec2:DeleteSubnet", "SIGTERM", 143, "What is gone stays gone"],
    ["teardown", "ec2:DeleteSubnet", "SIGINT", 130, "What is gone stays gone"],
  ] as const) {
    account.clear();
    // What was sent to AWS is waited for, so that its answer is noted.
    account.inject((call) => (call.name === name ? { delay: 1000 } : "pass"));
    const { child, ended } = project.start([command, "network", "--yes"]);
    if (signal !== "") {
      while (!account.calls.some(({ fault }) => fault === "delay"))
        await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill(signal);
    }
    const { code: was, notes } = await ended;
    assert.equal(was, code, notes);
    if (words !== "") assert.match(notes, new RegExp(`cancelled: \\d+ of \\d+ steps done\\. ${words}`));
  }
});

awsTest("what may not be seen is unknown, with the reason, and not gone", async (test, account) => {
  const project = projectOf(test, account);
  await project.succeeds("setup", "network", "--yes");
  project.write(
    "key-pair-settings.json",
    JSON.stringify({ reprod: { project: "zzzzzzzzzzzz", account: "1", region: REGION, resources: {} } }),
  );
  account.inject(denyAction("ec2:DescribeVpcs"));
  const text = await project.succeeds("resources");
  assert.match(text, /Network +unknown/);
  assert.match(text, /VPC .*unknown: .*\[access-denied\]/);
  assert.doesNotMatch(text, /gone/);
  assert.match(text, /Key Pair +unknown\n +.*\[settings-of-another\]/);
  const { network, "key-pair": keyPair } = await project.states();
  assert.deepEqual([network, keyPair], ["unknown", "unknown"]);
});

awsTest("throttling and failures of AWS are borne: every group ends well", async (test, account) => {
  const project = projectOf(test, account);
  account.inject(throttleEvery(7), failWith5xx(1));
  await project.succeeds("setup", "all", "--yes");
  account.inject();
  assert.deepEqual(await project.states(), allReady);
  account.inject(throttleEvery(7), failWith5xx(1));
  await project.succeeds("teardown", "all", "--yes");
  account.inject();
  assert.deepEqual(await taggedResources(account, project.id), []);
});

awsTest(
  "an action that is denied in the middle is named, with who asked; what was made is noted, and goes on",
  async (test, account) => {
    const project = projectOf(test, account);
    account.inject(denyAction("ec2:CreateSubnet"));
    const denied = await project.run(["setup", "network", "--yes"]);
    assert.equal(denied.code, 1);
    assert.match(denied.notes, /access-denied/);
    assert.match(denied.notes, /ec2:CreateSubnet/);
    assert.match(denied.notes, /arn:aws:(iam|sts)::\d+/);
    assert.match(
      denied.notes,
      /[1-9]\d* of \d+ steps done\. What was made stays[\s\S]*error\[access-denied\]/,
    );
    account.inject();
    assert.equal((await project.states()).network, "partly");
    await project.succeeds("setup", "network", "--yes");
    const vpcs = await account
      .client(EC2)
      .describeVpcs({ Filters: [{ Name: "tag:reprod:project", Values: [project.id] }] });
    assert.equal(vpcs.Vpcs?.length, 1);
  },
);

awsTest(
  "a quota that is reached and a name that is taken are said with what to do",
  async (test, account) => {
    const project = projectOf(test, account);
    account.inject(quotaReached("ec2:CreateVpc"));
    const full = await project.run(["setup", "network", "--yes"]);
    assert.match(full.notes, /quota-reached/);
    assert.match(full.notes, /Service Quotas/);
    assert.equal(full.code, 1);
    account.inject(bucketTaken());
    const taken = await project.run(["setup", "storage", "--yes"]);
    assert.match(taken.notes, /bucket-name-taken/);
    assert.equal(taken.code, 1);
  },
);

awsTest(
  "credentials that are missing, expired or of no profile are said once, with the command to run",
  async (test, account) => {
    const project = projectOf(test, account);
    const none = {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_SHARED_CREDENTIALS_FILE: project.path("none"),
      AWS_CONFIG_FILE: project.path("none"),
    };
    const missing = await project.run(["setup", "network", "--yes"], none);
    assert.equal(missing.code, 1);
    assert.match(missing.notes, /credentials-missing/);
    const unknown = await project.run(["resources", "--profile", "nobody"]);
    assert.match(unknown.notes, /profile-unknown.*nobody/s);
    assert.equal(unknown.code, 2);
    account.inject(expiredCredentials());
    const expired = await project.run(["resources"]);
    assert.match(expired.notes, /credentials-expired/);
    assert.equal(expired.code, 1);
    account.inject();
    const region = await project.run(["resources", "--region", "Mars North"]);
    assert.match(region.notes, /region-unknown/);
    for (const { notes } of [missing, unknown, expired, region]) {
      assert.equal(notes.match(/error\[/g)?.length, 1, notes);
      assert.doesNotMatch(notes, /\n\s+at /, "no stack trace");
    }
  },
);

awsTest(
  "no key is in what is printed, in a settings file or anywhere in the project",
  async (test, account) => {
    const project = projectOf(test, account);
    const outputs = [
      await project.run(["setup", "all", "--yes"]),
      await project.run(["resources", "--json"]),
      await project.run(["profiles", "--json"]),
      await project.run(["resources"]),
    ];
    account.inject(denyAction("ec2:DescribeVpcs"));
    outputs.push(await project.run(["setup", "network", "--plan"]));
    account.inject(expiredCredentials());
    outputs.push(await project.run(["resources"]));
    for (const { out, notes } of outputs) {
      assert.ok(!`${out}${notes}`.includes(account.secretAccessKey));
      assert.ok(!`${out}${notes}`.includes(account.accessKeyId));
    }
    const kept = fs.readdirSync(project.folder, { recursive: true, withFileTypes: true });
    let looked = 0;
    for (const entry of kept) {
      if (!entry.isFile()) continue;
      looked++;
      const text = fs.readFileSync(`${entry.parentPath}/${entry.name}`, "utf8");
      assert.ok(!text.includes(account.secretAccessKey) && !text.includes(account.accessKeyId), entry.name);
    }
    assert.ok(looked > files.length);
  },
);

awsTest("an interrupt says what stays behind, and the next apply goes on", async (test, account) => {
  const project = projectOf(test, account);
  const { child, ended } = project.start(["setup", "network", "--yes"]);
  account.inject((call) => {
    if (call.name === "ec2:CreateSubnet") child.kill("SIGINT");
    return "pass";
  });
  const { code, notes } = await ended;
  account.inject();
  assert.equal(code, 130, notes);
  assert.match(notes, /cancelled: \d+ of \d+ steps done/);
  assert.match(notes, /say the same again/);
  await project.succeeds("setup", "network", "--yes");
  assert.equal((await project.states()).network, "ready");
});

awsTest("named environments of Batch are created, listed and deleted", async (test, account) => {
  const project = projectOf(test, account);
  await project.succeeds("setup", "roles", "network", "--yes");
  await project.succeeds(
    "env",
    "create",
    "big",
    "--type",
    "on-demand",
    "--max-vcpus",
    "64",
    "--disk",
    "500",
    "--yes",
  );
  await project.succeeds("env", "create", "cheap", "--yes");
  const listed = await project.succeeds("env", "list");
  assert.match(listed, /big\s+on-demand\s+up to 64 vCPUs\s+500 GiB/);
  assert.match(listed, /cheap\s+spot/);
  assert.deepEqual(Object.keys(Object(project.json("compute-environments.json").environments)).sort(), [
    "big",
    "cheap",
  ]);
  await project.succeeds("env", "delete", "big", "--yes");
  assert.deepEqual(Object.keys(Object(project.json("compute-environments.json").environments)), ["cheap"]);
  assert.deepEqual(
    (await taggedResources(account, project.id)).filter((id) => id.includes("big")),
    [],
  );
  const unknown = await project.run(["env", "delete", "big", "--yes"]);
  assert.notEqual(unknown.code, 0);
});
