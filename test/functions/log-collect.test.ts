import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { type CollectParts, logCollect } from "../../server/functions/log-collect.js";
import { taskEnd } from "../../server/functions/task-end.js";
import { type Account, REGION } from "../aws/support/aws.js";
import {
  BUILD,
  buckets,
  context,
  emptyAwsTests,
  handlerLogs,
  handlerS3,
  keysOf,
  PROJECT,
  textOf,
} from "./support.js";

const awsTest = emptyAwsTests();
const GROUP = `/reprod/${PROJECT}`;
const CLUSTER = `reprod-${PROJECT}-euc1-cluster`;
const TASK = "0123456789abcdef0123456789abcdef";
const JOB = "01234567-89ab-cdef-0123-456789abcdef";
const ARN = `arn:aws:ecs:${REGION}:123456789012`;
const settings = { project: PROJECT, buildBucket: BUILD, cluster: CLUSTER, logGroup: GROUP };

function collector(account: Account, more: Partial<CollectParts> = {}) {
  return logCollect({
    s3: handlerS3(account),
    logs: handlerLogs(account),
    settings,
    sleep: async () => {},
    ...more,
  });
}

/** As "Amazon ECS task state change events" of the ECS developer guide shows it. */
function taskEvent(detail: { readonly [name: string]: unknown } = {}): { readonly [name: string]: unknown } {
  return {
    version: "0",
    source: "aws.ecs",
    "detail-type": "ECS Task State Change",
    detail: {
      clusterArn: `${ARN}:cluster/${CLUSTER}`,
      taskArn: `${ARN}:task/${CLUSTER}/${TASK}`,
      taskDefinitionArn: `${ARN}:task-definition/reprod-x:7`,
      lastStatus: "STOPPED",
      desiredStatus: "STOPPED",
      startedBy: "f".repeat(64),
      stopCode: "EssentialContainerExited",
      stoppedReason: "Essential container in task exited",
      stoppedAt: "2026-11-27T02:00:03.5Z",
      startedAt: "2026-11-27T02:00:01Z",
      launchType: "FARGATE",
      cpu: "256",
      memory: "512",
      version: 5,
      overrides: { containerOverrides: [{ environment: [{ name: "KEY", value: "hunter2" }] }] },
      containers: [
        { name: "stage-in", exitCode: 0, image: "node", lastStatus: "STOPPED" },
        {
          name: "main",
          exitCode: 3,
          image: "x/y@sha256:00",
          imageDigest: "sha256:00",
          reason: "OutOfMemoryError: killed",
        },
        { name: "stage-out", image: "node" },
      ],
      ...detail,
    },
  };
}

async function write(account: Account, stream: string, messages: readonly string[]): Promise<void> {
  const logs = account.client(CloudWatchLogs);
  await logs.createLogGroup({ logGroupName: GROUP }).catch(() => undefined);
  await logs.createLogStream({ logGroupName: GROUP, logStreamName: stream });
  const timestamp = Date.now() - 60_000;
  for (let at = 0; at < messages.length; at += 5000) {
    await logs.putLogEvents({
      logGroupName: GROUP,
      logStreamName: stream,
      logEvents: messages
        .slice(at, at + 5000)
        .map((message, index) => ({ message, timestamp: timestamp + at + index })),
    });
  }
}

awsTest("how a task ended and what its containers wrote is kept in the build bucket", async (_, account) => {
  const s3 = await buckets(account);
  await write(account, `reprod/main/${TASK}`, [
    "one",
    "\x1b[31mred\x1b[0m\ttab",
    "\x1b]0;title\x07 \x1b[2J‮",
    "two\r\nlines",
  ]);
  await write(account, `reprod/stage-in/${TASK}`, ["staged"]);
  const answer = await collector(account)(taskEvent(), context());
  assert.equal(answer.end, "written");
  const keys = ["end.json", "main.log", "stage-in.log"].map((name) => `tasks/${TASK}/${name}`);
  assert.deepEqual(await keysOf(s3, BUILD), keys);
  assert.equal(
    await textOf(s3, BUILD, `tasks/${TASK}/main.log`),
    "one\n\x1b[31mred\x1b[0m\ttab\n\\x1b]0;title\\x07 \\x1b[2J\\u202e\ntwo\\x0d\\x0alines\n",
  );
  const text = await textOf(s3, BUILD, `tasks/${TASK}/end.json`);
  assert.doesNotMatch(text, /hunter2/);
  assert.deepEqual(JSON.parse(text), {
    format: 1,
    service: "ecs",
    id: TASK,
    version: 5,
    arn: `${ARN}:task/${CLUSTER}/${TASK}`,
    definition: `${ARN}:task-definition/reprod-x:7`,
    startedBy: "f".repeat(64),
    status: "STOPPED",
    stopCode: "EssentialContainerExited",
    reason: "Essential container in task exited",
    launchType: "FARGATE",
    cpu: "256",
    memory: "512",
    times: { startedAt: "2026-11-27T02:00:01.000Z", stoppedAt: "2026-11-27T02:00:03.500Z" },
    containers: [
      { name: "stage-in", exitCode: 0, image: "node", logStream: `reprod/stage-in/${TASK}` },
      {
        name: "main",
        exitCode: 3,
        reason: "OutOfMemoryError: killed",
        image: "x/y@sha256:00",
        imageDigest: "sha256:00",
        logStream: `reprod/main/${TASK}`,
      },
      { name: "stage-out", exitCode: null, image: "node", logStream: `reprod/stage-out/${TASK}` },
    ],
  });
});

awsTest("events that come twice, late, and at once: the newest version stays", async (_, account) => {
  const s3 = await buckets(account);
  await account.client(CloudWatchLogs).createLogGroup({ logGroupName: GROUP });
  const run = collector(account);
  const versionThere = async () => JSON.parse(await textOf(s3, BUILD, `tasks/${TASK}/end.json`)).version;
  assert.equal((await run(taskEvent(), context())).end, "written");
  assert.equal((await run(taskEvent(), context())).end, "there");
  assert.equal((await run(taskEvent({ version: 4 }), context())).end, "older");
  assert.equal((await run(taskEvent({ version: 6 }), context())).end, "written");
  assert.equal(await versionThere(), 6);
  await Promise.all([9, 7, 12, 8, 11].map((version) => run(taskEvent({ version }), context())));
  assert.equal(await versionThere(), 12);
  const puts = account.calls.filter(({ name }) => name === "s3:PutObject");
  assert.ok(
    puts.every(({ headers }) => headers["if-none-match"] === "*" || headers["if-match"] !== undefined),
  );
});

awsTest("lines that CloudWatch tells of late are kept as well, within a bound", async (_, account) => {
  const s3 = await buckets(account);
  const stream = `reprod/main/${TASK}`;
  const logs = account.client(CloudWatchLogs);
  const add = async (message: string) => {
    await logs.putLogEvents({
      logGroupName: GROUP,
      logStreamName: stream,
      logEvents: [{ message, timestamp: Date.now() }],
    });
  };
  await write(account, stream, ["one"]);
  const slept: number[] = [];
  const late = ["two"];
  const sleep = async (milliseconds: number) => {
    slept.push(milliseconds);
    const message = late.shift();
    if (message !== undefined) await add(message);
    // A container whose stream is not to be seen at first.
    if (slept.length === 1) await write(account, `reprod/stage-in/${TASK}`, ["staged"]);
  };
  const answer = await collector(account, { sleep })(taskEvent(), context());
  assert.deepEqual(slept, [2_000, 2_000]);
  assert.deepEqual(answer.logs, [
    { key: `tasks/${TASK}/stage-in.log`, bytes: 7, cut: false },
    { key: `tasks/${TASK}/main.log`, bytes: 8, cut: false },
  ]);
  assert.equal(await textOf(s3, BUILD, `tasks/${TASK}/main.log`), "one\ntwo\n");
  const puts = () => account.calls.filter(({ name, url }) => name === "s3:PutObject" && url.includes(".log"));
  assert.equal(puts().length, 3);

  // What does not end is left after a while; of what is whole one look more is enough.
  slept.length = 0;
  late.push("three", "four", "five", "six");
  await collector(account, {
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      await add(late.shift() ?? "");
    },
  })(taskEvent(), context());
  assert.equal(slept.length, 3);
  assert.equal(await textOf(s3, BUILD, `tasks/${TASK}/main.log`), "one\ntwo\nthree\nfour\nfive\n");
  slept.length = 0;
  account.clear();
  await collector(account, { sleep: async (milliseconds) => void slept.push(milliseconds) })(
    taskEvent(),
    context(),
  );
  assert.deepEqual(slept, [2_000]);
  assert.equal(puts().length, 2);
});

awsTest("D12 a log that is too long keeps its head and its tail", async (_, account) => {
  const s3 = await buckets(account);
  const lines = Array.from({ length: 900 }, (_, at) => `line ${String(at).padStart(4, "0")}`);
  await write(account, `reprod/main/${TASK}`, lines);
  await write(account, `reprod/stage-in/${TASK}`, ["x".repeat(70_000)]);
  const { logs } = await collector(account, { limit: 3_000, page: 50 })(taskEvent(), context());
  assert.deepEqual(
    logs?.map(({ cut }) => cut),
    [true, true],
  );
  const [head = "", tail = ""] = (await textOf(s3, BUILD, `tasks/${TASK}/main.log`)).split(
    "[reprod: the middle of this log is left out here]\n",
  );
  assert.equal(head, `${lines.slice(0, 150).join("\n")}\n`);
  assert.equal(tail, `${lines.slice(-150).join("\n")}\n`);
  // Without a limit of the test: the line is cut, and said to be.
  await collector(account)(taskEvent(), context());
  const long = await textOf(s3, BUILD, `tasks/${TASK}/stage-in.log`);
  assert.match(long, /^x{65536} \[reprod: 4464 more characters in this line\]\n$/);
  const main = await textOf(s3, BUILD, `tasks/${TASK}/main.log`);
  assert.equal(main, `${lines.join("\n")}\n`);
});

awsTest("a job of Batch: by the queue of the project, containers of its last attempt", async (_, account) => {
  const s3 = await buckets(account);
  await write(account, "reprod/main/abc", ["batch"]);
  const event = {
    source: "aws.batch",
    "detail-type": "Batch Job State Change",
    detail: {
      jobId: `${JOB}:3`,
      jobName: "reprod-x-1",
      jobQueue: `arn:aws:batch:${REGION}:123456789012:job-queue/reprod-${PROJECT}-euc1-queue`,
      status: "FAILED",
      statusReason: "Essential container in task exited",
      createdAt: 1_795_000_000_000,
      stoppedAt: 1_795_000_001_000,
      ecsProperties: { taskProperties: [{ containers: [{ name: "main", image: "x/y" }, { name: "../x" }] }] },
      attempts: [
        { taskProperties: [{ containers: [{ name: "main", exitCode: 137 }] }] },
        {
          taskProperties: [{ containers: [{ name: "main", exitCode: 1, logStreamName: "reprod/main/abc" }] }],
        },
      ],
    },
  };
  await collector(account)(event, context());
  assert.deepEqual(await keysOf(s3, BUILD), [`tasks/${JOB}.3/end.json`, `tasks/${JOB}.3/main.log`]);
  const end = JSON.parse(await textOf(s3, BUILD, `tasks/${JOB}.3/end.json`));
  assert.deepEqual(end.containers, [
    { name: "main", exitCode: 1, image: "x/y", logStream: "reprod/main/abc" },
  ]);
  assert.equal(end.version, 1_795_000_001_000);
});

test("what is no end of a task of ours, and ids that would leave their place, are ignored", () => {
  const owner = { project: PROJECT, cluster: CLUSTER };
  const ignored = (event: unknown): string => {
    const end = taskEnd(event, owner);
    assert.ok("ignored" in end, JSON.stringify(end));
    return end.ignored;
  };
  for (const event of [undefined, null, [], "x", { detail: 7 }])
    assert.equal(ignored(event), "the kind of event");
  assert.equal(ignored({ ...taskEvent(), source: "my.own" }), "the source");
  assert.equal(ignored(taskEvent({ clusterArn: `${ARN}:cluster/${CLUSTER}-2` })), "the cluster");
  assert.equal(ignored(taskEvent({ lastStatus: "RUNNING" })), "the status");
  for (const id of ["../../objects", "", `${TASK}/../x`, TASK.toUpperCase(), `${TASK}\n`])
    assert.equal(ignored(taskEvent({ taskArn: `${ARN}:task/${CLUSTER}/${id}` })), "the task's id", id);
  const end = taskEnd(
    taskEvent({ containers: [{ name: "a/../b" }, { name: "fine", logStreamName: "a:*" }, 7] }),
    owner,
  );
  assert.ok(!("ignored" in end));
  assert.deepEqual(
    end.containers.map(({ name, logStream }) => [name, logStream]),
    [["fine", undefined]],
  );
  const job = (detail: object) =>
    ignored({ source: "aws.batch", "detail-type": "Batch Job State Change", detail });
  const jobQueue = `arn:aws:batch:${REGION}:123456789012:job-queue/reprod-${PROJECT}-q`;
  const theirs = jobQueue.replace(PROJECT, "zzzzzzzzzzzz");
  assert.equal(job({ jobQueue: theirs, tags: { "reprod:project": PROJECT } }), "the queue");
  assert.equal(job({ jobQueue, jobId: "../x", status: "FAILED" }), "the job's id");
  assert.equal(job({ jobQueue, jobId: JOB, status: "RUNNING" }), "the status");
});
