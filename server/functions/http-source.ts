import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import * as http from "node:http";
import * as https from "node:https";
import { Failure } from "../base/failure.js";
import { judgeStatus } from "../data/fetch.js";
import { networkError, redirected, Transient } from "../data/http.js";
import { withoutCredentials } from "../graph/data-references.js";
import { guardedLookup, type MayConnect, type Resolve, refusePrivateNumber } from "./addresses.js";
import type { Opened, Source } from "./source.js";

export interface HttpSourceOptions {
  readonly mayConnect: MayConnect;
  readonly resolve: Resolve;
  readonly idleMilliseconds: number;
}

const REDIRECT_LIMIT = 5;

/**
 * The file behind an http or https address. Throws `url-credentials`: what is imported is named by its address in
 * records and in the lock (engine-rules.md A15). A server may redirect to a signed address; nobody is told that one.
 */
export function httpSource(address: string, options: HttpSourceOptions): Source {
  const shown = withoutCredentials(address);
  if (!URL.canParse(address) || new URL(address).href !== withoutCredentials(new URL(address).href)) {
    throw new Failure(
      "url-credentials",
      `an address is malformed, or holds a password or signature: "${shown}"`,
      {
        why: "Addresses are written into records and logs that others read.",
        fix: "Use a public address, or upload the file yourself.",
      },
    );
  }
  return {
    shown,
    async open(from, etag, signal): Promise<Opened> {
      const headers: { [name: string]: string } = {};
      if (from > 0) {
        headers.range = `bytes=${from}-`;
        // Without the same ETag the server sends the whole of what it has now.
        if (etag !== undefined) headers["if-range"] = etag;
      }
      const answer = await get(new URL(address), shown, headers, signal, options);
      try {
        return opened(answer, from, etag, shown);
      } catch (error) {
        answer.destroy();
        throw error;
      }
    },
  };
}

function opened(answer: IncomingMessage, from: number, etag: string | undefined, shown: string): Opened {
  const { headers } = answer;
  if (from > 0 && answer.statusCode === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
    if (Number(start) !== from || headers.etag !== etag)
      throw new Transient("the server goes on with something else");
    return { ...facts(headers), from, total: size(total), body: answer };
  }
  // 416: shorter than before, so it is another file.
  if (answer.statusCode === 416) throw new Transient("the file changed while it was read");
  judgeStatus(answer.statusCode ?? 0, headers, shown);
  return { ...facts(headers), from: 0, total: size(headers["content-length"]), body: answer };
}

function facts(headers: IncomingHttpHeaders): Pick<Opened, "etag" | "lastModified" | "resumable"> {
  const { etag } = headers;
  return {
    etag,
    lastModified: headers["last-modified"],
    // A weak ETag may stay when bytes change.
    resumable: etag?.startsWith('"') === true && headers["accept-ranges"]?.toLowerCase() === "bytes",
  };
}

function size(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function get(
  url: URL,
  shown: string,
  headers: { readonly [name: string]: string },
  signal: AbortSignal,
  options: HttpSourceOptions,
): Promise<IncomingMessage> {
  let at = url;
  for (let followed = 0; followed <= REDIRECT_LIMIT; followed++) {
    const answer = await once(at, headers, signal, options);
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    at = redirected(at, location);
  }
  throw new Failure(
    "url-redirects",
    `an address leads to another one more than ${REDIRECT_LIMIT} times: "${shown}"`,
    {
      why: "The server sends the request in a circle.",
      fix: "Open the address in a browser and use the one it ends at.",
    },
  );
}

function once(
  url: URL,
  headers: { readonly [name: string]: string },
  signal: AbortSignal,
  { mayConnect, resolve: resolveName, idleMilliseconds }: HttpSourceOptions,
): Promise<IncomingMessage> {
  const shown = withoutCredentials(url.href);
  refusePrivateNumber(url, shown, mayConnect);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).get(
      url,
      {
        headers: { "user-agent": "reprod", "accept-encoding": "identity", ...headers },
        signal,
        lookup: guardedLookup(shown, mayConnect, resolveName),
        // A connection of its own, since one of a pool was looked up for somebody else.
        agent: false,
      },
      resolve,
    );
    request.setTimeout(idleMilliseconds, () => {
      request.destroy(new Transient(`the server sent nothing for ${idleMilliseconds / 1000} s`));
    });
    request.on("error", (error) => reject(signal.aborted ? signal.reason : networkError(error, shown)));
  });
}
