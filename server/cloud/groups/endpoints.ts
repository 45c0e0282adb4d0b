import type {
  ApiGatewayV2,
  GetApiResponse,
  Integration,
  Route,
  RouteSettings,
  Stage,
} from "@aws-sdk/client-apigatewayv2";
import { compareCodePoints } from "../../base/order.js";
import { ENDPOINTS_USE } from "../prices.js";
import type { At, Difference, Found, Group, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, tagKeys, tagsToMend } from "../reconcile/scope.js";
import { consolePage } from "./support/console.js";
import { unlessGone } from "./support/gone.js";
import { functionArn, type Permission, permissionDifference, removePermission } from "./support/lambda.js";
import { thereOrMade } from "./support/lost-answer.js";
import { allPages } from "./support/pages.js";
import { tagDifference } from "./support/tags.js";

/** What `manage` answers, one line each; a test holds the two together. All else ends at the gateway. */
export const endpointRoutes = ["GET /health"] as const;

/** A person's hand, and no more (engine-rules.md D10): who starts many runs does it with one that has many nodes. */
const RATE = 10;
const BURST = 20;

const STAGE = "$default";

/** How an integration of ours is known among others that lead to the same function. */
const INTEGRATION = "reprod-manage";

export const endpoints: Group = {
  name: "endpoints",
  title: "Endpoints",
  purpose: "A signed HTTP interface to runs.",
  needs: ["functions"],
  settingsFile: "endpoints-settings.json",
  resources: (scope) => [httpApi(scope)],
  settings: (of) => ({ api_id: of("api").id, url: of("api").attributes?.url }),
};

interface Live {
  readonly api: GetApiResponse;
  readonly integrations: readonly Integration[];
  readonly routes: readonly Route[];
  readonly stage: Stage | undefined;
  /** Ids of others that are ours as well, by their tags: of a create whose answer was lost (F3). */
  readonly copies: readonly string[];
}

/**
 * The HTTP API with what cannot be tagged in it. Access logs are left out: they would hold callers' addresses, need leave
 * to change the account's own policy of log deliveries, and say no more than what `manage` notes of each request.
 */
function httpApi(scope: Scope): Resource {
  const { account } = scope;
  const name = scope.name("api");
  const tags = scope.tags("endpoints", "api");
  const manage = scope.name("manage");
  const uri = functionArn(account, manage);
  const permissionOf = (id: string): Permission => ({
    id: "reprod-api",
    functionName: manage,
    principal: "apigateway.amazonaws.com",
    sourceArn: `arn:${account.partition}:execute-api:${account.region}:${account.accountId}:${id}/*`,
  });

  const found = (live: Live): Found<Live> => {
    const { ApiId = "", ApiEndpoint = "", Tags = {} } = live.api;
    return {
      id: ApiId,
      arn: `arn:${account.partition}:apigateway:${account.region}::/apis/${ApiId}`,
      attributes: { url: ApiEndpoint },
      owner: scope.owner(Tags, false),
      live,
    };
  };
  const whole = async (
    gateway: ApiGatewayV2,
    api: GetApiResponse,
    copies: readonly string[] = [],
  ): Promise<Found<Live>> => {
    const ApiId = api.ApiId ?? "";
    const [integrations, routes, stage] = await Promise.all([
      integrationsOf(gateway, ApiId),
      routesOf(gateway, ApiId),
      stageOf(gateway, ApiId),
    ]);
    return found({ api, integrations, routes, stage, copies });
  };
  const isOurs = ({ Tags = {} }: GetApiResponse): boolean =>
    scope.owner(Tags, false) === "ours" &&
    Tags[tagKeys.part] === "api" &&
    Tags[tagKeys.project] !== undefined;

  return resource<Live>({
    part: "api",
    kind: "HTTP API",
    name,
    detail: `${endpointRoutes.length === 1 ? "one route" : `${endpointRoutes.length} routes`}, signed requests only, ${RATE} a second`,
    needs: ["functions/manage"],
    cost: { atRest: 0, use: ENDPOINTS_USE },
    find: async ({ id }: At) => {
      const gateway = await account.aws.apiGateway();
      const apis = await apisOf(gateway);
      const ours = apis.filter(isOurs);
      let api = ours.find(({ ApiId }) => ApiId === id) ?? ours[0];
      if (api === undefined && id !== undefined) {
        // Settings files can be edited: an id is believed only of what has our tags. The list may not have it yet.
        const remembered = await unlessGone(gateway.getApi({ ApiId: id }));
        const { [tagKeys.part]: part = "api" } = remembered?.Tags ?? {};
        if (
          remembered !== undefined &&
          scope.owner(remembered.Tags ?? {}, false) === "ours" &&
          part === "api"
        )
          api = remembered;
      }
      // Names are not unique: one that somebody else tagged for themselves is none of our business.
      api ??= apis.find(({ Name, Tags = {} }) => Name === name && scope.owner(Tags, false) === "unmarked");
      if (api === undefined) return undefined;
      const kept = api.ApiId;
      const copies = ours.map(({ ApiId = "" }) => ApiId).filter((other) => other !== kept);
      return whole(gateway, api, copies);
    },
    create: async () => {
      const gateway = await account.aws.apiGateway();
      const api = await gateway.createApi({
        Name: name,
        ProtocolType: "HTTP",
        Description: DESCRIPTION,
        DisableExecuteApiEndpoint: false,
        Tags: { ...tags },
      });
      return found({ api: api, integrations: [], routes: [], stage: undefined, copies: [] });
    },
    compare: async ({ id, live }): Promise<readonly Difference[]> => [
      ...apiDifferences(scope, name, live.api),
      ...copiesDifference(scope, live),
      ...integrationDifference(scope, id, uri, live),
      ...routeDifferences(scope, id, uri, live),
      // After the routes, which may lead to one of them.
      ...integrationsTooMany(scope, id, live),
      ...stageDifferences(scope, id, live.stage),
      ...(await permissionDifference(account, permissionOf(id))),
      ...tagDifference(live.api.Tags ?? {}, tagsToMend(live.api.Tags ?? {}, tags), async (wrong) => {
        const gateway = await account.aws.apiGateway();
        await gateway.tagResource({ ResourceArn: found(live).arn, Tags: { ...wrong } });
      }),
    ],
    remove: async ({ id, live: { copies } }) => {
      const permission = permissionOf(id);
      await removePermission(account, permission);
      const gateway = await account.aws.apiGateway();
      for (const ApiId of [...copies, id]) await unlessGone(gateway.deleteApi({ ApiId }));
    },
    // No client token, and no unique names.
    duplicates: async () => {
      const gateway = await account.aws.apiGateway();
      const ours = (await apisOf(gateway)).filter(isOurs);
      // Without copies, since each of them is removed by itself.
      return Promise.all(ours.map((api) => whole(gateway, api)));
    },
    console: ({ id }) => consolePage(account, `apigateway/main/develop/routes?api=${id}`),
  });
}

const DESCRIPTION = "Reprod: runs, for signed requests";

/** All of the region, oldest first. */
async function apisOf(gateway: ApiGatewayV2): Promise<readonly GetApiResponse[]> {
  const apis = await allPages<GetApiResponse>(async (NextToken) => {
    const page = await gateway.getApis({ ...(NextToken !== undefined && { NextToken }) });
    return { items: page.Items, next: page.NextToken };
  });
  return [...apis].sort((a, b) => (a.CreatedDate?.getTime() ?? 0) - (b.CreatedDate?.getTime() ?? 0));
}

async function integrationsOf(gateway: ApiGatewayV2, ApiId: string): Promise<readonly Integration[]> {
  return allPages(async (NextToken) => {
    const page = await gateway.getIntegrations({ ApiId, ...(NextToken !== undefined && { NextToken }) });
    return { items: page.Items, next: page.NextToken };
  });
}

async function routesOf(gateway: ApiGatewayV2, ApiId: string): Promise<readonly Route[]> {
  return allPages(async (NextToken) => {
    const page = await gateway.getRoutes({ ApiId, ...(NextToken !== undefined && { NextToken }) });
    return { items: page.Items, next: page.NextToken };
  });
}

async function stageOf(gateway: ApiGatewayV2, ApiId: string): Promise<Stage | undefined> {
  const stages = await allPages(async (NextToken) => {
    const page = await gateway.getStages({ ApiId, ...(NextToken !== undefined && { NextToken }) });
    return { items: page.Items, next: page.NextToken };
  });
  return stages.find(({ StageName }) => StageName === STAGE);
}

function apiDifferences({ account }: Scope, name: string, api: GetApiResponse): readonly Difference[] {
  const update = async (): Promise<void> => {
    const gateway = await account.aws.apiGateway();
    await gateway.updateApi({
      ApiId: api.ApiId,
      Name: name,
      Description: DESCRIPTION,
      DisableExecuteApiEndpoint: false,
    });
  };
  const differences: Difference[] = [];
  if (api.Name !== name) {
    differences.push({ what: "name", is: api.Name ?? "none", shouldBe: name, mend: update });
  }
  if (api.DisableExecuteApiEndpoint === true) {
    differences.push({ what: "default endpoint", is: "disabled", shouldBe: "enabled", mend: update });
  }
  if (api.CorsConfiguration !== undefined) {
    // Pages of a browser have no keys to sign with, so none is let in.
    differences.push({
      what: "CORS",
      is: "configured",
      shouldBe: "none",
      mend: async () => {
        const gateway = await account.aws.apiGateway();
        await gateway.deleteCorsConfiguration({ ApiId: api.ApiId });
      },
    });
  }
  return differences;
}

/** `find` keeps the one that the settings file knows, else the oldest: nobody was ever told of the others. */
function copiesDifference({ account }: Scope, { copies }: Live): readonly Difference[] {
  if (copies.length === 0) return [];
  return [
    {
      what: "copies",
      is: copies.join(", "),
      shouldBe: "none",
      mend: async () => {
        const gateway = await account.aws.apiGateway();
        for (const ApiId of copies) await unlessGone(gateway.deleteApi({ ApiId }));
      },
    },
  ];
}

function isWanted(integration: Integration, uri: string): boolean {
  return (
    integration.IntegrationType === "AWS_PROXY" &&
    integration.IntegrationUri === uri &&
    integration.PayloadFormatVersion === "2.0"
  );
}

/** Ours, always in the same order: there are several when an answer was lost. The first counts, the others go. */
function ofUs(integrations: readonly Integration[]): readonly Integration[] {
  return integrations
    .filter(({ Description }) => Description === INTEGRATION)
    .sort((a, b) => compareCodePoints(a.IntegrationId ?? "", b.IntegrationId ?? ""));
}

/** Makes ours as it should be, whatever has happened by now, and gives its id. */
async function ensureIntegration(gateway: ApiGatewayV2, ApiId: string, uri: string): Promise<string> {
  const [own] = ofUs(await integrationsOf(gateway, ApiId));
  const wanted = {
    ApiId,
    IntegrationType: "AWS_PROXY",
    IntegrationUri: uri,
    PayloadFormatVersion: "2.0",
    Description: INTEGRATION,
  } as const;
  if (own === undefined) return (await gateway.createIntegration(wanted)).IntegrationId ?? "";
  const { IntegrationId = "" } = own;
  if (!isWanted(own, uri)) await gateway.updateIntegration({ ...wanted, IntegrationId });
  return IntegrationId;
}

function integrationDifference(
  { account }: Scope,
  ApiId: string,
  uri: string,
  { integrations }: Live,
): readonly Difference[] {
  const [own] = ofUs(integrations);
  if (own !== undefined && isWanted(own, uri)) return [];
  return [
    {
      what: "integration",
      is:
        own === undefined
          ? "none"
          : `${own.IntegrationType} ${own.PayloadFormatVersion} ${own.IntegrationUri}`,
      shouldBe: `AWS_PROXY 2.0 ${uri}`,
      mend: async () => {
        await ensureIntegration(await account.aws.apiGateway(), ApiId, uri);
      },
    },
  ];
}

function integrationsTooMany(
  { account }: Scope,
  ApiId: string,
  { integrations }: Live,
): readonly Difference[] {
  const count = ofUs(integrations).length;
  if (count < 2) return [];
  return [
    {
      what: "integrations",
      is: String(count),
      shouldBe: "1",
      mend: async () => {
        const gateway = await account.aws.apiGateway();
        const [, ...others] = ofUs(await integrationsOf(gateway, ApiId));
        for (const { IntegrationId } of others) {
          await unlessGone(gateway.deleteIntegration({ ApiId, IntegrationId }));
        }
      },
    },
  ];
}

/** Routes to our integration are ours: those that `manage` does not answer any more go. Others' stay. */
function routeDifferences(
  { account }: Scope,
  ApiId: string,
  uri: string,
  { routes, integrations }: Live,
): readonly Difference[] {
  const own = ofUs(integrations)[0]?.IntegrationId;
  const target = own === undefined ? undefined : `integrations/${own}`;
  const differences: Difference[] = [];
  for (const RouteKey of endpointRoutes) {
    const route = routes.find((route) => route.RouteKey === RouteKey);
    const authorization = route?.AuthorizationType ?? "NONE";
    const leads = target !== undefined && route?.Target === target;
    if (route !== undefined && authorization === "AWS_IAM" && leads) continue;
    differences.push({
      what: `route ${RouteKey}`,
      is: route === undefined ? "none" : `authorization ${authorization}${leads ? "" : ", leads elsewhere"}`,
      shouldBe: "authorization AWS_IAM",
      mend: async () => {
        const gateway = await account.aws.apiGateway();
        const IntegrationId = await ensureIntegration(gateway, ApiId, uri);
        const wanted = {
          ApiId,
          RouteKey,
          AuthorizationType: "AWS_IAM",
          Target: `integrations/${IntegrationId}`,
        } as const;
        const now = (await routesOf(gateway, ApiId)).find((route) => route.RouteKey === RouteKey);
        if (now === undefined) await thereOrMade(gateway.createRoute(wanted));
        else await gateway.updateRoute({ ...wanted, RouteId: now.RouteId });
      },
    });
  }
  const known: readonly string[] = endpointRoutes;
  for (const { RouteKey = "", RouteId, Target } of routes) {
    if (target === undefined || Target !== target || known.includes(RouteKey)) continue;
    differences.push({
      what: `route ${RouteKey}`,
      is: "there",
      shouldBe: "none",
      mend: async () => {
        const gateway = await account.aws.apiGateway();
        await unlessGone(gateway.deleteRoute({ ApiId, RouteId }));
      },
    });
  }
  return differences;
}

function stageDifferences(
  { account }: Scope,
  ApiId: string,
  stage: Stage | undefined,
): readonly Difference[] {
  const settings = {
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: RATE, ThrottlingBurstLimit: BURST },
  };
  const mend = async (): Promise<void> => {
    const gateway = await account.aws.apiGateway();
    const now = await stageOf(gateway, ApiId);
    if (now === undefined) await thereOrMade(gateway.createStage({ ApiId, StageName: STAGE, ...settings }));
    else await gateway.updateStage({ ApiId, StageName: STAGE, ...settings });
  };
  const throttling = `${RATE} a second, burst ${BURST}`;
  if (stage === undefined) {
    return [{ what: `stage ${STAGE}`, is: "none", shouldBe: `automatic deployment, ${throttling}`, mend }];
  }
  const differences: Difference[] = [];
  const known: readonly string[] = endpointRoutes;
  for (const [RouteKey, own] of Object.entries(stage.RouteSettings ?? {})) {
    // They take the place of the stage's, and with them its limit. Those of routes that are not ours stay, as these do.
    if (!known.includes(RouteKey)) continue;
    differences.push({
      what: `settings of route ${RouteKey}`,
      is: throttlingOf(own),
      shouldBe: "as the stage has them",
      mend: async () => {
        const gateway = await account.aws.apiGateway();
        await unlessGone(gateway.deleteRouteSettings({ ApiId, StageName: STAGE, RouteKey }));
      },
    });
  }
  if (stage.AutoDeploy !== true) {
    differences.push({ what: "automatic deployment", is: "off", shouldBe: "on", mend });
  }
  const { ThrottlingRateLimit, ThrottlingBurstLimit } = stage.DefaultRouteSettings ?? {};
  if (ThrottlingRateLimit !== RATE || ThrottlingBurstLimit !== BURST) {
    const is = throttlingOf(stage.DefaultRouteSettings);
    differences.push({ what: "throttling", is, shouldBe: throttling, mend });
  }
  return differences;
}

function throttlingOf({
  ThrottlingRateLimit: rate,
  ThrottlingBurstLimit: burst,
}: RouteSettings = {}): string {
  if (rate === undefined && burst === undefined) return "as the account has it";
  return `${rate ?? "?"} a second, burst ${burst ?? "?"}`;
}
