import assert from "node:assert/strict";
import { groupsByName } from "../../server/cloud/groups/index.js";
import { actionsOfSetup } from "../../server/cloud/policies/user.js";
import { type GroupName, groupNames } from "../../server/cloud/reconcile/resource.js";
import { newProjectId } from "../../server/data/project.js";
import { awsTests } from "./support/aws.js";
import { CloudProject } from "./support/command-line.js";

const awsTest = awsTests();

/** Actions that go without saying for whoever has credentials. */
const free = new Set(["sts:GetCallerIdentity"]);

function withNeeds(name: GroupName): readonly GroupName[] {
  return [name, ...groupsByName[name].needs.flatMap(withNeeds)];
}

awsTest(
  "the ready policy of a group has every action that its set-up and removal call for",
  async (test, account) => {
    const project = new CloudProject(test, account.env, {
      projectId: newProjectId(),
      cloud: { repositories: ["tools/bwa"], network: { sshFrom: "203.0.113.7/32", amongMembers: true } },
    });
    const missing: string[] = [];
    let seen = 0;
    const check = (name: GroupName, looksAt: readonly GroupName[]): void => {
      const changes = new Set(actionsOfSetup[name]);
      const looks = new Set(looksAt.flatMap((group) => actionsOfSetup[group]));
      for (const { permission, mutating } of account.calls) {
        seen++;
        if (free.has(permission) || (mutating ? changes : looks).has(permission)) continue;
        missing.push(`${name}: ${permission}`);
      }
      account.clear();
    };
    for (const name of groupNames) {
      const { code, out, notes } = await project.run(["setup", name, "--yes"]);
      assert.equal(code, 0, `${out}${notes}`);
      check(name, withNeeds(name));
    }
    for (const name of [...groupNames].reverse()) {
      const { code, out, notes } = await project.run(["teardown", name, "--yes"]);
      assert.equal(code, 0, `${out}${notes}`);
      check(name, groupNames);
    }
    assert.ok(seen > 300, String(seen));
    assert.deepEqual([...new Set(missing)].sort(), []);
  },
);
