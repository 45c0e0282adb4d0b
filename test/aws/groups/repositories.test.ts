import assert from "node:assert/strict";
import { ECR } from "@aws-sdk/client-ecr";
import { Failure } from "../../../server/base/failure.js";
import { partOf } from "../../../server/cloud/groups/repositories.js";
import { applySetup, planSetup } from "../../../server/cloud/setup.js";
import { readProject } from "../../../server/data/project.js";
import { writeFiles } from "../../support/temporary.js";
import { awsTests, REGION } from "../support/aws.js";
import { loseAnswerOf, only, throttleEvery } from "../support/faults.js";
import { settingUp, type World } from "./support/world.js";

const awsTest = awsTests();
const repositories = ["tools/bwa", "plots"];

awsTest("repositories: from nothing, again, and away", async (t, aws) => {
  const world = await settingUp(t, aws, { repositories });
  const ecr = aws.client(ECR);
  const images = world.name("images");
  const { plan } = await world.plan(["repositories"]);
  assert.deepEqual(
    plan.steps.map(({ action, key, name, detail, cost }) => ({ action, key, name, detail, cost })),
    [
      { key: "repositories/tools--bwa", name: `${images}/tools/bwa` },
      { key: "repositories/plots", name: `${images}/plots` },
    ].map((step) => ({
      action: "create",
      ...step,
      detail: "tags that cannot be moved, scan on push",
      cost: { atRest: 0, use: "$0.10 per GB and month" },
    })),
  );
  await world.apply(["repositories"]);
  const host = `${aws.accountId}.dkr.ecr.${REGION}.amazonaws.com`;
  assert.deepEqual(world.settings("repositories-settings.json"), {
    repositories: { "tools/bwa": `${host}/${images}/tools/bwa`, plots: `${host}/${images}/plots` },
  });
  const { repositories: [made] = [] } = await ecr.describeRepositories({
    repositoryNames: [`${images}/tools/bwa`],
  });
  assert.equal(made?.imageTagMutability, "IMMUTABLE");
  assert.deepEqual(made?.imageScanningConfiguration, { scanOnPush: true });
  assert.equal(made?.encryptionConfiguration?.encryptionType, "AES256");
  assert.deepEqual(await tagsOf(ecr, made?.repositoryArn), world.tags("repositories", "tools--bwa"));
  const { lifecyclePolicyText = "" } = await ecr.getLifecyclePolicy({
    repositoryName: `${images}/tools/bwa`,
  });
  assert.deepEqual(
    JSON.parse(lifecyclePolicyText).rules.map((rule: { selection: unknown; action: unknown }) => [
      rule.selection,
      rule.action,
    ]),
    [
      [
        { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 30 },
        { type: "expire" },
      ],
    ],
  );

  aws.clear();
  const again = await world.plan(["repositories"]);
  assert.deepEqual(world.changes(again.plan), []);
  assert.equal(again.plan.groups[0]?.state, "ready");
  assert.deepEqual(aws.mutations(), []);

  await ecr.createRepository({ repositoryName: "of-others" });
  assert.deepEqual((await world.planRemoval(["repositories"])).against, []);
  assert.deepEqual((await world.remove(["repositories"])).left, []);
  assert.deepEqual(await namesOf(ecr), ["of-others"]);
});

awsTest("repositories: a project that names none has none", async (t, aws) => {
  const world = await settingUp(t, aws);
  const { plan } = await world.plan(["repositories"]);
  assert.deepEqual(plan.steps, []);
  assert.equal(plan.groups[0]?.state, "not-set-up");
  await world.apply(["repositories"]);
  assert.throws(() => world.settings("repositories-settings.json"), { code: "ENOENT" });
});

awsTest("repositories: what was changed by hand is shown and put right", async (t, aws) => {
  const world = await settingUp(t, aws, { repositories });
  const ecr = aws.client(ECR);
  await world.apply(["repositories"]);
  const repositoryName = `${world.name("images")}/tools/bwa`;
  const { repositories: [made] = [] } = await ecr.describeRepositories({ repositoryNames: [repositoryName] });
  await ecr.putImageTagMutability({ repositoryName, imageTagMutability: "MUTABLE" });
  await ecr.putImageScanningConfiguration({
    repositoryName,
    imageScanningConfiguration: { scanOnPush: false },
  });
  await ecr.putLifecyclePolicy({
    repositoryName,
    lifecyclePolicyText: JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 1 },
          action: { type: "expire" },
        },
      ],
    }),
  });
  await ecr.untagResource({ resourceArn: made?.repositoryArn, tagKeys: ["reprod:group"] });
  await ecr.deleteRepository({ repositoryName: `${world.name("images")}/plots` });
  const { plan } = await world.plan(["repositories"]);
  assert.equal(plan.groups[0]?.state, "drifted");
  assert.deepEqual(world.changes(plan), [
    `change repositories/tools--bwa: ${[
      "image tag mutability MUTABLE → IMMUTABLE",
      "scan on push off → on",
      "lifecycle policy another → untagged images expire after 30 days",
      "tags no reprod:group → reprod:group repositories",
    ].join("; ")}`,
    `create repositories/plots: ${world.name("images")}/plots is gone`,
  ]);
  await world.apply(["repositories"]);
  assert.deepEqual(world.changes((await world.plan(["repositories"])).plan), []);
  await ecr.deleteLifecyclePolicy({ repositoryName });
  assert.deepEqual(world.changes((await world.plan(["repositories"])).plan), [
    "change repositories/tools--bwa: lifecycle policy none → untagged images expire after 30 days",
  ]);
});

awsTest(
  "F1 repositories: one of our name that we did not make is neither changed nor removed",
  async (t, aws) => {
    const world = await settingUp(t, aws, { repositories });
    const ecr = aws.client(ECR);
    await ecr.createRepository({ repositoryName: `${world.name("images")}/plots` });
    await assert.rejects(world.plan(["repositories"]), isFailure("not-ours"));
    // One that is named like ours, and that reprod.json does not know, is nobody's business here.
    await ecr.deleteRepository({ repositoryName: `${world.name("images")}/plots` });
    await ecr.createRepository({ repositoryName: `${world.name("images")}/elsewhere` });
    await world.apply(["repositories"]);
    await world.remove(["repositories"]);
    assert.deepEqual(await namesOf(ecr), [`${world.name("images")}/elsewhere`]);
  },
);

awsTest("repositories: one that reprod.json names no more is removed by the next plan", async (t, aws) => {
  const world = await settingUp(t, aws, { repositories });
  const ecr = aws.client(ECR);
  await world.apply(["repositories"]);
  const request = without(world, ["plots"]);
  const { plan } = await planSetup(request);
  assert.deepEqual(
    plan.steps.map(({ action, key, losesData, why }) => ({ action, key, losesData, why })),
    [
      { action: "keep", key: "repositories/plots", losesData: false, why: undefined },
      {
        action: "remove",
        key: "repositories/tools--bwa",
        losesData: true,
        why: "it is not declared any more",
      },
    ],
  );
  await applySetup({ ...request, force: false }, plan);
  assert.deepEqual(await namesOf(ecr), [`${world.name("images")}/plots`]);
  assert.deepEqual(Object.keys(Object(world.settings("repositories-settings.json").repositories)), ["plots"]);
  assert.deepEqual(world.changes((await planSetup(request)).plan), []);
});

awsTest(
  "repositories: one with images that reprod.json does not name stays until the group is torn down",
  async (t, aws) => {
    const world = await settingUp(t, aws, { repositories });
    const ecr = aws.client(ECR);
    await world.apply(["repositories"]);
    const repositoryName = `${world.name("images")}/tools/bwa`;
    await putImage(ecr, repositoryName);
    // As a colleague's older checkout plans it.
    const request = without(world, ["plots"]);
    const { plan } = await planSetup(request);
    assert.deepEqual(world.changes(plan), []);
    assert.ok(plan.notes.some((note) => note.includes(repositoryName)));
    await applySetup({ ...request, force: false }, plan);
    assert.equal((await namesOf(ecr)).length, 2);
    await world.remove(["repositories"], { force: true });
    assert.deepEqual(await namesOf(ecr), []);
  },
);

awsTest("F5 repositories: an image that comes while it is removed is not removed with it", async (t, aws) => {
  const world = await settingUp(t, aws, { repositories });
  const ecr = aws.client(ECR);
  await world.apply(["repositories"]);
  // A push behind the last look.
  aws.inject(({ name, params }) =>
    name === "ecr:DeleteRepository" && params.force !== true
      ? { status: 400, code: "RepositoryNotEmptyException", message: "The repository contains images" }
      : "pass",
  );
  const { left } = await world.remove(["repositories"]);
  aws.inject();
  assert.deepEqual(left.map(({ why }) => why).sort(), Array(2).fill("it is still in use; try again later"));
  assert.equal((await namesOf(ecr)).length, 2);
});

awsTest("F5 repositories: one with images is removed when forced", async (t, aws) => {
  const world = await settingUp(t, aws, { repositories });
  const ecr = aws.client(ECR);
  await world.apply(["repositories"]);
  await putImage(ecr, `${world.name("images")}/tools/bwa`);
  const { against } = await world.planRemoval(["repositories"]);
  assert.deepEqual(
    against.map(({ why }) => why),
    ["the repository tools/bwa holds 1 image"],
  );
  await assert.rejects(world.remove(["repositories"]), isFailure("in-use"));
  await world.remove(["repositories"], { force: true });
  assert.deepEqual(await namesOf(ecr), []);
});

awsTest(
  "F3 repositories: a create whose answer was lost is found again, and throttling is waited for",
  async (t, aws) => {
    const world = await settingUp(t, aws, { repositories });
    aws.inject(
      only(({ name }) => name === "ecr:CreateRepository", loseAnswerOf(1)),
      throttleEvery(4),
    );
    await world.apply(["repositories"]);
    aws.inject();
    assert.equal((await world.state("repositories")).state, "ready");
  },
);

awsTest("repositories: no two names have the same part", () => {
  const separators = [".", "_", "-", "/"];
  const names = separators.flatMap((one) =>
    separators.flatMap((two) => [`a${one}b`, `a${one}b${two}c`, `a${one}dot${two}b`]),
  );
  const distinct = new Set(names);
  assert.equal(new Set([...distinct].map(partOf)).size, distinct.size);
  for (const name of distinct) assert.match(partOf(name), /^[a-z0-9-]+$/);
});

function without(world: World, left: readonly string[]) {
  const { root, account, projectId } = world;
  writeFiles(root, { "reprod.json": JSON.stringify({ projectId, cloud: { repositories: left } }) });
  const project = readProject(root as Parameters<typeof readProject>[0]);
  return { project, account, groups: ["repositories" as const] };
}

async function putImage(ecr: ECR, repositoryName: string): Promise<void> {
  const digest = `sha256:${"0".repeat(64)}`;
  await ecr.putImage({
    repositoryName,
    imageTag: "1",
    imageManifest: JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: { mediaType: "application/vnd.docker.container.image.v1+json", size: 1, digest },
      layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", size: 1, digest }],
    }),
  });
}

async function namesOf(ecr: ECR): Promise<readonly (string | undefined)[]> {
  const { repositories = [] } = await ecr.describeRepositories({});
  return repositories.map(({ repositoryName }) => repositoryName);
}

async function tagsOf(
  ecr: ECR,
  resourceArn: string | undefined,
): Promise<{ readonly [key: string]: string }> {
  const { tags = [] } = await ecr.listTagsForResource({ resourceArn });
  return Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
}

function isFailure(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.code === code;
}
