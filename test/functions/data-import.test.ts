import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import type { S3 } from "@aws-sdk/client-s3";
import { isPublicAddress } from "../../server/functions/addresses.js";
import { dataImport, type ImportParts } from "../../server/functions/data-import.js";
import { answering } from "../../server/functions/entry.js";
import { partSize } from "../../server/functions/part-writer.js";
import { objectKey } from "../../server/store/keys.js";
import { type Account, REGION } from "../aws/support/aws.js";
import {
  BUILD,
  buckets,
  context,
  emptyAwsTests,
  handlerS3,
  keysOf,
  openUploads,
  sha256,
  site,
  TMP,
} from "./support.js";

const awsTest = emptyAwsTests();
const MIB = 1024 * 1024;

/** S3 takes parts of 5 MiB and more. */
const small = { partBytes: 5 * MIB } as const;

function importer(account: Account, more: Partial<ImportParts> = {}) {
  return answering(() =>
    dataImport({
      s3: handlerS3(account),
      settings: { buildBucket: BUILD, tmpBucket: TMP },
      // The sites of these tests are on this machine.
      mayConnect: (address) => address === "127.0.0.1" || isPublicAddress(address),
      wait: async () => {},
      ...more,
    }),
  );
}

async function assertNothingIsLeft(s3: S3, objects: readonly string[] = []): Promise<void> {
  assert.deepEqual(await keysOf(s3, BUILD), objects);
  assert.deepEqual(await keysOf(s3, TMP), []);
  for (const bucket of [BUILD, TMP]) assert.equal(await openUploads(s3, bucket), 0, bucket);
}

function codeOf(answer: object): string | undefined {
  return "error" in answer ? (answer as { error: { code: string } }).error.code : undefined;
}

awsTest("a small file is put at once, under its digest, create-only", async (t, account) => {
  const s3 = await buckets(account);
  const bytes = Buffer.from("a,b\n1,2\n");
  const { url, requests } = await site(t, (_, response) =>
    response.writeHead(200, { etag: '"one"', "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" }).end(bytes),
  );
  const key = objectKey(sha256(bytes));
  const expected = {
    url: `${url}/a.csv`,
    sha256: sha256(bytes),
    size: bytes.length,
    bucket: BUILD,
    key,
    etag: '"one"',
    lastModified: "Wed, 21 Oct 2015 07:28:00 GMT",
  };
  const run = importer(account);
  const md5 = createHash("md5").update(bytes).digest("hex");
  const first = await run({ url: `${url}/a.csv`, md5 }, context());
  assert.deepEqual(first, { ...expected, stored: "created" });
  const put = account.calls.find(({ name }) => name === "s3:PutObject");
  assert.equal(put?.headers["if-none-match"], "*");
  assert.equal(put?.headers["x-amz-checksum-sha256"], createHash("sha256").update(bytes).digest("base64"));
  assert.equal(key, `objects/sha256/${sha256(bytes).slice(0, 2)}/${sha256(bytes).slice(2)}`);

  assert.deepEqual(await run({ url: `${url}/a.csv` }, context()), { ...expected, stored: "there" });
  assert.equal(requests.length, 2);
  // With the digest nobody has to ask the source.
  const { etag, lastModified, ...known } = expected;
  assert.deepEqual(await run({ url: `${url}/a.csv`, sha256: expected.sha256 }, context()), {
    ...known,
    stored: "there",
  });
  assert.equal(requests.length, 2);
  await assertNothingIsLeft(s3, [key]);
});

awsTest("an empty file is a file", async (t, account) => {
  const s3 = await buckets(account);
  const { url } = await site(t, (_, response) => response.end());
  const answer = await importer(account)({ url }, context());
  assert.ok("sha256" in answer, JSON.stringify(answer));
  assert.equal(answer.size, 0);
  await assertNothingIsLeft(s3, [objectKey(sha256(""))]);
});

awsTest("D13 a big file goes through the temporary bucket in parts, and S3 copies it", async (t, account) => {
  const s3 = await buckets(account);
  const bytes = randomBytes(12 * MIB + 5);
  const { url } = await site(t, (_, response) => response.end(bytes));
  const answer = await importer(account, small)({ url, sha256: sha256(bytes) }, context());
  assert.equal(codeOf(answer), undefined, JSON.stringify(answer));
  const counts = account.counts();
  assert.equal(counts["s3:UploadPart"], 3);
  assert.equal(counts["s3:CopyObject"], 1);
  const key = objectKey(sha256(bytes));
  await assertNothingIsLeft(s3, [key]);
  const { Body } = await s3.getObject({ Bucket: BUILD, Key: key });
  assert.equal(sha256((await Body?.transformToByteArray()) ?? ""), sha256(bytes));
  const copy = account.calls.find(({ name }) => name === "s3:CopyObject");
  assert.equal(copy?.headers["if-none-match"], "*");
  assert.equal(copy?.headers["x-amz-checksum-algorithm"], "SHA256");

  account.clear();
  const again = await importer(account, small)({ url }, context());
  assert.ok("stored" in again && again.stored === "there", JSON.stringify(again));
  assert.equal(account.counts()["s3:CopyObject"], undefined, "never over what is there");
  await assertNothingIsLeft(s3, [key]);
});

awsTest("what is too big for a single copy is copied in parts, create-only", async (t, account) => {
  const s3 = await buckets(account);
  const bytes = randomBytes(11 * MIB);
  const { url } = await site(t, (_, response) => response.end(bytes));
  const run = importer(account, { ...small, singleLimit: 5 * MIB });
  const answer = await run({ url }, context());
  assert.equal(codeOf(answer), undefined, JSON.stringify(answer));
  assert.equal(account.counts()["s3:UploadPartCopy"], 3);
  const complete = account.calls.filter(({ name }) => name === "s3:CompleteMultipartUpload").at(-1);
  assert.equal(complete?.headers["if-none-match"], "*");
  const key = objectKey(sha256(bytes));
  await assertNothingIsLeft(s3, [key]);
  const { Body } = await s3.getObject({ Bucket: BUILD, Key: key });
  assert.equal(sha256((await Body?.transformToByteArray()) ?? ""), sha256(bytes));
});

test("D13 part sizes", () => {
  assert.equal(partSize(0), 16 * MIB);
  assert.equal(partSize(100 * 1024 ** 3), 16 * MIB);
  assert.ok((5 * 1024 ** 4) / partSize(5 * 1024 ** 4) <= 9_000);
});

awsTest("A10 a wrong md5 and another digest than the lock's store nothing", async (t, account) => {
  const s3 = await buckets(account);
  const { url } = await site(t, ({ url: path }, response) =>
    response.end(path === "/big" ? Buffer.alloc(11 * MIB) : "bytes"),
  );
  const wrong = { md5: "0".repeat(32), sha256: "0".repeat(64) };
  for (const path of ["/big", "/small"]) {
    const run = importer(account, small);
    assert.equal(codeOf(await run({ url: url + path, md5: wrong.md5 }, context())), "digest-mismatch");
    assert.equal(codeOf(await run({ url: url + path, sha256: wrong.sha256 }, context())), "url-changed");
  }
  await assertNothingIsLeft(s3);
});

awsTest(
  "412: somebody was faster; 409: it is tried again; another size is never overwritten",
  async (t, account) => {
    const s3 = await buckets(account);
    const { url } = await site(t, (_, response) => response.end("bytes"));
    const key = objectKey(sha256("bytes"));
    let conflicts = 2;
    account.inject(({ name }) =>
      name === "s3:PutObject" && conflicts-- > 0
        ? { status: 409, code: "ConditionalRequestConflict", message: "at it" }
        : "pass",
    );
    const first = await importer(account)({ url }, context());
    assert.ok("stored" in first && first.stored === "created", JSON.stringify(first));

    // The first look is before the other's PUT, so the condition decides.
    let looks = 0;
    account.inject(({ name }) =>
      name === "s3:HeadObject" && looks++ === 0
        ? { status: 404, code: "NoSuchKey", message: "not yet" }
        : "pass",
    );
    const second = await importer(account)({ url }, context());
    assert.ok("stored" in second && second.stored === "there", JSON.stringify(second));
    assert.equal(account.calls.filter(({ status }) => status === 412).length, 1);

    account.inject();
    await s3.putObject({ Bucket: BUILD, Key: key, Body: "byt" });
    assert.equal(codeOf(await importer(account)({ url }, context())), "object-differs");
    assert.equal((await s3.headObject({ Bucket: BUILD, Key: key })).ContentLength, 3);
  },
);

awsTest("A15 addresses with a password or a signature are refused, and never told", async (_, account) => {
  const said: string[] = [];
  for (const url of [
    "https://user:hunter2@example.org/x",
    "https://example.org/x?X-Amz-Signature=hunter2",
    "https://example.org/x?a=1&token=hunter2",
    "https://example.org/x?sig=hunter2",
  ]) {
    const answer = await importer(account)({ url }, context());
    assert.equal(codeOf(answer), "url-credentials");
    said.push(JSON.stringify(answer));
  }
  assert.doesNotMatch(said.join("\n"), /hunter2/);
});

test("addresses that lead to no place on the internet", () => {
  for (const address of [
    "169.254.169.254",
    "169.254.170.2",
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe::1",
    "no address",
  ])
    assert.equal(isPublicAddress(address), false, address);
  for (const address of [
    "8.8.8.8",
    "172.32.0.1",
    "172.15.0.1",
    "192.169.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
  ])
    assert.equal(isPublicAddress(address), true, address);
});

awsTest("private addresses are refused: as numbers, as names, and behind redirects", async (t, account) => {
  const s3 = await buckets(account);
  const secret = await site(t, (_, response) => response.end("credentials"));
  const port = new URL(secret.url).port;
  // As in production: this machine is no exception.
  const strict = importer(account, { mayConnect: isPublicAddress });
  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
    assert.equal(codeOf(await strict({ url: `http://${host}:${port}/` }, context())), "url-private", host);
  assert.equal(
    codeOf(await strict({ url: "http://169.254.169.254/latest/meta-data/" }, context())),
    "url-private",
  );
  const named = importer(account, {
    mayConnect: isPublicAddress,
    resolve: async () => [
      { address: "8.8.8.8", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ],
  });
  assert.equal(codeOf(await named({ url: `http://data.example:${port}/` }, context())), "url-private");

  // The first connection is allowed; where it leads to is not.
  for (const location of [
    `http://localhost:${port}/`,
    "http://169.254.169.254/",
    `http://rebound.example:${port}/`,
  ]) {
    const door = await site(t, (_, response) => response.writeHead(302, { location }).end());
    const guarded = importer(account, {
      mayConnect: (address) => address === "127.0.0.1" && door.requests.length === 0,
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    });
    assert.equal(codeOf(await guarded({ url: door.url }, context())), "url-private", location);
    assert.equal(door.requests.length, 1);
  }
  assert.equal(secret.requests.length, 0);
  await assertNothingIsLeft(s3);
});

awsTest("a name that answers differently the second time gains nothing", async (t, account) => {
  await buckets(account);
  const secret = await site(t, (_, response) => response.end("credentials"));
  let asked = 0;
  const run = importer(account, {
    mayConnect: isPublicAddress,
    resolve: async () => [{ address: asked++ === 0 ? "192.0.2.1" : "127.0.0.1", family: 4 }],
  });
  assert.equal(
    codeOf(await run({ url: secret.url.replace("127.0.0.1", "rebind.example") }, context())),
    "url-private",
  );
  assert.equal(asked, 1, "what is checked is what is connected to");
  assert.equal(secret.requests.length, 0);
});

awsTest("five redirects are followed, six are not; a signed one is not told", async (t, account) => {
  await buckets(account);
  const { url } = await site(t, (request, response) => {
    const left = Number(/^\/(\d+)/.exec(request.url ?? "")?.[1]);
    if (left === 0) response.end("at last");
    else response.writeHead(302, { location: `/${left - 1}?X-Amz-Signature=hunter2` }).end();
  });
  const answer = await importer(account)({ url: `${url}/5` }, context());
  assert.ok("size" in answer && answer.size === 7, JSON.stringify(answer));
  assert.equal(answer.url, `${url}/5`);
  const refused = await importer(account)({ url: `${url}/6` }, context());
  assert.equal(codeOf(refused), "url-redirects");
  assert.doesNotMatch(JSON.stringify(refused), /hunter2/);
});

awsTest("a busy server is asked again; what is not there is not", async (t, account) => {
  await buckets(account);
  const waits: number[] = [];
  const busy = await site(t, (_, response, index) => {
    if (index === 0) response.writeHead(503).end();
    else if (index === 1) response.writeHead(429, { "retry-after": "7" }).end();
    else response.end("fine");
  });
  const run = importer(account, {
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
  });
  assert.equal(codeOf(await run({ url: busy.url }, context())), undefined);
  assert.deepEqual(waits, [1000, 7000]);
  const statuses = await site(t, ({ url }, response) => response.writeHead(Number(url?.slice(1))).end());
  assert.equal(codeOf(await run({ url: `${statuses.url}/404` }, context())), "url-not-found");
  assert.equal(codeOf(await run({ url: `${statuses.url}/403` }, context())), "url-refused");
  assert.equal(codeOf(await run({ url: `${statuses.url}/500` }, context())), "url-unreachable");
  assert.equal(statuses.requests.length, 1 + 1 + 5);
});

awsTest("a connection that breaks goes on where it was, by Range and a strong ETag", async (t, account) => {
  const s3 = await buckets(account);
  const bytes = randomBytes(12 * MIB);
  let version = '"v1"';
  const { url, requests } = await site(t, (request, response, index) => {
    const headers = { etag: version, "accept-ranges": "bytes" };
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    if (start !== undefined && request.headers["if-range"] === version) {
      const rest = bytes.subarray(Number(start));
      response.writeHead(206, {
        ...headers,
        "content-length": rest.length,
        "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
      });
      if (index === 1) response.write(rest.subarray(0, 3 * MIB), () => response.destroy());
      else response.end(rest);
    } else {
      response.writeHead(200, { ...headers, "content-length": bytes.length });
      if (index === 0) response.write(bytes.subarray(0, 6 * MIB), () => response.destroy());
      else response.end(bytes);
    }
  });
  const run = importer(account, small);
  assert.ok("size" in (await run({ url }, context())));
  const ranges = requests.map(({ headers }) => headers.range);
  assert.equal(requests.length, 3);
  for (const range of ranges.slice(1)) assert.ok(Number(/\d+/.exec(range ?? "")?.[0]) > 0, "it goes on");
  assert.deepEqual(
    requests.map(({ headers }) => headers["if-range"]),
    [undefined, '"v1"', '"v1"'],
  );
  await assertNothingIsLeft(s3, [objectKey(sha256(bytes))]);

  // The file changed in between: everything anew, and no mixture.
  await s3.deleteObject({ Bucket: BUILD, Key: objectKey(sha256(bytes)) });
  requests.length = 0;
  const changing = importer(account, {
    ...small,
    wait: async () => {
      version = '"v2"';
      bytes.fill(7);
    },
  });
  const answer = await changing({ url }, context());
  assert.ok("sha256" in answer && answer.sha256 === sha256(bytes), JSON.stringify(answer));
  assert.equal(answer.etag, '"v2"');
  await assertNothingIsLeft(s3, [objectKey(sha256(bytes))]);
});

awsTest("a server that goes on with another file than it began is not believed", async (t, account) => {
  const s3 = await buckets(account);
  const { url, requests } = await site(t, ({ headers: { range } }, response, index) => {
    const headers = { etag: `"v${index}"`, "accept-ranges": "bytes" };
    if (range === undefined) {
      response.writeHead(200, { ...headers, "content-length": 10 });
      if (index === 0) response.write("01234", () => response.destroy());
      else response.end("abcdefghij");
    } else {
      // It should have looked at If-Range.
      response.writeHead(206, { ...headers, "content-range": "bytes 5-9/10", "content-length": 5 });
      response.end("fghij");
    }
  });
  const answer = await importer(account)({ url }, context());
  assert.ok("sha256" in answer && answer.sha256 === sha256("abcdefghij"), JSON.stringify(answer));
  assert.equal(requests.at(-1)?.headers.range, undefined);
  await assertNothingIsLeft(s3, [objectKey(sha256("abcdefghij"))]);
});

awsTest("without ranges a broken connection begins anew", async (t, account) => {
  const s3 = await buckets(account);
  const { url, requests } = await site(t, (_, response, index) => {
    response.writeHead(200, { "content-length": 10 });
    if (index === 0) response.write("01234", () => response.destroy());
    else response.end("0123456789");
  });
  const answer = await importer(account)({ url }, context());
  assert.ok("size" in answer && answer.size === 10, JSON.stringify(answer));
  assert.equal(requests.length, 2);
  await assertNothingIsLeft(s3, [objectKey(sha256("0123456789"))]);
});

awsTest("time that runs out: too-slow, in time, and the upload is aborted", async (t, account) => {
  const s3 = await buckets(account);
  const { url } = await site(t, (_, response) => {
    // Something, then nothing for ever.
    response.writeHead(200, { "content-length": 100 * MIB });
    response.write(Buffer.alloc(11 * MIB));
  });
  const time = context(18_000);
  const answer = await importer(account, small)({ url }, time);
  assert.equal(codeOf(answer), "too-slow", JSON.stringify(answer));
  assert.ok(time.getRemainingTimeInMillis() > 10_000);
  assert.ok((account.counts()["s3:UploadPart"] ?? 0) > 0);
  assert.equal(account.counts()["s3:AbortMultipartUpload"], 1);
  await assertNothingIsLeft(s3);
  // The copy would take longer than there is.
  const quick = await site(t, (_, response) => response.end(Buffer.alloc(11 * MIB)));
  let asked = 0;
  const late = { ...context(), getRemainingTimeInMillis: () => (asked++ === 0 ? 60_000 : 15_050) };
  assert.equal(codeOf(await importer(account, small)({ url: quick.url }, late)), "too-slow");
  await assertNothingIsLeft(s3);
});

awsTest("memory is bounded: what S3 does not take is not fetched", async (t, account) => {
  const s3 = await buckets(account);
  let given = 0;
  const { url } = await site(t, (_, response) => {
    const bytes = function* () {
      for (; given < 200 * MIB; given += MIB) yield Buffer.alloc(MIB);
    };
    // Ends with an error when the connection is given up.
    pipeline(bytes, response).catch(() => undefined);
  });
  account.inject(({ name }) => (name === "s3:UploadPart" ? "hang" : "pass"));
  const answer = await importer(account, small)({ url }, context(18_500));
  assert.equal(codeOf(answer), "too-slow", JSON.stringify(answer));
  // Two parts on their way, one filled, and what sockets hold.
  assert.ok(given >= 15 * MIB && given < 15 * MIB + 32 * MIB, `${given / MIB} MiB`);
  assert.equal(account.calls.filter(({ name }) => name === "s3:UploadPart").length, 2);
  await assertNothingIsLeft(s3);
});

awsTest("a limit holds whether the server tells the size or not", async (t, account) => {
  const s3 = await buckets(account);
  const { url } = await site(t, ({ url: path }, response) => {
    if (path === "/told") response.writeHead(200, { "content-length": 11 * MIB });
    response.write(Buffer.alloc(6 * MIB));
    response.end(Buffer.alloc(5 * MIB));
  });
  const run = importer(account, { ...small, limit: 10 * MIB });
  assert.equal(codeOf(await run({ url: `${url}/told` }, context())), "url-too-big");
  assert.equal(codeOf(await run({ url: `${url}/untold` }, context())), "url-too-big");
  await assertNothingIsLeft(s3);
});

awsTest("S3 that fails in the middle leaves nothing behind", async (t, account) => {
  const s3 = await buckets(account);
  const { url } = await site(t, (_, response) => response.end(Buffer.alloc(17 * MIB)));
  for (const broken of ["s3:UploadPart", "s3:CompleteMultipartUpload", "s3:CopyObject"]) {
    account.inject(({ name }) =>
      name === broken ? { status: 500, code: "InternalError", message: "broken" } : "pass",
    );
    assert.equal(codeOf(await importer(account, small)({ url }, context())), "aws-failed", broken);
    await assertNothingIsLeft(s3);
  }
  account.inject(({ name }) =>
    name === "s3:UploadPart" ? { status: 403, code: "AccessDenied", message: "no s3:PutObject" } : "pass",
  );
  assert.equal(codeOf(await importer(account, small)({ url }, context())), "function-denied");
  await assertNothingIsLeft(s3);
});

awsTest("A11 an object of another bucket: read by its ETag, told with its version", async (_, account) => {
  const s3 = await buckets(account);
  const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
  await s3.createBucket({ Bucket: "elsewhere", CreateBucketConfiguration });
  await s3.putBucketVersioning({ Bucket: "elsewhere", VersioningConfiguration: { Status: "Enabled" } });
  const put = await s3.putObject({ Bucket: "elsewhere", Key: "a b/ü.txt", Body: "object" });
  const url = "s3://elsewhere/a b/ü.txt";
  const run = importer(account);
  const answer = await run({ url, etag: put.ETag }, context());
  assert.ok("sha256" in answer, JSON.stringify(answer));
  const { sha256: digest, etag, version, url: told } = answer;
  assert.deepEqual(
    { digest, etag, version, told },
    { digest: sha256("object"), etag: put.ETag, version: put.VersionId, told: url },
  );
  assert.equal(codeOf(await run({ url, etag: '"planned"' }, context())), "url-changed");
  assert.equal(codeOf(await run({ url: "s3://elsewhere/no" }, context())), "url-not-found");
  assert.equal(codeOf(await run({ url: "s3://nowhere/no" }, context())), "url-not-found");
  assert.equal(codeOf(await run({ url: "s3://elsewhere" }, context())), "url-not-found");
  assert.deepEqual(await keysOf(s3, BUILD), [objectKey(sha256("object"))]);
});

awsTest("a defect is logged without addresses, and answered with where to look", async (t, account) => {
  await buckets(account);
  const said = t.mock.method(console, "error", () => {});
  const { url } = await site(t, (_, response) => response.end("x"));
  const run = importer(account, {
    resolve: () => Promise.reject(new Error("at https://user:hunter2@example.org/x")),
  });
  const answer = await run({ url: url.replace("127.0.0.1", "data.example") }, context());
  assert.equal(codeOf(answer), "defect");
  const [log = ""] = said.mock.calls.map(({ arguments: [line] }) => String(line));
  const { awsRequestId, message } = JSON.parse(log);
  assert.match(JSON.stringify(answer), new RegExp(awsRequestId));
  assert.equal(message, "at <address>");
  assert.doesNotMatch(log + JSON.stringify(answer), /hunter2/);
});

awsTest("events that are none", async (_, account) => {
  const run = importer(account);
  for (const event of [
    undefined,
    null,
    7,
    [],
    {},
    { url: 7 },
    { url: "ftp://x/y" },
    { url: "file:///etc/passwd" },
  ])
    assert.equal(codeOf(await run(event, context())), "event-malformed", JSON.stringify(event));
  const url = "https://example.org/x";
  for (const event of [{ sha256: "abc" }, { md5: "zz" }, { etag: "a\nb" }])
    assert.equal(codeOf(await run({ url, ...event }, context())), "event-malformed", JSON.stringify(event));
});
