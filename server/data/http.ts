import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import * as http from "node:http";
import * as https from "node:https";
import { Failure, systemCode } from "../base/failure.js";
import { withoutCredentials } from "../graph/data-references.js";

export interface HttpOptions {
  readonly headers?: { readonly [name: string]: string };
  readonly signal?: AbortSignal | undefined;
  /** Without a byte for so long, the request fails. */
  readonly idleMilliseconds?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes as sent: never decompressed, since a digest is of what the server has. Must be read or destroyed. */
  readonly body: IncomingMessage;
}

const IDLE_MILLISECONDS = 60_000;
const REDIRECT_LIMIT = 10;

/** Something that may go well when tried again: the network, or a server that is busy. */
export class Transient extends Error {
  constructor(
    message: string,
    /** What the server asked for, in milliseconds. */
    readonly after?: number,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/**
 * A GET that follows redirects. Authorization goes to the first host only, and encryption is never given up on
 * the way. Rejects with `Transient` for the network, a `Failure` for what will not mend itself, or the signal's reason.
 */
export async function get(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  let at = new URL(url);
  let headers = options.headers ?? {};
  for (let followed = 0; followed <= REDIRECT_LIMIT; followed++) {
    const answer = await once(at, { ...options, headers });
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    answer.body.destroy();
    const next = redirected(at, location);
    if (next.origin !== at.origin) {
      headers = Object.fromEntries(
        Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"),
      );
    }
    at = next;
  }
  throw new Failure(
    "url-redirects",
    `an address leads to another one more than ${REDIRECT_LIMIT} times: "${withoutCredentials(url)}"`,
    {
      why: "The server sends the request in a circle.",
      fix: "Open the address in a browser and use the one it ends at.",
    },
  );
}

/** Where a redirect leads. Throws a `Failure` when it must not be followed. */
export function redirected(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const from_ = withoutCredentials(from.href);
  if (next === undefined || (next.protocol !== "https:" && next.protocol !== "http:")) {
    throw new Failure("url-redirects", `an address leads to something that is no web address: "${from_}"`, {
      why: "Only http and https can be fetched.",
      fix: "Use another address.",
    });
  }
  if (from.protocol === "https:" && next.protocol === "http:" && !isLoopback(next)) {
    throw new Failure("url-insecure", `an https address leads to one without encryption: "${from_}"`, {
      why: "Anybody on the way could change the data, and its digest would then be kept as the right one.",
      fix: "Use another address.",
    });
  }
  return next;
}

/** This machine: the one place where plain http carries no risk. */
export function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d+){3}$/.test(url.hostname);
}

function once(url: URL, options: HttpOptions): Promise<HttpAnswer> {
  const { signal, idleMilliseconds = IDLE_MILLISECONDS } = options;
  const shown = withoutCredentials(url.href);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).get(
      url,
      {
        headers: { "user-agent": "reprod", "accept-encoding": "identity", ...options.headers },
        ...(signal && { signal }),
        // A connection of its own: an idle one that the server has just closed would look like a broken network.
        agent: false,
      },
      (body) => resolve({ status: body.statusCode ?? 0, headers: body.headers, body }),
    );
    request.setTimeout(idleMilliseconds, () => {
      request.destroy(new Transient(`the server sent nothing for ${idleMilliseconds / 1000} s`));
    });
    request.on("error", (error) =>
      reject(signal?.aborted === true ? signal.reason : networkError(error, shown)),
    );
  });
}

/** Reads a small body whole. Rejects as `get` does, and with a `Failure` above `limit` bytes. */
export async function readBody(answer: HttpAnswer, limit: number, shown: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      if (!(chunk instanceof Buffer)) throw new Error("a body without encoding comes as bytes");
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) {
        throw new Failure("url-too-big", `an answer has more than ${limit} bytes: "${shown}"`, {
          why: "Nothing that was asked for is that big.",
          fix: "Check the address.",
        });
      }
    }
  } catch (error) {
    throw error instanceof Failure ? error : networkError(error, shown);
  }
  return Buffer.concat(chunks);
}

/** A system error as `Transient`, or as a `Failure` when trying again cannot help. Anything else is given back as it is. */
export function networkError(error: unknown, shown: string): unknown {
  if (error instanceof Transient || error instanceof Failure) return error;
  const code = systemCode(error);
  switch (code) {
    case "ECONNRESET":
    case "ECONNABORTED":
    case "EPIPE":
      return new Transient("the connection broke off", undefined, error);
    case "ETIMEDOUT":
      return new Transient("the server does not answer", undefined, error);
    case "ECONNREFUSED":
      return new Transient("the server refuses connections", undefined, error);
    case "EAI_AGAIN":
      return new Transient("the name of the host cannot be looked up now", undefined, error);
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return new Transient("the host cannot be reached from here", undefined, error);
    case "ENOTFOUND":
      return new Failure("url-unreachable", `there is no host of this name: "${shown}"`, {
        why: "The name of the host cannot be looked up.",
        fix: "Correct the address, or check the network.",
        cause: error,
      });
    default: {
      if (code === undefined) return error;
      const reason = error instanceof Error ? error.message : code;
      return new Failure("url-unreachable", `an address cannot be fetched: "${shown}"`, {
        why: `The connection failed: ${code.startsWith("HPE_") ? "this is no answer of a web server" : reason}.`,
        fix: "Check the address and the network.",
        cause: error,
      });
    }
  }
}

/** Milliseconds that a `retry-after` header asks for, at most a minute; undefined without one. */
export function retryAfter(headers: IncomingHttpHeaders): number | undefined {
  const text = headers["retry-after"];
  if (text === undefined || !/^\d{1,6}$/.test(text)) return undefined;
  return Math.min(Number(text) * 1000, 60_000);
}

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Waits between tries: for tests. Rejects with the signal's reason. */
  readonly wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

const TRIES = 5;

/**
 * Tries again what fails with `Transient`, waiting 1, 2, 4 and 8 s, or as long as the server asks. Rejects with a
 * `Failure` (`url-unreachable`) that tells the last reason.
 */
export async function withRetries<T>(
  shown: string,
  options: RetryOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const wait = options.wait ?? sleep;
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      if (number === TRIES) {
        throw new Failure("url-unreachable", `an address cannot be fetched: "${shown}"`, {
          why: `After ${TRIES} tries: ${error.message}.`,
          fix: "Check the address and the network, and try again.",
          cause: error,
        });
      }
      await wait(error.after ?? 1000 * 2 ** (number - 1), options.signal);
    }
  }
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
