import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { TestContext } from "node:test";
import { type Account, awsTests } from "../support/aws.js";
import { CloudProject, projectSettings } from "../support/command-line.js";
import { denyAction } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";

const awsTest = awsTests();
const FILE = "compute-environments.json";

/** With what environments need. */
async function projectOf(test: TestContext, account: Account): Promise<CloudProject> {
  const project = new CloudProject(test, account.env, projectSettings());
  await project.succeeds("setup", "roles", "network", "--yes");
  return project;
}

async function ofBatch(account: Account, project: CloudProject): Promise<number> {
  return (await taggedResources(account, project.id)).filter((one) => /^(compute|job|launch)/.test(one))
    .length;
}

const big = ["big", "--type", "on-demand", "--max-vcpus", "16", "--disk", "50"];
const types = ["--instance-type", "c5.large", "--instance-type", "m5"];

awsTest(
  "environments whose settings file is lost are listed, kept, put back and deleted",
  async (test, account) => {
    const project = await projectOf(test, account);
    assert.match(
      await project.succeeds("env", "list"),
      /^no environments; `reprod env create NAME` makes one$/m,
    );
    await project.succeeds("setup", "compute-environment", "--yes");
    await project.succeeds("env", "create", ...big, ...types, "--yes");
    const listed = await project.succeeds("env", "list");
    const file = project.json(FILE);
    fs.rmSync(project.path(FILE));

    const lost = await project.succeeds("env", "list");
    assert.equal(lost, listed);
    assert.match(lost, /^big +on-demand +up to 16 vCPUs +50 GiB +c5\.large, m5 +ready$/m);
    assert.match(lost, /^default +spot +up to 64 vCPUs +100 GiB +ready$/m);
    assert.deepEqual(JSON.parse(await project.succeeds("env", "list", "--json")).default, {
      type: "spot",
      maxVcpus: 64,
      diskGiB: 100,
      state: "ready",
    });
    assert.doesNotMatch(await project.succeeds("resources"), /not declared/);
    const plan = await project.succeeds("setup", "compute-environment", "--yes");
    assert.match(plan, /6 resources as declared\n +~ .*compute-environments\.json\n/);
    assert.doesNotMatch(plan, /note:/);
    assert.deepEqual(project.json(FILE).environments, file.environments);
    assert.deepEqual(Object(project.json(FILE).reprod).declared, Object(file.reprod).declared);
    assert.equal((await project.states())["compute-environment"], "ready");

    fs.rmSync(project.path(FILE));
    const unknown = await project.run(["env", "delete", "small", "--yes"]);
    assert.match(unknown.notes, /environment-unknown.*"small"[\s\S]*There are big, default\./);
    await project.succeeds("env", "delete", "big", "--yes");
    assert.equal(await ofBatch(account, project), 3);
    assert.doesNotMatch(await project.succeeds("env", "list"), /big/);
    assert.deepEqual(Object.keys(Object(project.json(FILE).environments)), ["default"]);
  },
);

awsTest(
  "an environment that could not be made is deleted, whatever there is of it",
  async (test, account) => {
    const project = await projectOf(test, account);
    // Nothing of it; then its launch template; then that, with nothing noted.
    for (const [action, made, isLost] of [
      ["ec2:CreateLaunchTemplate", 0, false],
      ["batch:CreateComputeEnvironment", 1, false],
      ["batch:CreateComputeEnvironment", 1, true],
    ] as const) {
      account.inject(denyAction(action));
      const { code, notes } = await project.run(["env", "create", ...big, "--yes"]);
      account.inject();
      assert.notEqual(code, 0, notes);
      assert.equal(await ofBatch(account, project), made);
      if (isLost) fs.rmSync(project.path(FILE));
      assert.match(
        await project.succeeds("env", "list"),
        isLost ? /^big +partly set up$/m : made === 0 ? /^big .* not set up$/m : /^big .* partly set up$/m,
      );
      const deleted = await project.succeeds("env", "delete", "big", "--yes");
      if (made > 0) assert.match(deleted, /- launch template \S+ \(lt-\w+\): it is not declared any more$/m);
      assert.equal(await ofBatch(account, project), 0);
      assert.match(await project.succeeds("env", "list"), /^no environments/);
      const { declared, resources } = Object(project.json(FILE).reprod);
      assert.deepEqual([declared, resources], [{}, {}]);
      assert.equal((await project.states())["compute-environment"], "not-set-up");
    }
  },
);
