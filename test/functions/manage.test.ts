import assert from "node:assert/strict";
import { version } from "../../package.json";
import { manage } from "../../server/functions/manage.js";
import { type Account, REGION } from "../aws/support/aws.js";
import { BUILD, buckets, context, emptyAwsTests, handlerS3, PROJECT, TMP } from "./support.js";

const awsTest = emptyAwsTests();

function managing(account: Account) {
  return manage({
    s3: handlerS3(account),
    region: REGION,
    settings: { project: PROJECT, buildBucket: BUILD, tmpBucket: TMP },
  });
}

/** Payload format 2.0 of HTTP APIs. */
function request(method: string, rawPath: string, stage = "$default") {
  return { version: "2.0", rawPath, requestContext: { stage, http: { method, path: rawPath } } };
}

awsTest("GET /health: what is running, and whether the buckets can be reached", async (_, account) => {
  const run = managing(account);
  const unset = await run(request("GET", "/health"), context());
  assert.equal(unset.statusCode, 503);
  assert.deepEqual(JSON.parse(unset.body).buckets, { build: false, tmp: false });
  await buckets(account);
  for (const event of [request("GET", "/health"), request("GET", "/v1/health", "v1")]) {
    const { statusCode, headers, body } = await run(event, context());
    assert.equal(statusCode, 200);
    assert.equal(headers["content-type"], "application/json");
    assert.deepEqual(JSON.parse(body), {
      version,
      project: PROJECT,
      region: REGION,
      buckets: { build: true, tmp: true },
    });
  }
});

awsTest("conditions are sent even where the SDK does not know them", async (_, account) => {
  await buckets(account);
  const input: { Bucket: string } = { Bucket: BUILD };
  Object.assign(input, { IfNoneMatch: "*", IfMatch: '"etag"' });
  await handlerS3(account).getBucketLocation(input);
  const { headers } = account.calls.at(-1) ?? assert.fail();
  assert.equal(headers["if-none-match"], "*");
  assert.equal(headers["if-match"], '"etag"');
});

awsTest("D10 everything else is refused with a code, and without internals", async (t, account) => {
  const run = managing(account);
  const codeOf = async (event: unknown) => {
    const { statusCode, body, headers } = await run(event, context());
    return [statusCode, JSON.parse(body).error.code, headers.allow];
  };
  for (const path of ["/", "/healthz", "/health/", "/HEALTH", "/runs", "/../health", "/__proto__", ""])
    assert.deepEqual(await codeOf(request("GET", path)), [404, "not-found", undefined], path);
  for (const event of [undefined, null, 7, {}, { rawPath: ["/health"] }])
    assert.deepEqual(await codeOf(event), [404, "not-found", undefined]);
  for (const method of ["POST", "DELETE", "HEAD", "get"])
    assert.deepEqual(await codeOf(request(method, "/health")), [405, "method-not-allowed", "GET"], method);

  const said = t.mock.method(console, "error", () => {});
  const dead = { ...context(), getRemainingTimeInMillis: (): number => assert.fail(`${BUILD} is secret`) };
  const { statusCode, body } = await run(request("GET", "/health"), dead);
  assert.equal(statusCode, 500);
  assert.doesNotMatch(body, /secret|build|\bat /);
  assert.match(body, new RegExp(dead.awsRequestId));
  assert.equal(said.mock.callCount(), 1, "the log has it");
});
