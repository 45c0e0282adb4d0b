import { Failure, systemCode } from "../base/failure.js";
import { mostSimilar } from "../language/similar.js";
import { actionBehind } from "./actions.js";
import type { CredentialKind } from "./profiles.js";
import { isKnownRegion, isOptInRegion, knownRegions } from "./regions.js";
import { withoutSecrets } from "./secrets.js";

export { withoutSecrets } from "./secrets.js";

/** What was asked of AWS, and by whom, when it failed. */
export interface Doing {
  /** What was to be done, after "AWS did not let us": `make the VPC`. An action (`s3:CreateBucket`) does as well. */
  readonly doing: string;
  /** The permission that it needs, where neither AWS says it nor the client that was asked: `s3:CreateBucket`. */
  readonly action?: string;
  /** Who asked, as far as it is known. */
  readonly account?: {
    readonly profile?: string | undefined;
    readonly region?: string | undefined;
    readonly accountId?: string | undefined;
    readonly callerArn?: string | undefined;
    /** How the profile comes to its credentials, which decides what helps. */
    readonly kind?: CredentialKind | undefined;
  };
  /** Whose keys signed it, where they are not the account's: a role is assumed with another profile's. */
  readonly signedBy?: Signer;
}

interface Signer {
  readonly profile?: string | undefined;
  readonly kind?: CredentialKind | undefined;
}

// ---------------------------------------------------------------- what errors of the SDK are made of

interface Facts {
  /** `AccessDenied`, `InvalidVpcID.NotFound`; empty for what is no error of a service. */
  readonly name: string;
  readonly message: string;
  /** Of the answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Of Node.js: `ENOTFOUND`. */
  readonly system: string | undefined;
  readonly host: string | undefined;
  /** Whether there was an answer that the SDK could make nothing of. Its message quotes pieces of such an answer. */
  readonly unreadable: boolean;
  /** Whether AWS, the way there or the SDK made it; false for defects of ours. */
  readonly ofAws: boolean;
}

/** All that is known of an error. A failure that was made from one knows it by its cause. */
function factsOf(error: unknown): Facts {
  if (error instanceof Failure && error.cause !== undefined) return factsOf(error.cause);
  if (!(error instanceof Error)) {
    return {
      name: "",
      message: String(error),
      status: undefined,
      requestId: undefined,
      system: undefined,
      host: undefined,
      unreadable: false,
      ofAws: false,
    };
  }
  const metadata = member(error, "$metadata");
  // Providers of credentials turn the errors of their own calls into text.
  const isProvider = PROVIDER_ERRORS.has(error.name);
  const refusal = isProvider ? PROXY_REFUSAL.exec(error.message)?.[1] : undefined;
  const system =
    systemOf(error) ??
    (refusal === undefined ? undefined : PROXY) ??
    (isProvider ? networkCodeIn(error.message) : undefined);
  // The SDK names the error as the service did; `Code` is what S3 and EC2 wrote.
  const written = text(member(error, "Code"));
  const name = error.name !== "Error" && error.name !== "" ? error.name : (written ?? error.name);
  const status =
    number(member(metadata, "httpStatusCode")) ?? number(member(member(error, "$response"), "statusCode"));
  const isAnswer = metadata !== undefined || status !== undefined;
  return {
    name,
    message: refusal ?? error.message,
    status,
    requestId: text(member(metadata, "requestId")),
    system,
    host: hostOf(error),
    unreadable:
      status !== undefined &&
      (/^(?:SyntaxError|TypeError)$/.test(name) || error.message.includes(UNREADABLE)),
    ofAws:
      isAnswer ||
      system !== undefined ||
      isProvider ||
      error.name === "TimeoutError" ||
      error.name === "AbortError",
  };
}

const PROVIDER_ERRORS = new Set(["CredentialsProviderError", "ProviderError", "TokenProviderError"]);

/** What the SDK adds to the message of whatever its reader of answers ended with. */
const UNREADABLE = "Deserialization error";

/** `ProxyRefused` as a provider writes it into its own message. */
const PROXY_REFUSAL = /^ProxyRefused: (it answered with \d{3}[A-Za-z -]*)$/;

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The code of the system, looked for behind what wraps it: happy eyeballs collect one error an address. */
function systemOf(error: Error): string | undefined {
  const own = systemCode(error);
  if (own !== undefined && isNetworkCode(own)) return own;
  const below = [error.cause, ...(error instanceof AggregateError ? error.errors : [])];
  for (const other of below) {
    const found = other instanceof Error ? systemOf(other) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a connection was to go, as far as the error says. */
function hostOf(error: Error): string | undefined {
  const address = text(member(error, "address"));
  const port = number(member(error, "port"));
  if (address !== undefined) return port === undefined ? address : `${address}:${port}`;
  return text(member(error, "hostname"));
}

const UNREACHABLE = new Set([
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

const TLS =
  /^(?:CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS_|ERR_SSL_|EPROTO$|HOSTNAME_MISMATCH)/;

/** Of `ProxyRefused`. */
const PROXY = "EPROXY";

function networkCodeIn(message: string): string | undefined {
  return message.match(/\bE[A-Z_]{4,}\b/g)?.find((code) => UNREACHABLE.has(code));
}

function isNetworkCode(code: string): boolean {
  return UNREACHABLE.has(code) || TLS.test(code) || code === PROXY;
}

// ---------------------------------------------------------------- kinds that code decides by

/** `Throttling` of every service. A quota of resources (`VpcLimitExceeded`) is none: waiting does not help. */
export function isThrottle(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return THROTTLES.test(name) || status === 429;
}

const THROTTLES =
  /^(?:Throttl\w*|RequestThrottled(?:Exception)?|RequestLimitExceeded|BandwidthLimitExceeded|TooManyRequests(?:Exception)?|SlowDown|PriorRequestNotComplete|EC2ThrottledException|ProvisionedThroughputExceededException|TransactionInProgressException|LimitExceededException\.Throttling)$/;

/** What may go well when it is asked again: throttling, 5xx, connections that broke, answers that never came. */
export function isTransient(error: unknown): boolean {
  const facts = factsOf(error);
  if (isThrottle(error)) return true;
  if (facts.system !== undefined) return UNREACHABLE.has(facts.system);
  if (facts.status !== undefined && facts.status >= 500) return true;
  return TRANSIENT_NAMES.has(facts.name);
}

const TRANSIENT_NAMES = new Set([
  "TimeoutError",
  "RequestTimeout",
  "RequestTimeoutException",
  "InternalError",
  "InternalFailure",
  "InternalServerError",
  "InternalServiceError",
  "InternalServiceException",
  "ServerException",
  "ServiceException",
  "ServiceFailure",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "Unavailable",
  "IDPCommunicationError",
]);

/**
 * What was asked for is not there, in the words of every service. A bare 404 is none of it: a wrong endpoint answers
 * so too. Only S3's HEAD has nothing but the status, and the SDK names it `NotFound`.
 */
export function isNotThere(error: unknown): boolean {
  const { name, message } = factsOf(error);
  if (NOT_THERE.test(name)) return true;
  if (name === "ClientException" || name === "InvalidParameterException" || name === "ClientError") {
    return /unable to describe task definition|does not exist|could not be found|not found|not exists?\b/i.test(
      message,
    );
  }
  return false;
}

const NOT_THERE =
  /NotFound(?:Exception|Error|Fault)?$|^NoSuch\w+$|DoesNotExist(?:Exception)?$|^Gateway\.NotAttached$/;

/**
 * What AWS has taken, and does not know everywhere yet: fresh roles and instance profiles, changes that go on. Worth
 * waiting for, up to a minute (engine-rules.md F3). `isNotThere` counts as well, for who knows that the thing is fresh.
 */
export function isNotReadyYet(error: unknown): boolean {
  const { name, message } = factsOf(error);
  if (NOT_READY_NAMES.has(name)) return true;
  if (
    name === "ResourceConflictException" ||
    name === "ConflictException" ||
    name === "InvalidRequestException"
  ) {
    // Lambda and API Gateway say so of something that exists too: that is no matter of time.
    return /in progress|pending|currently|at this time|try again/i.test(message);
  }
  if (
    /cannot be assumed|unable to assume|not authorized to (?:perform: sts:AssumeRole|assume)/i.test(message)
  )
    return name !== "AccessDenied" || /cannot be assumed|unable to assume/i.test(message);
  if (/invalid iam instance profile|iamInstanceProfile\.(?:name|arn) is invalid/i.test(message)) return true;
  if (/^MalformedPolicy(?:Document(?:Exception)?)?$/.test(name)) return /invalid principal/i.test(message);
  if (/^Invalid(?:ParameterValue(?:Exception)?|ParameterException|Argument)$/.test(name)) {
    return /\brole\b.*(?:invalid|not exist|assum|validat|permissions)|instance profile|service.linked role/i.test(
      message,
    );
  }
  return false;
}

const NOT_READY_NAMES = new Set([
  "ConcurrentModification",
  "ConcurrentModificationException",
  "IncorrectState",
  "IncorrectInstanceState",
  "InvalidInstanceProfile",
  "OperationAborted",
  "OperationAbortedException",
  "ResourceNotReadyException",
  "UpdateInProgressException",
  "EntityTemporarilyUnmodifiable",
  "EntityTemporarilyUnmodifiableException",
  "ConditionalRequestConflict",
]);

/** Something uses what was to be removed: worth waiting for when the user is being removed itself. */
export function isStillUsed(error: unknown): boolean {
  const { name, message } = factsOf(error);
  if (STILL_USED.test(name)) return true;
  return (
    (name === "ClientException" ||
      name === "InvalidRequestException" ||
      name === "ResourceConflictException") &&
    /found existing|is in use|being (?:modified|used|deleted)|relationship|still (?:used|has)/i.test(message)
  );
}

const STILL_USED =
  /^(?:DependencyViolation|DeleteConflict(?:Exception)?|ResourceInUse(?:Exception)?|Invalid\w+\.InUse|(?:VPC)?\w*\.InUse|ClusterContains\w+|BucketNotEmpty|RepositoryNotEmptyException)$/;

// ---------------------------------------------------------------- from an error to what a person reads

/**
 * What a person is told of an error of AWS, of the way there, or of the SDK. No key, token or signature is in it. What
 * is no such error is thrown on: it is a defect of ours, and must not look like one of AWS.
 */
export function awsFailure(error: unknown, doing: Doing): Failure {
  if (error instanceof Failure) return error;
  const facts = factsOf(error);
  if (!facts.ofAws) throw error;
  const action = actionBehind(error) ?? doing.action;
  return failureOf(describe(facts, action === undefined ? doing : { ...doing, action }), facts);
}

function failureOf({ code, what, why, fix }: Told, facts: Facts, place?: string): Failure {
  return new Failure(code, withoutSecrets(what), {
    ...(why === undefined ? {} : { why: withoutSecrets(why) }),
    ...(fix === undefined ? {} : { fix: withoutSecrets(fix) }),
    ...(place === undefined ? {} : { place }),
    cause: cleanCause(facts),
  });
}

/** What is left of the error for `isThrottle` and its sisters: no request, no answer, no header. */
function cleanCause(facts: Facts): Error {
  const { name, status, requestId, system, host } = facts;
  const cause = new Error(quotable(facts));
  cause.name = name;
  return Object.assign(cause, {
    ...(status === undefined && requestId === undefined
      ? {}
      : { $metadata: { httpStatusCode: status, requestId } }),
    ...(system === undefined ? {} : { code: system }),
    ...(host === undefined ? {} : { hostname: host }),
  });
}

/** The message where it is AWS's; a provider's may hold what a program printed, an unreadable answer's a piece of it. */
function quotable({ name, message, unreadable }: Facts): string {
  if (unreadable) return UNREADABLE;
  return PROVIDER_ERRORS.has(name) ? "" : withoutSecrets(message);
}

/** Where credentials were to come from. */
export interface Origin {
  /** Undefined for what a container or the environment names. */
  readonly profile: string | undefined;
  readonly region: string;
  readonly kind: CredentialKind | undefined;
  /** Where it is written. */
  readonly place: string | undefined;
}

/**
 * What a person is told when a provider of the SDK gave no credentials. Its words are not repeated, as the SDK writes the
 * command line and the output of programs into them, and pieces of files.
 */
export function providerFailure(error: unknown, origin: Origin): Failure {
  if (error instanceof Failure) return error;
  const { profile, kind, place } = origin;
  const at = place === undefined ? {} : { place };
  const what = `no credentials could be had from ${whose(profile)}`;
  const message = error instanceof Error ? error.message : "";
  if (kind === "process") {
    return new Failure("credentials-missing", what, {
      why: processProblem(message, profile),
      fix: "Run what `credential_process` names by hand: it has to print credentials as JSON. Neither its arguments nor its output are shown here, as they may hold secrets.",
      ...at,
    });
  }
  const code = systemCode(error);
  if (kind === "web-identity" && code !== undefined && !isNetworkCode(code)) {
    const file = text(member(error, "path"));
    return new Failure("credentials-missing", what, {
      why: `${unreadableToken(file, code)}.`,
      fix: TOKEN_FILE_FIX,
      ...at,
    });
  }
  const facts = factsOf(error);
  const told = facts.ofAws
    ? describe(facts, {
        doing: `get credentials from ${whose(profile)}`,
        ...(kind === "web-identity" && { action: "sts:AssumeRoleWithWebIdentity" }),
        account: origin,
      })
    : noneFrom(origin);
  // A session that has ended is not mended in the file.
  return failureOf(told, facts, told.code === "credentials-missing" ? place : undefined);
}

/** What the SDK says of a program's output in words of its own; all else may be words of the program. */
function processProblem(message: string, profile: string | undefined): string {
  const program = "The program of `credential_process`";
  const own = message.startsWith(`Profile ${profile} credential_process `)
    ? message.slice(`Profile ${profile} credential_process `.length)
    : "";
  switch (own) {
    case "returned invalid JSON.":
      return `${program} printed something else than JSON.`;
    case "did not return Version 1.":
      return `${program} printed JSON without "Version": 1.`;
    case "returned invalid credentials.":
      return `${program} printed JSON without AccessKeyId and SecretAccessKey.`;
    case "returned expired credentials.":
      return `${program} printed credentials that have expired.`;
    default:
      return `${program} failed.`;
  }
}

/** Of the file with the token of a web identity, by the code of the system. */
export function unreadableToken(file: string | undefined, code: string): string {
  const reason =
    code === "ENOENT" || code === "ENOTDIR"
      ? "it is not there"
      : code === "EISDIR"
        ? "it is a folder"
        : code === "EACCES" || code === "EPERM"
          ? "this user may not read it"
          : code;
  return `the file of web_identity_token_file cannot be read, ${reason}${file === undefined ? "" : `: "${file}"`}`;
}

export const TOKEN_FILE_FIX =
  "Correct the path, or start what writes the token: such files belong to machines that are given one, as in Kubernetes or CI.";

interface Told {
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
}

function describe(facts: Facts, doing: Doing): Told {
  return (
    ofNetwork(facts, doing) ??
    ofUnreadable(facts, doing) ??
    ofCredentials(facts, doing) ??
    ofPermission(facts, doing) ??
    ofLimits(facts, doing) ??
    ofTheRest(facts, doing)
  );
}

function ofNetwork(facts: Facts, { account }: Doing): Told | undefined {
  const { system, host } = facts;
  if (facts.name === "AbortError") return { code: "cancelled", what: "asking AWS was cancelled" };
  if (system === "ENOTFOUND" && account?.region !== undefined && !isKnownRegion(account.region)) {
    return noSuchRegion(account.region, account.profile);
  }
  if (system !== undefined && TLS.test(system)) {
    return {
      code: "aws-unreachable",
      what: `no trusted connection to AWS could be made${host === undefined ? "" : `: "${host}"`}`,
      why: `The certificate or the protocol of the other side was refused (${system}). A proxy that looks into connections does this.`,
      fix: "Name the proxy's certificate in NODE_EXTRA_CA_CERTS, or let connections to AWS through.",
    };
  }
  if (system === PROXY) {
    return {
      code: "aws-unreachable",
      what: "the proxy let no connection through to AWS",
      why: `HTTPS_PROXY or ALL_PROXY names it, and ${facts.message}.`,
      fix: facts.message.includes("407")
        ? "It wants to know who asks: write HTTPS_PROXY as http://name:password@host:port."
        : "Ask who runs it, or name the services in NO_PROXY when AWS can be reached without it.",
    };
  }
  if (system !== undefined || facts.name === "TimeoutError") {
    return {
      code: "aws-unreachable",
      what: `AWS cannot be reached${host === undefined ? "" : `: "${host}"`}`,
      why: `${reasonOf(system)} (${system ?? "no answer in time"}).`,
      fix: "Look at the network, at VPN and firewall, at HTTPS_PROXY when there is a proxy, and at AWS_ENDPOINT_URL when it is set.",
    };
  }
  return undefined;
}

/** A page in place of an answer. Of a server that failed it is no wonder, and told as its failure. */
function ofUnreadable({ unreadable, status }: Facts, { doing }: Doing): Told | undefined {
  if (!unreadable || status === undefined || status === 429 || status >= 500) return undefined;
  return {
    code: "aws-failed",
    what: `what answered was not AWS, or AWS answered brokenly, so this was not done: "${doing}"`,
    why: `There was an answer (${status}), and none in a form that AWS's services have: a proxy, a network's sign-in page or another program gives such ones.`,
    fix: "Look at AWS_ENDPOINT_URL and its sisters when they are set, at HTTPS_PROXY when there is a proxy, and whether the network asks for a sign-in. If AWS itself answers so, try again later.",
  };
}

function reasonOf(system: string | undefined): string {
  switch (system) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "The name has no address";
    case "ECONNREFUSED":
      return "Nothing listens there";
    case undefined:
    case "ETIMEDOUT":
      return "There was no answer in time";
    case "ECONNRESET":
    case "ECONNABORTED":
    case "EPIPE":
      return "The connection was cut";
    default:
      return "There is no way to it";
  }
}

/** A region that nobody knows, with what it may have been meant to be. */
export function noSuchRegion(region: string, profile: string | undefined): Told {
  const similar = mostSimilar(region, knownRegions);
  const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
  return {
    code: "region-unknown",
    what: `there is no such region: "${region}"${hint}`,
    why: "Neither is it known, nor does its address exist.",
    fix: `Give another with \`--region\`, or set it: \`aws configure set region ${similar ?? "eu-central-1"}${profileOption(profile)}\`.`,
  };
}

/** ` --profile x`, or nothing for the environment's own credentials. */
export function profileOption(profile: string | undefined): string {
  if (profile === undefined) return "";
  return ` --profile ${/^[\w.@+-]+$/.test(profile) ? profile : `'${profile.replaceAll("'", "'\\''")}'`}`;
}

/** `profile "x"` or `the environment`: whose credentials are meant. */
export function whose(profile: string | undefined): string {
  return profile === undefined ? "the environment" : `profile "${profile}"`;
}

function ofCredentials(facts: Facts, { account, signedBy = account }: Doing): Told | undefined {
  const { name, message } = facts;
  const profile = account?.profile;
  const signatureOld = /signature (?:expired|not yet current)|too skewed/i.test(message);
  if (/^RequestTimeTooSkewed$|^RequestExpired$|^RequestInTheFuture$/.test(name) || signatureOld) {
    return {
      code: "clock-wrong",
      what: "the clock of this machine differs too much from AWS's",
      why: "AWS takes a request only within a few minutes of the time that was signed into it.",
      fix: "Set the clock: `timedatectl set-ntp true` on Linux, Date & Time in the settings of others.",
    };
  }
  if (/^ExpiredToken(?:Exception)?$|^TokenRefreshRequired$|^UnauthorizedSSOTokenError$/.test(name))
    return expired(signedBy);
  if (PROVIDER_ERRORS.has(name)) return ofProvider(message, account);
  if (
    /MultiFactorAuthentication failed/i.test(message) ||
    (name === "ValidationError" && /\btokenCode\b/i.test(message))
  ) {
    return {
      code: "mfa-wrong",
      what: `the code of the MFA device was not taken for ${whose(profile)}`,
      why: "It is the six digits that the device shows. Each code is valid for half a minute, and only once.",
      fix: "Wait for the next code and try again.",
    };
  }
  if (REFUSED_KEYS.test(name)) {
    const region = account?.region;
    if (region !== undefined && isOptInRegion(region)) {
      return {
        code: "region-unknown",
        what: `AWS does not take the keys of ${whose(signedBy?.profile)} in this region: "${region}"`,
        why: "An account has to enable this region before it can be used. Deleted keys look the same.",
        fix: "Enable it in the AWS console (Account, AWS Regions), or choose another region.",
      };
    }
    return {
      code: "credentials-refused",
      what: `AWS does not know the keys of ${whose(signedBy?.profile)}`,
      why: `They were deleted or mistyped, or belong to another part of AWS than the region "${region ?? "?"}" (${name}).`,
      fix: rightKeys(signedBy),
    };
  }
  return undefined;
}

const REFUSED_KEYS =
  /^(?:InvalidClientTokenId|UnrecognizedClient(?:Exception)?|AuthFailure|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature(?:Exception)?|InvalidToken|OptInRequired|MissingAuthenticationToken(?:Exception)?)$/;

/** By the words of the SDK's providers, of which only those are repeated that are AWS's own. */
function ofProvider(message: string, account: Doing["account"]): Told {
  const { profile, kind } = account ?? {};
  const isSso = kind === "sso" || (kind === undefined && /\bsso\b|^\w+Exception\b/i.test(message));
  // Only what a service answered begins so; what a program wrote never comes here.
  const said = isSso && /^\w+Exception\b/.test(message) ? message : undefined;
  if (said?.startsWith("ForbiddenException")) {
    return {
      code: "access-denied",
      what: `AWS does not allow this: "get credentials from ${whose(profile)}"`,
      why: sentence(said),
      fix: "Ask who administers the account to assign you the role that the profile names, or choose another profile.",
    };
  }
  if (said?.startsWith("UnauthorizedException")) return expired({ profile, kind: "sso" });
  if (said !== undefined) return noneFrom({ profile, kind }, said);
  if (isSso && /expired|invalid|not found|refresh|login/i.test(message)) {
    return expired({ profile, kind: "sso" });
  }
  if (kind === "login" || (kind === undefined && /login session|reauthenticate|aws login/i.test(message))) {
    if (/insufficient permissions/i.test(message)) {
      return {
        code: "access-denied",
        what: 'AWS does not allow this: "signin:CreateOAuth2Token"',
        why: `The sign-in of ${whose(profile)} may not be renewed by who signed in.`,
        fix: "Ask who administers the account to allow it, or choose another profile.",
      };
    }
    return expired({ profile, kind: "login" });
  }
  return noneFrom({ profile, kind });
}

function noneFrom({ profile, kind }: Signer, said?: string): Told {
  const code = "credentials-missing";
  const what = `no credentials could be had from ${whose(profile)}`;
  const why = said === undefined ? {} : { why: sentence(said) };
  if (profile === undefined) {
    return {
      code,
      what,
      why: "What the environment names for it gave none.",
      fix: "Look at the variables that begin with AWS_CONTAINER_ and AWS_WEB_IDENTITY_, or choose a profile with `--profile`.",
    };
  }
  const look = "Look at the profile with `reprod profiles`";
  const how = kind === undefined ? undefined : SETTING_UP[kind];
  return {
    code,
    what,
    ...why,
    fix: how === undefined ? `${look}.` : `${look}, or set it up: \`${how}${profileOption(profile)}\`.`,
  };
}

/** The command that writes such a profile, where there is one. */
const SETTING_UP: { readonly [Kind in CredentialKind]?: string } = {
  keys: "aws configure",
  unknown: "aws configure",
  sso: "aws configure sso",
  login: "aws login",
};

function expired(signer: Signer | undefined): Told {
  return {
    code: "credentials-expired",
    what: `the credentials of ${whose(signer?.profile)} have expired`,
    fix: renewal(signer ?? {}),
  };
}

function renewal({ profile, kind = "unknown" }: Signer): string {
  if (profile === undefined) {
    return "Get new ones into the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.";
  }
  const option = profileOption(profile);
  switch (kind) {
    case "sso":
      return `Sign in again: \`aws sso login${option}\`.`;
    case "login":
      return `Sign in again: \`aws login${option}\`.`;
    case "keys":
      return "Get new ones, and put them into the profile: aws_access_key_id, aws_secret_access_key and, if they come with one, aws_session_token.";
    case "process":
      return "Sign in again with the program that its `credential_process` names, and look at what it prints.";
    case "web-identity":
      return "What writes the file of its web_identity_token_file has to renew the token.";
    case "assume-role":
    case "unknown":
      return `Sign in again (\`aws sso login${option}\`), or enter new keys (\`aws configure${option}\`).`;
  }
}

function rightKeys(signer: Signer | undefined): string {
  const { profile, kind = "keys" } = signer ?? {};
  if (profile === undefined) {
    return "Make new ones in the AWS console, and put them into the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN only for keys that come with one.";
  }
  switch (kind) {
    case "sso":
    case "login":
    case "process":
      return renewal({ profile, kind });
    case "assume-role":
    case "web-identity":
      return "Try again, for new ones of the role, and look at `region` and AWS_ENDPOINT_URL.";
    case "keys":
    case "unknown":
      return `Make new ones in the AWS console, and enter them: \`aws configure${profileOption(profile)}\`.`;
  }
}

export function mfaNeeded(profile: string | undefined): Told {
  return {
    code: "mfa-needed",
    what: `a code of the MFA device is needed for ${whose(profile)}`,
    why: "The profile assumes a role that asks for one, and there is nobody here to type it.",
    fix: "Start the command at a terminal, or choose the profile in the editor: both ask for the code.",
  };
}

function ofPermission(facts: Facts, { doing, action, account }: Doing): Told | undefined {
  const { name, message } = facts;
  // The answer to a HEAD has no body, and so no name.
  const denied =
    DENIED.test(name) ||
    (facts.status === 403 &&
      (/^(?:Unknown\w*|\d*|Error)$/.test(name) ||
        /not authorized|access ?denied|forbidden/i.test(`${name} ${message}`)));
  if (!denied) return undefined;
  const clean = message.replace(/\s*Encoded authorization failure message:\s*\S+/i, "");
  const said =
    /(?:User|Principal): (\S+) is not authorized to perform: ([\w*-]+:[\w*]+)(?: on resource: (\S+))?(?:,? (because [\s\S]*))?/.exec(
      clean,
    );
  const [, by, what, on, because] = said ?? [];
  const asked = what ?? action ?? (/^[a-z0-9-]+:[A-Z]\w+$/.test(doing) ? doing : undefined);
  const who = by ?? account?.callerArn;
  const resource = on === undefined ? "" : ` on "${on.replace(/[.,;]$/, "")}"`;
  const reason = because === undefined ? "" : `, ${because.trim().replace(/\.$/, "")}`;
  const denier = /explicit deny/i.test(clean)
    ? " A policy forbids it explicitly: allowing it elsewhere does not help, the denial has to go."
    : "";
  return {
    code: "access-denied",
    what: `AWS does not allow this: "${asked ?? doing}"`,
    why:
      asked === undefined
        ? `${who ?? `Who ${whose(account?.profile)} is`} may not ${doing}${reason}. AWS did not say which permission is missing.`
        : `${who === undefined ? `Who ${whose(account?.profile)} is` : `"${who}"`} may not do ${asked}${resource}${reason}.`,
    fix: `Ask who administers ${account?.accountId === undefined ? "the account" : `account ${account.accountId}`} to allow ${asked === undefined ? "it" : `"${asked}"`}${who === undefined ? "" : ` to "${who}"`}, or choose another profile.${denier}`,
  };
}

const DENIED =
  /^(?:AccessDenied(?:Exception|Fault)?|UnauthorizedOperation|UnauthorizedException|Unauthorized|NotAuthorized(?:Exception)?|AuthorizationError(?:Exception)?|ForbiddenException|Forbidden|AllAccessDisabled|AccountProblem)$/;

function ofLimits(facts: Facts, { doing, account }: Doing): Told | undefined {
  const { name, message } = facts;
  if (THROTTLES.test(name) || facts.status === 429) {
    return {
      code: "aws-throttled",
      what: `AWS takes no more requests for now, so this was not done: "${doing}"`,
      why: `Others in the account ask as well, or much was asked at once (${name}). It was tried several times.`,
      fix: "Try again in a few minutes: what is done already stays.",
    };
  }
  if (name === "BucketAlreadyExists") {
    return {
      code: "bucket-name-taken",
      what: `somebody else has a bucket of this name, so this was not done: "${doing}"`,
      why: "Names of buckets are shared by all accounts of AWS.",
      fix: 'Make a bucket with a name of your own, and let it be used instead: `"cloud": { "adopt": { "storage/tmp": "its-name" } }` in reprod.json, or "storage/build" when it is for results. It has to exist by then.',
    };
  }
  const quota = quotaOf(name, message);
  if (quota === undefined) return undefined;
  return {
    code: "quota-reached",
    what: `the account has reached a quota: "${quota}"`,
    why: `${sentence(message)} It was needed to ${doing}.`,
    fix: `Ask for more in the AWS console under Service Quotas${account?.region === undefined ? "" : ` (${account.region})`}, or remove what is not needed any more.`,
  };
}

const QUOTAS = new Map([
  ["AddressLimitExceeded", "Elastic IP addresses per Region"],
  ["CodeStorageExceededException", "Function and layer storage"],
  ["InternetGatewayLimitExceeded", "Internet gateways per Region"],
  ["InstanceLimitExceeded", "running instances"],
  ["MaxSpotInstanceCountExceeded", "Spot instance requests"],
  ["ParameterLimitExceeded", "parameters per Region"],
  ["RouteTableLimitExceeded", "Route tables per VPC"],
  ["RulesPerSecurityGroupLimitExceeded", "Rules per security group"],
  ["SecurityGroupLimitExceeded", "Security groups per Region"],
  ["SubnetLimitExceeded", "Subnets per VPC"],
  ["TooManyBuckets", "General purpose buckets"],
  ["VcpuLimitExceeded", "running vCPUs"],
  ["VpcEndpointLimitExceeded", "Gateway VPC endpoints per Region"],
  ["VpcLimitExceeded", "VPCs per Region"],
]);

/** The quota that an error names, or undefined when it is about none. */
function quotaOf(name: string, message: string): string | undefined {
  const known = QUOTAS.get(name);
  if (known !== undefined) return known;
  // IAM: "Cannot exceed quota for RolesPerAccount: 1000".
  const said =
    /quota for (\w+)|quota[ :"']+([\w .-]+?)["'.:]|limit (?:for|on|of) (?:the )?(?:number of )?([\w -]+?)(?: has|,|\.|$)/i.exec(
      message,
    );
  if (/(?:Limit|Quota)\w*Exceeded(?:Exception)?$|^TooMany\w+$|^ServiceQuotaExceeded/.test(name)) {
    return said?.[1] ?? said?.[2] ?? said?.[3] ?? name.replace(/(?:Limit|Quota)?Exceeded(?:Exception)?$/, "");
  }
  if (
    /^(?:ClientException|InvalidParameterException)$/.test(name) &&
    /(?:quota|limit).*(?:reached|exceeded)/i.test(message)
  ) {
    return said?.[1] ?? said?.[2] ?? said?.[3] ?? sentence(message);
  }
  return undefined;
}

function ofTheRest(facts: Facts, { doing }: Doing): Told {
  const { name, message, status, requestId } = facts;
  const request = requestId === undefined ? "" : ` AWS's support finds it by the request "${requestId}".`;
  if ((status !== undefined && status >= 500) || TRANSIENT_NAMES.has(name) || status === undefined) {
    const said = facts.unreadable
      ? `It answered with ${status}, and nothing that could be read.`
      : sentence(`${name}${status === undefined ? "" : ` (${status})`}: ${message}`);
    return {
      code: "aws-failed",
      what: `AWS failed, so this was not done: "${doing}"`,
      why: `${said} It was tried several times.`,
      fix: `Try again later: what is done already stays.${request}`,
    };
  }
  return {
    code: "aws-refused",
    what: `AWS did not take this: "${doing}"`,
    why: sentence(`${name}: ${message}`),
    fix: `Change what the message names.${request}`,
  };
}

/** One line that ends as a sentence does, and no longer than a person reads. */
function sentence(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  const cut = line.length > 400 ? `${line.slice(0, 400)}…` : line;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}
