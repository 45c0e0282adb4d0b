import { Failure } from "../base/failure.js";
import { mostSimilar } from "../language/similar.js";
import type { Account } from "./account.js";
import { type EndpointOf, endpointsOf } from "./endpoints.js";
import {
  awsFailure,
  type Doing,
  isTransient,
  mfaNeeded,
  noSuchRegion,
  type Origin,
  profileOption,
  providerFailure,
  whose,
} from "./failures.js";
import { type Credentials, make, makeClients, manners, stopped, unlessStopped } from "./make-clients.js";
import {
  type CredentialKind,
  hasOwnKeys,
  kindOf,
  LOOP_FIX,
  placeOf,
  readSharedFiles,
  type Section,
  type SharedFiles,
  whatIsMissing,
} from "./profiles.js";
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
  const who = {
    profile: chosen.profile,
    region,
    kind: chosen.profile === undefined ? undefined : kindOf(section),
  };
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

function sectionNamed(profile: string, { files, profiles, beyondUs }: SharedFiles, whoAsks: string): Section {
  const section = profiles.get(profile);
  if (section !== undefined) return section;
  const unread = beyondUs.get(profile);
  if (unread !== undefined) {
    throw new Failure("profile-unknown", `this AWS profile cannot be used as it is written: "${profile}"`, {
      why: `${whoAsks}${sentenceOf(unread.message)}`,
      fix: unread.fix,
      place: unread.place,
    });
  }
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

/** `it lacks x` as a sentence. */
function sentenceOf(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}${words.endsWith("?") ? "" : "."}`;
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

/** Where credentials come from, with our own calls of STS in it: they go where everything else goes, as patiently. */
async function provider(source: Source): Promise<Provider> {
  const { chosen, environment, region } = source;
  const { sdk } = await import("./aws-sdk.js");
  const providers = await sdk.credentials();
  if (chosen.profile !== undefined) return await ofProfile(chosen.profile, source, []);
  if (chosen.by === "machine") return await ofMachine(environment, nothingSetUp);
  const keys = keysOfEnvironment(environment);
  if (keys !== undefined) return async () => keys;
  const { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME } = environment;
  const origin = { profile: undefined, region };
  if (AWS_WEB_IDENTITY_TOKEN_FILE && AWS_ROLE_ARN) {
    const roles = await roleAssumers(source, {});
    return toldBy({ ...origin, kind: "web-identity", place: "AWS_WEB_IDENTITY_TOKEN_FILE" }, () =>
      providers.fromTokenFile({
        webIdentityTokenFile: AWS_WEB_IDENTITY_TOKEN_FILE,
        roleArn: AWS_ROLE_ARN,
        ...(AWS_ROLE_SESSION_NAME ? { roleSessionName: AWS_ROLE_SESSION_NAME } : {}),
        ...roles,
      }),
    );
  }
  return await ofContainer({ ...origin, kind: undefined, place: undefined });
}

/** A provider of the SDK that fails in our words. Some fail as they are made. */
function toldBy(origin: Origin, make: () => Provider): Provider {
  return async () => {
    try {
      return await make()();
    } catch (error) {
      throw providerFailure(error, origin);
    }
  };
}

function keysOfEnvironment(environment: NodeJS.ProcessEnv): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}

async function ofContainer(origin: Origin): Promise<Provider> {
  const { sdk } = await import("./aws-sdk.js");
  const providers = await sdk.credentials();
  return toldBy(origin, () => providers.fromHttp({ timeout: 5_000, maxRetries: 2 }));
}

async function ofMachine(
  environment: NodeJS.ProcessEnv,
  none: (machine: string) => Failure,
): Promise<Provider> {
  const { sdk } = await import("./aws-sdk.js");
  const providers = await sdk.credentials();
  if (isOn(environment.AWS_EC2_METADATA_DISABLED)) throw none("it may not be asked");
  const ask = providers.fromInstanceMetadata({ timeout: 1_000, maxRetries: 1 });
  return async () => {
    try {
      return await ask();
    } catch {
      // Most machines are none of AWS: what its service of metadata answered would lead nowhere.
      throw none("it gives none");
    }
  };
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
  const kind = kindOf(section);
  // A source that has keys of its own is asked for them, also where it could assume a role with them.
  if (above.length > 0 && hasOwnKeys(section)) return keysOf(section);
  const missing = whatIsMissing(profile, shared);
  if (missing !== undefined) {
    throw new Failure("credentials-missing", `no credentials could be had from ${whose(profile)}`, {
      why: sentenceOf(missing.message),
      fix: /^aws /.test(missing.fix) ? `Set it up: \`${missing.fix}\`.` : missing.fix,
      place: placeOf(shared, profile, ...SAYING[kind]),
    });
  }
  const { role_arn: RoleArn, mfa_serial: SerialNumber } = section;
  if (kind === "assume-role" && RoleArn !== undefined) {
    const { from, signedBy } = await sourceOfRole(profile, section, source, above);
    return async () => {
      const credentials = await from();
      const TokenCode = SerialNumber === undefined ? undefined : await codeOf(SerialNumber, profile, source);
      try {
        return await roles.roleAssumer(credentials, {
          RoleArn,
          RoleSessionName: section.role_session_name ?? `reprod-${Date.now()}`,
          DurationSeconds: Number.parseInt(section.duration_seconds ?? "3600", 10),
          ...(section.external_id === undefined ? {} : { ExternalId: section.external_id }),
          ...(SerialNumber === undefined || TokenCode === undefined ? {} : { SerialNumber, TokenCode }),
        });
      } catch (error) {
        throw awsFailure(error, {
          doing: `get credentials from ${whose(profile)}`,
          action: "sts:AssumeRole",
          account: { profile, region: source.region, kind },
          signedBy,
        });
      }
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
  const origin = { profile, region: source.region, kind, place: placeOf(shared, profile, ...SAYING[kind]) };
  // Through `fromIni` it would look for the session in the default files only.
  return toldBy(origin, () =>
    kind === "sso" ? providers.fromSSO(place) : providers.fromIni({ ...place, ...roles }),
  );
}

/** The keys of a profile that say where its credentials come from, with the one first that is most likely wrong. */
const SAYING: { readonly [Kind in CredentialKind]: readonly string[] } = {
  keys: ["aws_access_key_id"],
  sso: ["sso_session", "sso_start_url"],
  login: ["login_session"],
  "assume-role": ["credential_source", "source_profile", "role_arn"],
  "web-identity": ["web_identity_token_file"],
  process: ["credential_process"],
  unknown: ["role_arn", "aws_access_key_id", "aws_secret_access_key"],
};

/** What a role is assumed with. */
async function sourceOfRole(
  profile: string,
  section: Section,
  source: Source,
  above: readonly string[],
): Promise<{ readonly from: Provider; readonly signedBy: Pick<Origin, "profile" | "kind"> }> {
  const { shared, environment, region } = source;
  const { source_profile: below } = section;
  if (below !== undefined) {
    const loop = above.includes(profile) ? [...above, profile] : undefined;
    if (loop !== undefined) {
      throw new Failure(
        "aws-config-broken",
        `profiles take their credentials from each other: "${profile}"`,
        { why: `${loop.join(" → ")}.`, fix: LOOP_FIX, place: placeOf(shared, profile, "source_profile") },
      );
    }
    const from = below === profile ? keysOf(section) : await ofProfile(below, source, [...above, profile]);
    return { from, signedBy: { profile: below, kind: kindOfSource(shared.profiles.get(below) ?? {}) } };
  }
  const signedBy = { profile: undefined, kind: undefined };
  const none = (why: string, fix: string): Failure =>
    new Failure("credentials-missing", `no credentials could be had from ${whose(profile)}`, {
      why,
      fix,
      place: placeOf(shared, profile, "credential_source"),
    });
  const another = `or name another source: \`aws configure set credential_source …${profileOption(profile)}\`.`;
  switch (section.credential_source) {
    case "Environment": {
      const keys = keysOfEnvironment(environment);
      if (keys !== undefined) return { from: async () => keys, signedBy };
      throw none(
        "Its credential_source is Environment, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set.",
        `Set them, ${another}`,
      );
    }
    case "EcsContainer": {
      const origin = {
        profile,
        region,
        kind: undefined,
        place: placeOf(shared, profile, "credential_source"),
      };
      if (isContainer(environment)) return { from: await ofContainer(origin), signedBy };
      throw none(
        "Its credential_source is EcsContainer, and no variable of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI is set.",
        `Start it in a container of ECS that has a role, ${another}`,
      );
    }
    default: {
      const from = await ofMachine(environment, (machine) =>
        none(
          `Its credential_source is Ec2InstanceMetadata, and as for this machine's own role, ${machine}.`,
          `Start it on a machine of EC2 that has a role, ${another}`,
        ),
      );
      return { from, signedBy };
    }
  }
}

/** As what a source is asked: with keys of its own it is not asked for its role. */
function kindOfSource(section: Section): CredentialKind {
  return hasOwnKeys(section) ? "keys" : kindOf(section);
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
  // Devices show it in two groups.
  const typed = (await unlessStopped(() => mfa(serial), signal)).replace(/\s+/g, "");
  if (typed !== "") return typed;
  throw new Failure("mfa-needed", `no code of the MFA device was given for ${whose(profile)}`, {
    why: `The profile assumes a role that asks for the code of "${serial}".`,
    fix: "Try again when the device is at hand, and type the six digits that it shows.",
  });
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
function remembered(take: Provider, account: NonNullable<Doing["account"]>) {
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
