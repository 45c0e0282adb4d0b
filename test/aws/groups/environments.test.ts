import assert from "node:assert/strict";
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

awsTest(
  "an environment that could not be made is deleted, whatever there is of it",
  async (test, account) => {
    const project = await projectOf(test, account);
    // Nothing of it; then its launch template.
    for (const [action, made] of [
      ["ec2:CreateLaunchTemplate", 0],
      ["batch:CreateComputeEnvironment", 1],
    ] as const) {
      account.inject(denyAction(action));
      const { code, notes } = await project.run(["env", "create", ...big, "--yes"]);
      account.inject();
      assert.notEqual(code, 0, notes);
      assert.equal(await ofBatch(account, project), made);
      assert.match(
        await project.succeeds("env", "list"),
        made === 0 ? /^big .* not set up$/m : /^big .* partly set up$/m,
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
