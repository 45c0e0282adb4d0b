import type { OutgoingHttpHeaders } from "node:http";
import type { Call } from "./calls.js";

/** What is made of a call. */
export type Fault =
  | "pass"
  /** AWS does it, and the answer is lost. */
  | "drop-response"
  /** Nobody ever answers, and AWS never hears of it. */
  | "hang"
  /** Goes on after so many milliseconds. */
  | { readonly delay: number }
  /** AWS refuses it, in the form of its own service. */
  | { readonly status: number; readonly code: string; readonly message: string }
  /** A process is killed: before AWS hears of the call, or after AWS did it and before the process knows. */
  | { readonly kill: () => void; readonly when: "before" | "after" };

/** `index` is the call's place among those since the injector was set. */
export type Injector = (call: Call, index: number) => Fault;

export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** An error as the service that was called would send it. */
export function errorAnswer(call: Call, status: number, code: string, message: string): Answer {
  const id = "8f1c0c5e-0000-4000-8000-000000000000";
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const said = `<Code>${xml(code)}</Code><Message>${xml(message)}</Message>`;
  switch (call.protocol) {
    case "ec2":
      return {
        status,
        headers: { "content-type": "text/xml;charset=UTF-8" },
        body: `${head}<Response><Errors><Error>${said}</Error></Errors><RequestID>${id}</RequestID></Response>`,
      };
    case "query":
      return {
        status,
        headers: { "content-type": "text/xml", "x-amzn-requestid": id },
        body: `<ErrorResponse><Error><Type>${status < 500 ? "Sender" : "Receiver"}</Type>${said}</Error><RequestId>${id}</RequestId></ErrorResponse>`,
      };
    case "s3":
      return {
        status,
        headers: { "content-type": "application/xml", "x-amz-request-id": "8F1C0C5E00000000" },
        // Of a HEAD only the number arrives, as from S3 itself.
        body:
          call.method === "HEAD"
            ? ""
            : `${head}<Error>${said}<RequestId>8F1C0C5E00000000</RequestId></Error>`,
      };
    case "json":
      return {
        status,
        headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": id },
        body: JSON.stringify({ __type: code, message }),
      };
    case "rest-json":
      return {
        status,
        headers: { "content-type": "application/json", "x-amzn-requestid": id, "x-amzn-errortype": code },
        body: JSON.stringify({ message }),
      };
  }
}

function xml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Every nth call is too many, as its own service says that. */
export function throttleEvery(n: number): Injector {
  return (call, index) => ((index + 1) % n === 0 ? throttled(call) : "pass");
}

function throttled(call: Call): Fault {
  const message = "Rate exceeded";
  switch (call.protocol) {
    case "ec2":
      return { status: 503, code: "RequestLimitExceeded", message: "Request limit exceeded." };
    case "query":
      return { status: 400, code: "Throttling", message };
    case "s3":
      return { status: 503, code: "SlowDown", message: "Please reduce your request rate." };
    case "json":
      return { status: 400, code: "ThrottlingException", message };
    case "rest-json":
      return { status: 429, code: "TooManyRequestsException", message };
  }
}

/** The first `times` calls of each action meet a failure inside AWS. */
export function failWith5xx(times: number): Injector {
  const failed = new Map<string, number>();
  return (call) => {
    const before = failed.get(call.name) ?? 0;
    if (before >= times) return "pass";
    failed.set(call.name, before + 1);
    const message = "An internal error has occurred";
    switch (call.protocol) {
      case "ec2":
        return { status: 500, code: "InternalError", message };
      case "query":
        return { status: 500, code: "ServiceFailure", message };
      case "s3":
        return {
          status: 500,
          code: "InternalError",
          message: "We encountered an internal error. Please try again.",
        };
      case "json":
        return { status: 500, code: "InternalFailure", message };
      case "rest-json":
        return { status: 500, code: "ServiceException", message };
    }
  };
}

export interface DenyOptions {
  /** Who is refused. */
  readonly principal?: string;
  readonly resource?: string;
}

/** Whoever calls lacks this permission (`ec2:CreateSubnet`, `s3:PutLifecycleConfiguration`) or action. */
export function denyAction(permission: string, options: DenyOptions = {}): Injector {
  return (call) => {
    if (call.permission !== permission && call.name !== permission) return "pass";
    const who = `User: ${options.principal ?? "arn:aws:iam::123456789012:user/anna"}`;
    const resource = options.resource ?? resourceOf(call);
    const what = `is not authorized to perform: ${call.permission} on resource: ${resource}`;
    const why = `because no identity-based policy allows the ${call.permission} action`;
    const message = `${who} ${what} ${why}`;
    switch (call.protocol) {
      case "ec2":
        return {
          status: 403,
          code: "UnauthorizedOperation",
          message: `You are not authorized to perform this operation. ${message}. Encoded authorization failure message: aW52ZW50ZWQ`,
        };
      case "query":
      case "s3":
        return { status: 403, code: "AccessDenied", message };
      case "json":
        return { status: 400, code: "AccessDeniedException", message };
      case "rest-json":
        return { status: 403, code: "AccessDeniedException", message };
    }
  };
}

function resourceOf(call: Call): string {
  if (call.service === "s3") {
    const path = decodeURIComponent(new URL(call.url, "http://host").pathname).replace(/^\/|\/$/g, "");
    return `"arn:aws:s3:::${path === "" ? "*" : path}"`;
  }
  return `arn:aws:${call.service}:${call.region}:123456789012:*`;
}

/** Credentials that were good once. */
export function expiredCredentials(): Injector {
  return (call) => {
    const message = "The security token included in the request is expired";
    switch (call.protocol) {
      case "ec2":
        return { status: 400, code: "RequestExpired", message: "Request has expired." };
      case "query":
        return { status: 403, code: "ExpiredToken", message };
      case "s3":
        return { status: 400, code: "ExpiredToken", message: "The provided token has expired." };
      case "json":
        return { status: 400, code: "ExpiredTokenException", message };
      case "rest-json":
        return { status: 403, code: "ExpiredTokenException", message };
    }
  };
}

const full: { readonly [name: string]: Fault } = {
  "ec2:CreateVpc": {
    status: 400,
    code: "VpcLimitExceeded",
    message: "The maximum number of VPCs has been reached.",
  },
  "ec2:CreateInternetGateway": {
    status: 400,
    code: "InternetGatewayLimitExceeded",
    message: "The maximum number of internet gateways has been reached.",
  },
  "iam:CreateRole": {
    status: 409,
    code: "LimitExceeded",
    message: "Cannot exceed quota for RolesPerAccount: 1000",
  },
  "s3:CreateBucket": {
    status: 400,
    code: "TooManyBuckets",
    message: "You have attempted to create more buckets than allowed",
  },
};

/** The account has as many of this as it may have. */
export function quotaReached(name: string): Injector {
  const fault = full[name];
  if (fault === undefined) throw new Error(`nobody has told what a reached quota of ${name} looks like`);
  return (call) => (call.name === name ? fault : "pass");
}

/** Somebody else in the world has the bucket of this name, or every name that is asked for. */
export function bucketTaken(bucket?: string): Injector {
  return (call) =>
    call.name === "s3:CreateBucket" &&
    (bucket === undefined || new URL(call.url, "http://host").pathname.split("/")[1] === bucket)
      ? {
          status: 409,
          code: "BucketAlreadyExists",
          message:
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        }
      : "pass";
}

/** The answer of the kth call (from 1) that changes something is lost. */
export function loseAnswerOf(k: number): Injector {
  let seen = 0;
  return (call) => (call.mutating && ++seen === k ? "drop-response" : "pass");
}

/** What a process is known by: it may be started after the injector was set. */
export interface Killable {
  readonly pid?: number | undefined;
}

/**
 * Kills (SIGKILL) the process at the kth call that changes something, counted from 1: `before` AWS hears of it, or
 * `after` AWS did it and before the process learns.
 */
export function killAt(
  k: number,
  child: Killable | (() => Killable | undefined),
  when: "before" | "after",
): Injector {
  let seen = 0;
  return (call) => {
    if (!call.mutating || ++seen !== k) return "pass";
    const kill = () => {
      const pid = (typeof child === "function" ? child() : child)?.pid;
      if (pid === undefined) throw new Error("there is no process to kill");
      process.kill(pid, "SIGKILL");
    };
    return { kill, when };
  };
}

/** Only calls that `chosen` holds for. Its index counts those alone. */
export function only(chosen: (call: Call) => boolean, injector: Injector): Injector {
  let seen = 0;
  return (call) => (chosen(call) ? injector(call, seen++) : "pass");
}

/** What the first of them makes of it that does not let it pass. All of them count it. */
export function firstOf(...injectors: readonly Injector[]): Injector {
  return (call, index) => {
    const faults = injectors.map((injector) => injector(call, index));
    return faults.find((fault) => fault !== "pass") ?? "pass";
  };
}
