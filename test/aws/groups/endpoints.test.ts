import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import { Lambda } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { endpointRoutes } from "../../../server/cloud/groups/endpoints.js";
import { manage } from "../../../server/functions/manage.js";
import { awsTests, REGION } from "../support/aws.js";
import { only } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";
import { settingUp } from "./support/world.js";

const test = awsTests();
const needed = ["roles", "storage", "cluster", "functions"] as const;

test("an HTTP API in front of manage; again, nothing is done; removed, nothing is left", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  const { plan } = await world.plan(["endpoints"]);
  assert.deepEqual(
    plan.steps.map(({ key, action, kind, name, detail, cost }) => ({
      key,
      action,
      kind,
      name,
      detail,
      cost,
    })),
    [
      {
        key: "endpoints/api",
        action: "create",
        kind: "HTTP API",
        name: world.name("api"),
        detail: "one route, signed requests only, 10 a second",
        cost: { atRest: 0, use: "$1.00 per million calls" },
      },
    ],
  );
  await world.apply(["endpoints"]);

  const gateway = account.client(ApiGatewayV2);
  const [api, ...more] = (await gateway.getApis()).Items ?? [];
  assert.deepEqual(more, []);
  const ApiId = api?.ApiId ?? "";
  assert.equal(api?.Name, world.name("api"));
  assert.equal(api?.ProtocolType, "HTTP");
  assert.deepEqual(api?.Tags, world.tags("endpoints", "api"));
  const [integration] = (await gateway.getIntegrations({ ApiId })).Items ?? [];
  const manageArn = `arn:aws:lambda:${REGION}:${account.accountId}:function:${world.name("manage")}`;
  assert.equal(integration?.IntegrationType, "AWS_PROXY");
  assert.equal(integration?.PayloadFormatVersion, "2.0");
  assert.equal(integration?.IntegrationUri, manageArn);
  assert.deepEqual(
    (await gateway.getRoutes({ ApiId })).Items?.map(({ RouteKey, AuthorizationType, Target }) => [
      RouteKey,
      AuthorizationType,
      Target,
    ]),
    [["GET /health", "AWS_IAM", `integrations/${integration?.IntegrationId}`]],
  );
  const [stage] = (await gateway.getStages({ ApiId })).Items ?? [];
  assert.equal(stage?.StageName, "$default");
  assert.equal(stage?.AutoDeploy, true);
  assert.equal(stage?.DefaultRouteSettings?.ThrottlingRateLimit, 10);
  assert.equal(stage?.DefaultRouteSettings?.ThrottlingBurstLimit, 20);
  const { Policy = "" } = await account.client(Lambda).getPolicy({ FunctionName: world.name("manage") });
  const [statement] = JSON.parse(Policy).Statement;
  assert.equal(statement.Sid, "reprod-api");
  assert.deepEqual(statement.Principal, { Service: "apigateway.amazonaws.com" });
  assert.match(
    JSON.stringify(statement.Condition),
    new RegExp(`arn:aws:execute-api:${REGION}:${account.accountId}:${ApiId}/\\*`),
  );
  assert.deepEqual(world.settings("endpoints-settings.json"), { api_id: ApiId, url: api?.ApiEndpoint });

  account.clear();
  assert.deepEqual(world.changes((await world.plan(["endpoints"])).plan), []);
  await world.apply(["endpoints"]);
  assert.deepEqual(
    account.mutations().filter(({ service }) => service !== "ssm"),
    [],
  );
  assert.equal((await world.state("endpoints")).state, "ready");

  const { Name } = await gateway.createApi({ Name: "other", ProtocolType: "HTTP" });
  await world.remove(["endpoints"]);
  assert.deepEqual(
    (await gateway.getApis()).Items?.map((api) => api.Name),
    [Name],
  );
  await assert.rejects(account.client(Lambda).getPolicy({ FunctionName: world.name("manage") }));
  assert.deepEqual(
    (await taggedResources(account, world.projectId)).filter((line) => line.startsWith("api ")),
    [],
  );
});

test("what was changed by hand is told in words and mended", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...needed, "endpoints"]);
  const gateway = account.client(ApiGatewayV2);
  const ApiId = String(world.settings("endpoints-settings.json").api_id);
  const api = (await gateway.getApi({ ApiId })).Name;
  const [route] = (await gateway.getRoutes({ ApiId })).Items ?? [];
  const [integration] = (await gateway.getIntegrations({ ApiId })).Items ?? [];
  const Target = route?.Target ?? "";
  await gateway.updateApi({
    ApiId,
    Name: "renamed",
    DisableExecuteApiEndpoint: true,
    CorsConfiguration: { AllowOrigins: ["*"] },
  });
  await gateway.updateRoute({ ApiId, RouteId: route?.RouteId, AuthorizationType: "NONE" });
  await gateway.createRoute({ ApiId, RouteKey: "GET /old", Target, AuthorizationType: "AWS_IAM" });
  await gateway.updateIntegration({
    ApiId,
    IntegrationId: integration?.IntegrationId,
    PayloadFormatVersion: "1.0",
  });
  const theirs = await gateway.createIntegration({
    ApiId,
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "GET",
    IntegrationUri: "https://example.com",
    PayloadFormatVersion: "1.0",
  });
  await gateway.createRoute({
    ApiId,
    RouteKey: "GET /theirs",
    Target: `integrations/${theirs.IntegrationId}`,
    AuthorizationType: "AWS_IAM",
  });
  await gateway.updateStage({
    ApiId,
    StageName: "$default",
    AutoDeploy: false,
    DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
    RouteSettings: {
      "GET /health": { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 600 },
      "GET /theirs": { ThrottlingRateLimit: 1 },
    },
  });
  await account.client(Lambda).removePermission({
    FunctionName: world.name("manage"),
    StatementId: "reprod-api",
  });
  const manageArn = `arn:aws:lambda:${REGION}:${account.accountId}:function:${world.name("manage")}`;
  const { plan } = await world.plan(["endpoints"]);
  assert.deepEqual(
    plan.steps[0]?.differences.map(({ what, is, shouldBe }) => `${what}: ${is} → ${shouldBe}`),
    [
      `name: renamed → ${api}`,
      "default endpoint: disabled → enabled",
      "CORS: configured → none",
      `integration: AWS_PROXY 1.0 ${manageArn} → AWS_PROXY 2.0 ${manageArn}`,
      "route GET /health: authorization NONE → authorization AWS_IAM",
      "route GET /old: there → none",
      "settings of route GET /health: 500 a second, burst 600 → as the stage has them",
      "automatic deployment: off → on",
      "throttling: 1000 a second, burst 2000 → 10 a second, burst 20",
      `lambda permission: none → apigateway.amazonaws.com may call ${world.name("manage")}`,
    ],
  );
  await world.apply(["endpoints"]);
  assert.equal((await world.state("endpoints")).state, "ready");
  assert.deepEqual((await gateway.getRoutes({ ApiId })).Items?.map(({ RouteKey }) => RouteKey).sort(), [
    "GET /health",
    "GET /theirs",
  ]);

  const [mended] = (await gateway.getStages({ ApiId })).Items ?? [];
  assert.deepEqual(Object.keys(mended?.RouteSettings ?? {}), ["GET /theirs"]);
  assert.equal(mended?.DefaultRouteSettings?.ThrottlingRateLimit, 10);

  await gateway.deleteStage({ ApiId, StageName: "$default" });
  await gateway.deleteRoute({ ApiId, RouteId: route?.RouteId });
  await gateway.deleteIntegration({ ApiId, IntegrationId: integration?.IntegrationId });
  assert.deepEqual(
    (await world.plan(["endpoints"])).plan.steps[0]?.differences.map(({ what, is }) => `${what}: ${is}`),
    ["integration: none", "route GET /health: none", "stage $default: none"],
  );
  await world.apply(["endpoints"]);
  assert.equal((await world.state("endpoints")).state, "ready");

  await gateway.deleteApi({ ApiId });
  const gone = await world.plan(["endpoints"]);
  assert.deepEqual(world.changes(gone.plan), [`create endpoints/api: ${ApiId} is gone`]);
  await world.apply(["endpoints"]);
  assert.equal((await world.state("endpoints")).state, "ready");
  // The permission of the API that is gone is not left beside that of the new one.
  const { Policy = "" } = await account.client(Lambda).getPolicy({ FunctionName: world.name("manage") });
  assert.equal(JSON.parse(Policy).Statement.length, 1);
});

test("F3 whatever answer is lost, there is one API with one of each part", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  const gateway = account.client(ApiGatewayV2);
  const lost = new Set<string>();
  account.inject(
    only(
      ({ service, action, mutating }) =>
        mutating && (service === "apigateway" || service === "lambda") && !lost.has(action),
      ({ action }) => {
        lost.add(action);
        return "drop-response";
      },
    ),
  );
  await world.apply(["endpoints"]);
  account.inject();
  assert.deepEqual([...lost].filter((action) => /^(Create|Add)/.test(action)).sort(), [
    "AddPermission",
    "CreateApi",
    "CreateIntegration",
    "CreateRoute",
    "CreateStage",
  ]);
  const [api, ...more] = (await gateway.getApis()).Items ?? [];
  assert.deepEqual(more, []);
  const ApiId = api?.ApiId;
  assert.equal((await gateway.getIntegrations({ ApiId })).Items?.length, 1);
  // API Gateway refuses a second route with a key; moto makes it.
  const keys = (await gateway.getRoutes({ ApiId })).Items?.map(({ RouteKey }) => RouteKey);
  assert.deepEqual([...new Set(keys)], ["GET /health"]);
  assert.equal((await world.state("endpoints")).state, "ready");
});

test("F3 a second API, of a create whose answer was lost, goes with the next set-up and with a teardown", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply([...needed, "endpoints"]);
  const gateway = account.client(ApiGatewayV2);
  const ids = async () => (await gateway.getApis()).Items?.map(({ ApiId }) => ApiId);
  const own = String(world.settings("endpoints-settings.json").api_id);
  const copy = async () => {
    const made = await gateway.createApi({
      Name: world.name("api"),
      ProtocolType: "HTTP",
      Tags: { ...world.tags("endpoints", "api") },
    });
    return made.ApiId ?? "";
  };
  const second = await copy();
  const { plan } = await world.plan(["endpoints"]);
  assert.deepEqual(world.changes(plan), [`change endpoints/api: copies ${second} → none`]);
  await world.apply(["endpoints"]);
  assert.deepEqual(await ids(), [own]);
  assert.equal((await world.state("endpoints")).state, "ready");

  // Without the settings file nothing says which one is known: the oldest stays.
  await copy();
  fs.rmSync(path.join(world.root, "endpoints-settings.json"));
  await world.apply(["endpoints"]);
  assert.deepEqual(await ids(), [own]);
  assert.equal(world.settings("endpoints-settings.json").api_id, own);

  await copy();
  await copy();
  await world.remove(["endpoints"]);
  assert.deepEqual(await ids(), []);
  await assert.rejects(account.client(Lambda).getPolicy({ FunctionName: world.name("manage") }));
});

test("F1 an API of our name that has no tags is not touched, and one of others with it does not matter", async (t, account) => {
  const world = await settingUp(t, account);
  await world.apply(needed);
  const gateway = account.client(ApiGatewayV2);
  await gateway.createApi({
    Name: world.name("api"),
    ProtocolType: "HTTP",
    Tags: { "reprod:project": "aaaaaaaaaaaa", "reprod:part": "api" },
  });
  const { ApiId } = await gateway.createApi({ Name: world.name("api"), ProtocolType: "HTTP" });
  await assert.rejects(world.plan(["endpoints"]), { code: "not-ours" });
  await gateway.deleteApi({ ApiId });
  await world.apply(["endpoints"]);
  assert.equal((await world.state("endpoints")).state, "ready");
  assert.equal((await gateway.getApis()).Items?.length, 2);

  // An id that was edited by hand in the settings file makes no API of others ours.
  const { api_id: own } = world.settings("endpoints-settings.json");
  const { ApiId: strange = "" } = await gateway.createApi({ Name: "shop", ProtocolType: "HTTP" });
  const file = path.join(world.root, "endpoints-settings.json");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replaceAll(String(own), strange));
  await world.apply(["endpoints"]);
  assert.equal(world.settings("endpoints-settings.json").api_id, own);
  await world.remove(["endpoints"]);
  assert.ok((await gateway.getApis()).Items?.some(({ ApiId }) => ApiId === strange));
});

test("manage answers every route that the gateway lets through", async () => {
  const s3 = new S3({
    region: REGION,
    endpoint: "http://127.0.0.1:9",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    maxAttempts: 1,
  });
  const settings = { project: "abcdefghij23", buildBucket: "build", tmpBucket: "tmp" };
  const answer = manage({ s3, region: REGION, settings });
  for (const route of endpointRoutes) {
    const [method, rawPath] = route.split(" ");
    const { statusCode } = await answer(
      { rawPath, requestContext: { stage: "$default", http: { method } } },
      { awsRequestId: "1", getRemainingTimeInMillis: () => 20_000 },
    );
    assert.ok(statusCode !== 404 && statusCode !== 405, `${route}: ${statusCode}`);
  }
  s3.destroy();
});
