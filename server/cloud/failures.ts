import { Failure, systemCode } from "../base/failure.js";
import { mostSimilar } from "../language/similar.js";
import { actionBehind } from "./actions.js";
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
  };
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
      ofAws: false,
    };
  }
  const metadata = member(error, "$metadata");
  // Providers of credentials turn the errors of their own calls into text.
  const system =
    systemOf(error) ?? (PROVIDER_ERRORS.has(error.name) ? networkCodeIn(error.message) : undefined);
  // The SDK names the error as the service did; `Code` is what S3 and EC2 wrote.
  const written = text(member(error, "Code"));
  const name = error.name !== "Error" && error.name !== "" ? error.name : (written ?? error.name);
  const status =
    number(member(metadata, "httpStatusCode")) ?? number(member(member(error, "$response"), "statusCode"));
  return {
    name,
    message: error.message,
    status,
    requestId: text(member(metadata, "requestId")),
    system,
    host: hostOf(error),
    ofAws:
      metadata !== undefined ||
      status !== undefined ||
      system !== undefined ||
      PROVIDER_ERRORS.has(error.name) ||
      error.name === "TimeoutError" ||
      error.name === "AbortError",
  };
}

const PROVIDER_ERRORS = new Set(["CredentialsProviderError", "ProviderError", "TokenProviderError"]);

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
  /^(?:DependencyViolation|DeleteConflict(?:Exception)?|ResourceInUse(?:Exception)?|Invalid\w+\.InUse|(?:VPC)?\w*\.InUse|ClusterContains\w+|BucketNotEmpty|RepositoryNotEmptyException|TargetNotConnectedException)$/;

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
  const told = describe(facts, action === undefined ? doing : { ...doing, action });
  return new Failure(told.code, withoutSecrets(told.what), {
    ...(told.why === undefined ? {} : { why: withoutSecrets(told.why) }),
    ...(told.fix === undefined ? {} : { fix: withoutSecrets(told.fix) }),
    cause: cleanCause(facts),
  });
}

/** What is left of the error for `isThrottle` and its sisters: no request, no answer, no header. */
function cleanCause({ name, message, status, requestId, system, host }: Facts): Error {
  const cause = new Error(withoutSecrets(message));
  cause.name = name;
  return Object.assign(cause, {
    ...(status === undefined && requestId === undefined
      ? {}
      : { $metadata: { httpStatusCode: status, requestId } }),
    ...(system === undefined ? {} : { code: system }),
    ...(host === undefined ? {} : { hostname: host }),
  });
}

interface Told {
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
}

function describe(facts: Facts, doing: Doing): Told {
  return (
    ofNetwork(facts, doing) ??
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

function ofCredentials(facts: Facts, { account }: Doing): Told | undefined {
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
    return expired(profile, "unknown");
  if (PROVIDER_ERRORS.has(name)) {
    if (/sso/i.test(message) && /expired|invalid|not found|refresh|login/i.test(message))
      return expired(profile, "sso login");
    if (/session token not found or invalid|UnauthorizedException/i.test(message)) {
      return expired(profile, "sso login");
    }
    if (/ForbiddenException|no access/i.test(message)) {
      return {
        code: "access-denied",
        what: `AWS does not allow this: "get credentials from ${whose(profile)}"`,
        why: sentence(message),
        fix: "Ask who administers the account to assign you the role that the profile names, or choose another profile.",
      };
    }
    if (/multi-factor|mfa/i.test(message)) return mfaNeeded(profile);
    if (/login session|reauthenticate|aws login/i.test(message)) return expired(profile, "login");
    return {
      code: "credentials-missing",
      what: `no credentials could be had from ${whose(profile)}`,
      why: sentence(message),
      fix: `Look at the profile with \`reprod profiles\`, or set it up: \`aws configure${profileOption(profile)}\`.`,
    };
  }
  if (/MultiFactorAuthentication failed/i.test(message)) {
    return {
      code: "mfa-wrong",
      what: `the code of the MFA device was not taken for ${whose(profile)}`,
      why: "Each code is valid for half a minute, and only once.",
      fix: "Wait for the next code and try again.",
    };
  }
  if (REFUSED_KEYS.test(name)) {
    const region = account?.region;
    if (region !== undefined && isOptInRegion(region)) {
      return {
        code: "region-unknown",
        what: `AWS does not take the keys of ${whose(profile)} in this region: "${region}"`,
        why: "An account has to enable this region before it can be used. Deleted keys look the same.",
        fix: "Enable it in the AWS console (Account, AWS Regions), or choose another region.",
      };
    }
    return {
      code: "credentials-refused",
      what: `AWS does not know the keys of ${whose(profile)}`,
      why: `They were deleted or mistyped, or belong to another part of AWS than the region "${region ?? "?"}" (${name}).`,
      fix: `Make new ones in the AWS console, and enter them: \`aws configure${profileOption(profile)}\`.`,
    };
  }
  return undefined;
}

const REFUSED_KEYS =
  /^(?:InvalidClientTokenId|UnrecognizedClient(?:Exception)?|AuthFailure|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature(?:Exception)?|InvalidToken|OptInRequired|MissingAuthenticationToken(?:Exception)?)$/;

function expired(profile: string | undefined, how: "sso login" | "login" | "unknown"): Told {
  return {
    code: "credentials-expired",
    what: `the credentials of ${whose(profile)} have expired`,
    fix: renewal(profile, how),
  };
}

function renewal(profile: string | undefined, how: "sso login" | "login" | "unknown"): string {
  const option = profileOption(profile);
  if (profile === undefined) {
    return "Get new ones into the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.";
  }
  return how === "unknown"
    ? `Sign in again (\`aws sso login${option}\`), or enter new keys (\`aws configure${option}\`).`
    : `Sign in again: \`aws ${how}${option}\`.`;
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
      fix: "Name another bucket in reprod.json.",
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
  if (
    (status !== undefined && status >= 500) ||
    TRANSIENT_NAMES.has(name) ||
    status === undefined ||
    name === "SyntaxError"
  ) {
    return {
      code: "aws-failed",
      what: `AWS failed, so this was not done: "${doing}"`,
      why: `${sentence(`${name}${status === undefined ? "" : ` (${status})`}: ${message}`)} It was tried several times.`,
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
