import assert from "node:assert/strict";
import { S3 } from "@aws-sdk/client-s3";
import { Failure } from "../../../server/base/failure.js";
import type { Account } from "../../../server/cloud/account.js";
import { openAccount } from "../../../server/cloud/credentials.js";
import { applySetup, planSetup } from "../../../server/cloud/setup.js";
import { readProject } from "../../../server/data/project.js";
import { afterwards, writeFiles } from "../../support/temporary.js";
import { awsTests, REGION } from "../support/aws.js";
import { bucketTaken, loseAnswerOf, only, throttleEvery } from "../support/faults.js";
import { settingUp, type World } from "./support/world.js";

const awsTest = awsTests();
const CreateBucketConfiguration = { LocationConstraint: REGION } as const;

awsTest("storage: from nothing, again, and away", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  const { plan } = await world.plan(["storage"]);
  assert.deepEqual(
    plan.steps.map(({ action, key, detail, cost }) => ({ action, key, detail, cost })),
    [
      {
        action: "create",
        key: "storage/tmp",
        detail:
          "runs and pushed inputs, which expire; without our policy, since plain HTTP is what it would refuse to everybody",
        cost: { atRest: 0, use: "$0.023 per GB and month" },
      },
      {
        action: "create",
        key: "storage/build",
        detail:
          "results, with old versions for 30 days; without our policy, since plain HTTP is what it would refuse to everybody",
        cost: { atRest: 0, use: "$0.023 per GB and month" },
      },
    ],
  );
  await world.apply(["storage"]);
  const tmp = world.name("tmp");
  const build = world.name("build");
  assert.deepEqual(world.settings("storage-settings.json"), {
    storage: { tmp_bucket: tmp, build_bucket: build },
  });
  for (const [part, Bucket] of [
    ["tmp", tmp],
    ["build", build],
  ] as const) {
    assert.deepEqual(await tagsOf(s3, Bucket), world.tags("storage", part));
    assert.equal((await s3.getBucketLocation({ Bucket })).LocationConstraint, REGION);
    assert.deepEqual((await s3.getPublicAccessBlock({ Bucket })).PublicAccessBlockConfiguration, {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    const { OwnershipControls } = await s3.getBucketOwnershipControls({ Bucket });
    assert.equal(OwnershipControls?.Rules?.[0]?.ObjectOwnership, "BucketOwnerEnforced");
    const { ServerSideEncryptionConfiguration } = await s3.getBucketEncryption({ Bucket });
    assert.deepEqual(ServerSideEncryptionConfiguration?.Rules?.[0], {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
      BucketKeyEnabled: true,
    });
    await assert.rejects(s3.getBucketPolicy({ Bucket }), { name: "NoSuchBucketPolicy" });
  }
  assert.equal((await s3.getBucketVersioning({ Bucket: build })).Status, "Enabled");
  assert.equal((await s3.getBucketVersioning({ Bucket: tmp })).Status, undefined);
  const id = `reprod-${world.projectId}-`;
  assert.deepEqual(await rulesOf(s3, tmp), [
    `${id}runs runs/ 90`,
    `${id}inputs inputs/ 90`,
    `${id}runs-import runs/import/ 7`,
    `${id}uploads  uploads 7`,
  ]);
  assert.deepEqual(await rulesOf(s3, build), [`${id}old-versions  old 30`, `${id}uploads  uploads 7`]);

  aws.clear();
  const again = await world.plan(["storage"]);
  assert.deepEqual(world.changes(again.plan), []);
  assert.equal(again.plan.groups[0]?.state, "ready");
  assert.deepEqual(aws.mutations(), []);

  await s3.createBucket({ Bucket: "of-others", CreateBucketConfiguration });
  assert.deepEqual((await world.planRemoval(["storage"])).against, []);
  assert.deepEqual((await world.remove(["storage"])).left, []);
  assert.deepEqual(
    (await s3.listBuckets({})).Buckets?.map(({ Name }) => Name),
    ["of-others"],
  );
});

awsTest("storage: what was changed by hand is shown and put right", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  await world.apply(["storage"]);
  const Bucket = world.name("build");
  const id = `reprod-${world.projectId}-`;
  await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } });
  await s3.putPublicAccessBlock({
    Bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: false,
    },
  });
  await s3.putBucketOwnershipControls({
    Bucket,
    OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
  });
  await s3.putBucketEncryption({
    Bucket,
    ServerSideEncryptionConfiguration: {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
    },
  });
  const { Rules = [] } = await s3.getBucketLifecycleConfiguration({ Bucket });
  await s3.putBucketLifecycleConfiguration({
    Bucket,
    LifecycleConfiguration: {
      Rules: [
        ...Rules.filter(({ ID }) => ID !== `${id}uploads`).map((rule) => ({
          ...rule,
          NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        })),
        { ID: `${id}all`, Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } },
        { ID: "theirs", Status: "Enabled", Filter: { Prefix: "x/" }, Expiration: { Days: 3 } },
      ],
    },
  });
  const tags = await tagsOf(s3, Bucket);
  await s3.putBucketTagging({
    Bucket,
    Tagging: {
      TagSet: [
        { Key: "reprod:project", Value: world.projectId },
        { Key: "reprod:region", Value: REGION },
        { Key: "team", Value: "lab" },
      ],
    },
  });
  await s3.deleteBucket({ Bucket: world.name("tmp") });

  const { plan } = await world.plan(["storage"]);
  assert.equal(plan.groups[0]?.state, "drifted");
  assert.deepEqual(world.changes(plan), [
    `create storage/tmp: ${world.name("tmp")} is gone`,
    `change storage/build: ${[
      `tags no reprod:group, no reprod:part, no reprod:version → reprod:group storage, reprod:part build, reprod:version ${tags["reprod:version"]}`,
      "public access block without BlockPublicPolicy, RestrictPublicBuckets → on",
      "object ownership ObjectWriter → BucketOwnerEnforced",
      "encryption aws:kms → AES256",
      "versioning suspended → enabled",
      "lifecycle rules otherwise: old versions expire after 30 days; not: unfinished uploads end after 7 days; all as well → old versions expire after 30 days; unfinished uploads end after 7 days",
    ].join("; ")}`,
  ]);
  await world.apply(["storage"]);
  assert.deepEqual(world.changes((await world.plan(["storage"])).plan), []);
  assert.deepEqual(await tagsOf(s3, Bucket), { ...tags, team: "lab" });
  assert.deepEqual(await rulesOf(s3, Bucket), [
    "theirs x/ 3",
    `${id}old-versions  old 30`,
    `${id}uploads  uploads 7`,
  ]);
});

awsTest("storage: over TLS the buckets have policies, merged by Sid", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  const over = overTls(world);
  await apply(over);
  const Bucket = world.name("build");
  const sid = `Reprod${world.projectId}`;
  assert.deepEqual(await sidsOf(s3, Bucket), [
    `${sid}TlsOnly`,
    `${sid}TaskOnlyCreates`,
    `${sid}TaskWritesNowhereElse`,
    `${sid}TaskDeletesNothing`,
  ]);
  assert.deepEqual(await sidsOf(s3, world.name("tmp")), [`${sid}TlsOnly`, `${sid}TaskOnlyReads`]);
  const { plan } = await planSetup({ ...over, groups: ["storage"] });
  assert.deepEqual(world.changes(plan), []);
  assert.deepEqual(
    plan.steps.map(({ detail }) => detail),
    ["runs and pushed inputs, which expire", "results, with old versions for 30 days"],
  );

  const policy = JSON.parse((await s3.getBucketPolicy({ Bucket })).Policy ?? "");
  const theirs = {
    Sid: "Theirs",
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::111122223333:root" },
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
  };
  const [tls, creates] = policy.Statement;
  await s3.putBucketPolicy({
    Bucket,
    Policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [theirs, { ...creates, Effect: "Allow" }, tls, { ...theirs, Sid: `${sid}Old` }],
    }),
  });
  assert.deepEqual(world.changes((await planSetup({ ...over, groups: ["storage"] })).plan), [
    "change storage/build: bucket policy another TaskOnlyCreates, no TaskWritesNowhereElse, no TaskDeletesNothing, Old as well → TlsOnly, TaskOnlyCreates, TaskWritesNowhereElse, TaskDeletesNothing",
  ]);
  await apply(over);
  assert.deepEqual(await sidsOf(s3, Bucket), [
    "Theirs",
    ...policy.Statement.map(({ Sid }: { Sid: string }) => Sid),
  ]);
  assert.deepEqual(world.changes((await planSetup({ ...over, groups: ["storage"] })).plan), []);
});

awsTest(
  "F1 storage: a bucket of our name that we did not make is neither changed nor removed",
  async (t, aws) => {
    const world = await settingUp(t, aws);
    const s3 = aws.client(S3);
    await s3.createBucket({ Bucket: world.name("build"), CreateBucketConfiguration });
    await assert.rejects(world.plan(["storage"]), isFailure("not-ours"));
    aws.clear();
    const { plan } = await world.planRemoval(["storage"]);
    assert.deepEqual(plan.steps, []);
    assert.deepEqual(aws.mutations(), []);
  },
);

awsTest("storage: a name that is taken, a bucket of another region or account", async (t, aws, all) => {
  const world = await settingUp(t, aws);
  aws.inject(bucketTaken(world.name("build")));
  await assert.rejects(world.apply(["storage"]), isFailure("bucket-name-taken"));
  aws.inject();
  const suffix = world.projectId;
  const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = aws.behind;
  const west = new S3({
    endpoint,
    region: "us-west-2",
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  });
  await west.createBucket({
    Bucket: `far-${suffix}`,
    CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
  });
  west.destroy();
  const far = await settingUp(t, aws, { adopt: { "storage/build": `far-${suffix}` } });
  await assert.rejects(far.plan(["storage"]), isFailure("bucket-elsewhere"));
  const nowhere = await settingUp(t, aws, { adopt: { "storage/build": `nowhere-${suffix}` } });
  await assert.rejects(nowhere.plan(["storage"]), isFailure("adopted-missing"));
  const other = await all.account(t);
  await other.client(S3).createBucket({ Bucket: `theirs-${suffix}`, CreateBucketConfiguration });
  const foreign = await settingUp(t, aws, { adopt: { "storage/build": `theirs-${suffix}` } });
  aws.inject((call) =>
    call.url.includes(`theirs-${suffix}`)
      ? { status: 403, code: "AccessDenied", message: "Access Denied" }
      : "pass",
  );
  await assert.rejects(foreign.plan(["storage"]), isFailure("bucket-of-others"));
});

awsTest(
  "F2 storage: adopted buckets get our rules and statements, and lose exactly those",
  async (t, aws) => {
    const s3 = aws.client(S3);
    const Bucket = `lab-${aws.accountId}`;
    await s3.createBucket({ Bucket, CreateBucketConfiguration });
    await s3.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: "team", Value: "lab" }] } });
    const theirs = {
      Version: "2008-10-17",
      Statement: {
        Sid: "Theirs",
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111122223333:root" },
        Action: "s3:GetObject",
        Resource: `arn:aws:s3:::${Bucket}/*`,
      },
    };
    await s3.putBucketPolicy({ Bucket, Policy: JSON.stringify(theirs) });
    await s3.putBucketLifecycleConfiguration({
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ ID: "theirs", Status: "Enabled", Filter: { Prefix: "x/" }, Expiration: { Days: 3 } }],
      },
    });
    await s3.putObject({ Bucket, Key: "results.txt", Body: "mine" });
    const before = await lookAt(s3, Bucket);
    const both = await settingUp(t, aws, { adopt: { "storage/build": Bucket, "storage/tmp": Bucket } });
    await assert.rejects(both.plan(["storage"]), isFailure("bucket-twice"));
    const one = await settingUp(t, aws, { adopt: { "storage/build": Bucket } });
    const two = await settingUp(t, aws, { adopt: { "storage/tmp": Bucket } });
    const { plan } = await planSetup({ ...overTls(one), groups: ["storage"] });
    assert.deepEqual(
      plan.steps.map(({ action, key, name, losesData }) => ({ action, key, name, losesData })),
      [
        { action: "create", key: "storage/tmp", name: one.name("tmp"), losesData: false },
        { action: "adopt", key: "storage/build", name: Bucket, losesData: false },
      ],
    );
    assert.equal(
      plan.steps[1]?.detail,
      "results, with old versions for 30 days; its public access, encryption and versioning stay as they are",
    );
    assert.deepEqual(
      plan.steps[1]?.differences.map(({ what }) => what),
      ["tags", "bucket policy", "lifecycle rules"],
    );
    await apply(overTls(one));
    const withOne = await lookAt(s3, Bucket);
    assert.deepEqual(await tagsOf(s3, Bucket), { team: "lab", "reprod:adopted": one.projectId });
    assert.deepEqual(await sidsOf(s3, Bucket), [
      "Theirs",
      ...["TlsOnly", "TaskOnlyCreates", "TaskWritesNowhereElse", "TaskDeletesNothing"].map(
        (name) => `Reprod${one.projectId}${name}`,
      ),
    ]);
    const id = `reprod-${one.projectId}-`;
    assert.deepEqual(await rulesOf(s3, Bucket), [
      "theirs x/ 3",
      `${id}uploads-objects objects/ uploads 7`,
      `${id}uploads-attempts attempts/ uploads 7`,
      `${id}uploads-runner runner/ uploads 7`,
    ]);
    assert.equal((await s3.getBucketVersioning({ Bucket })).Status, undefined);
    await assert.rejects(s3.getPublicAccessBlock({ Bucket }));
    assert.deepEqual(one.changes((await planSetup({ ...overTls(one), groups: ["storage"] })).plan), []);

    // A second project, which uses the bucket for something else.
    await apply(overTls(two));
    assert.deepEqual(two.changes((await planSetup({ ...overTls(two), groups: ["storage"] })).plan), []);
    assert.deepEqual(one.changes((await planSetup({ ...overTls(one), groups: ["storage"] })).plan), []);
    await two.remove(["storage"]);
    assert.deepEqual(await lookAt(s3, Bucket), withOne);

    const { plan: removal, against } = await one.planRemoval(["storage"]);
    assert.deepEqual(against, []);
    assert.deepEqual(
      removal.steps.map(({ action, key }) => `${action} ${key}`),
      ["release storage/build", "remove storage/tmp"],
    );
    await one.remove(["storage"]);
    assert.deepEqual(await lookAt(s3, Bucket), before);
    assert.deepEqual(
      (await s3.listBuckets({})).Buckets?.map(({ Name }) => Name),
      [Bucket],
    );
    await s3.deleteBucketPolicy({ Bucket });
    assert.equal(
      await (await s3.getObject({ Bucket, Key: "results.txt" })).Body?.transformToString(),
      "mine",
    );
  },
);

awsTest("F2 storage: of an adopted bucket that had nothing, nothing is left", async (t, aws) => {
  const s3 = aws.client(S3);
  const Bucket = `bare-${aws.accountId}`;
  await s3.createBucket({ Bucket, CreateBucketConfiguration });
  const world = await settingUp(t, aws, { adopt: { "storage/build": Bucket } });
  await apply(overTls(world));
  assert.equal((await sidsOf(s3, Bucket)).length, 4);
  await world.remove(["storage"]);
  await assert.rejects(s3.getBucketPolicy({ Bucket }), { name: "NoSuchBucketPolicy" });
  await assert.rejects(s3.getBucketLifecycleConfiguration({ Bucket }), {
    name: "NoSuchLifecycleConfiguration",
  });
  await assert.rejects(s3.getBucketTagging({ Bucket }), { name: "NoSuchTagSet" });
});

awsTest(
  "F5 storage: a bucket with objects is removed when forced, with versions, markers and uploads",
  async (t, aws) => {
    const world = await settingUp(t, aws);
    const s3 = aws.client(S3);
    await world.apply(["storage"]);
    const Bucket = world.name("build");
    for (let at = 0; at < 1005; at += 15) {
      await Promise.all(
        Array.from({ length: 15 }, (_, more) =>
          s3.putObject({ Bucket, Key: `objects/${at + more}`, Body: "x" }),
        ),
      );
    }
    await s3.putObject({ Bucket, Key: "objects/0", Body: "y" });
    await s3.deleteObject({ Bucket, Key: "objects/1" });
    for (const Key of ["a", "b", "c"]) await s3.createMultipartUpload({ Bucket, Key });
    await s3.putObject({ Bucket: world.name("tmp"), Key: "runs/1", Body: "x" });
    const { plan, against } = await world.planRemoval(["storage"]);
    assert.deepEqual(
      against.map(({ why }) => why),
      [`the bucket ${Bucket} holds more than 1000 objects`, `the bucket ${world.name("tmp")} holds 1 object`],
    );
    assert.deepEqual(
      plan.steps.map(({ action, losesData }) => ({ action, losesData })),
      [
        { action: "remove", losesData: true },
        { action: "remove", losesData: true },
      ],
    );
    aws.clear();
    await assert.rejects(world.remove(["storage"]), isFailure("in-use"));
    assert.deepEqual(
      aws.mutations().filter(({ service }) => service === "s3"),
      [],
    );
    await world.remove(["storage"], { force: true });
    assert.deepEqual((await s3.listBuckets({})).Buckets, []);
  },
);

awsTest("F5 storage: a bucket is emptied whatever the keys in it are made of", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  await world.apply(["storage"]);
  const Bucket = world.name("build");
  const keys = ["a b+c%20\u00e4", "x/%2B+ +/<&>\"'", "bell\u0007/\u0001", "tab\tand more"];
  for (const Key of keys) {
    await s3.putObject({ Bucket, Key, Body: "x" });
    await s3.createMultipartUpload({ Bucket, Key });
  }
  await s3.deleteObject({ Bucket, Key: "bell\u0007/\u0001" });
  await s3.deleteObject({ Bucket, Key: "a b+c%20\u00e4" });
  assert.deepEqual(
    (await world.planRemoval(["storage"])).against.map(({ why }) => why),
    [`the bucket ${Bucket} holds 6 objects`],
  );
  assert.deepEqual((await world.remove(["storage"], { force: true })).left, []);
  assert.deepEqual((await s3.listBuckets({})).Buckets, []);
  const asked = aws.calls.filter(({ name }) => /^s3:List(ObjectVersions|MultipartUploads)$/.test(name));
  assert.ok(asked.length > 0 && asked.every(({ url }) => url.includes("encoding-type=url")));
});

awsTest("F5 storage: what comes into a bucket while it is removed is not removed with it", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  await world.apply(["storage"]);
  const Bucket = world.name("build");
  // Behind the last look, and in front of the removal; as a delete marker, which hides what is under it.
  let came: Promise<unknown> | undefined;
  aws.inject(({ name, url }) => {
    if (name !== "s3:DeleteBucket" || came !== undefined || !url.includes(Bucket)) return "pass";
    came = s3
      .putObject({ Bucket, Key: "objects/1", Body: "x" })
      .then(() => s3.deleteObject({ Bucket, Key: "objects/1" }));
    return { delay: 1000 };
  });
  const { left } = await world.remove(["storage"]);
  aws.inject();
  await came;
  assert.deepEqual(
    left.map(({ step, why }) => `${step.key}: ${why}`),
    ["storage/build: it is still in use; try again later"],
  );
  const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket });
  assert.deepEqual([Versions.length, DeleteMarkers.length], [1, 1]);
  assert.deepEqual(
    (await world.planRemoval(["storage"])).against.map(({ why }) => why),
    [`the bucket ${Bucket} holds 2 objects`],
  );
  await world.remove(["storage"], { force: true });
  assert.deepEqual((await s3.listBuckets({})).Buckets, []);
});

awsTest("F5 storage: objects of an adopted bucket do not speak against letting go of it", async (t, aws) => {
  const s3 = aws.client(S3);
  await s3.createBucket({ Bucket: "lab-data", CreateBucketConfiguration });
  await s3.putObject({ Bucket: "lab-data", Key: "x", Body: "x" });
  const world = await settingUp(t, aws, { adopt: { "storage/build": "lab-data" } });
  await world.apply(["storage"]);
  assert.deepEqual((await world.planRemoval(["storage"])).against, []);
  assert.deepEqual((await world.remove(["storage"])).left, []);
  const { Contents = [] } = await s3.listObjectsV2({ Bucket: "lab-data" });
  assert.equal(Contents.length, 1);
});

awsTest("storage: objects that S3 does not let go of are told, not passed over", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  const Bucket = world.name("build");
  await s3.createBucket({ Bucket, CreateBucketConfiguration, ObjectLockEnabledForBucket: true });
  const TagSet = Object.entries(world.tags("storage", "build")).map(([Key, Value]) => ({ Key, Value }));
  await s3.putBucketTagging({ Bucket, Tagging: { TagSet } });
  await world.apply(["storage"]);
  await s3.putObject({ Bucket, Key: "objects/free", Body: "x" });
  await s3.putObject({
    Bucket,
    Key: "objects/locked",
    Body: "x",
    ObjectLockMode: "COMPLIANCE",
    ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000),
  });
  await assert.rejects(world.remove(["storage"], { force: true }), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "access-denied");
    assert.match(String(error.cause), /objects\/locked/);
    return true;
  });
  const { Versions = [] } = await s3.listObjectVersions({ Bucket });
  assert.deepEqual(
    Versions.map(({ Key }) => Key),
    ["objects/locked"],
  );
});

awsTest(
  "F3 storage: a create whose answer was lost is found again, and throttling is waited for",
  async (t, aws) => {
    const world = await settingUp(t, aws);
    aws.inject(
      only(({ name }) => name === "s3:CreateBucket", loseAnswerOf(1)),
      throttleEvery(6),
    );
    await world.apply(["storage"]);
    aws.inject();
    assert.equal((await world.state("storage")).state, "ready");
  },
);

awsTest("F3 storage: a bucket whose create was cut off before its tags is gone on with", async (t, aws) => {
  const world = await settingUp(t, aws);
  const s3 = aws.client(S3);
  const Bucket = world.name("build");
  await s3.createBucket({ Bucket, CreateBucketConfiguration });
  const book = {
    project: world.projectId,
    account: aws.accountId,
    region: REGION,
    resources: { build: { name: Bucket, step: "create", at: new Date().toISOString() } },
  };
  writeFiles(world.root, { "storage-settings.json": JSON.stringify({ reprod: book }) });
  const { plan } = await world.plan(["storage"]);
  assert.deepEqual(
    plan.steps.map(({ key, action }) => `${action} ${key}`),
    ["create storage/tmp", "change storage/build"],
  );
  await world.apply(["storage"]);
  assert.deepEqual(await tagsOf(s3, Bucket), world.tags("storage", "build"));
});

awsTest("storage: in us-east-1, the region that must not be named", async (t, aws) => {
  const world = await settingUp(t, aws);
  const account = await openAccount({ environment: { ...aws.env, AWS_REGION: "us-east-1" } });
  afterwards(t, () => account.aws.destroy());
  const over = { project: overTls(world).project, account };
  await apply(over);
  const { plan } = await planSetup({ ...over, groups: ["storage"] });
  assert.deepEqual(world.changes(plan), []);
  assert.deepEqual(world.settings("storage-settings.json"), {
    storage: {
      tmp_bucket: `reprod-${world.projectId}-use1-tmp`,
      build_bucket: `reprod-${world.projectId}-use1-build`,
    },
  });
});

interface Over {
  readonly project: ReturnType<typeof readProject>;
  readonly account: Account;
}

/** The same account, as if it were reached over TLS: what asks for it is put, and moto refuses what it cannot read. */
function overTls(world: World): Over {
  const { account, root } = world;
  const aws = new Proxy(account.aws, {
    get: (target, key) => (key === "isPlain" ? async () => false : Reflect.get(target, key)),
  });
  return {
    project: readProject(root as Parameters<typeof readProject>[0]),
    account: { ...account, aws },
  };
}

async function apply(over: Over): Promise<void> {
  const request = { ...over, groups: ["storage" as const] };
  await applySetup({ ...request, force: false }, (await planSetup(request)).plan);
}

async function tagsOf(s3: S3, Bucket: string): Promise<{ readonly [key: string]: string }> {
  const { TagSet = [] } = await s3.getBucketTagging({ Bucket });
  return Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]));
}

async function rulesOf(s3: S3, Bucket: string): Promise<readonly string[]> {
  const { Rules = [] } = await s3.getBucketLifecycleConfiguration({ Bucket });
  return Rules.map((rule) => {
    const { AbortIncompleteMultipartUpload: uploads, NoncurrentVersionExpiration: old } = rule;
    const does = [
      ...(rule.Expiration?.Days === undefined ? [] : [rule.Expiration.Days]),
      ...(uploads === undefined ? [] : [`uploads ${uploads.DaysAfterInitiation}`]),
      ...(old === undefined ? [] : [`old ${old.NoncurrentDays}`]),
    ];
    return `${rule.ID} ${rule.Filter?.Prefix} ${does.join(" ")}`;
  });
}

async function sidsOf(s3: S3, Bucket: string): Promise<readonly string[]> {
  const { Policy = "" } = await s3.getBucketPolicy({ Bucket });
  const { Statement }: { Statement: { Sid: string } | { Sid: string }[] } = JSON.parse(Policy);
  return [Statement].flat().map(({ Sid }) => Sid);
}

/** All of a bucket that others could change, whatever the order. */
async function lookAt(s3: S3, Bucket: string): Promise<unknown> {
  const policy = JSON.parse((await s3.getBucketPolicy({ Bucket })).Policy ?? "{}");
  return {
    tags: await tagsOf(s3, Bucket),
    policy: { ...policy, Statement: [policy.Statement].flat() },
    rules: await rulesOf(s3, Bucket),
  };
}

function isFailure(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.code === code;
}
