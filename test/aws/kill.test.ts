import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { groupsByName } from "../../server/cloud/groups/index.js";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import { type Account, awsTests } from "./support/aws.js";
import { CloudProject, projectSettings } from "./support/command-line.js";
import { killAt, only } from "./support/faults.js";
import { assertFoundIndependently } from "./support/independent.js";
import { taggedResources } from "./support/tagged.js";

const awsTest = awsTests();
const files = groupNames.map((name) => groupsByName[name].settingsFile);
const allReady = Object.fromEntries(groupNames.map((name) => [name, "ready"]));

function projectOf(test: TestContext, account: Account): CloudProject {
  return new CloudProject(test, account.env, projectSettings());
}

/** The lock is taken and left at each run. */
function isStep({ name }: { readonly name: string }): boolean {
  return !name.startsWith("ssm:");
}

awsTest("F4 the lock of a process that was killed is taken over at once", async (test, account) => {
  const project = projectOf(test, account);
  for (const k of [1, 2]) {
    const { child, ended } = project.start(["setup", "key-pair", "--yes"]);
    account.inject(only((call) => !isStep(call), killAt(k, child, "after")));
    assert.equal((await ended).code, null);
  }
  account.inject();
  await project.succeeds("setup", "key-pair", "--yes");
  assert.deepEqual(
    (await taggedResources(account, project.id)).filter((id) => id.includes("/lock/")),
    [],
  );
});

for (const [name, when] of [
  ["before AWS hears of it", "before"],
  ["after AWS did it and before we learn", "after"],
] as const) {
  awsTest(
    `F3 all groups, killed with SIGKILL at every step, ${name}: no duplicate, no orphan`,
    async (test, account, aws) => {
      const whole = projectOf(test, account);
      await whole.succeeds("setup", "all", "--yes");
      const expected = (await taggedResources(account, whole.id)).length;
      account.clear();

      const project = projectOf(test, account);
      let kills = 0;
      for (const group of groupNames) {
        for (;;) {
          // Each run gets one call further than the one before.
          const { child, ended } = project.start(["setup", group, "--yes"]);
          account.inject(only(isStep, killAt(when === "before" ? 2 : 1, child, when)));
          const { code, notes, out } = await ended;
          if (code === 0) break;
          assert.equal(code, null, `${out}${notes}`);
          kills++;
          assert.ok(kills < 400, "it never gets to its end");
        }
      }
      account.inject();
      test.diagnostic(`${kills} kills`);
      assert.ok(kills > 40, String(kills));
      assert.match(await project.succeeds("setup", "all", "--yes"), /no change/);
      assert.deepEqual(await project.states(), allReady);
      assert.equal((await taggedResources(account, project.id)).length, expected);
      await assertFoundIndependently(aws, account, project.folder, files);

      kills = 0;
      for (;;) {
        const { child, ended } = project.start(["teardown", "all", "--yes"]);
        account.inject(only(isStep, killAt(when === "before" ? 5 : 4, child, when)));
        const { code } = await ended;
        if (code === 0) break;
        kills++;
        assert.ok(kills < 200, "it never gets to its end");
      }
      account.inject();
      assert.ok(kills > 5, String(kills));
      assert.deepEqual(await taggedResources(account, project.id), []);
      assert.equal(
        (await taggedResources(account, whole.id)).length,
        expected,
        "the other project is untouched",
      );
    },
  );
}
