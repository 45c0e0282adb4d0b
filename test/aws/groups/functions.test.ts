import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { Lambda } from "@aws-sdk/client-lambda";
import { functionBundle } from "../../../server/base/bundle.js";
import type { At } from "../../../server/cloud/reconcile/resource.js";
import { functionTable } from "../../../server/functions/table.js";
import { awsTests, REGION } from "../support/aws.js";
import { only } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";
import { settingUp } from "./support/world.js";

const test = awsTests();
const needed = ["roles", "storage", "cluster"] as const;

test("the platform's functions with logs and rules; again, nothing is done", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  const { plan } = await world.plan(["functions"]);
  assert.deepEqual(
    plan.steps.map(({ key, kind, detail, cost }) => `${key} (${kind}): ${detail}, ${cost?.use ?? "free"}`),
    [
      "functions/data-import-log (log group): what data-import writes, kept 90 days, $0.50 per GB written",
      "functions/data-import (Lambda function): 1769 MiB, 900 s, arm64, $0.20 per million calls and $0.0000133334 per GB-second",
      "functions/data-rehash-log (log group): what data-rehash writes, kept 90 days, $0.50 per GB written",
      "functions/data-rehash (Lambda function): 1769 MiB, 900 s, arm64, $0.20 per million calls and $0.0000133334 per GB-second",
      "functions/log-collect-log (log group): what log-collect writes, kept 90 days, $0.50 per GB written",
      "functions/log-collect (Lambda function): 1024 MiB, 900 s, arm64, $0.20 per million calls and $0.0000133334 per GB-second",
      "functions/task-state (EventBridge rule): calls log-collect, free",
      "functions/job-state (EventBridge rule): calls log-collect, free",
      "functions/manage-log (log group): what manage writes, kept 90 days, $0.50 per GB written",
      "functions/manage (Lambda function): 256 MiB, 29 s, arm64, $0.20 per million calls and $0.0000133334 per GB-second",
    ],
  );
  assert.equal(plan.atRest, 0);
  await world.apply(["functions"]);

  const lambda = account.client(Lambda);
  for (const { name, handler, runtime, memoryMiB, timeoutSeconds, settings } of functionTable) {
    const FunctionName = world.name(name);
    const { Configuration, Tags, Concurrency } = await lambda.getFunction({ FunctionName });
    assert.equal(
      Configuration?.CodeSha256,
      createHash("sha256")
        .update(fs.readFileSync(functionBundle(name)))
        .digest("base64"),
    );
    assert.equal(Configuration.Handler, handler);
    assert.equal(Configuration.Runtime, runtime);
    assert.equal(Configuration.MemorySize, memoryMiB);
    assert.equal(Configuration.Timeout, timeoutSeconds);
    assert.deepEqual(Configuration.Architectures, ["arm64"]);
    assert.equal(Configuration.Role, `arn:aws:iam::${account.accountId}:role/${world.name(name)}`);
    assert.equal(Concurrency, undefined);
    assert.deepEqual(Tags, world.tags("functions", name));
    const values: { readonly [setting: string]: readonly [string, string] } = {
      project: ["REPROD_PROJECT", world.projectId],
      buildBucket: ["REPROD_BUILD_BUCKET", world.name("build")],
      tmpBucket: ["REPROD_TMP_BUCKET", world.name("tmp")],
      logGroup: ["REPROD_LOG_GROUP", `/reprod/${world.name("tasks")}`],
      cluster: ["REPROD_CLUSTER", world.name("cluster")],
    };
    assert.deepEqual(
      Configuration.Environment?.Variables,
      Object.fromEntries(settings.map((setting) => values[setting] ?? [])),
    );
  }
  const retries = await lambda.getFunctionEventInvokeConfig({ FunctionName: world.name("log-collect") });
  assert.equal(retries.MaximumRetryAttempts, 2);

  const events = account.client(EventBridge);
  const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${account.accountId}:${rest}`;
  const taskRule = await events.describeRule({ Name: world.name("task-state") });
  assert.deepEqual(JSON.parse(taskRule.EventPattern ?? ""), {
    source: ["aws.ecs"],
    "detail-type": ["ECS Task State Change"],
    detail: { clusterArn: [arn("ecs", `cluster/${world.name("cluster")}`)], lastStatus: ["STOPPED"] },
  });
  const jobRule = await events.describeRule({ Name: world.name("job-state") });
  assert.deepEqual(JSON.parse(jobRule.EventPattern ?? ""), {
    source: ["aws.batch"],
    "detail-type": ["Batch Job State Change"],
    detail: {
      jobQueue: [{ prefix: arn("batch", `job-queue/reprod-${world.projectId}-euc1-`) }],
      status: ["SUCCEEDED", "FAILED"],
    },
  });
  const { Targets } = await events.listTargetsByRule({ Rule: world.name("task-state") });
  assert.deepEqual(Targets, [
    { Id: "reprod-log-collect", Arn: arn("lambda", `function:${world.name("log-collect")}`) },
  ]);
  const { Policy = "" } = await lambda.getPolicy({ FunctionName: world.name("log-collect") });
  const statements: readonly { readonly Sid: string }[] = JSON.parse(Policy).Statement;
  assert.deepEqual(statements.map(({ Sid }) => Sid).sort(), ["reprod-job-state", "reprod-task-state"]);

  assert.deepEqual(world.settings("lambda-settings.json"), {
    functions: Object.fromEntries(
      functionTable.map(({ name }) => [name, arn("lambda", `function:${world.name(name)}`)]),
    ),
  });

  account.clear();
  const second = await world.plan(["functions"]);
  assert.deepEqual(world.changes(second.plan), []);
  await world.apply(["functions"]);
  assert.deepEqual(
    account.mutations().filter(({ service }) => service !== "ssm"),
    [],
  );
  assert.equal((await world.state("functions")).state, "ready");

  await world.remove(["functions"]);
  assert.deepEqual(
    (await taggedResources(account, world.projectId)).filter((line) => /^(function|rule) |lambda/.test(line)),
    [],
  );
  assert.equal((await world.state("functions")).state, "not-set-up");
  assert.equal((await world.state("cluster")).state, "ready");
});

test("what was changed by hand is told in words and mended", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...needed, "functions"]);
  const lambda = account.client(Lambda);
  const events = account.client(EventBridge);
  const logs = account.client(CloudWatchLogs);
  const rehash = world.name("data-rehash");
  await lambda.updateFunctionCode({ FunctionName: rehash, ZipFile: Buffer.from("PK other") });
  await lambda.updateFunctionConfiguration({
    FunctionName: rehash,
    Timeout: 3,
    MemorySize: 128,
    Handler: "other.handler",
    Environment: { Variables: { REPROD_BUILD_BUCKET: "elsewhere", SECRET: "hunter2" } },
  });
  await lambda.putFunctionConcurrency({ FunctionName: rehash, ReservedConcurrentExecutions: 3 });
  await lambda.putFunctionEventInvokeConfig({
    FunctionName: world.name("log-collect"),
    MaximumRetryAttempts: 1,
  });
  await lambda.removePermission({
    FunctionName: world.name("log-collect"),
    StatementId: "reprod-task-state",
  });
  await events.disableRule({ Name: world.name("task-state") });
  await events.removeTargets({ Rule: world.name("job-state"), Ids: ["reprod-log-collect"] });
  await events.putRule({
    Name: world.name("job-state"),
    EventPattern: JSON.stringify({ source: ["aws.batch"] }),
    State: "ENABLED",
  });
  await events.untagResource({
    ResourceARN: `arn:aws:events:${REGION}:${account.accountId}:rule/${world.name("job-state")}`,
    TagKeys: ["reprod:part"],
  });
  await logs.deleteLogGroup({ logGroupName: `/aws/lambda/${world.name("manage")}` });
  await lambda.deleteFunction({ FunctionName: world.name("manage") });

  const { plan } = await world.plan(["functions"]);
  const steps = new Map(plan.steps.map((step) => [step.key, step]));
  const words = (key: string) =>
    (steps.get(`functions/${key}`)?.differences ?? []).map(
      ({ what, is, shouldBe }) => `${what}: ${is} → ${shouldBe}`,
    );
  const [code, ...others] = words("data-rehash");
  assert.match(code ?? "", /^code: sha256 .{12} → sha256 .{12}$/);
  assert.deepEqual(others, [
    "handler: other.handler → index.handler",
    "memory: 128 MiB → 1769 MiB",
    "timeout: 3 s → 900 s",
    `environment REPROD_BUILD_BUCKET: elsewhere → ${world.name("build")}`,
    // A value that is not ours may be a secret.
    "environment SECRET: set → not set",
    "reserved concurrency: 3 → none",
  ]);
  assert.deepEqual(words("log-collect"), ["retries of events: 1 → 2"]);
  assert.deepEqual(words("task-state"), [
    "state: DISABLED → ENABLED",
    `lambda permission: none → events.amazonaws.com may call ${world.name("log-collect")}`,
  ]);
  assert.deepEqual(
    words("job-state").map((line) => line.split(":")[0]),
    ["event pattern", "target", "tags"],
  );
  assert.deepEqual(
    plan.steps.filter(({ action }) => action === "create").map(({ key, why }) => `${key}: ${why}`),
    [
      `functions/manage-log: /aws/lambda/${world.name("manage")} is gone`,
      `functions/manage: ${world.name("manage")} is gone`,
    ],
  );
  await world.apply(["functions"]);
  assert.equal((await world.state("functions")).state, "ready");
  assert.deepEqual(world.changes((await world.plan(["functions"])).plan), []);
});

test("a function that was deleted takes its permissions with it: they are restored", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...needed, "functions"]);
  await account.client(Lambda).deleteFunction({ FunctionName: world.name("log-collect") });
  const { plan } = await world.plan(["functions"]);
  assert.deepEqual(
    plan.steps.filter(({ action }) => action !== "keep").map(({ action, key }) => `${action} ${key}`),
    ["create functions/log-collect", "change functions/task-state", "change functions/job-state"],
  );
  await world.apply(["functions"]);
  assert.equal((await world.state("functions")).state, "ready");
});

test("F3 a role that Lambda does not know yet, and a function that is not ready, are waited for", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  let refused = 0;
  account.inject(
    only(
      ({ action }) => action === "CreateFunction",
      () =>
        ++refused > 2
          ? "pass"
          : {
              status: 400,
              code: "InvalidParameterValueException",
              message: "The role defined for the function cannot be assumed by Lambda.",
            },
    ),
  );
  await world.apply(["functions"]);
  assert.ok(refused > 2);
  account.inject();
  assert.equal((await world.state("functions")).state, "ready");
});

test("F3 whatever answer is lost, everything is made once", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  const lost = new Set<string>();
  account.inject(
    only(
      ({ service, action, mutating }) => mutating && service !== "ssm" && !lost.has(action),
      ({ action }) => {
        lost.add(action);
        return "drop-response";
      },
    ),
  );
  await world.apply(["functions"]);
  account.inject();
  assert.ok(lost.has("CreateFunction") && lost.has("CreateLogGroup") && lost.has("AddPermission"));
  assert.equal((await world.state("functions")).state, "ready");
});

test("a function that Lambda still works at is not ready", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...needed, "functions"]);
  const { readings } = await world.plan(["functions"]);
  const reading = readings.byKey.get("functions/manage");
  const place: At = {
    ref: (part) => readings.byKey.get(part)?.found,
    need: () => assert.fail("nothing is made here"),
    id: undefined,
    adopted: false,
    forced: false,
    signal: undefined,
  };
  const differences = async (more: object) => {
    assert.ok(reading?.found !== undefined);
    const { live } = reading.found;
    const configuration = { ...Object(live).configuration, ...more };
    const found = { ...reading.found, live: { ...Object(live), configuration } };
    return ((await reading.resource.compare?.(found, place)) ?? []).map(
      ({ what, is, shouldBe, replace }) => `${what}: ${is} → ${shouldBe}${replace ? ", replaced" : ""}`,
    );
  };
  assert.deepEqual(await differences({}), []);
  assert.deepEqual(await differences({ State: "Pending" }), ["state: Pending → Active"]);
  assert.deepEqual(await differences({ LastUpdateStatus: "InProgress" }), [
    "last update: InProgress → Successful",
  ]);
  assert.deepEqual(await differences({ State: "Failed", StateReason: "x" }), [
    "state: Failed (x) → Active, replaced",
  ]);
  assert.deepEqual(await differences({ Layers: [{ Arn: "arn:layer" }], Architectures: ["x86_64"] }), [
    "architecture: x86_64 → arm64",
    "layers: arn:layer → none",
  ]);
});

test("F1 a function and a rule of our names that somebody else made are not touched", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  const lambda = account.client(Lambda);
  const FunctionName = world.name("manage");
  await lambda.createFunction({
    FunctionName,
    Role: `arn:aws:iam::${account.accountId}:role/${world.name("manage")}`,
    Code: { ZipFile: Buffer.from("PK other") },
    Runtime: "nodejs22.x",
    Handler: "x.y",
  });
  await assert.rejects(world.plan(["functions"]), { code: "not-ours" });
  await lambda.deleteFunction({ FunctionName });
  const events = account.client(EventBridge);
  await events.putRule({
    Name: world.name("task-state"),
    EventPattern: "{}",
    Tags: [{ Key: "reprod:project", Value: "aaaaaaaaaaaa" }],
  });
  await assert.rejects(world.plan(["functions"]), { code: "not-ours" });
});

test("F1 a target of somebody else at our rule speaks against its removal", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...needed, "functions"]);
  const events = account.client(EventBridge);
  await events.putTargets({
    Rule: world.name("task-state"),
    Targets: [{ Id: "theirs", Arn: `arn:aws:sqs:${REGION}:${account.accountId}:queue` }],
  });
  assert.equal((await world.state("functions")).state, "ready");
  const { against } = await world.planRemoval(["functions"]);
  assert.deepEqual(
    against.map(({ why }) => why),
    [`the rule ${world.name("task-state")} has targets that Reprod did not make: theirs`],
  );
  await assert.rejects(world.remove(["functions"]), { code: "in-use" });
  await world.remove(["functions"], { force: true });
  assert.equal((await world.state("functions")).state, "not-set-up");
});
