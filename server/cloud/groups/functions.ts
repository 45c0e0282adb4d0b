import { createHash } from "node:crypto";
import type { FunctionConfiguration, GetFunctionResponse } from "@aws-sdk/client-lambda";
import { functionBundle } from "../../base/bundle.js";
import { Failure } from "../../base/failure.js";
import { readIfThere } from "../../data/files.js";
import { functionTable, type PlatformFunction, type Setting, variables } from "../../functions/table.js";
import { FUNCTIONS_USE } from "../prices.js";
import type { At, Difference, Found, Group, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, type Tags, tagsToMend } from "../reconcile/scope.js";
import { consolePage } from "./support/console.js";
import { eventRule } from "./support/event-rule.js";
import { functionArn } from "./support/lambda.js";
import { logGroup } from "./support/log-group.js";
import { thereOrMade } from "./support/lost-answer.js";
import { tagDifference } from "./support/tags.js";

/**
 * A fifth cheaper than x86 for the same time. Nothing in the functions is compiled for a machine, so they are built
 * anywhere and run on it as they are.
 */
const ARCHITECTURE = "arm64";

/** As Lambda does by itself; said so that a change by hand is seen. What is lost after that, the next runner finds. */
const RETRIES = 2;

export const functions: Group = {
  name: "functions",
  title: "Functions",
  purpose: "What works in the account while nobody's machine is on.",
  needs: ["roles", "storage", "cluster"],
  settingsFile: "lambda-settings.json",
  resources: (scope) =>
    functionTable.flatMap((declared) => [
      logGroup(scope, "functions", {
        part: logPart(declared),
        // Where Lambda writes by itself. No function may create it, so one without its log group says nothing.
        name: `/aws/lambda/${scope.name(declared.name)}`,
        detail: `what ${declared.name} writes`,
      }),
      lambdaFunction(scope, declared),
      ...(declared.events ?? []).map((event) => eventRule(scope, declared, event)),
    ]),
  settings: (of) => ({
    functions: Object.fromEntries(functionTable.map(({ name }) => [name, of(name).arn])),
  }),
};

function logPart({ name }: PlatformFunction): string {
  return `${name}-log`;
}

interface Live {
  readonly configuration: FunctionConfiguration;
  readonly tags: Tags;
  readonly reserved: number | undefined;
  /** Of calls that nobody waits for; undefined for what Lambda does by itself. */
  readonly retries: number | undefined;
}

function lambdaFunction(scope: Scope, declared: PlatformFunction): Resource {
  const { account } = scope;
  const part = declared.name;
  const name = scope.name(part);
  const tags = scope.tags("functions", part);
  const role = `roles/${part}`;
  const isCalledByEvents = (declared.events ?? []).length > 0;

  const retriesOf = async (): Promise<number | undefined> => {
    if (!isCalledByEvents) return undefined;
    const lambda = await account.aws.lambda();
    // A list, since to ask for the one answers that there is none with an error.
    const { FunctionEventInvokeConfigs } = await lambda.listFunctionEventInvokeConfigs({
      FunctionName: name,
    });
    return FunctionEventInvokeConfigs?.[0]?.MaximumRetryAttempts;
  };

  const foundOf = (
    { Configuration = {}, Tags = {}, Concurrency }: Partial<GetFunctionResponse>,
    retries: number | undefined,
  ): Found<Live> => ({
    id: Configuration.FunctionName ?? name,
    arn: functionArn(account, name),
    owner: scope.owner(Tags, false),
    live: {
      configuration: Configuration,
      tags: Tags,
      reserved: Concurrency?.ReservedConcurrentExecutions,
      retries,
    },
  });

  return resource<Live>({
    part,
    kind: "Lambda function",
    name,
    detail: `${declared.memoryMiB} MiB, ${declared.timeoutSeconds} s, ${ARCHITECTURE}`,
    needs: [role, logPart(declared), ...needsOf(declared)],
    cost: { atRest: 0, use: FUNCTIONS_USE },
    find: async () => {
      const lambda = await account.aws.lambda();
      const found = await lambda.getFunction({ FunctionName: name });
      return foundOf(found, await retriesOf());
    },
    create: async (at) => {
      const lambda = await account.aws.lambda();
      await thereOrMade(
        lambda.createFunction({
          FunctionName: name,
          ...configurationOf(declared, at, scope),
          Architectures: [ARCHITECTURE],
          PackageType: "Zip",
          Code: { ZipFile: codeOf(declared) },
          Tags: { ...tags },
        }),
      );
      return foundOf({ Tags: { ...tags } }, undefined);
    },
    compare: ({ live }, at): readonly Difference[] => [
      ...state(live.configuration),
      ...code(scope, declared, name, live.configuration),
      ...configuration(scope, declared, name, live.configuration, at),
      ...concurrency(scope, name, live.reserved),
      ...(isCalledByEvents ? retries(scope, name, live.retries) : []),
      ...tagDifference(live.tags, tagsToMend(live.tags, tags), async (wrong) => {
        const lambda = await account.aws.lambda();
        await lambda.tagResource({ Resource: functionArn(account, name), Tags: { ...wrong } });
      }),
    ],
    remove: async () => {
      const lambda = await account.aws.lambda();
      await lambda.deleteFunction({ FunctionName: name });
    },
    console: () => consolePage(account, `lambda/home#/functions/${name}`),
  });
}

/** What other groups made that its environment names. */
function needsOf({ settings, events }: PlatformFunction): readonly string[] {
  const parts = settings.flatMap((setting) => partOf(setting) ?? []);
  return [...new Set([...parts, ...(events === undefined ? [] : ["cluster/cluster"])])];
}

function partOf(setting: Setting): string | undefined {
  switch (setting) {
    case "project":
      return undefined;
    case "buildBucket":
      return "storage/build";
    case "tmpBucket":
      return "storage/tmp";
    case "logGroup":
      return "cluster/log-group";
    case "cluster":
      return "cluster/cluster";
  }
}

/** Variables of its environment. What is not there yet has none: a plan says so, and `create` comes after it is. */
function environmentOf({ settings }: PlatformFunction, at: At, scope: Scope): { [name: string]: string } {
  const environment: { [name: string]: string } = {};
  for (const setting of settings) {
    const part = partOf(setting);
    const value = part === undefined ? scope.projectId : at.ref(part)?.id;
    if (value !== undefined) environment[variables[setting].name] = value;
  }
  return environment;
}

function configurationOf(declared: PlatformFunction, at: At, scope: Scope) {
  return {
    Description: declared.description,
    Runtime: declared.runtime,
    Handler: declared.handler,
    Role: at.need(`roles/${declared.name}`).arn,
    MemorySize: declared.memoryMiB,
    Timeout: declared.timeoutSeconds,
    EphemeralStorage: { Size: declared.ephemeralStorageMiB },
    Environment: { Variables: environmentOf(declared, at, scope) },
  };
}

/** Lambda works at it after its calls have ended; the engine looks again until it has. */
function state({ State, StateReason, LastUpdateStatus }: FunctionConfiguration): readonly Difference[] {
  if (State === "Failed") {
    return [
      {
        what: "state",
        is: `Failed (${StateReason ?? "no reason is given"})`,
        shouldBe: "Active",
        replace: true,
        mend: async () => {},
      },
    ];
  }
  if (State === "Pending") return [waiting("state", State, "Active")];
  return LastUpdateStatus === "InProgress" ? [waiting("last update", LastUpdateStatus, "Successful")] : [];
}

function waiting(what: string, is: string, shouldBe: string): Difference {
  return { what, is, shouldBe, mend: async () => {} };
}

function code(
  { account }: Scope,
  declared: PlatformFunction,
  name: string,
  { CodeSha256, Architectures = [] }: FunctionConfiguration,
): readonly Difference[] {
  const zip = codeOf(declared);
  const digest = createHash("sha256").update(zip).digest("base64");
  const architecture = Architectures.join(", ");
  const update = async (): Promise<void> => {
    const lambda = await account.aws.lambda();
    await lambda.updateFunctionCode({ FunctionName: name, ZipFile: zip, Architectures: [ARCHITECTURE] });
  };
  if (CodeSha256 !== digest) {
    return [
      { what: "code", is: `sha256 ${short(CodeSha256)}`, shouldBe: `sha256 ${short(digest)}`, mend: update },
    ];
  }
  return architecture === ARCHITECTURE
    ? []
    : [{ what: "architecture", is: architecture, shouldBe: ARCHITECTURE, mend: update }];
}

function short(digest: string | undefined): string {
  return digest === undefined ? "unknown" : digest.slice(0, 12);
}

/** One call mends all of these, so it is done for the first and repeated for nobody. */
function configuration(
  scope: Scope,
  declared: PlatformFunction,
  name: string,
  live: FunctionConfiguration,
  at: At,
): readonly Difference[] {
  const role = at.ref(`roles/${declared.name}`)?.arn;
  const unknown = declared.settings
    .filter((setting) => partOf(setting) !== undefined && at.ref(partOf(setting) ?? "") === undefined)
    .map((setting) => variables[setting].name);
  const fields: readonly (readonly [what: string, is: string, shouldBe: string])[] = [
    ["description", live.Description ?? "", declared.description],
    ["runtime", live.Runtime ?? "", declared.runtime],
    ["handler", live.Handler ?? "", declared.handler],
    // A role that is to be created has the name, and so the ARN, that it had.
    ["role", live.Role ?? "", role ?? live.Role ?? ""],
    ["memory", `${live.MemorySize} MiB`, `${declared.memoryMiB} MiB`],
    ["timeout", `${live.Timeout} s`, `${declared.timeoutSeconds} s`],
    ["ephemeral storage", `${live.EphemeralStorage?.Size ?? 512} MiB`, `${declared.ephemeralStorageMiB} MiB`],
    ["layers", live.Layers?.map(({ Arn }) => Arn).join(", ") || "none", "none"],
    // In a VPC it would reach neither AWS nor the internet without what nobody sets up here.
    ["VPC", live.VpcConfig?.VpcId || "none", "none"],
    ["log group", live.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`, `/aws/lambda/${name}`],
    ...environment(live.Environment?.Variables ?? {}, environmentOf(declared, at, scope), unknown),
  ];
  const wrong = fields.filter(([, is, shouldBe]) => is !== shouldBe);
  let mended: Promise<unknown> | undefined;
  const mend = async (): Promise<void> => {
    mended ??= update();
    await mended;
  };
  const update = async (): Promise<void> => {
    const lambda = await scope.account.aws.lambda();
    await lambda.updateFunctionConfiguration({
      FunctionName: name,
      ...configurationOf(declared, at, scope),
      ...(wrong.some(([what]) => what === "layers") && { Layers: [] }),
      ...(wrong.some(([what]) => what === "VPC") && { VpcConfig: { SubnetIds: [], SecurityGroupIds: [] } }),
      ...(wrong.some(([what]) => what === "log group") && {
        LoggingConfig: { ...live.LoggingConfig, LogGroup: `/aws/lambda/${name}` },
      }),
    });
  };
  return wrong.map(([what, is, shouldBe]) => ({ what, is: is === "" ? "none" : is, shouldBe, mend }));
}

/**
 * What names a thing that is not there is `unknown`: it gets its value when that is made. Values that we do not declare
 * are not shown: who put one there by hand may have put a secret into it.
 */
function environment(
  is: { readonly [name: string]: string },
  shouldBe: { readonly [name: string]: string },
  unknown: readonly string[],
): (readonly [string, string, string])[] {
  const names = [...new Set([...Object.keys(is), ...Object.keys(shouldBe)])].sort();
  return names
    .filter((name) => is[name] !== shouldBe[name] && !unknown.includes(name))
    .map((name) => [`environment ${name}`, shown(is[name], shouldBe[name]), shouldBe[name] ?? "not set"]);
}

function shown(value: string | undefined, shouldBe: string | undefined): string {
  if (value === undefined) return "not set";
  return shouldBe === undefined ? "set" : value;
}

/** Reserved for it, calls are taken from all other functions of the account. */
function concurrency({ account }: Scope, name: string, reserved: number | undefined): readonly Difference[] {
  if (reserved === undefined) return [];
  return [
    {
      what: "reserved concurrency",
      is: String(reserved),
      shouldBe: "none",
      mend: async () => {
        const lambda = await account.aws.lambda();
        await lambda.deleteFunctionConcurrency({ FunctionName: name });
      },
    },
  ];
}

function retries({ account }: Scope, name: string, is: number | undefined): readonly Difference[] {
  if (is === RETRIES) return [];
  return [
    {
      what: "retries of events",
      is: is === undefined ? "not set" : String(is),
      shouldBe: String(RETRIES),
      mend: async () => {
        const lambda = await account.aws.lambda();
        await lambda.putFunctionEventInvokeConfig({ FunctionName: name, MaximumRetryAttempts: RETRIES });
      },
    },
  ];
}

/** The file beside the running program that the build made. Its bytes are the same for the same source. */
function codeOf({ name }: PlatformFunction): Uint8Array {
  const file = functionBundle(name);
  const zip = readIfThere(file);
  if (zip !== undefined) return zip;
  throw new Failure("function-code-missing", `a file of the program is not there: "${file}"`, {
    why: "It is what the Lambda function runs, and comes with every installation of Reprod.",
    fix: "Install Reprod again; in a checkout of its source, `npm run build`.",
    place: file,
  });
}
