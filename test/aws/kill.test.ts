import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { groupsByName } from "../../server/cloud/groups/index.js";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import { type Account, type Aws, awsTests } from "./support/aws.js";
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

awsTest(
  "F5 a removal that was killed behind its last step leaves a note and a lock; the next one takes them away",
  async (test, account) => {
    const project = projectOf(test, account);
    await project.succeeds("setup", "key-pair", "--yes");
    const { child, ended } = project.start(["teardown", "key-pair", "--yes"]);
    account.inject(only(isStep, killAt(1, child, "after")));
    assert.equal((await ended).code, null);
    account.inject();
    assert.equal((await project.states())["key-pair"], "removing");
    assert.match(await project.succeeds("teardown", "key-pair", "--yes"), /no change/);
    assert.equal((await project.states())["key-pair"], "not-set-up");
    assert.ok(!project.has("key-pair-settings.json"));
    assert.deepEqual(await taggedResources(account, project.id), []);
  },
);

awsTest(
  "F3 all groups, killed with SIGKILL at every step, before AWS hears of it and after AWS did it: no duplicate, no orphan",
  async (test, account, aws) => {
    // Most of it is waiting for things that may not be seen yet, so the two go on beside each other.
    await Promise.all([
      killedEverywhere(test, account, aws, "before"),
      killedEverywhere(test, await aws.account(test), aws, "after"),
    ]);
  },
);

async function killedEverywhere(
  test: TestContext,
  account: Account,
  aws: Aws,
  when: "before" | "after",
): Promise<void> {
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
  test.diagnostic(`${kills} kills ${when}`);
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
  assert.equal((await taggedResources(account, whole.id)).length, expected, "the other project is untouched");
}
