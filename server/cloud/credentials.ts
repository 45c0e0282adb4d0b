import { Failure } from "../base/failure.js";
import { mostSimilar } from "../language/similar.js";
import type { Account } from "./account.js";
import { type EndpointOf, endpointsOf } from "./endpoints.js";
import { awsFailure, isTransient, mfaNeeded, noSuchRegion, profileOption, whose } from "./failures.js";
import { type Credentials, make, makeClients, manners, stopped, unlessStopped } from "./make-clients.js";
import { kindOf, readSharedFiles, type Section, type SharedFiles } from "./profiles.js";
import { isRegionName } from "./regions.js";
import { keepSecret } from "./secrets.js";

export interface AccountOptions {
  /** Of `--profile` or the editor; otherwise what the environment says. */
  readonly profile?: string | undefined;
  /** Of `--region`. */
  readonly region?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** Asks a person for a code of the MFA device with this serial number. Without it, such a profile fails. */
  readonly mfa?: ((serial: string) => Promise<string>) | undefined;
  /** Ends the opening, and everything that is asked through the account later. */
  readonly signal?: AbortSignal | undefined;
}

/** Whose credentials are taken, and why these. */
export interface Chosen {
  /** Undefined for credentials without a profile. */
  readonly profile: string | undefined;
  readonly by: "argument" | "AWS_PROFILE" | "environment" | "default" | "machine";
}

/**
 * Named profile, AWS_PROFILE, credentials of the environment, profile `default`, and last what the machine itself is
 * given (a container's or an instance's role).
 */
export function chosenProfile(
  named: string | undefined,
  profiles: ReadonlyMap<string, unknown>,
  environment: NodeJS.ProcessEnv = process.env,
): Chosen {
  if (named !== undefined) return { profile: named, by: "argument" };
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = environment;
  if (AWS_PROFILE) return { profile: AWS_PROFILE, by: "AWS_PROFILE" };
  const { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN } = environment;
  if (
    (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) ||
    (AWS_WEB_IDENTITY_TOKEN_FILE && AWS_ROLE_ARN) ||
    isContainer(environment)
  ) {
    return { profile: undefined, by: "environment" };
  }
  return profiles.has("default")
    ? { profile: "default", by: "default" }
    : { profile: undefined, by: "machine" };
}

function isContainer(environment: NodeJS.ProcessEnv): boolean {
  return Boolean(
    environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || environment.AWS_CONTAINER_CREDENTIALS_FULL_URI,
  );
}

/** Region of the argument, of the environment or of the profile, in the order of AWS's own tools. */
export function chosenRegion(
  named: string | undefined,
  section: Section | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  return named ?? (environment.AWS_REGION || environment.AWS_DEFAULT_REGION || section?.region || undefined);
}

/** An open account with what only `Accounts` needs to know of it. */
export interface Opened {
  readonly account: Account;
  /** When the credentials end that were taken last; undefined for those that do not. */
  expires(): Date | undefined;
}

/**
 * Finds credentials and asks AWS whose they are. Nothing is asked twice: a code of an MFA device is asked for once, and
 * what a person did wrong fails at once. Cost: one call of STS, and what the profile needs before it.
 */
export async function openAccount(options: AccountOptions = {}): Promise<Account> {
  return (await open(options)).account;
}

export async function open(options: AccountOptions): Promise<Opened> {
  const environment = options.environment ?? process.env;
  const shared = await readSharedFiles(environment);
  const chosen = chosenProfile(options.profile, shared.profiles, environment);
  const section = sectionOf(chosen, shared);
  const region = checkedRegion(chosenRegion(options.region, section, environment), chosen.profile);
  const closed = new AbortController();
  const signal =
    options.signal === undefined ? closed.signal : AbortSignal.any([options.signal, closed.signal]);
  const endpointOf = endpointsOf(environment, section, shared.services);
  const who = { profile: chosen.profile, region };
  const source = remembered(
    await provider({ chosen, shared, region, environment, endpointOf, mfa: options.mfa, signal }),
    who,
  );
  const aws = makeClients({
    region,
    credentials: source.get,
    endpointOf,
    signal,
    close: () =>
      closed.abort(
        new Failure("cancelled", `these credentials are not in use any more: ${whose(chosen.profile)}`),
      ),
  });
  try {
    // What goes wrong with credentials is told better here than from within a call.
    await unlessStopped(source.get, signal);
    const sts = await aws.sts();
    const { Account: accountId, Arn: callerArn } = await sts.getCallerIdentity({});
    if (accountId === undefined || callerArn === undefined) {
      throw new Failure("aws-failed", `AWS did not say who this is: ${whose(chosen.profile)}`, {
        why: "What answers for STS left out the account or the caller.",
        fix: "Look at AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS.",
      });
    }
    const partition = callerArn.split(":")[1] ?? "aws";
    return {
      account: { profile: chosen.profile, region, accountId, callerArn, partition, aws },
      expires: source.expires,
    };
  } catch (error) {
    aws.destroy();
    if (options.signal?.aborted === true) throw stopped(options.signal);
    throw awsFailure(error, {
      doing: `find out who ${whose(chosen.profile)} is`,
      action: "sts:GetCallerIdentity",
      account: who,
    });
  }
}

function sectionOf({ profile, by }: Chosen, shared: SharedFiles): Section {
  if (profile === undefined) return {};
  return sectionNamed(profile, shared, by === "AWS_PROFILE" ? "AWS_PROFILE asks for it. " : "");
}

function sectionNamed(profile: string, { files, profiles }: SharedFiles, whoAsks: string): Section {
  const section = profiles.get(profile);
  if (section !== undefined) return section;
  const names = [...profiles.keys()];
  const similar = mostSimilar(profile, names);
  const there =
    names.length === 0
      ? `There are none in "${files.config}" and "${files.credentials}".`
      : `There are: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`;
  throw new Failure(
    "profile-unknown",
    `there is no AWS profile of this name: "${profile}"${similar === undefined ? "" : `, did you mean "${similar}"?`}`,
    {
      why: `${whoAsks}${there}`,
      fix: `Choose one of \`reprod profiles\`, or make it: \`aws configure${profileOption(profile)}\`.`,
    },
  );
}

function checkedRegion(region: string | undefined, profile: string | undefined): string {
  if (region === undefined) {
    throw new Failure("region-missing", `no region is named for ${whose(profile)}`, {
      why: "Every resource is in a region of AWS, and there is none to assume.",
      fix: `Give one with \`--region\` or AWS_REGION, or set it: \`aws configure set region eu-central-1${profileOption(profile)}\`.`,
    });
  }
  if (isRegionName(region)) return region;
  const { what, ...more } = noSuchRegion(region, profile);
  throw new Failure("region-unknown", what, more);
}

// ---------------------------------------------------------------- where credentials come from

interface Source {
  readonly chosen: Chosen;
  readonly shared: SharedFiles;
  readonly region: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly endpointOf: EndpointOf;
  readonly mfa: AccountOptions["mfa"];
  readonly signal: AbortSignal;
}

type Provider = () => Promise<Credentials>;

/** Parameters as the SDK's providers hand them over; it types them in packages that we do not have. */
interface RoleParameters {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: number;
  readonly ExternalId?: string;
  readonly SerialNumber?: string;
  readonly TokenCode?: string;
}

/** A provider of the SDK, with our own calls of STS in it: they go where everything else goes, as patiently. */
async function provider(source: Source): Promise<Provider> {
  const { chosen, environment } = source;
  const { sdk } = await import("./aws-sdk.js");
  const providers = await sdk.credentials();
  if (chosen.profile !== undefined) return await ofProfile(chosen.profile, source, []);
  if (chosen.by === "machine") {
    if (isOn(environment.AWS_EC2_METADATA_DISABLED)) throw nothingSetUp("it may not be asked");
    const ask = providers.fromInstanceMetadata({ timeout: 1_000, maxRetries: 1 });
    return async () => {
      try {
        return await ask();
      } catch {
        // Most machines are none of AWS: what its service of metadata answered would lead nowhere.
        throw nothingSetUp("it gives none");
      }
    };
  }
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) {
    const keys: Credentials = {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    };
    return async () => keys;
  }
  const { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME } = environment;
  if (AWS_WEB_IDENTITY_TOKEN_FILE && AWS_ROLE_ARN) {
    return providers.fromTokenFile({
      webIdentityTokenFile: AWS_WEB_IDENTITY_TOKEN_FILE,
      roleArn: AWS_ROLE_ARN,
      ...(AWS_ROLE_SESSION_NAME ? { roleSessionName: AWS_ROLE_SESSION_NAME } : {}),
      ...(await roleAssumers(source, {})),
    });
  }
  return providers.fromHttp({ timeout: 5_000, maxRetries: 2 });
}

/**
 * Of a profile, which may rest on others. The step from a source to a role is ours: the SDK asks for the code of a device
 * while it takes the source's credentials, and when those fail meanwhile, the whole process ends with them.
 */
async function ofProfile(profile: string, source: Source, above: readonly string[]): Promise<Provider> {
  const { shared } = source;
  const section = sectionNamed(
    profile,
    shared,
    above.length === 0 ? "" : `The profile "${above.at(-1)}" takes its credentials from it. `,
  );
  const { sdk } = await import("./aws-sdk.js");
  const providers = await sdk.credentials();
  const roles = await roleAssumers(source, section);
  const { role_arn: RoleArn, source_profile: below, mfa_serial: SerialNumber } = section;
  const isRole = kindOf(section) === "assume-role" && RoleArn !== undefined && below !== undefined;
  // A source that has keys of its own is asked for them, also where it could assume a role with them.
  const { role_arn, ...keysOnly } = section;
  if (above.length > 0 && kindOf(keysOnly) === "keys") return keysOf(section);
  if (isRole) {
    if (above.includes(profile)) {
      throw new Failure(
        "aws-config-broken",
        `profiles take their credentials from each other: "${profile}"`,
        {
          why: `${[...above, profile].join(" → ")}.`,
          fix: "Let one of them have credentials of its own.",
          place: shared.files.config,
        },
      );
    }
    const from = below === profile ? keysOf(section) : await ofProfile(below, source, [...above, profile]);
    return async () => {
      const credentials = await from();
      const TokenCode = SerialNumber === undefined ? undefined : await codeOf(SerialNumber, profile, source);
      return await roles.roleAssumer(credentials, {
        RoleArn,
        RoleSessionName: section.role_session_name ?? `reprod-${Date.now()}`,
        DurationSeconds: Number.parseInt(section.duration_seconds ?? "3600", 10),
        ...(section.external_id === undefined ? {} : { ExternalId: section.external_id }),
        ...(SerialNumber === undefined || TokenCode === undefined ? {} : { SerialNumber, TokenCode }),
      });
    };
  }
  const place = {
    profile,
    filepath: shared.files.credentials,
    configFilepath: shared.files.config,
    // Files change while an editor is open, and the SDK would keep what it read first.
    ignoreCache: true,
    clientConfig: (({ ignoreConfiguredEndpointUrls, region, ...rest }) => rest)(
      manners(source.region, undefined),
    ),
  };
  // Through `fromIni` it would look for the session in the default files only.
  if (kindOf(section) === "sso") return providers.fromSSO(place);
  return providers.fromIni({
    ...place,
    ...roles,
    mfaCodeProvider: (serial) => codeOf(serial, profile, source),
  });
}

/** Keys that stand in a profile itself. */
function keysOf(section: Section): Provider {
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = section;
  const { aws_session_token: sessionToken } = section;
  return async () => {
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      throw new Failure(
        "credentials-missing",
        "a profile takes its credentials from itself, and has no keys",
        {
          fix: "Name another as its source_profile, or give it keys: `aws configure`.",
        },
      );
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}

/** Asks a person for a code. */
async function codeOf(serial: string, profile: string, { mfa, signal }: Source): Promise<string> {
  if (mfa === undefined) {
    const { code, what, ...more } = mfaNeeded(profile);
    throw new Failure(code, what, more);
  }
  return (await unlessStopped(() => mfa(serial), signal)).trim();
}

function nothingSetUp(machine: string): Failure {
  return new Failure("credentials-missing", "no credentials are set up for AWS", {
    why: `There is no profile, nothing in the environment, and as for the machine's own role, ${machine}.`,
    fix: "Set a profile up with `aws configure`, or choose one with `--profile` or AWS_PROFILE.",
  });
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false";
}

async function roleAssumers({ region, endpointOf, signal }: Source, section: Section) {
  const { sdk } = await import("./aws-sdk.js");
  const Sts = await sdk.sts();
  const settings = manners(section.region ?? region, endpointOf("sts"));
  const nobody: Credentials = { accessKeyId: "", secretAccessKey: "" };
  const ask = async (credentials: Credentials, call: (sts: InstanceType<typeof Sts>) => Promise<Answer>) => {
    const sts = make(Sts, { ...settings, credentials: async () => credentials });
    try {
      const { Credentials: got } = await unlessStopped(() => call(sts), signal);
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = got ?? {};
      if (AccessKeyId === undefined || SecretAccessKey === undefined) {
        throw new Failure("aws-failed", "AWS gave no credentials for a role", {
          fix: "Look at AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS.",
        });
      }
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
        ...(Expiration === undefined ? {} : { expiration: Expiration }),
      };
    } finally {
      sts.destroy();
    }
  };
  return {
    roleAssumer: (credentials: Credentials, parameters: RoleParameters) =>
      ask(credentials, (sts) => sts.assumeRole(parameters)),
    roleAssumerWithWebIdentity: (
      parameters: Pick<RoleParameters, "RoleArn" | "RoleSessionName"> & { readonly WebIdentityToken: string },
    ) => ask(nobody, (sts) => sts.assumeRoleWithWebIdentity(parameters)),
  };
}

interface Answer {
  readonly Credentials?:
    | {
        readonly AccessKeyId: string | undefined;
        readonly SecretAccessKey: string | undefined;
        readonly SessionToken: string | undefined;
        readonly Expiration: Date | undefined;
      }
    | undefined;
}

/** New ones are taken so long before the old ones end; the SDK asks for them as early. */
const EARLY_MILLISECONDS = 5 * 60_000;

/**
 * One set of credentials for all clients. Callers at the same time share one asking. A refusal (a wrong code, an ended
 * session) is kept, so that forty calls in a row do not ask a person forty times; a broken connection is not.
 */
function remembered(take: Provider, account: { profile: string | undefined; region: string }) {
  let latest: Credentials | undefined;
  let taking: Promise<Credentials> | undefined;
  let refused: Failure | undefined;
  const remaining = (): number =>
    latest?.expiration === undefined ? Number.POSITIVE_INFINITY : latest.expiration.getTime() - Date.now();
  const renew = async (): Promise<Credentials> => {
    try {
      const taken = await take();
      keepSecret(taken.secretAccessKey);
      keepSecret(taken.sessionToken);
      latest = taken;
      return taken;
    } catch (error) {
      if (latest !== undefined && remaining() > 0) return latest;
      const failure = awsFailure(error, {
        doing: `get credentials from ${whose(account.profile)}`,
        action: "sts:AssumeRole",
        account,
      });
      if (!isTransient(failure)) refused = failure;
      throw failure;
    } finally {
      taking = undefined;
    }
  };
  return {
    get: async (): Promise<Credentials> => {
      if (refused !== undefined) throw refused;
      if (latest !== undefined && remaining() > EARLY_MILLISECONDS) return latest;
      taking ??= renew();
      return await taking;
    },
    expires: () => latest?.expiration,
  };
}
