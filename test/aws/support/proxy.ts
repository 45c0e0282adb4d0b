import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Moto } from "../../../scripts/moto.mjs";
import { accessKeyOf, type Call, callOf, type Request } from "./calls.js";
import { errorAnswer, type Fault, type Injector } from "./faults.js";
import { type Answered, askRepaired, type Repairs } from "./repairs.js";

/** A way into one account of moto. */
export interface Proxy {
  readonly url: string;
  close(): void;
}

export interface ProxyOptions {
  readonly moto: Moto;
  readonly accountId: string;
  /** Where calls are noted; without it nothing is noted, and nothing goes wrong. */
  readonly calls?: Call[];
  readonly injector?: () => { readonly inject: Injector; readonly index: number } | undefined;
  /** Access keys that AWS has given for roles of other accounts. Shared by the ways into one account. */
  readonly foreignKeys: Set<string>;
  readonly repairs: Repairs;
  readonly since: number;
  readonly onCrash: (call: Call) => void;
}

/**
 * Stands before moto and makes every request one to its account. moto tells accounts apart by a header of its own,
 * which real clients do not send.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const server = http.createServer((request, response) => {
    // Whoever asked may be gone by now: killed, on purpose.
    request.on("error", () => {});
    response.on("error", () => {});
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "GET", url = "/", headers } = request;
      serve(options, { method, url, headers, body: Buffer.concat(chunks) }, response).catch(
        (error: unknown) => {
          process.stderr.write(`the way to moto: ${String(error)}\n`);
          response.destroy();
        },
      );
    });
  });
  // Clients keep connections for seconds; one that is closed under them must not look like a fault of the network.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function serve(options: ProxyOptions, request: Request, response: http.ServerResponse): Promise<void> {
  const { calls, moto, since } = options;
  const at = performance.now() - since;
  const call = callOf(request, moto.restActions, calls?.length ?? 0, at);
  calls?.push(call);
  const injector = options.injector?.();
  const fault = injector === undefined ? "pass" : injector.inject(call, injector.index);
  if (fault !== "pass") call.fault = wordOf(fault);
  if (fault === "hang") return;
  if (typeof fault === "object") {
    if ("status" in fault) {
      const answer = errorAnswer(call, fault.status, fault.code, fault.message);
      call.status = answer.status;
      response
        .writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) })
        .end(answer.body);
      return;
    }
    if ("delay" in fault) await sleep(fault.delay);
    else if (fault.when === "before") {
      fault.kill();
      response.destroy();
      return;
    }
  }
  const answer = await askRepaired(call, request, options.repairs, (asked) => forward(options, asked));
  learnForeignKeys(options, call, answer);
  call.status = answer.status;
  if (answer.status === 500 && answer.body.subarray(0, 200).toString("latin1").includes("<html"))
    options.onCrash(call);
  if (fault === "drop-response" || (typeof fault === "object" && "kill" in fault)) {
    if (typeof fault === "object") fault.kill();
    response.destroy();
    return;
  }
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

function wordOf(fault: Fault): string {
  if (typeof fault === "string") return fault;
  if ("status" in fault) return fault.code;
  return "delay" in fault ? "delay" : `kill ${fault.when}`;
}

function forward(options: ProxyOptions, { method, url, headers, body }: Request): Promise<Answered> {
  const { connection, expect, "transfer-encoding": _encoding, ...rest } = headers;
  const foreign = options.foreignKeys.has(accessKeyOf(headers, new URL(url, "http://host").searchParams));
  return new Promise((resolve, reject) => {
    const asked = http.request(
      `${options.moto.url}${url}`,
      {
        method,
        agent: false,
        headers: {
          ...rest,
          "content-length": body.length,
          // moto itself knows the account of a key that it gave for a role.
          ...(!foreign && { "x-moto-account-id": options.accountId }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("error", reject);
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const all = Buffer.concat(chunks);
          const { connection: _, "transfer-encoding": __, ...kept } = answer.headers;
          // The length of what a HEAD is about is said though it is not sent.
          const length = method === "HEAD" ? {} : { "content-length": all.length };
          resolve({ status: answer.statusCode ?? 500, headers: { ...kept, ...length }, body: all });
        });
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

function learnForeignKeys({ accountId, foreignKeys }: ProxyOptions, call: Call, answer: Answered): void {
  if (call.service !== "sts" || !call.action.startsWith("AssumeRole") || answer.status !== 200) return;
  const account = /^arn:aws:iam::(\d{12}):/.exec(String(call.params.RoleArn ?? ""))?.[1];
  const key = /<AccessKeyId>([^<]+)</.exec(answer.body.toString("utf8"))?.[1];
  if (account !== undefined && account !== accountId && key !== undefined) foreignKeys.add(key);
}
