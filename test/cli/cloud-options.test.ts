import assert from "node:assert/strict";
import * as path from "node:path";
import { test } from "node:test";
import colors from "picocolors";
import { Failure } from "../../server/base/failure.js";
import {
  groupsOf,
  type PlanPlace,
  removalText,
  renderPlan,
  StepProgress,
} from "../../server/cli/cloud-options.js";
import type { Output, Terminal } from "../../server/cli/terminal.js";
import { goesOn } from "../../server/cloud/plan-words.js";
import type { Action, Plan, Step } from "../../server/cloud/reconcile/plan.js";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import { openProject } from "../../server/data/project.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const output: Output = {
  write: () => {},
  colours: colors.createColors(false),
  interactive: false,
  columns: 80,
};

const account = {
  profile: "lab",
  region: "eu-central-1",
  accountId: "123456789012",
  callerArn: "arn:aws:iam::123456789012:user/ann",
} as PlanPlace["account"];

function step(action: Action, number: number, more: Partial<Step> = {}): Step {
  return {
    key: `repositories/r${number}`,
    group: "repositories",
    kind: "container repository",
    name: `r${number}`,
    ...(action === "create" ? {} : { id: `id-${number}` }),
    action,
    differences: [],
    losesData: false,
    ...more,
  };
}

function plan(steps: readonly Step[], more: Partial<Plan> = {}): Plan {
  return {
    groups: [
      {
        name: "repositories",
        title: "Container Repositories",
        state: "ready",
        settingsFile: "/p/repositories-settings.json",
        writesFile: false,
        fileDiffers: false,
      },
    ],
    steps,
    atRest: 0,
    notes: [],
    against: [],
    ...more,
  };
}

function shown(of: Plan, project: PlanPlace["project"] = openProject(process.cwd())): string {
  return renderPlan(of, { account, project }, output);
}

test("a group that there is not is said, beside `all` too", () => {
  assert.deepEqual(groupsOf(["all"]), groupNames);
  assert.deepEqual(groupsOf(["network", "roles"]), ["network", "roles"]);
  for (const names of [["storge"], ["all", "storge"], ["storge", "all"], ["roles", "storge"]]) {
    assert.throws(
      () => groupsOf(names),
      (error) => error instanceof Failure && error.code === "unknown-group" && /"storge"/.test(error.message),
    );
  }
});

test("a plan names the project, and its folder when that is another than the one it is asked in", (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": '{"name": "wea\\u001bther"}' });
  const elsewhere = shown(plan([step("create", 1)]), openProject(folder));
  const last = elsewhere.trimEnd().split("\n").at(-1);
  assert.equal(
    last,
    `In account 123456789012, eu-central-1, as profile "lab", for project "wea\\u{1b}ther" in ${folder}: create 1 resource; free at rest.`,
  );
  const here = shown(plan([step("create", 1)]), {
    name: "weather",
    root: openProject(process.cwd()).root,
  });
  assert.match(here, /, for project "weather": create 1 resource; free at rest\.\n$/);
  assert.equal(openProject(process.cwd()).root, path.resolve("."));
});

test("what is not declared any more is not counted as declared", () => {
  const text = shown(
    plan([
      step("keep", 1),
      step("keep", 2),
      step("keep", 3, { why: "it is not declared any more" }),
      { ...step("create", 4), action: "keep" },
    ]),
  );
  assert.match(text, /^Container Repositories {2}2 resources as declared$/m);
  assert.doesNotMatch(shown(plan([step("keep", 3, { why: "it is not declared any more" })])), /as declared/);
});

test("that it is free is not said of what only goes", () => {
  assert.match(shown(plan([step("remove", 1), step("remove", 2)])), /: remove 2 resources\.\n$/);
  assert.match(shown(plan([step("release", 1), step("keep", 2)])), /: let go of 1 resource\.\n$/);
  assert.match(shown(plan([])), /: no change\.\n$/);
  assert.match(shown(plan([step("remove", 1), step("create", 2)])), /; free at rest\.\n$/);
  assert.match(shown(plan([step("keep", 1)])), /: no change; free at rest\.\n$/);
  // What stays is paid for all the same.
  assert.match(
    shown(plan([step("remove", 1), step("keep", 2)], { atRest: 3.6 })),
    /: remove 1 resource; about \$3\.60 a month/,
  );
});

test("what was let go of was not removed", () => {
  const done = (removed: number, released: number): string =>
    removalText([
      ...Array.from({ length: removed }, (_, at) => step("remove", at)),
      ...Array.from({ length: released }, (_, at) => step("release", at)),
    ]);
  assert.equal(done(32, 5), "removed 32 resources, let go of 5 that were there before");
  assert.equal(done(1, 1), "removed 1 resource, let go of 1 that was there before");
  assert.equal(done(2, 0), "removed 2 resources");
  assert.equal(done(0, 2), "let go of 2 resources that were there before");
});

test("a removal that ends in its midst has words of its own", () => {
  assert.match(goesOn(3, 11), /^3 of 11 steps done\. What was made stays .* or tear it down\.$/);
  const removal = goesOn(3, 11, true);
  assert.match(removal, /^3 of 11 steps done\. What is gone stays gone, .* remove the rest/);
  assert.doesNotMatch(removal, /made|tear/);
  let told = "";
  const never = new AbortController().signal;
  const terminal: Terminal = {
    out: output,
    notes: {
      ...output,
      write: (text) => {
        told += text;
      },
    },
    unread: never,
    interrupted: never,
    handleInterrupts: () => {},
  };
  const progress = new StepProgress(terminal, false, "removal");
  progress.broken();
  assert.equal(told, "", "nothing was begun");
  progress.tell({ step: step("remove", 1), phase: "done", done: 1, total: 3 });
  progress.broken();
  assert.match(told, /\n1 of 3 steps done\. What is gone stays gone/);
});
