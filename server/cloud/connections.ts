import * as http from "node:http";
import * as https from "node:https";
import { Agent, type AgentConnectOpts } from "agent-base";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";

/** As the SDK's own agents have them. */
const POOL = { keepAlive: true, maxSockets: 50 } as const;

const VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]);

/** What a proxy answered instead of letting a connection through. */
export class ProxyRefused extends Error {
  readonly code = "EPROXY";

  constructor(readonly status: number) {
    super(`it answered with ${status} ${http.STATUS_CODES[status] ?? ""}`.trim());
    this.name = "ProxyRefused";
  }
}

/**
 * What clients take connections from where the environment names a proxy, as AWS's own tools read it: `HTTPS_PROXY`,
 * `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`. Undefined where it names none. Whoever takes them ends them.
 */
export function proxying(): { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent } | undefined {
  if (!VARIABLES.some((name) => process.env[name])) return undefined;
  return { httpAgent: new ProxyingAgent(POOL), httpsAgent: new ProxyingAgent(POOL) };
}

/** Decides for each request: buckets have host names of their own, and `NO_PROXY` may name any of them. */
class ProxyingAgent extends Agent {
  readonly #ways = new Map<string, http.Agent>();

  connect(request: http.ClientRequest, { secureEndpoint }: AgentConnectOpts): http.Agent {
    const scheme = secureEndpoint ? "https:" : "http:";
    const proxy = proxyFor(`${scheme}//${request.getHeader("host")}${request.path}`);
    const way = `${scheme} ${proxy}`;
    const known = this.#ways.get(way) ?? wayThrough(proxy, secureEndpoint);
    this.#ways.set(way, known);
    return known;
  }

  override destroy(): void {
    for (const way of this.#ways.values()) way.destroy();
    super.destroy();
  }
}

/** Empty: directly. */
function proxyFor(url: string): string {
  const found = getProxyForUrl(url);
  // A bare `host:port` gets the scheme of what is asked for, where everybody means HTTP.
  const isWritten = VARIABLES.some((name) => process.env[name] === found);
  return isWritten ? found : found.replace(/^https:/, "http:");
}

function wayThrough(proxy: string, secure: boolean): http.Agent {
  if (proxy === "") return secure ? new https.Agent(POOL) : new http.Agent(POOL);
  // It writes requests anew for each connection that it makes, and not for one that it kept.
  if (!secure) return new HttpProxyAgent(proxy);
  const agent = new HttpsProxyAgent(proxy, POOL);
  agent.on("proxyConnect", ({ statusCode }: { statusCode: number }, request: http.ClientRequest) => {
    // Its page of an error would be taken for an answer of AWS.
    if (statusCode !== 200) request.destroy(new ProxyRefused(statusCode));
  });
  return agent;
}
