import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accountText,
  appliedText,
  applyDetail,
  applyQuestion,
  applyTitle,
  childrenOf,
  contextOf,
  type Entry,
  groupDescription,
  groupIcons,
  groupStateWord,
  isNobody,
  isPlainCommand,
  parentOf,
  progressText,
  resourceDescription,
  resourceIcons,
  resourceStateWord,
  topEntries,
  troubleLines,
} from "../../client/resources-model.js";
import { groupsByName } from "../../server/cloud/groups/index.js";
import { groupStateWords, resourceStateWords } from "../../server/cloud/plan-words.js";
import { groupNames } from "../../server/cloud/reconcile/resource.js";
import {
  type ProjectResources,
  type ResourceGroupView,
  type ResourceState,
  type ResourcesPlanView,
  type ResourcesProgress,
  type ResourceView,
  resourceGroupStates,
  resourceGroups,
} from "../../server/protocol.js";
import { english as t } from "./english.js";

const account = { by: "setting", profile: "lab", region: "us-west-2", accountId: "123456789012" } as const;
const resource = (more: Partial<ResourceView> = {}): ResourceView => ({
  key: "network/vpc",
  kind: "VPC",
  name: "reprod-x-vpc",
  short: "vpc-1",
  id: "vpc-1",
  state: "ready",
  differences: [],
  ...more,
});
const group = (more: Partial<ResourceGroupView> = {}): ResourceGroupView => ({
  name: "network",
  title: "Network",
  purpose: "A network.",
  state: "ready",
  fileDiffers: false,
  resources: [resource()],
  ...more,
});
const project = (more: Partial<ProjectResources> = {}): ProjectResources => ({
  project: "/p",
  name: "p",
  folder: "file:///p",
  account,
  groups: [group()],
  ...more,
});
const resourceStates: readonly ResourceState[] = [
  "ready",
  "adopted",
  "drifted",
  "missing",
  "stray",
  "not-set-up",
  "unknown",
];
const gone = (kind: string): ResourceView => {
  const { id: _, ...rest } = resource({ kind, state: "missing", short: "vpc" });
  return rest;
};
const progress: ResourcesProgress = {
  project: "/p",
  token: "1",
  group: "network",
  done: 4,
  total: 11,
  action: "create",
  kind: "subnet",
  name: "n",
  phase: "begun",
};
const plan = (more: Partial<ResourcesPlanView> = {}): ResourcesPlanView => ({
  page: { title: "Set up Network", markdown: "" },
  token: "1",
  account,
  titles: ["Network"],
  create: 0,
  adopt: 0,
  change: 0,
  replace: 0,
  remove: 0,
  release: 0,
  kept: 0,
  files: 1,
  nothing: false,
  forgets: false,
  money: "free at rest",
  costsUse: false,
  losesData: [],
  against: [],
  ...more,
});

test("client and server name the same groups, in the same order", () => {
  assert.deepEqual([...resourceGroups], [...groupNames]);
  assert.deepEqual(Object.keys(groupsByName).sort(), [...resourceGroups].sort());
});

test("one project shows its groups at once, several have a row each", () => {
  const none = new Map<string, ResourcesProgress>();
  const [only] = topEntries([project()], none);
  assert.equal(only?.kind, "group");
  const several = topEntries([project(), project({ project: "/q" })], none);
  assert.deepEqual(
    several.map(({ kind }) => kind),
    ["project", "project"],
  );
  const [first] = several;
  assert.ok(first);
  const [inner] = childrenOf(first, none);
  assert.equal(inner?.kind, "group");
  assert.ok(inner && only);
  assert.equal(parentOf(inner, false)?.key, first.key);
  assert.equal(parentOf(only, true), undefined);
});

test("what went wrong is a row with what leads on; of one project it is told above", () => {
  const failure = { code: "credentials-expired", message: "they have expired" };
  const broken = project({ account: { ...account, failure, command: "aws sso login" }, groups: [] });
  const kinds = (entries: readonly Entry[]) =>
    entries.map((entry) => (entry.kind === "action" ? entry.action : entry.kind));
  assert.deepEqual(kinds(topEntries([broken], new Map())), ["signIn", "again", "choose"]);
  const [first] = topEntries([broken, project({ project: "/q" })], new Map());
  assert.ok(first);
  assert.deepEqual(kinds(childrenOf(first, new Map())), ["note", "signIn", "again", "choose"]);
  const denied = project({ failure: { code: "aws-denied", message: "no" }, groups: [] });
  assert.deepEqual(kinds(topEntries([denied], new Map())), ["again", "log"]);
});

test("each state has a shape of its own", () => {
  for (const icons of [groupIcons, resourceIcons]) {
    const names = Object.values(icons).map(({ icon }) => icon);
    assert.equal(new Set(names).size, names.length);
  }
});

test("a group says its state, and what of it is wrong", () => {
  assert.equal(groupDescription(group(), undefined, t), "ready · 1 resource");
  assert.equal(groupDescription(group({ resources: [] }), undefined, t), "ready");
  const drifted = group({ state: "drifted", resources: [resource(), gone("security group")] });
  assert.equal(groupDescription(drifted, undefined, t), "drifted · security group gone");
  const two = group({ state: "partly", resources: [gone("subnet"), gone("VPC"), gone("route table")] });
  assert.equal(groupDescription(two, undefined, t), "partly set up · subnet gone and 2 more");
  const rules = resource({
    kind: "security group",
    state: "drifted",
    differences: [{ what: "ingress rules", is: "22", shouldBe: "none" }],
  });
  assert.equal(
    groupDescription(group({ state: "drifted", resources: [rules] }), undefined, t),
    "drifted · security group ingress rules",
  );
  assert.equal(
    groupDescription(group({ state: "drifted", fileDiffers: true }), undefined, t),
    "drifted · settings file",
  );
  assert.equal(groupDescription(group(), progress, t), "4 of 11 · creating subnet");
  assert.equal(progressText({ ...progress, phase: "waiting" }, t), "4 of 11 · waiting for subnet");
});

test("a resource says its id, and how it differs", () => {
  assert.equal(resourceDescription(resource(), t), "vpc-1");
  assert.equal(resourceDescription(gone("VPC"), t), "gone · vpc");
  const differences = [
    { what: "DNS", is: "off", shouldBe: "on" },
    { what: "tags", is: "none", shouldBe: "ours" },
  ];
  assert.equal(
    resourceDescription(resource({ state: "drifted", differences }), t),
    "vpc-1 · DNS: off → on · 1 more",
  );
  assert.equal(resourceDescription(resource({ state: "adopted" }), t), "vpc-1 · adopted");
});

test("what may not be seen is unknown, with the reason", () => {
  const trouble = { code: "access-denied", message: "you may not do this: ec2:DescribeVpcs", fix: "ask" };
  const { id: _, ...unseen } = resource({ state: "unknown", short: "vpc", trouble });
  assert.equal(resourceDescription(unseen, t), "unknown · vpc · you may not do this: ec2:DescribeVpcs");
  assert.equal(
    groupDescription(group({ state: "unknown", resources: [resource(), unseen] }), undefined, t),
    "unknown · you may not do this: ec2:DescribeVpcs",
  );
  const whole = group({ state: "unknown", resources: [], trouble: { ...trouble, message: "another's" } });
  assert.equal(groupDescription(whole, undefined, t), "unknown · another's");
  assert.deepEqual(troubleLines(trouble), ["You may not do this: ec2:DescribeVpcs.", "Ask."]);
  assert.deepEqual(troubleLines(undefined), []);
});

test("the editor and the command line have the same words for the same states", () => {
  for (const state of resourceGroupStates) assert.equal(groupStateWord(state, t), groupStateWords[state]);
  for (const [state, word] of Object.entries(resourceStateWords)) {
    const known = resourceStates.find((one) => one === state);
    assert.ok(known, state);
    assert.equal(resourceStateWord(known, t), word);
  }
  assert.equal(resourceStates.length, Object.keys(resourceStateWords).length);
});

test("menus know what can be done with a group", () => {
  const contexts = (["not-set-up", "ready", "drifted", "partly", "removing", "unknown"] as const).map(
    (state) => {
      const [entry] = topEntries([project({ groups: [group({ state })] })], new Map());
      assert.ok(entry);
      return contextOf(entry);
    },
  );
  assert.deepEqual(contexts, [
    "group previewable settable",
    "group previewable removable",
    "group previewable repairable removable",
    "group previewable settable removable",
    "group settable removable",
    "group previewable",
  ]);
  const [busy] = topEntries([project()], new Map([["/p", progress]]));
  assert.ok(busy);
  assert.equal(contextOf(busy), "group busy");
});

test("the question names what, account, region and profile; its button says what it does", () => {
  const create = plan({ create: 11 });
  assert.equal(
    applyQuestion(create, t),
    'Create 11 resources in account 123456789012 (us-west-2) as profile "lab"?',
  );
  assert.equal(applyTitle(create, t), "Create 11 Resources");
  assert.equal(applyDetail(create, false, t), "Free at rest.");
  const mixed = plan({ create: 1, change: 2, replace: 1, costsUse: true });
  assert.match(applyQuestion(mixed, t), /^Create 1, change 2, replace 1 in account/);
  assert.equal(applyTitle(mixed, t), "Carry Out 4 Changes");
  assert.match(applyDetail(mixed, false, t), /what its use costs\.\nWhat is replaced is removed/);
  const remove = plan({ remove: 1, money: "", losesData: [{ kind: "S3 bucket", name: "b" }] });
  assert.equal(applyTitle(remove, t), "Remove 1 Resource");
  assert.match(applyDetail(remove, true, t), /cannot be undone[\s\S]*Data is lost with: b\./);
  assert.equal(applyTitle(plan(), t), "Write Settings File");
  assert.match(applyQuestion(plan(), t), /^Write settings files of what is in account/);
  const { profile: _, ...machine } = account;
  assert.match(
    applyQuestion(plan({ create: 1, account: { ...machine, by: "machine", caller: "arn:x" } }), t),
    /as arn:x\?$/,
  );
});

test("what became of it is told, and what stays", () => {
  const said = (more: Partial<Parameters<typeof appliedText>[1]>, teardown = false) =>
    appliedText(["Network"], { outcome: "done", done: 7, left: [], ...more }, teardown, t);
  assert.equal(said({}), "Network: ready.");
  assert.equal(said({}, true), "Network: removed.");
  const left = [{ what: "VPC vpc-1", why: "it is still in use" }];
  assert.equal(said({ left }, true), "Network: VPC vpc-1 stays: it is still in use.");
  assert.match(said({ left: [...left, ...left] }, true), /\(and 1 more\)\.$/);
  assert.match(
    said({ outcome: "cancelled", done: 4, left: [...left, ...left, ...left] }),
    /^Network: cancelled after 4 of 7 steps\. What was done stays/,
  );
  assert.match(said({ outcome: "cancelled", done: 0 }), /before anything was done/);
  assert.match(
    appliedText(["A", "B", "C", "D"], { outcome: "done", done: 1, left: [] }, false, t),
    /^4 groups: ready/,
  );
  assert.match(
    appliedText([...resourceGroups], { outcome: "done", done: 1, left: [] }, false, t),
    /^All groups/,
  );
});

test("accounts in words, and whether anybody was chosen", () => {
  assert.equal(accountText(account), "lab · us-west-2 · 123456789012");
  const failure = { code: "region-missing", message: "none" };
  assert.equal(isNobody({ by: "machine", failure }), true);
  assert.equal(isNobody({ by: "machine", accountId: "1" }), false);
  assert.equal(isNobody({ by: "setting", failure }), false);
});

test("only plain words are run in a terminal without a person", () => {
  assert.ok(isPlainCommand("aws sso login --profile my.lab_2"));
  for (const command of ["aws sso login --profile 'a'", "aws x; rm -rf .", "aws $(id)", "rm x", "aws a\nb"])
    assert.ok(!isPlainCommand(command), command);
});
