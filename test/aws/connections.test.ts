import assert from "node:assert/strict";
import { awsTests } from "./support/aws.js";
import { CloudProject, projectSettings } from "./support/command-line.js";
import { certificate, startForwardProxy, startTls } from "./support/forward-proxy.js";

const test = awsTests();

const plan = ["setup", "network", "--plan"];

test("HTTPS goes through the proxy that the environment names, and past it where that says so", async (t, account) => {
  const proxy = await startForwardProxy(t);
  const secure = await startTls(account.endpoint, t);
  const project = new CloudProject(t, account.env, projectSettings());
  const env = {
    AWS_ENDPOINT_URL: secure,
    NODE_EXTRA_CA_CERTS: certificate,
    HTTPS_PROXY: `http://anna:pass%20word@${proxy.address}`,
  };
  const through = await project.run(plan, env);
  assert.equal(through.code, 0, through.notes);
  assert.match(through.out, /\+ VPC /);
  assert.ok(account.calls.length > 5, "AWS was asked");
  assert.deepEqual([...new Set(proxy.asked)], [`CONNECT ${new URL(secure).host}`]);
  assert.ok(
    proxy.asked.length < account.calls.length,
    `${proxy.asked.length} connections for ${account.calls.length} calls`,
  );
  const basic = `Basic ${Buffer.from("anna:pass word").toString("base64")}`;
  assert.deepEqual([...new Set(proxy.authorizations)], [basic]);

  const before = proxy.asked.length;
  const past = await project.run(plan, { ...env, NO_PROXY: "example.org,localhost" });
  assert.equal(past.code, 0, past.notes);
  assert.equal(proxy.asked.length, before);
});

test("a proxy without a scheme is one by HTTP, for every kind of service", async (t, account) => {
  const proxy = await startForwardProxy(t);
  const project = new CloudProject(t, account.env, projectSettings());
  const secure = await startTls(account.endpoint, t);
  const tunnelled = await project.run(plan, {
    AWS_ENDPOINT_URL: secure,
    NODE_EXTRA_CA_CERTS: certificate,
    https_proxy: proxy.address,
  });
  assert.equal(tunnelled.code, 0, tunnelled.notes);
  assert.match(proxy.asked[0] ?? "", /^CONNECT localhost:/);

  const plain = await project.run(plan, { ALL_PROXY: proxy.address });
  assert.equal(plain.code, 0, plain.notes);
  const asked = proxy.asked.filter((one) => !one.startsWith("CONNECT"));
  assert.deepEqual([...new Set(asked)], [`POST ${account.endpoint}/`]);
  assert.ok(asked.length > 5);
});

test("a proxy that lets nothing through is named as what stands in the way", async (t, account) => {
  const proxy = await startForwardProxy(t);
  const project = new CloudProject(t, account.env, projectSettings());
  const env = {
    AWS_ENDPOINT_URL: "https://localhost:1",
    HTTPS_PROXY: `http://anna:hushhush@${proxy.address}`,
  };
  proxy.refusing = 407;
  const unknown = await project.run(plan, env);
  assert.equal(unknown.code, 1);
  assert.match(
    unknown.notes,
    /the proxy let no connection through.*407 Proxy Authentication Required.*HTTPS_PROXY as/s,
  );
  assert.match(unknown.notes, /aws-unreachable/);
  proxy.refusing = 403;
  const forbidden = await project.run(plan, env);
  assert.match(forbidden.notes, /403 Forbidden.*NO_PROXY/s);
  const gone = await project.run(plan, { ...env, HTTPS_PROXY: "http://anna:hushhush@127.0.0.1:1" });
  assert.match(gone.notes, /AWS cannot be reached: "127\.0\.0\.1:1".*HTTPS_PROXY/s);
  for (const { out, notes } of [unknown, forbidden, gone]) assert.doesNotMatch(out + notes, /hushhush/);
});
