import assert from "node:assert/strict";
import { dataRehash, type RehashEvent, type RehashParts } from "../../server/functions/data-rehash.js";
import { answering } from "../../server/functions/entry.js";
import { objectKey } from "../../server/store/keys.js";
import type { Account } from "../aws/support/aws.js";
import { BUILD, buckets, context, emptyAwsTests, handlerS3, sha256 } from "./support.js";

const awsTest = emptyAwsTests();

function rehasher(account: Account, more: Partial<RehashParts> = {}) {
  return answering(() => dataRehash({ s3: handlerS3(account), settings: { buildBucket: BUILD }, ...more }));
}

const ALL: RehashEvent = { prefix: "objects/sha256/" };

awsTest(
  "every object is read; those that are not what their key says are told, and stay",
  async (_, account) => {
    const s3 = await buckets(account);
    const texts = Array.from({ length: 25 }, (_, at) => `object ${at}`);
    for (const text of texts) await s3.putObject({ Bucket: BUILD, Key: objectKey(sha256(text)), Body: text });
    await s3.putObject({ Bucket: BUILD, Key: "results/ab/x.json", Body: "{}" });
    const [first = "", second = ""] = texts.map((text) => objectKey(sha256(text))).sort();
    await s3.putObject({ Bucket: BUILD, Key: second, Body: "planted" });
    await s3.putObject({ Bucket: BUILD, Key: "objects/sha256/zz/no", Body: "x" });
    const run = rehasher(account, { page: 7 });
    assert.deepEqual(await run(ALL, context()), {
      checked: 25,
      broken: [
        { key: second, reason: "digest" },
        { key: "objects/sha256/zz/no", reason: "key" },
      ],
      skipped: [],
    });
    assert.ok((account.counts()["s3:ListObjectsV2"] ?? 0) >= 4);

    const absent = objectKey(sha256("absent"));
    const keys = [first, second, absent, "results/ab/x.json", "../x"];
    assert.deepEqual(await run({ keys }, context()), {
      checked: 2,
      broken: [
        { key: second, reason: "digest" },
        { key: absent, reason: "absent" },
        { key: "results/ab/x.json", reason: "key" },
        { key: "../x", reason: "key" },
      ],
      skipped: [],
    });
    assert.deepEqual(account.mutations(), [], "nothing is deleted or overwritten");
  },
);

awsTest(
  "time that runs out: what is next goes on exactly there, and every object is checked once",
  async (_, account) => {
    const s3 = await buckets(account);
    for (let at = 0; at < 40; at++)
      await s3.putObject({ Bucket: BUILD, Key: objectKey(sha256(`${at}`)), Body: `${at}` });
    const run = rehasher(account, { page: 10 });
    let gets = 0;
    let time = context(10_300);
    account.inject(({ name }) => (name === "s3:GetObject" && ++gets % 15 === 0 ? { delay: 400 } : "pass"));
    let event: RehashEvent = ALL;
    let checked = 0;
    let calls = 0;
    for (;;) {
      const answer = await run(event, time);
      assert.ok("checked" in answer, JSON.stringify(answer));
      assert.deepEqual(answer.broken, []);
      assert.deepEqual(answer.skipped, []);
      checked += answer.checked;
      calls++;
      if (answer.next === undefined) break;
      event = answer.next;
      time = context();
    }
    assert.equal(checked, 40);
    assert.ok(calls > 1, `${calls} calls`);
  },
);

awsTest("an object that takes all the time there is is told, and does not come again", async (_, account) => {
  const s3 = await buckets(account);
  const keys = ["a", "b"].map((text) => objectKey(sha256(text)));
  for (const text of ["a", "b"])
    await s3.putObject({ Bucket: BUILD, Key: objectKey(sha256(text)), Body: text });
  account.inject(({ name }, index) => (name === "s3:GetObject" && index === 0 ? "hang" : "pass"));
  const run = rehasher(account);
  const answer = await run({ keys, ...ALL }, context(10_200));
  assert.deepEqual(answer, {
    checked: 0,
    broken: [],
    skipped: [{ key: keys[0], reason: "too-big" }],
    next: { keys: [keys[1]], prefix: "objects/sha256/" },
  });
});

awsTest("an answer stays small however much is broken", async (_, account) => {
  const s3 = await buckets(account);
  for (let at = 0; at < 12; at++)
    await s3.putObject({ Bucket: BUILD, Key: objectKey(sha256(`${at}`)), Body: "planted" });
  const run = rehasher(account, { page: 4, most: 4 });
  let told = 0;
  let calls = 0;
  for (let event: RehashEvent | undefined = ALL; event !== undefined; calls++) {
    const answer = await run(event, context());
    assert.ok("broken" in answer, JSON.stringify(answer));
    assert.ok(answer.broken.length <= 4);
    told += answer.broken.length;
    event = answer.next;
  }
  assert.deepEqual([told, calls], [12, 3]);
});

awsTest("one broken answer of S3 is no verdict", async (_, account) => {
  const s3 = await buckets(account);
  const key = objectKey(sha256("a"));
  await s3.putObject({ Bucket: BUILD, Key: key, Body: "a" });
  account.inject((_, index) => (index === 0 ? "drop-response" : "pass"));
  const answer = await rehasher(account)({ keys: [key] }, context());
  assert.deepEqual(answer, { checked: 1, broken: [], skipped: [] });
  account.inject(() => ({ status: 403, code: "AccessDenied", message: "no s3:GetObject" }));
  const denied = await rehasher(account)({ keys: [key] }, context());
  assert.ok("error" in denied && denied.error.code === "function-denied", JSON.stringify(denied));
});

awsTest("events that are none, and keys that are not of objects' prefix", async (_, account) => {
  const run = rehasher(account);
  for (const event of [null, {}, { keys: "x" }, { keys: [7] }, { prefix: "" }, { prefix: "results/" }]) {
    const answer = await run(event, context());
    assert.ok("error" in answer && answer.error.code === "event-malformed", JSON.stringify(event));
  }
  assert.equal(account.calls.length, 0);
});
